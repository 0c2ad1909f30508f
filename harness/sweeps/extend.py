"""Go on from the results of a grid that was edited: the runs that it still has are taken over, the others are trained.

A run is known by what the engine is given for it, wherever it stands in either grid.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.experiment.differences import unlike
from harness.experiment.model import Experiment
from harness.formulas.metrics import METRICS
from harness.network.runs import Curves, Outcome, Runs
from harness.store.contents import StoreError
from harness.store.folder import Folder
from harness.store.log import KINDS, Entry
from harness.store.place import Place
from harness.store.strangers import from_arrow, from_parquet, whole
from harness.store.tables import Tables
from harness.sweeps.blocks import Block
from harness.sweeps.plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa

Identities = NDArray[np.uint64]
"""(N, 2) two halves of a hash for each of N runs."""
RECENT = 2**25
"""Bytes of the earlier table that are kept in memory, beside the part that was read last."""
RUN_BYTES = 40
"""Memory of each earlier run while the `RunIndex` is made; afterwards it is 24."""
INDEXING, READING = threading.Lock(), threading.Lock()
"""Held while the index is made, and while a part is read: one thread does it for all."""


def earlier(folder: Folder, experiment: Experiment) -> Earlier:
    """The results in a folder, for an experiment that is to go on from them. Raises `StoreError` if it cannot."""
    manifest = folder.manifest() or {}
    before = folder.before(experiment)
    if before is None:
        raise StoreError(f"{folder}: its experiment or its data cannot be read any more; see --overwrite")
    if why := unlike(before, experiment):
        raise StoreError(f"{folder}: {why}, so that nothing of it can be kept; see --overwrite")
    plan = Plan(before, manifest["block_size"])
    good = folder.found().good
    mine = [entry for entry in good if entry.key == plan.key(entry.first, entry.stop)]
    if good and not mine:
        raise StoreError(
            f"{folder}: trained by another version of the program or, for `fast`, on another kind of processor, so "
            "that nothing of it can be kept; extend it with that, or see --overwrite"
        )
    return Earlier(plan, folder.place, tuple(sorted(mine, key=lambda entry: entry.first)))


@dataclass(frozen=True, eq=False)
class Earlier:
    """The results of an earlier grid. plan: what was trained. entries: what can be taken over, in the order of the
    runs.
    """

    plan: Plan
    place: Place
    entries: tuple[Entry, ...]

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def add(self, runs: Runs, train: Callable[[Runs], Outcome]) -> Outcome:
        """What the engine gives for these runs; only those that are not here are trained."""
        with INDEXING:
            index = self.index
        known = index.find(identities(runs))
        entries = np.searchsorted(self._starts, known, side="right") - 1
        made: list[tuple[Any, Outcome]] = []
        for number in np.unique(entries[known >= 0]):
            mine = np.flatnonzero((known >= 0) & (entries == number))
            kept, rows, outcome = self._taken(int(number), runs, mine, known[mine])
            known[np.setdiff1d(mine, kept)] = -1
            made.append((rows, outcome))
        missing = np.flatnonzero(known < 0)
        if len(missing):
            part, rows = runs.subset(missing)
            outcome = train(part)
            curves = replace(outcome.curves, run=missing[outcome.curves.run])
            made.append((rows, replace(outcome, curves=curves)))
        return _joined(len(runs.recorded), made)

    @cached_property
    def index(self) -> RunIndex:
        """The number of each run that is there, by its identity."""
        blocks = self._blocks
        runs = ((block.start, identities(self.plan.asked(block)[0])) for block in blocks)
        return RunIndex(sum(block.runs for block in blocks), runs)

    @property
    def memory(self) -> int:
        """The bytes that it takes to know the earlier runs and to read their rows, at most."""
        runs, row = sum(block.runs for block in self._blocks), self.plan.bytes / self.plan.rows
        rows = [entry.rows for entry in self.entries] or [0]
        part, whole = int(row * max(rows)), int(row * sum(rows))
        return RUN_BYTES * runs + min(max(RECENT, part), whole) + part

    @property
    def _blocks(self) -> list[Block]:
        return [block for entry in self.entries for block in self.plan.blocks[entry.first : entry.stop]]

    @cached_property
    def _starts(self) -> Any:
        """The first run of each entry."""
        return np.array([self.plan.blocks[entry.first].start for entry in self.entries], np.int64)

    def _taken(self, number: int, runs: Runs, mine: Any, earlier: Any) -> tuple[Any, Any, Outcome]:
        """Take runs over from one earlier part: returns those whose rows are all there, the rows, and the outcome."""
        table, curves = self._tables(number)
        first, stop = runs.first_recorded[mine], runs.first_recorded[mine + 1]
        index = pd.MultiIndex.from_arrays([table["run"].to_numpy(), table["epochs"].to_numpy()])
        if not index.is_unique:
            twice = f"run {table['run'][int(index.duplicated().argmax())]} has two rows of as many epochs"
            raise StoreError(f"{self.place}/{self.entries[number].files[-1].name}: {twice}; see --overwrite")
        recorded = _ranges(first, stop)
        wanted = pd.MultiIndex.from_arrays([np.repeat(earlier, stop - first), runs.recorded[recorded]])
        at = index.get_indexer(wanted)
        whole = np.logical_and.reduceat(at >= 0, np.cumsum(stop - first) - (stop - first))
        if curves is not None:  # a curve ends with its run, so that it must have been as long
            longest = table.group_by("run").aggregate([("epochs", "max")])
            last = pd.Series(longest["epochs_max"].to_numpy(), longest["run"].to_numpy())
            whole &= last.reindex(earlier).to_numpy() == runs.recorded[stop - 1]
        kept = np.repeat(whole, stop - first)
        tables = self.plan.tables()
        arrays = tables.outcome(runs.structure, table.take(at[kept]))
        return (
            mine[whole],
            runs.place[recorded[kept]],
            Outcome(**arrays, curves=_curves(tables, curves, earlier[whole], mine[whole]), steps=0, asked=0),
        )

    def _tables(self, number: int) -> tuple[pa.Table, pa.Table | None]:
        """The tables of an entry by its number: runs, and curves or None."""
        with READING:
            tables = self._recent.pop(number, None) or self._read(number)
            self._recent[number] = tables
            while (
                len(self._recent) > 1
                and sum(table.nbytes for pair in self._recent.values() for table in pair if table) > RECENT
            ):
                del self._recent[next(iter(self._recent))]
        return tables

    @cached_property
    def _recent(self) -> dict[int, tuple[pa.Table, pa.Table | None]]:
        """The tables that were read last, the latest at the end."""
        return {}

    def _read(self, number: int) -> tuple[pa.Table, pa.Table | None]:
        entry = self.entries[number]
        tables: dict[str, pa.Table] = {}
        for file in entry.files:
            kind, where = next(one for one in KINDS if file.name == entry.path(one)), f"{self.place}/{file.name}"
            if kind == "predictions":  # which are made of the weights
                continue
            read = from_parquet if entry.kind == "part" else from_arrow
            tables[kind] = whole(read(self.place.read(file.name), where), kind, where)
        expected, given = [column.name for column in self.plan.tables().runs], tables["runs"].schema.names
        if strange := set(expected) ^ set(given):
            raise StoreError(f"{where}: its columns are not the experiment's, as {strange.pop()}; see --overwrite")
        return tables["runs"], tables.get("curves")


class RunIndex:
    """Runs by their identities, in 24 bytes each.

    count: how many there are. runs: (the number of the first, (n, 2) identities) of n that stand together.
    """

    def __init__(self, count: int, runs: Iterable[tuple[int, Identities]]) -> None:
        self._first, self._second = np.empty(count, np.uint64), np.empty(count, np.uint64)
        self._numbers, at = np.empty(count, np.int64), 0
        for start, found in runs:
            here = slice(at, at := at + len(found))
            self._first[here], self._second[here] = found.T
            self._numbers[here] = np.arange(start, start + len(found))
        order = np.argsort(self._first)
        for name in ("_first", "_second", "_numbers"):
            setattr(self, name, getattr(self, name)[order])

    def find(self, identities: Identities) -> NDArray[np.int64]:
        """(N,) the number of each run of these (N, 2) identities; -1 of one that is not here.

        Of two whose first halves agree, as may be once in 10^19 pairs, only one is found.
        """
        if not len(self._numbers):
            return np.full(len(identities), -1)
        first, second = identities.T
        at = np.minimum(np.searchsorted(self._first, first), len(self._first) - 1)
        here = (self._first[at] == first) & (self._second[at] == second)
        return np.where(here, self._numbers[at], -1)


def identities(runs: Runs) -> Identities:
    """What the engine is given for each of N runs, but for how long it trains, as (N, 2) halves of a hash."""
    shape = (len(runs.structure.activations), runs.count)
    digests = [initialisation.digest() for initialisation in runs.initialisations]
    random = np.array([initialisation.random for initialisation in runs.initialisations])
    columns = [*np.broadcast_to(runs.rates, shape), *runs.hyperparameters, runs.max_loss]
    numbers = np.column_stack([*columns, np.where(random[runs.initialisation], runs.repeat, 0).astype(np.float64)])
    decides = replace(runs.structure, frozen=False), runs.chosen  # what the rates say already is not asked again
    start = hashlib.blake2b(repr(decides).encode(), digest_size=16)
    found = bytearray()
    for initialisation, row in zip(runs.initialisation, np.ascontiguousarray(numbers), strict=True):
        hashed = start.copy()
        hashed.update(digests[initialisation] + row.tobytes())
        found += hashed.digest()
    return np.frombuffer(found, np.uint64).reshape(-1, 2)


def _ranges(first: Any, stop: Any) -> Any:
    """The numbers first[0], .., stop[0] - 1, first[1], .."""
    counts = stop - first
    return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


def _curves(tables: Tables, table: pa.Table | None, earlier: Any, runs: Any) -> Curves:
    """The curves of runs by their earlier numbers, under their new ones."""
    scores = [column.name for column in tables.scores]
    if table is None:
        none = np.empty(0, np.int64)
        return Curves(none, none, *(np.empty((count, 0)) for count in (len(METRICS), 0, len(scores))))
    number = pd.Series(runs, earlier).reindex(table["run"].to_numpy()).to_numpy()
    there = ~np.isnan(number)
    run, epoch = number[there].astype(np.int64), table["epoch"].to_numpy()[there]
    of_metrics, of_scores = (numbers[:, there] for numbers in tables.points(table))
    return Curves(run, epoch, of_metrics, np.empty((0, len(run))), of_scores)


def _joined(rows: int, made: list[tuple[Any, Outcome]]) -> Outcome:
    """One outcome of several, each with the rows that are its."""
    arrays: dict[str, Any] = {}
    for name in (field.name for field in fields(Outcome) if field.name not in ("curves", "steps", "asked")):
        parts = [getattr(outcome, name) for _, outcome in made]
        arrays[name] = np.empty((*parts[0].shape[:-1], rows), parts[0].dtype)
        for (where, _), part in zip(made, parts, strict=True):
            arrays[name][..., where] = part
    curves = [outcome.curves for _, outcome in made]
    run, epoch = (np.concatenate([getattr(curve, name) for curve in curves]) for name in ("run", "epoch"))
    order = np.lexsort((epoch, run))
    rest = (np.concatenate([getattr(one, name) for one in curves], axis=1) for name in ("metrics", "weights", "scores"))
    together = Curves(run[order], epoch[order], *(numbers[:, order] for numbers in rest))
    steps, asked = (sum(getattr(outcome, name) for _, outcome in made) for name in ("steps", "asked"))
    return Outcome(**arrays, curves=together, steps=steps, asked=asked)
