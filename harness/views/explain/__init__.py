"""What back-propagation does to each weight of one network: recorded as a table, printed, drawn."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import HarnessError
from harness.views.explain.epochs import parse_epochs
from harness.views.explain.plan import Lines
from harness.views.explain.record import Recording, record_of, streamed
from harness.views.explain.text import csv_of, json_of, tables

__all__ = [
    "Lines",
    "Recording",
    "csv_of",
    "json_of",
    "parse_epochs",
    "parse_settings",
    "record_of",
    "streamed",
    "tables",
]


def parse_settings(settings: Iterable[str], option: str = "--set") -> dict[str, str]:
    """`learning_rate=0.1` as a mapping from parameter to YAML text. Raises `HarnessError`."""
    parsed = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise HarnessError(f"{option} {text}: expected KEY=VALUE, such as learning_rate=0.1")
        parsed[key.strip()] = value
    return parsed
