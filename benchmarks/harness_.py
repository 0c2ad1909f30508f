"""The harness, by its own path: an experiment, its plan, and the blocks through the engine on all processors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.rows import HIGHEST_RATE, LOWEST_RATE, Workload, experiment
from benchmarks.timing import Effort, Job
from harness.experiment import load
from harness.formulas.metrics import MEAN
from harness.sweeps import local
from harness.sweeps.blocks import Block
from harness.sweeps.plan import Plan

NUMBERS = 2**19
"""Parameters of all networks for each processor: many blocks, and hundreds of epochs or more in a measurement."""
FEWEST = 4096
MOST_SPARED = 1e-3
"""The share of steps that may be spared by runs that settle or go in circles: the other contenders go through them."""


def planned(mapping: Mapping[str, Any]) -> Plan:
    return Plan(load(mapping))


def blocks(plan: Plan) -> Iterator[tuple[int, Any]]:
    """Every block of a plan through the engine: its first run and its outcome, as they finish."""

    def trained(block: Block) -> tuple[int, Any]:
        return block.start, plan.train(plan.asked(block)[0])

    return local.run(trained, plan.blocks)


def train(plan: Plan) -> None:
    """Train all blocks of a plan, keeping nothing."""
    for _ in blocks(plan):
        pass


def contenders(workload: Workload, arithmetic: str, effort: Effort) -> list[Harness]:
    networks = max(FEWEST, 2 ** int(np.log2(NUMBERS / workload.parameters)) * local.processors())
    return [Harness(workload, arithmetic, effort.size(networks, 64))]


class Harness:
    setting = "all processors"

    def __init__(self, workload: Workload, arithmetic: str, networks: int) -> None:
        self.workload, self.arithmetic, self.networks = workload, arithmetic, networks

    def job(self, epochs: int) -> Job:
        rates = {"geomspace": [LOWEST_RATE, HIGHEST_RATE, self.networks]}
        plan = planned(experiment(self.workload, self.arithmetic, learning_rate=rates, epochs=epochs))
        return lambda: list(blocks(plan))

    def final(self, outcome: Any) -> tuple[Any, Any]:
        found = [block for _, block in sorted(outcome, key=lambda pair: pair[0])]
        asked = sum(block.asked for block in found)
        spared = 1 - sum(block.steps for block in found) / asked
        if spared > MOST_SPARED:
            raise RuntimeError(
                f"{self.workload.label}: {spared:.1%} of the steps were not run, which other contenders run"
            )
        return np.concatenate([block.weights for block in found], 1), np.concatenate([b.metrics[MEAN] for b in found])
