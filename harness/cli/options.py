"""Arguments and options that several commands share."""

from __future__ import annotations

import click

file_argument = click.argument("file", type=click.Path())
endpoint_option = click.option(
    "--endpoint", metavar="URL", help="Address of the object store (default: AWS_ENDPOINT_URL)."
)
