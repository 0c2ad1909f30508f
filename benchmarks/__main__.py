"""`python -m benchmarks`: measure, print tables, keep the figures, and write docs/speed.md from all that is kept."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import machine, report, rows, targets, throughput
from benchmarks.results import FILE, Speeds
from benchmarks.timing import Effort

WIDTH = 160
"""Columns of print, also into a file: the tables need them."""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of every contender (default 5)")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="rows and targets with this in their name")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that everything runs, keeps nothing")
    parser.add_argument("--write", action="store_true", help="measure nothing, write the pages from the kept figures")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for, keep it, and write the pages."""
    options, console = parsed(arguments), Console(highlight=False, width=WIDTH)
    if options.write:
        report.write(Speeds())
        return
    effort = Effort(1 if options.quick else options.rounds, options.quick)
    with tempfile.TemporaryDirectory() as folder:
        results = Speeds(Path(folder, "speed.json") if options.quick else FILE)
        run = machine.describe() | {"rounds": effort.rounds}
        for workload in rows.workloads(effort):
            if options.only in workload.label:
                console.print(workload.label)
                results.rows[workload.label] = throughput.measure(workload, effort) | {"run": run}
                results.save()
        for name in targets.measures():
            if options.only in name:
                console.print(name)
                results.targets[name] = [row | {"run": run} for row in targets.measure(name, effort)]
                results.save()
    report.show(results, console)
    if not options.quick:
        report.write(results)


if __name__ == "__main__":
    main()
