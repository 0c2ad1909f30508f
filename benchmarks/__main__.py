"""`python -m benchmarks`: measure, print the tables, write results.json and RESULTS.md beside this file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import machine, report, rows, targets, throughput
from benchmarks.timing import Effort

FOLDER = Path(__file__).parent
WIDTH = 160
"""Columns of print, also into a file: the tables need them."""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of every contender (default 5)")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="rows and targets with this in their name")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that everything runs, measures nothing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> None:
    """Measure what was asked for. RESULTS.md is written only if that is all there is."""
    options, console = parsed(arguments), Console(highlight=False, width=WIDTH)
    effort = Effort(1 if options.quick else options.rounds, options.quick)
    results: dict[str, Any] = {"machine": machine.describe(), "rounds": effort.rounds, "rows": [], "targets": []}
    for task in rows.tasks(effort):
        if options.only in task.label:
            console.print(task.label)
            results["rows"].append(throughput.measure(task, effort))
            save(results, folder)
    for name in targets.measures():
        if options.only in name:
            console.print(name)
            results["targets"] += targets.measure(name, effort)
            save(results, folder)
    report.show(results, console)
    if not options.only and not options.quick:
        (folder / "RESULTS.md").write_text(report.markdown(results), "utf-8")


def save(results: dict[str, Any], folder: Path) -> None:
    """What there is so far."""
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
