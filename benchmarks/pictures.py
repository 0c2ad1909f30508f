"""How long a million rows take to draw, and how large their page is."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import harness
from benchmarks.reached import Reached
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, Job, median, timed
from harness.views import plots
from harness.views.report import page

RATES, REPEATS, EPOCHS = 10_000, 25, [0, 1, 10, 100]
CURVES = 10_000
"""Curves of 100 epochs each: a million rows as well."""


def drawing(effort: Effort) -> list[Reached]:
    """Every kind of picture of a million rows, read and drawn to a file; and their page."""
    with tempfile.TemporaryDirectory() as name:
        picture, swept = str(Path(name, "picture.png")), _swept(effort, Path(name))
        curves = swept.with_name("curves")
        jobs: dict[str, Job] = {
            kind: partial(plots.write, curves if kind == "curves" else swept, picture, kind) for kind in plots.KINDS
        }
        times = timed({**jobs, "report": partial(page.write, swept)}, effort.rounds)
        size, rows = Path(swept, page.NAME).stat().st_size / 1e6, len(harness.load(swept, ["config"]))
    how = f"{rows:,} rows of 2-2-1; median"
    written = f"{how} {median(times['report']):.2f} s to write"
    return [
        *(
            Reached(f"{kind} of 1,000,000 rows: seconds", 3, False, median(times[kind]), "s", how)
            for kind in plots.KINDS
        ),
        Reached("report of 1,000,000 rows: megabytes", 5, False, size, "MB", written),
    ]


def _swept(effort: Effort, results: Path) -> Path:
    """A sweep over learning rates, epochs and starts; and beside it one, named curves, that recorded its losses."""

    def made(rates: int, **more: Any) -> dict[str, Any]:
        axis = {"geomspace": [1e-3, 1, effort.size(rates, 20)]}
        mapping = experiment(Workload((2, 2, 1)), learning_rate=axis, epochs=EPOCHS)
        return {**mapping, **more}

    start = {"init": {"normal": {"std": 0.5}}}
    harness.sweep(made(CURVES, name="curves", record={"losses": {"every": 1}}), results)
    grid = made(RATES, name="grid", repeats=REPEATS)
    return Path(harness.sweep({**grid, "parameters": {**grid["parameters"], **start}}, results))
