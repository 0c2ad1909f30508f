"""What of a run is recorded, so that the record fits where it is shown and takes no more work than that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from harness.network.layout import weight
from harness.views.explain.names import CALLED, Names

if TYPE_CHECKING:
    from harness.network.structure import Structure

MOST_EPOCHS = 4
"""Epochs that share the room if no two of them fit in it whole."""


@dataclass(frozen=True)
class Excerpt:
    """Which steps are recorded.

    epochs: their numbers, rising; 0 is the network before training. batches: how many of each epoch, its first ones and
    its last. samples: how many of each batch, its first ones. units: how many of each layer, the first ones; None is
    all. left_out: a phrase for everything that was asked for and does not fit.
    """

    epochs: Sequence[int]
    batches: int | None = None
    samples: int | None = None
    units: int | None = None
    left_out: tuple[str, ...] = ()

    def takes(self, batch: int, batches: int, end: bool) -> bool:
        """Whether the batch of this number, from 0, of so many is recorded. end: whether in the last of the epochs."""
        if self.batches is None:
            return True
        if self.batches == 1:
            return batch == (batches - 1 if end else 0)
        return batch < self.batches - 1 or batch == batches - 1

    def first_samples(self, samples: int, batch: int) -> int:
        """How many samples are shown of a network that stands still."""
        return samples if self.batches is None else min(samples, self.batches * (self.samples or batch))


class Room(ABC):
    """How much there is room for, and how much of it a table and its rows take."""

    size: float
    table: float

    @abstractmethod
    def row(self, part: str, formula: str) -> float:
        """What a row of a part (sample, optimizer, update) takes each time."""

    def once(self, name: str, formula: str) -> float:
        """What a name and its formula take, however often they stand in the record."""
        return 0.0


@dataclass(frozen=True)
class Page(Room):
    """The bytes of a page: eight for a number, as text; the program and the style take some 60 kB."""

    size: float = 4.6e6
    table: float = 100.0

    def row(self, part: str, formula: str) -> float:
        return 44.0 if part == "update" else 11.0

    def once(self, name: str, formula: str) -> float:
        return len(name) + len(formula) + 6.0


@dataclass(frozen=True)
class Lines(Room):
    """The lines of a terminal of this width. Headings take five a table; 30 lines are kept for what frames it all."""

    width: int
    size: float = 165.0
    table: float = 5.0

    def row(self, part: str, formula: str) -> float:
        room = max(8, self.width - (56 if part == "update" else 34))
        return ceil(len(formula) / room)


def excerpt_of(structure: Structure, samples: int, epochs: Sequence[int], room: Room | None) -> Excerpt:
    """As much of these epochs as there is room for; None: all of it.

    Whole epochs, the first ones and the last, if two of them fit; else of a few epochs the first batches and the last;
    of a network that is too large for two steps the first units of each layer.
    """
    if room is None:
        return Excerpt(epochs)
    batch = structure.batch_size
    batches, most = ceil(samples / batch), max(structure.layers)
    steps = min(2, batches * len(epochs))

    def least(units: int) -> float:
        once, sample, update = _costs(Names(structure, batch, units), room)
        return once + steps * (sample + update + room.table)

    units = max(1, bisect_right(range(1, most + 1), room.size, key=least))
    once, sample, update = _costs(Names(structure, batch, units), room)
    left = room.size - once
    fit = int(left // (samples * sample + batches * update + room.table))
    kept: int | None = None
    kept_samples: int | None = None
    shown = epochs if fit >= len(epochs) else [*epochs[: fit - 1], epochs[-1]]
    if fit < min(2, len(epochs)):
        count = max(1, min(len(epochs), MOST_EPOCHS, int(left // (sample + update + room.table))))
        shown = [*epochs[: count - 1], epochs[-1]]
        each = left / count - room.table
        kept = min(batches, int(each // (batch * sample + update)))
        if not kept:
            kept, kept_samples = 1, max(1, min(batch, int((each - update) // sample)))
    left_out = []
    if len(shown) < len(epochs):
        left_out.append(f"{len(epochs) - len(shown):,} of the {len(epochs):,} epochs")
    if kept is not None and kept < batches:
        which = {1: "one", 2: "the first and the last"}.get(kept, f"the first {kept - 1:,} and the last")
        left_out.append(f"of an epoch's {batches:,} updates all but {which}")
    if kept_samples is not None and kept_samples < batch:
        left_out.append(f"of a batch's {batch:,} samples all but the first {kept_samples:,}")
    if units < most:
        left_out.append(f"of each layer all units but the first {units:,}")
    return Excerpt(shown, kept, kept_samples, None if units == most else units, tuple(left_out))


def _costs(names: Names, room: Room) -> tuple[float, float, float]:
    """What the record takes once, for each sample, and for each update."""
    sample, update = 2 * room.table, (2 if names.kept() else 1) * room.table
    once = 0.0
    for part, count, name, formula in _rows(names):
        spelt = 1 if part == "sample" else 2  # an epoch may end in a batch of one, whose formulas have no mean
        once += spelt * count * room.once(name, formula)
        if part == "sample":
            sample += count * room.row(part, formula)
        else:
            update += count * room.row(part, formula)
    return once, sample, update


def _rows(names: Names) -> Iterator[tuple[str, int, str, str]]:
    """The rows of a sample and of an update: of which part, how many, and the longest name and formula."""
    layers, last = names.layers, names.last
    output = names.of(last, layers[last])
    yield "sample", layers[0], names.activation(0, layers[0]), "input"
    yield "sample", layers[last], output["target"], "target"
    yield "sample", layers[last], output["derivative"], names.cost_derivative(layers[last])
    yield "sample", 1, "cost", 24 * " "
    for layer in range(1, last + 1):
        unit, below = layers[layer], layers[layer - 1]
        own = names.of(layer, unit)
        yield "sample", unit, own["sum"], names.pre_activation(layer, unit)
        yield "sample", unit, own["name"], names.applied(layer, unit)
        yield "sample", unit, own["delta"], names.delta(layer, unit)
        last_weight = weight(layer, unit, below)
        count = sum(tensor.size for tensor in names.layout.of_layer(layer))
        yield "update", count, last_weight.name, CALLED.join(filter(None, names.updated(last_weight)))
        for slot, formula in names.kept().items():
            yield "optimizer", count, names.slot(slot, last_weight), formula
