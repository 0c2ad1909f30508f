"""What back-propagation does to each weight of one network, step by step, recorded from `harness.reference`.

Its numbers are those of `exact` arithmetic to the last bit. For their names see `harness.views.explain.names`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness import reference
from harness.network.layout import Layout
from harness.network.runs import rounded
from harness.reference import EpochMetrics, Network, Update
from harness.reference.network import sample_gradient
from harness.views.explain import rows
from harness.views.explain.excerpt import Excerpt, Room, excerpt_of
from harness.views.explain.names import Names

if TYPE_CHECKING:
    from harness.network.structure import Structure
    from harness.views.explain.configuration import Configuration

A_SECOND = 1_400_000
"""Operations on arrays that the reference does in about a second."""
MOST_WORK = 30 * A_SECOND
"""Operations to reach a later epoch, in training that is not recorded."""
LONG_WORK = 3 * A_SECOND
"""Operations from which on it is said beforehand how long they may take."""
Part = list[dict[str, Any]]


class Recording:
    """One run of the reference, of which the steps of an excerpt are recorded.

    Once `parts` has ended: reached, the last epoch that was trained; missed, the epochs of the excerpt that were not
    reached; network, as it stands; gaps, the (epoch, sample) of each batch whose update before is not recorded.
    """

    def __init__(self, configuration: Configuration, epochs: Sequence[int], room: Room | None = None) -> None:
        self.configuration = configuration
        self.training, self.data = configuration.training(), configuration.data()
        self.structure = self.training.network.structure
        self.samples = len(self.data.inputs)
        self.excerpt: Excerpt = excerpt_of(self.structure, self.samples, epochs, room)
        self.reached = 0
        self.missed: Sequence[int] = ()
        self.gaps, self._number = list[tuple[int, int]](), 0
        self._work = _work(self.structure)

    @property
    def network(self) -> Network:
        return self.training.network

    def announced(self) -> str | None:
        """In a sentence, how long the training may take that is not recorded; None if that is soon over."""
        last, final = self.excerpt.epochs[-1], self.configuration.final
        if self._ahead(last) > MOST_WORK:
            return None  # not even tried
        until = min(last, (final and final.settled) or last)
        recorded = self.excerpt.epochs if self.excerpt.batches is None else ()
        shown = bisect_right(recorded, until) - bisect_right(recorded, 0)
        work = min((until - shown) * self.samples * self._work, MOST_WORK)
        if work <= LONG_WORK:
            return None
        return f"training up to epoch {last:,} in the reference, at most about {work / A_SECOND:.0f} seconds"

    def parts(self) -> Iterator[Part]:
        """The rows of each update that is recorded, with its samples, and of each epoch's losses, in order."""
        with np.errstate(all="ignore"):
            wanted = self.excerpt.epochs
            if wanted[0] == 0:
                yield self._standing(self.network, 0, "before training")
                wanted = wanted[1:]
            yield from self._trained(wanted)
            final = self.configuration.final
            if self.missed and final is not None and final.network is not None:
                final.network.slope, final.network.output_slope = self.network.slope, self.network.output_slope
                yield self._standing(final.network, final.epoch, "in the table")

    def _trained(self, wanted: Sequence[int]) -> Iterator[Part]:
        """Yield the parts of the epochs wanted, as far as `MOST_WORK` operations reach; a settled run skips ahead."""
        excerpt, at, work, batch = self.excerpt, 0, 0, 0
        batches = ceil(self.samples / self.structure.batch_size)
        before, events = b"", self._events(1)
        while at < len(wanted):
            event = next(events)
            here = event.epoch == wanted[at]
            if isinstance(event, Update):
                if here and excerpt.takes(batch, batches, at == len(wanted) - 1):
                    if event.number != self._number + 1:
                        self.gaps.append((event.epoch, event.order[0] + 1))
                    self._number = event.number
                    names = Names(self.structure, len(event.order), excerpt.units)
                    yield [*rows.of_update(names, self.training, event)]
                else:
                    work += len(event.order) * self._work
                batch += 1
            else:
                self.reached, batch = event.epoch, 0
                if here:
                    yield [*rows.of_metrics(event)]
                    at += 1
                gap = at < len(wanted) and wanted[at] > event.epoch + 1
                now = self.training.carried() if gap else b""
                if gap and now == before and self.training.steady(event.epoch - 1):
                    events = self._events(wanted[at])
                before = now
            if work > MOST_WORK or (at < len(wanted) and work + self._ahead(wanted[at]) > MOST_WORK):
                self.missed = wanted[at:]
                return

    def _ahead(self, epoch: int) -> int:
        """The least operations that training up to the start of an epoch takes; 0 unless the run is known not to
        diverge.
        """
        final = self.configuration.final
        if final is None or final.diverged:
            return 0
        return (min(epoch, final.settled or epoch) - 1 - self.reached) * self.samples * self._work

    def _events(self, first: int) -> Iterator[Update | EpochMetrics]:
        return reference.epochs(self.training, self.data, first, self.excerpt.samples)

    def _standing(self, network: Network, epoch: int, of: str) -> Part:
        """The network as it stands after an epoch, and what it makes of the first samples."""
        dtype = self.structure.dtype
        inputs, targets = (rounded(values, dtype) for values in (self.data.inputs, self.data.targets))
        count = self.excerpt.first_samples(self.samples, self.structure.batch_size)
        samples = [sample_gradient(network, epoch, s, inputs[s], targets[s]) for s in range(count)]
        return [*rows.of_network(Names(self.structure, 1, self.excerpt.units), network, epoch, samples, of)]

    def notes(self) -> list[str]:
        """Sentences on what is not shown and whether a row ends in the table's weights, once `parts` has ended."""
        said, final = [], self.configuration.final
        if self.excerpt.left_out:
            upto = f" up to epoch {self.reached:,}" if self.missed else ""
            said.append(f"Left out: {'; '.join(self.excerpt.left_out)}; --csv and --json give all of it{upto}.")
        if self.missed:
            which = f"epoch{'s' * (len(self.missed) > 1)} {_listed(self.missed)}"
            more = "" if final is None else final.uncompared
            said.append(
                f"Not shown: {which}; to train up to there takes too long, it ended after {self.reached:,}.{more}"
            )
        if final is not None and not self.missed and self.reached == final.epoch:
            said.append(final.compared(self.network))
        return said


