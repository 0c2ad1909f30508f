"""Targets of the engine alone: a grid whose runs diverge, many rows of one run, numbers that are hard to compute."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks import jax_
from benchmarks.harness_ import planned, train
from benchmarks.reached import Reached
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, Job, calibrated, interleaved, median, ratio, seconds, timed
from harness.experiment.axes.spacing import geomspace
from harness.sweeps import local
from harness.sweeps.blocks import Block
from harness.sweeps.plan import Plan

GRID_ROUNDS = 3
"""JAX takes minutes for a grid."""


def tanh_grid(effort: Effort) -> list[Reached]:
    """The time of a grid of 512 x 512 rates, one for each layer, most of them far too high."""
    return [_tanh_grid(dtype, effort) for dtype in ("float32", "float64")]


def _tanh_grid(dtype: str, effort: Effort) -> Reached:
    workload = Workload((8, 8, 1), "tanh", dtype, full_batch=True, bias=False, samples=72)
    side, epochs = effort.size(512, 8), effort.size(100, 3)
    axis = {"geomspace": [1e-3, 1e6, side]}
    plan = planned(experiment(workload, "fast", learning_rate_1=axis, learning_rate_2=axis, epochs=epochs))
    contenders = [contender for contender in jax_.contenders(workload, effort) if contender.networks <= side**2]
    contender = min(contenders, key=lambda one: calibrated(one, effort.seconds / 4)[1] / one.networks)
    values = geomspace(1e-3, 1e6, side).astype(dtype)
    first, second = np.repeat(values, side), np.tile(values, side)

    def by_jax(most: int) -> Job:
        starts = range(0, side**2, contender.networks)[:most]
        rates = [tuple(rate[start : start + contender.networks] for rate in (first, second)) for start in starts]
        jobs = [contender.job(epochs, pair) for pair in rates]
        return lambda: [job() for job in jobs]

    train(plan)
    by_jax(1)()
    measures = {"harness": lambda: seconds(partial(train, plan)), "JAX": lambda: seconds(by_jax(side**2))}
    times = interleaved(measures, min(effort.rounds, GRID_ROUNDS))
    took = {name: median(values) for name, values in times.items()}
    return Reached(
        f"8-8-1 tanh without biases, {dtype}, 72 samples, full batch, {side} x {side} rates from 1e-3 to 1e6, "
        f"{epochs} epochs: times JAX's speed",
        5,
        True,
        ratio(times["JAX"], times["harness"]),
        "x",
        f"medians of {len(times['JAX'])}: harness in fast arithmetic {took['harness']:.2f} s, JAX on the same grid in "
        f"{dtype} {took['JAX']:.2f} s ({contender.setting})",
    )


def epochs_axis(effort: Effort) -> list[Reached]:
    """1,000 rows of every run against one."""
    workload, last = Workload((2, 2, 1)), effort.size(1000, 10)
    runs = {"geomspace": [1e-4, 0.1, effort.size(2**14, 8)]}
    axis: Any = {"range": [1, last + 1, 1]}
    every, alone = (planned(experiment(workload, learning_rate=runs, epochs=epochs)) for epochs in (axis, last))
    jobs: dict[str, Job] = {"every": partial(train, every), "alone": partial(train, alone)}
    jobs |= {"rows": partial(write_rows, every), "blocks": partial(write_rows, every, fill=False)}
    for job in jobs.values():
        job()
    times = timed(jobs, effort.rounds)
    rest = list(np.subtract(times["every"], times["rows"]))
    took = {name: median(values) for name, values in times.items()}
    how = (
        f"exact float64, in memory: {took['every']:.2f} s for {every.rows:,} rows, {took['alone']:.2f} s for "
        f"{alone.rows:,}; merely describing the blocks of all rows {took['blocks']:.2f} s, that and filling arrays of "
        f"their size once {took['rows']:.2f} s, on the same threads"
    )
    work = f"epochs 1 to {last} against {last} alone, {alone.runs:,} runs of 2-2-1, 8 samples: time"
    less = "as above, less describing blocks and filling arrays"
    return [
        Reached(f"{work} in all", 1.2, False, ratio(times["every"], times["alone"]), "x", how),
        Reached(f"{work} without writing rows", 1.2, False, ratio(rest, times["alone"]), "x", less),
    ]


def write_rows(plan: Plan, fill: bool = True) -> None:
    """What every row costs whoever trains it: its part of a block, and memory for its numbers, filled once."""
    parameters = Workload((2, 2, 1)).parameters

    def write(block: Block) -> None:
        runs, _ = plan.asked(block)
        rows = len(runs.recorded) if fill else 0
        np.ones((parameters + 4, rows), block.structure.dtype)
        np.ones((2, rows), np.int64)
        np.ones(rows, np.uint8)

    for _ in local.run(write, plan.blocks):
        pass


def hard_numbers(effort: Effort) -> list[Reached]:
    """Sweeps of equal steps whose numbers are too large or too small."""
    return [row for arithmetic in ("exact", "fast") for row in _hard_numbers(arithmetic, effort)]


def _hard_numbers(arithmetic: str, effort: Effort) -> list[Reached]:
    workload, epochs, runs = Workload((2, 2, 1)), effort.size(200, 3), effort.size(2**17, 8)
    usual: dict[str, Any] = {"learning_rate": {"geomspace": [1e-4, 0.1, runs]}, "epochs": epochs}
    axes = {
        "normal": usual,
        "overflow in the first epoch (weights of 1e200)": usual | {"init": {"constant": 1e200}},
        "subnormal weights (1e-310)": usual | {"init": {"constant": 1e-310}},
        "rates from 1e6": usual | {"learning_rate": {"geomspace": [1e6, 1e7, runs]}},
    }
    plans = {name: planned(experiment(workload, arithmetic, **parameters)) for name, parameters in axes.items()}
    for plan in plans.values():
        train(plan)
    times = timed({name: partial(train, plan) for name, plan in plans.items()}, effort.rounds)
    normal = times.pop("normal")
    return [
        Reached(
            f"{name}, {arithmetic}: time against a normal sweep of equal steps",
            3,
            False,
            ratio(took, normal),
            "x",
            f"{runs:,} runs of 2-2-1, float64, {epochs} epochs, 8 samples: "
            f"{median(took):.3f} s against {median(normal):.3f} s",
        )
        for name, took in times.items()
    ]
