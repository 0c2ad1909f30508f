"""Runs that are trained in one call: blocks, and small blocks that follow each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.experiment.model import Structure
from harness.sweeps.cost import CALL_WORK, FEW_RUNS, WORK_PER_SECOND, run_work

GROUPS, GROUP_WORK = 64, WORK_PER_SECOND / 4
"""Small blocks of a part that follow each other are trained and written as a group. It has at most so much work, or
takes no longer than one of its blocks alone; and a sweep of many blocks has at least so many groups."""


@dataclass(frozen=True)
class Piece:
    """Runs [start, stop) of one structure: a block of the plan, or neighbours from block `number` on that are trained
    in one call. epochs: the most of any run.
    """

    number: int
    structure: Structure
    start: int
    stop: int
    epochs: int

    @property
    def runs(self) -> int:
        return self.stop - self.start

    def work(self, samples: int) -> float:
        """What it costs to train, at most, on so many samples."""
        return max(self.runs, FEW_RUNS) * run_work(self.structure, samples, self.epochs)


def grouped(part: Sequence[Piece], firsts: Collection[int], samples: int, most: int) -> Iterator[range]:
    """The numbers of the blocks of each group of a part.

    firsts: the runs at which a call begins, wherever else one does. most: blocks in a group.
    """
    first, last, before = part[0].number, part[0], 0.0
    limit = max(GROUP_WORK, _call(last, samples))
    for piece in part[1:]:
        apart = piece.start in firsts
        done = before + _call(last, samples) if apart else before
        grown = piece if apart else replace(last, stop=piece.stop)
        if piece.number - first >= most or done + _call(grown, samples) > limit:
            yield range(first, piece.number)
            first, limit = piece.number, max(GROUP_WORK, _call(piece, samples))
            done, grown = 0.0, piece
        before, last = done, grown
    yield range(first, part[-1].number + 1)


def joined(blocks: Sequence[Piece], firsts: Collection[int]) -> list[Piece]:
    """What is trained in one call each, of blocks that follow each other. firsts: the runs at which a call begins."""
    made: list[Piece] = []
    for piece in blocks:
        if made and piece.start not in firsts:
            made[-1] = replace(made[-1], stop=piece.stop)
        else:
            made.append(piece)
    return made


def _call(piece: Piece, samples: int) -> float:
    return piece.work(samples) + CALL_WORK
