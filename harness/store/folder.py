"""The folder that holds an experiment's tables, and what of it is done.

    results/NAME/experiment.yaml      the experiment as it was run
    results/NAME/manifest.json        state, counts, time, host and versions
    results/NAME/runs/*.parquet       a row for every configuration
    results/NAME/curves/*.parquet     the loss curves, if they were recorded
    results/NAME/log/*.json           an entry for every part that is done, written last
    results/NAME/blocks/*.arrow       blocks whose part is not complete yet

A part is done when the log names it and its size and SHA-256 are what the log says.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from harness.errors import HarnessError
from harness.experiment.model import Experiment
from harness.store.files import arrow, check_arrow, check_parquet, digest, from_arrow, parquet
from harness.store.log import LOG, Entry, File, parse, parse_manifest, seal, sums
from harness.store.places import Place
from harness.store.schema import SCHEMA_VERSION

KINDS = ("runs", "curves")
BLOCKS = "blocks"
MANIFEST, EXPERIMENT = "manifest.json", "experiment.yaml"
VERSIONS = ("backprop-harness", "numba", "numpy", "pyarrow")

Keys = Callable[[int, int], str]
"""The key of blocks [first, stop) of the plan."""


class StoreError(HarnessError):
    """A results folder is not what it should be: one line that names it and says what to do."""


@dataclass(frozen=True)
class Found:
    """What a folder holds. good: entries whose data are as they were written. bad: (file, what is wrong with it).

    whole: all entries that can be read.
    """

    good: list[Entry]
    bad: list[tuple[str, str]]
    whole: Collection[Entry] = ()

    def covers(self, kind: str, blocks: int) -> bytearray:
        """For each block of the plan, 1 if it lies in a good file of this kind."""
        covered = bytearray(blocks)
        for entry in self.good:
            if entry.kind == kind:
                covered[entry.first : entry.stop] = b"\1" * (entry.stop - entry.first)
        return covered


class Folder:
    """One experiment's folder under the results. Writing raises `FailedError`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._begun: dict[str, Any] = {}

    def __str__(self) -> str:
        return str(self.place)

    def manifest(self) -> dict[str, Any] | None:
        """What the manifest says, or None if there is none to read."""
        try:
            return parse_manifest(self.place.read(MANIFEST))
        except OSError:
            return None

    def check(self, experiment: Experiment, keys: Keys, overwrite: bool) -> dict[str, Any] | None:
        """The manifest, if the folder may be written: it holds nothing, or this experiment, or may be replaced.

        Raises `StoreError` if not.
        """
        before = self.manifest()
        if overwrite:
            return before
        if before is None:
            strangers = [name for name in self._visible() if name not in (MANIFEST, EXPERIMENT)]
            if strangers and not any(entry.key == keys(entry.first, entry.stop) for entry in self._entries().values()):
                raise StoreError(f"{self}: not empty, and not a folder of results; give another name or --results")
        elif (before["fingerprint"], before["schema_version"]) != (experiment.fingerprint, SCHEMA_VERSION):
            raise StoreError(
                f"{self}: holds the results of another experiment ({before['name']}, as it was on "
                f"{before['started'][:10]}); give this one another name, as with --set name=NAME, add what is new with "
                "--extend, or replace them with --overwrite"
            )
        return before

    def open(self, experiment: Experiment, about: Mapping[str, Any], keys: Keys) -> Found:
        """Make the folder ready for parts, and say which are there. Whatever is no part of this sweep is removed.

        about: what else goes into the manifest, the counts among it.
        """
        before, found = self.manifest() or {}, self.found()
        good = [entry for entry in found.good if entry.key == keys(entry.first, entry.stop)]
        if before and before["fingerprint"] != experiment.fingerprint:
            self.place.remove([MANIFEST])  # first: nobody takes what is left for a whole result
        kept = {entry.name for entry in good}
        others = [entry for entry in found.whole if entry.key != keys(entry.first, entry.stop)]
        seen = [*(entry.name for entry in found.whole), *(name for name, _ in found.bad if name.startswith(f"{LOG}/"))]
        self.place.remove(name for name in seen if name not in kept)  # what another writer logged since then stays
        self.place.remove(file.name for entry in others for file in entry.files)
        if self.place.exclusive:
            kept = {file.name for entry in good for file in entry.files}
            self.place.remove(name for name in self._data() if name not in kept)
            self.place.tidy()
        self.place.make((LOG, BLOCKS, *(KINDS if experiment.losses_every else KINDS[:1])))
        self._begun = {
            "name": experiment.name,
            "fingerprint": experiment.fingerprint,
            "experiment_sha256": hashlib.sha256(experiment.source.encode()).hexdigest(),
            "schema_version": SCHEMA_VERSION,
            "state": "running",
            **about,
            "started": _now(),
            "host": platform.node(),
            "processor": platform.machine(),
            "seconds": None,
            "versions": _versions(),
        }
        self._put_manifest(self._begun)
        self.place.write(EXPERIMENT, experiment.source.encode())
        return Found(good, found.bad)

    def found(self, deep: bool = True) -> Found:
        """What is there. deep: whether to read all data again, or only their sizes."""
        entries, sizes = self._entries(), self._data()
        damaged = [(name, "damaged") for name in self.place.sizes(LOG) if name not in entries]

        def problem(file: File) -> tuple[str, str] | None:
            if file.name not in sizes:
                return file.name, "missing"
            if sizes[file.name] != file.bytes:
                return file.name, f"{sizes[file.name]:,} bytes, expected {file.bytes:,}"
            if deep and self.place.digest(file.name) != (file.bytes, file.sha256):
                return file.name, "not what was written: its SHA-256 is another"
            return None

        files = [file for entry in entries.values() for file in entry.files]
        problems = dict(zip(files, _each(problem, files, many=deep), strict=True))
        wrong = {entry: [flaw for file in entry.files if (flaw := problems[file])] for entry in entries.values()}
        parts, blocks = ([entry for entry in entries.values() if entry.kind == kind] for kind in ("part", "block"))
        asked_for = Found(parts, []).covers("part", max((entry.stop for entry in entries.values()), default=0))
        loose = [entry for entry in blocks if not asked_for[entry.first]]  # the others' part was made of them
        blamed = [*parts, *(entry for entry in loose if wrong[entry] and self.done(entry))]  # none merged meanwhile
        bad = [*damaged, *(flaw for entry in blamed for flaw in wrong[entry])]
        return Found([entry for entry in (*parts, *loose) if not wrong[entry]], bad, entries.values())

    def unlogged(self) -> list[str]:
        """Files of data that have no entry in the log, not even a damaged one."""
        logged = {PurePath(name).stem for name in self.place.sizes(LOG)}
        return [name for name in self._data() if "-".join(PurePath(name).stem.split("-")[-3:]) not in logged]

    def described(self, manifest: Mapping[str, Any]) -> bool:
        """Whether the experiment is there as it was run."""
        try:
            return bool(hashlib.sha256(self.place.read(EXPERIMENT)).hexdigest() == manifest["experiment_sha256"])
        except OSError:
            return False

    def done(self, entry: Entry) -> bool:
        """Whether the log has it."""
        return self._read_entry(entry.name) is not None

    def commit(self, entry: Entry, tables: Mapping[str, pa.Table]) -> None:
        """Write the tables (`runs`, and `curves`) of an entry, and then the entry, whose `files` need not be given."""
        files = []
        for kind in sorted(tables, key=KINDS.index, reverse=True):
            table = tables[kind]
            path = f"{kind}/{entry.stem}.parquet" if entry.kind == "part" else f"{BLOCKS}/{kind}-{entry.stem}.arrow"
            make, check = (parquet, check_parquet) if entry.kind == "part" else (arrow, check_arrow)
            data = make(table)
            self.place.write(path, data, partial(check, table.num_rows))
            files.append(File(path, *digest(data)))
        logged = replace(entry, files=tuple(files))
        if not self.place.create(logged.name, logged.text()):
            there = self._read_entry(logged.name)
            if there is None or there.files != logged.files:
                self.place.remove([logged.name])
                self.place.create(logged.name, logged.text())

    def merge(self, part: Entry, blocks: Iterable[Entry]) -> None:
        """Make a part of its blocks, which are all there. Others may do the same at the same time."""
        names, tables = [entry.name for entry in blocks], dict[str, list[pa.Table]]()
        try:
            entries = [self._entry(name) for name in names]
            files = [file.name for entry in entries for file in entry.files]
            for name in files:
                kind = name.removeprefix(f"{BLOCKS}/").split("-")[0]
                tables.setdefault(kind, []).append(from_arrow(self.place.read(name)))
        except FileNotFoundError:
            if self.done(part):
                return
            raise
        whole = {kind: pa.concat_tables(pieces) for kind, pieces in tables.items()}
        self.commit(replace(part, **sums(entries)), whole)
        self.place.remove([*names, *files])

    def drop(self, block: Entry) -> None:
        """Remove a block whose part is done, as a writer that was slower leaves it."""
        found = self._read_entry(block.name)
        if found is not None:
            self.place.remove([found.name, *(file.name for file in found.files)])

    def close(self, seconds: float) -> None:
        """Say that every part of the sweep that was opened is there."""
        if self.place.exclusive:  # a block may have been done twice, and once too late
            self.place.remove(name for name in self.place.sizes(LOG) if name.startswith(f"{LOG}/block"))
            self.place.remove(self.place.sizes(BLOCKS))
        else:
            self.place.remove(self.unlogged())
        self._put_manifest({**self._begun, "state": "complete", "finished": _now(), "seconds": round(seconds, 3)})
        self.place.tidy()

    def _entries(self) -> dict[str, Entry]:
        """The entries of the log that are whole, by their names."""
        names = list(self.place.sizes(LOG))
        found = zip(names, _each(self._read_entry, names, many=not self.place.exclusive), strict=True)
        return {name: entry for name, entry in found if entry is not None}

    def _read_entry(self, name: str) -> Entry | None:
        try:
            return self._entry(name)
        except OSError:
            return None

    def _entry(self, name: str) -> Entry:
        """Raises OSError if it is not there, or damaged."""
        entry = parse(self.place.read(name))
        if entry is None or entry.name != name:
            raise OSError(errno.EIO, "damaged", name)
        return entry

    def _data(self) -> dict[str, int]:
        return {name: size for kind in (*KINDS, BLOCKS) for name, size in self.place.sizes(kind).items()}

    def _visible(self) -> list[str]:
        """The files that a user would see, wherever they lie."""
        names = [*self.place.sizes(""), *self.place.sizes(LOG), *self._data()]
        return [name for name in names if not os.path.basename(name).startswith(".")]

    def _put_manifest(self, manifest: Mapping[str, Any]) -> None:
        self.place.write(MANIFEST, seal(manifest))


def _each(function: Callable[[Any], Any], items: Sequence[Any], many: bool) -> list[Any]:
    """function(item) for each, many at once where that is what takes long: hashing, or waiting for a store."""
    if not many:
        return list(map(function, items))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(function, items))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}}
