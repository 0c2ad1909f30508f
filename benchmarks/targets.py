"""What must be reached: each function measures one promise and says how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks.reached import Reached
from benchmarks.timing import Effort

Measure = Callable[[Effort], list[Reached]]


def measures() -> dict[str, Measure]:
    """Every target, by the name that --only looks for."""
    from benchmarks import (
        blocks,
        estimates,
        estimators,
        functions,
        grids,
        large,
        overheads,
        pictures,
        processes,
        sweeps,
    )

    return {
        "tanh grid": grids.tanh_grid,
        "epochs axis": grids.epochs_axis,
        "hard numbers": grids.hard_numbers,
        "first result": processes.first_result,
        "structures": processes.structures,
        "help": processes.help_page,
        "memory": processes.memory,
        "parquet": sweeps.parquet,
        "functions": functions.speeds,
        "durable": overheads.durable,
        "planning": overheads.planning,
        "estimates": estimates.errors,
        "pictures": pictures.drawing,
        "hundred million": large.hundred_million,
        "hundred million recorded": large.recorded,
        "wide": large.wide,
        "small blocks": blocks.small_blocks,
        "estimator speed": estimators.speeds,
        "estimator grid": estimators.many,
        "estimator scores": estimators.scores,
    }


def measure(name: str, effort: Effort) -> list[dict[str, Any]]:
    """The rows of one target."""
    return [{"name": name, **asdict(row), "met": row.met} for row in measures()[name](effort)]
