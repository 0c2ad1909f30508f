"""What was measured, in `docs/speed.json`: rows and targets, each with the run of the benchmark that measured it.

A run with `--only` replaces what it measured and keeps the rest, which still says when and where it was measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "docs" / "speed.json"
DIGITS = 4
"""Significant digits that are kept; the pages show three."""

Row = dict[str, Any]


def rounded(value: Any) -> Any:
    """A value of JSON with its floats cut to `DIGITS` digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(one) for one in value]
    return value


class Speeds:
    """rows: of the table of throughput, by their labels. targets: lists of rows, by the names that `--only` looks for.

    Each row has `run`, a description of the machine, the date, the commit and the rounds.
    """

    def __init__(self, file: Path = FILE) -> None:
        self.file = file
        found = json.loads(file.read_text("utf-8")) if file.exists() else {"runs": [], "rows": [], "targets": []}
        self.rows = {row["label"]: self._read(row, found["runs"]) for row in found["rows"]}
        self.targets: dict[str, list[Row]] = {}
        for row in found["targets"]:
            self.targets.setdefault(row["name"], []).append(self._read(row, found["runs"]))

    @staticmethod
    def _read(row: Row, runs: list[Row]) -> Row:
        return row | {"run": runs[row["run"]]}

    def every(self) -> Iterator[Row]:
        yield from self.rows.values()
        for rows in self.targets.values():
            yield from rows

    @property
    def runs(self) -> list[Row]:
        """The runs of the benchmark that rows are of, the latest first."""
        runs: list[Row] = []
        for row in self.every():
            if row["run"] not in runs:
                runs.append(row["run"])
        return sorted(runs, key=lambda run: run["date"], reverse=True)

    def save(self) -> None:
        """Write the file, a row a line."""
        runs = self.runs
        rows = [row | {"run": runs.index(row["run"])} for row in self.rows.values()]
        targets = [row | {"run": runs.index(row["run"])} for found in self.targets.values() for row in found]
        parts = []
        for name, entries in (("runs", runs), ("rows", rows), ("targets", targets)):
            lines = ",\n".join(json.dumps(rounded(entry)) for entry in entries)
            parts.append(f'"{name}": [\n{lines}\n]')
        self.file.write_text("{" + ",\n".join(parts) + "}\n", "utf-8")
