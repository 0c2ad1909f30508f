"""One row of the table of throughput: every contender on one workload, each at its best setting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import check, peak
from benchmarks.rows import Workload
from benchmarks.timing import Contender, Effort, calibrated, interleaved, median, ratio, seconds

TRIAL = 0.25
"""The share of a measurement's time that each setting is tried for."""


def makers(workload: Workload) -> dict[str, Callable[[Workload, Effort], list[Any]]]:
    """What makes contenders for this workload, each at another setting, by their names. The harness is first."""
    from benchmarks import c, harness_, jax_, numpy_, torch_

    made: dict[str, Callable[[Workload, Effort], list[Any]]] = {
        "harness fast": lambda workload, effort: harness_.contenders(workload, "fast", effort),
        "harness exact": lambda workload, effort: harness_.contenders(workload, "exact", effort),
        "JAX": jax_.contenders,
    }
    if workload.simplest:
        made |= {
            "C fused": lambda workload, effort: c.contenders(workload, "fused", effort),
            "C strict": lambda workload, effort: c.contenders(workload, "strict", effort),
            "torch.func": torch_.contenders,
            "NumPy": numpy_.contenders,
        }
    return made


def best(contenders: list[Contender], effort: Effort) -> Contender:
    """The fastest of them, each run for a moment."""
    if len(contenders) == 1:
        return contenders[0]
    return min(contenders, key=lambda contender: calibrated(contender, TRIAL * effort.seconds)[1] / contender.networks)


def steps_a_second(contender: Contender, workload: Workload, epochs: int) -> float:
    """Millions, once."""
    return contender.networks * epochs * workload.samples / seconds(contender.job(epochs)) / 1e6


def measure(workload: Workload, effort: Effort) -> dict[str, Any]:
    """The row: for each contender its setting, sizes and million steps a second of every round."""
    chosen: dict[str, tuple[Contender, int]] = {}
    for name, make in makers(workload).items():
        contender = best(make(workload, effort), effort)
        check.verify(contender, workload)
        epochs, _ = calibrated(contender, effort.seconds)
        contender.final(contender.job(epochs)())  # which raises if a run ended early
        chosen[name] = contender, epochs
    measures: dict[str, Callable[[], float]] = {
        name: partial(steps_a_second, contender, workload, epochs) for name, (contender, epochs) in chosen.items()
    }
    found = interleaved(measures | {"peak": lambda: peak.gigaflops(workload.dtype, effort)}, effort.rounds)
    peaks = found.pop("peak")
    made = {
        name: {
            "setting": chosen[name][0].setting,
            "networks": chosen[name][0].networks,
            "epochs": chosen[name][1],
            "rounds": rates,
            "steps": median(rates),
            "gigaflops": median(rates) * workload.flops / 1e3,
            "of_peak": ratio(rates, peaks) * workload.flops / 1e3,
            "fast_over": ratio(found["harness fast"], rates),
            "exact_over": ratio(found["harness exact"], rates),
        }
        for name, rates in found.items()
    }
    about = {
        "network": workload.network,
        "activation": workload.activation,
        "dtype": workload.dtype,
        "step": workload.step,
    }
    return {"label": workload.label, **about, "flops": workload.flops, "peak": peaks, "contenders": made}
