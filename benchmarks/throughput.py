"""One row of the table of throughput: every contender on one task, each at its best setting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import check, peak
from benchmarks.rows import Task
from benchmarks.timing import Effort, Trainer, calibrated, interleaved, median, ratio, seconds

TRIAL = 0.25
"""The share of a measurement's time that each setting is tried for."""


def contenders(task: Task) -> dict[str, Callable[[Task, Effort], list[Any]]]:
    """For each contender that has this task, what makes its trainers. The harness is first."""
    from benchmarks import c, harness_, jax_, numpy_, torch_

    made: dict[str, Callable[[Task, Effort], list[Any]]] = {
        "harness fast": lambda task, effort: harness_.trainers(task, "fast", effort),
        "harness exact": lambda task, effort: harness_.trainers(task, "exact", effort),
        "JAX": jax_.trainers,
    }
    if task.simplest:
        made |= {
            "C fused": lambda task, effort: c.trainers(task, "fused", effort),
            "C strict": lambda task, effort: c.trainers(task, "strict", effort),
            "torch.func": torch_.trainers,
            "NumPy": numpy_.trainers,
        }
    return made


def best(trainers: list[Trainer], effort: Effort) -> Trainer:
    """The fastest of them, each run for a moment."""
    if len(trainers) == 1:
        return trainers[0]
    return min(trainers, key=lambda trainer: calibrated(trainer, TRIAL * effort.seconds)[1] / trainer.networks)


def steps_a_second(trainer: Trainer, task: Task, epochs: int) -> float:
    """Millions, once."""
    return trainer.networks * epochs * task.samples / seconds(trainer.job(epochs)) / 1e6


def measure(task: Task, effort: Effort) -> dict[str, Any]:
    """The row: for each contender its setting, sizes and million steps a second of every round."""
    chosen: dict[str, tuple[Trainer, int]] = {}
    for name, trainers in contenders(task).items():
        trainer = best(trainers(task, effort), effort)
        check.verify(trainer, task)
        epochs, _ = calibrated(trainer, effort.seconds)
        trainer.final(trainer.job(epochs)())  # which raises if a run ended early
        chosen[name] = trainer, epochs
    measures: dict[str, Callable[[], float]] = {
        name: partial(steps_a_second, trainer, task, epochs) for name, (trainer, epochs) in chosen.items()
    }
    found = interleaved(measures | {"peak": lambda: peak.gigaflops(task.dtype, effort)}, effort.rounds)
    peaks = found.pop("peak")
    made = {
        name: {
            "setting": chosen[name][0].setting,
            "networks": chosen[name][0].networks,
            "epochs": chosen[name][1],
            "rounds": rates,
            "steps": median(rates),
            "gigaflops": median(rates) * task.flops / 1e3,
            "of_peak": ratio(rates, peaks) * task.flops / 1e3,
            "fast_over": ratio(found["harness fast"], rates),
            "exact_over": ratio(found["harness exact"], rates),
        }
        for name, rates in found.items()
    }
    about = {"network": task.network, "activation": task.activation, "dtype": task.dtype, "step": task.step}
    return {"label": task.label, **about, "flops": task.flops, "peak": peaks, "contenders": made}
