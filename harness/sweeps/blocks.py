"""Runs that are trained in one call: blocks, and small blocks that follow each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.network.parts import AS_IT_IS, DataForm
from harness.network.structure import Structure
from harness.sweeps.cost import CALL_WORK, FEW_RUNS, WORK_PER_SECOND, run_work

TASKS, TASK_WORK = 64, WORK_PER_SECOND / 4
"""Small blocks of a part that follow each other are one task: they are trained and written together. It has at most so
much work, which a process that is killed may lose; and a sweep of many blocks has at least so many tasks."""


@dataclass(frozen=True)
class Block:
    """Runs [start, stop) of one structure: a block of the plan, or neighbours from block `number` on that are trained
    in one call. epochs: the most of any run. chosen: on which samples they are trained.
    """

    number: int
    structure: Structure
    start: int
    stop: int
    epochs: int
    chosen: DataForm = AS_IT_IS

    @property
    def runs(self) -> int:
        return self.stop - self.start

    def work(self, samples: int) -> float:
        """What it costs to train, at most, on so many samples."""
        return max(self.runs, FEW_RUNS) * run_work(self.structure, samples, self.epochs)


def tasks_of(part: Sequence[Block], firsts: Collection[int], samples: int, most: int) -> Iterator[range]:
    """The numbers of the blocks of each task of a part.

    firsts: the runs at which a call begins, wherever else one does. most: blocks in a task.
    """
    first = start = part[0]
    before = 0.0
    for last, block in pairwise(part):
        apart = block.start in firsts
        done = before + _call_work(start, last.stop, samples) if apart else before
        opened = block if apart else start
        if block.number - first.number >= most or done + _call_work(opened, block.stop, samples) > TASK_WORK:
            yield range(first.number, block.number)
            first, done, opened = block, 0.0, block
        before, start = done, opened
    yield range(first.number, part[-1].number + 1)


def joined(blocks: Sequence[Block], firsts: Collection[int]) -> list[Block]:
    """What is trained in one call each, of blocks that follow each other. firsts: the runs at which a call begins."""
    starts = [k for k, block in enumerate(blocks) if not k or block.start in firsts]
    return [
        blocks[k] if stop == k + 1 else replace(blocks[k], stop=blocks[stop - 1].stop)
        for k, stop in pairwise([*starts, len(blocks)])
    ]


def _call_work(first: Block, stop: int, samples: int) -> float:
    """What a call costs for the runs from a block's first up to this one."""
    return max(stop - first.start, FEW_RUNS) * run_work(first.structure, samples, first.epochs) + CALL_WORK
