"""Arguments and options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from harness.cli import completing
from harness.errors import HarnessError


def experiment_argument(default: str) -> Callable[[Any], Any]:
    """The argument FILE: an experiment file or the name of a shipped experiment; if left out, the shipped `default`."""

    def given(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
        from harness.experiment import shipped

        return value or (str(shipped.path(default)) if os.path.exists(default) else default)

    return click.argument("file", required=False, callback=given, shell_complete=completing.experiments)


folder_argument = click.argument("folder", shell_complete=completing.folders)
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

where_option = click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help="Take only the rows with this value of an axis, of numbers the nearest there is. May be given several times.",
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
