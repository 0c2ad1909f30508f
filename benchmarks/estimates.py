"""What a sweep says it will take against what it takes: ten unlike experiments, each estimated and then run."""

from __future__ import annotations

import tempfile
from typing import Any

from benchmarks.reached import Reached
from benchmarks.rows import Workload
from benchmarks.timing import Effort
from harness.experiment import load
from harness.sweeps import estimate, run

FACTOR = 2.0
"""How far off an estimate may be, in either direction."""


def experiments(effort: Effort) -> dict[str, dict[str, Any]]:
    """Ten experiments by what they are like, of some seconds each on two processors."""
    size = effort.size
    linear, xor = {"rows": [[1, 1, 1]]}, {"generate": "xor", "samples": 4, "noise": 0}
    blobs = {"generate": "xor", "samples": size(72, 8), "noise": 0.1}
    tanh, relu = {"activation": "tanh"}, {"activation": "relu"}
    cosine = {"optimizer": "adam", "schedule": "cosine", "t_max": 100, "batch_size": 8}

    def axis(low: float, high: float, whole: int) -> dict[str, list[float]]:
        return {"geomspace": [low, high, size(whole, 3)]}

    def made(data: Any, axes: dict[str, Any], **about: Any) -> dict[str, Any]:
        start = {"init": {"normal": {"std": 0.5}}}
        return {"name": "estimated", "data": data, "parameters": start | axes, "run_cap": 10**9, **about}

    small, rates = {"layers": [2, 2, 1]}, axis(1e-3, 1, 2000)
    short: dict[str, Any] = {"learning_rate": rates, "epochs": size(10, 1)}
    many = {"layers": [[2, units, 1] for units in range(1, size(31, 3))]}
    rows = {"range": [1, size(201, 3), 1]}
    both = {"learning_rate_1": axis(1e-3, 1e6, 384), "learning_rate_2": axis(1e-3, 1e6, 384)}
    eight = {"rows": Workload((8, 8, 1), samples=size(72, 8)).data.tolist()}
    full = {"batch_size": "full"}
    curves, fast = {"losses": {"every": size(100, 2)}}, {"arithmetic": "fast", "dtype": "float32"}

    def short_axes(most: int, epochs: int) -> dict[str, Any]:
        return {"learning_rate": axis(1e-3, 0.1, most), "epochs": size(epochs, 2)}

    return {
        "runs that settle and diverge": made(
            linear, {"learning_rate": rates, "epochs": size(1000, 2)}, network=small, repeats=size(400, 2)
        ),
        "two learning rates of 8-8-1, most of which diverge": made(
            eight, both | {"epochs": size(100, 2)}, network=tanh | {"layers": [8, 8, 1]}, training=full
        ),
        "short runs, many rows": made(linear, short, network=small, repeats=size(1000, 2)),
        "shuffled samples": made(
            blobs, short_axes(300, 1000), network=small, training={"shuffle": True}, repeats=size(100, 2)
        ),
        "one wide layer": made(
            blobs, short_axes(100, 50), network=tanh | {"layers": [2, 100, 1]}, repeats=size(40, 2)
        ),
        "adam under a cosine schedule": made(
            blobs, short_axes(100, 100), network=relu | {"layers": [2, 15, 15, 1]}, training=cosine, repeats=size(40, 2)
        ),
        "thirty structures": made(
            xor, many | {"learning_rate": axis(1e-3, 1, 100), "epochs": size(500, 2)}, network=tanh, repeats=size(40, 2)
        ),
        "a row for every epoch": made(
            linear, {"learning_rate": rates, "epochs": rows}, network=small, repeats=size(10, 2)
        ),
        "float32, fast": made(
            blobs, short_axes(300, 200), network={"layers": [2, 16, 16, 1]}, training=fast, repeats=size(100, 2)
        ),
        "long runs with loss curves": made(
            xor, {"learning_rate": axis(0.03, 30, 32), "epochs": size(3000, 4)}, network=tanh | {"layers": [2, 4, 1]},
            record=curves, repeats=size(1000, 2),
        ),
    }  # fmt: skip


def errors(effort: Effort) -> list[Reached]:
    """How far off each estimate is, and the guess that `harness plan` makes without running anything."""
    return [error(name, mapping) for name, mapping in experiments(effort).items()]


def error(name: str, mapping: dict[str, Any]) -> Reached:
    """Estimate an experiment, run it, and compare."""
    told: list[estimate.Estimate] = []
    with tempfile.TemporaryDirectory() as results:
        done = run.sweep(load(mapping), results, watch=run.Watch(announce=told.append))
    (found,) = told
    guess = estimate.guessed(done.plan, done.plan.calls).seconds
    ratio = found.seconds / done.seconds
    how = "at most" if found.bound else "about"
    return Reached(
        f"estimate, {name}: {done.plan.rows:,} rows, {done.steps / done.plan.steps:.0%} of their steps run: off by",
        FACTOR,
        False,
        max(ratio, 1 / ratio),
        "x",
        f"{how} {found.seconds:.2f} s announced, {done.seconds:.2f} s taken ({ratio:.2f} x); by cost {guess:.2f} s",
    )