def _listed(epochs: Sequence[int]) -> str:
    shown = [f"{epoch:,}" for epoch in epochs[:3]]
    return ", ".join(shown) + (f" and {len(epochs) - 3:,} more" if len(epochs) > 3 else "")


def _work(structure: Structure) -> int:
    """About how many operations on arrays a sample takes: the reference's loops over inputs and units, and the rest."""
    layers = structure.layers
    weights = sum(tensor.size for tensor in Layout(structure).weights)
    return 2 * (sum(layers) * 2 - layers[0] - layers[-1]) + 60 * (len(layers) - 1) + weights // 500


def record_of(recording: Recording) -> pd.DataFrame:
    """The record of a recording's epochs, a row for every number.

    Columns: epoch and sample (1-based; of an update, the last sample of its batch), phase (forward, backward, update,
    epoch; before an update optimizer: what it takes and keeps; weights: of a network that stands still), kind (what the
    number is, as `RowKind` has it), name, formula, gradient_formula (what an update's formula calls g), value; and for
    an update the weight before, its gradient, the change and the weight after. attrs: as `described` has them.
    """
    recorded = frame_of(row for part in recording.parts() for row in part)
    recorded.attrs.update(described(recording))
    return recorded


def frame_of(made: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows of the record as a table."""
    return pd.DataFrame(made, columns=list(rows.COLUMNS)).astype({"sample": "Int64", "gradient_formula": object})


def described(recording: Recording) -> dict[str, Any]:
    """What a record says of itself: its head.

    name: of the experiment. settings: their labels. layers: the units of each. biases: whether there are some. units:
    how many of each layer are shown, the first ones; None for all. batch: samples in an update. shown: how many of a
    batch are shown, the first ones; None for all. optimizer, and its slots: what it keeps of each parameter.
    reduction: of the gradients of a batch. columns: what the data call the inputs and targets that have a name. gaps,
    notes: as `Recording` has them.
    """
    configuration, structure = recording.configuration, recording.structure
    names = Names(structure, structure.batch_size)
    return {
        "name": configuration.experiment.name,
        "settings": configuration.labels(),
        "layers": list(structure.layers),
        "biases": structure.bias != "false",
        "units": recording.excerpt.units,
        "epochs": max(configuration.epochs, recording.reached),
        "samples": recording.samples,
        "batch": structure.batch_size,
        "shown": recording.excerpt.samples,
        "optimizer": structure.optimizer,
        "slots": list(names.kept()),
        "reduction": structure.reduction,
        "columns": configuration.columns(),
        "gaps": recording.gaps,
        "notes": recording.notes(),
    }


def streamed(recording: Recording) -> Iterator[pd.DataFrame]:
    """The record in pieces, each of one update or one epoch, so that no more is ever held."""
    for part in recording.parts():
        yield frame_of(part)
