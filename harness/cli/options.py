"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable

import click

from harness.errors import HarnessError

file_argument = click.argument("file", type=click.Path())
endpoint_option = click.option(
    "--endpoint", metavar="URL", help="URL of the object store, in place of the environment's."
)
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="One value of a parameter in place of its axis or constant, or another `name`; repeatable.",
)


def parse_settings(settings: Iterable[str], option: str = "--set") -> dict[str, str]:
    """`learning_rate=0.1` as a mapping from parameter to YAML text. Raises `HarnessError`."""
    parsed = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise HarnessError(f"{option} {text}: expected KEY=VALUE, such as learning_rate=0.1")
        parsed[key.strip()] = value
    return parsed
