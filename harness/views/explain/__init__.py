"""What back-propagation does to each weight of one network: recorded as a table, printed, drawn."""

from __future__ import annotations

from harness.views.explain.epochs import parse_epochs
from harness.views.explain.excerpt import Lines, Page
from harness.views.explain.record import Recording, record_of, streamed
from harness.views.explain.text import csv_of, json_of, tables

__all__ = [
    "Lines",
    "Page",
    "Recording",
    "csv_of",
    "json_of",
    "parse_epochs",
    "record_of",
    "streamed",
    "tables",
]
