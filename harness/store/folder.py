"""The folder of one experiment, for the sweep that writes it: nothing done is undone, strangers are left alone."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from harness.experiment.differences import unlike
from harness.experiment.model import Experiment
from harness.store.contents import Contents, Found, StoreError
from harness.store.kept import Kept, as_it_was, made_for
from harness.store.log import (
    BLOCKS,
    EXPERIMENT,
    IDENTITY,
    KINDS,
    LOG,
    MANIFEST,
    OURS,
    REPLACING,
    SMALL,
    Entry,
    File,
    seal,
    sums,
)
from harness.store.place import Place
from harness.store.schema import SCHEMA_VERSION
from harness.store.strangers import joined, readable

VERSIONS = ("backprop-harness", "numba", "numpy", "pyarrow")

Keys = Callable[[int, int], str]
"""The key of blocks [first, stop) of the plan."""


class Folder(Contents):
    """One experiment's folder under the results. Writing raises `FailedError`."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._begun: dict[str, Any] = {}

    def check(self, experiment: Experiment, keys: Keys, replace: bool) -> dict[str, Any] | None:
        """The manifest, if the folder may be written: it holds nothing, or this experiment, or another's results that
        shall be replaced or extended.

        Raises `StoreError` if not. A folder without a manifest is somebody's, unless its log is this experiment's.
        """
        self.unblocked()
        before = self.manifest()
        if before is None:
            strangers = [name for name in self._visible() if name != EXPERIMENT]
            if strangers and not any(entry.key == keys(entry.first, entry.stop) for entry in self.entries().values()):
                raise StoreError(
                    f"{self}: not empty, and not a folder of results (it has no manifest that can be read), so that "
                    "nothing there is replaced; give another name or --results"
                )
        elif not replace and (before["fingerprint"], before["schema_version"]) != (
            experiment.fingerprint,
            SCHEMA_VERSION,
        ):
            raise StoreError(self._others(experiment, before))
        return before

    def before(self, experiment: Experiment) -> Experiment | None:
        """The experiment whose results are there, with its data; None if it cannot be read any more.

        experiment: beside whose file the data are looked for, if they were not kept.
        """
        try:
            text = self.place.read(EXPERIMENT, SMALL).decode()
            return as_it_was(self, text, str((self.manifest() or {}).get("fingerprint")), [experiment.label])
        except (OSError, UnicodeDecodeError, StoreError):
            return None

    def open(self, experiment: Experiment, about: Mapping[str, Any], keys: Keys, replace: bool = False) -> Found:
        """Make the folder ready for parts, and say which are there. What another sweep left there is removed.

        about: what else goes into the manifest, the counts among it. replace: whether parts of this experiment by
        another version of the program may go too. Raises `StoreError` if there are such that may not.
        """
        owners = (self.owners() or set()) | {experiment.fingerprint[:IDENTITY]}
        before, found = self.manifest() or {}, self.found(owners=owners)
        good = [entry for entry in found.good if entry.key == keys(entry.first, entry.stop)]
        others = [entry for entry in found.whole if entry.key != keys(entry.first, entry.stop)]
        same = before.get("fingerprint") == experiment.fingerprint and before["state"] != REPLACING
        if others and same and not replace:
            raise StoreError(self._lost(others, before))
        kept = Kept(experiment)
        self._begun = self._manifest(experiment, {**about, **kept.about()})
        if self.place.exclusive:
            self.place.tidy()
        self.place.make((LOG, BLOCKS, *experiment.tables))
        if before and not same:
            # nobody takes what is left for a result of either
            self._put_manifest(self._begun | {"state": REPLACING, "replaces": sorted(owners)})
        logs = {entry.name for entry in good}
        seen = [*(entry.name for entry in found.whole), *(name for name, _ in found.bad if name.startswith(f"{LOG}/"))]
        self.place.remove(name for name in seen if name not in logs)  # what another writer logged since then stays
        self.place.remove(file.name for entry in others for file in entry.files)
        if self.place.exclusive:
            files = {file.name for entry in good for file in entry.files}
            logged = {file.name for entry in found.whole for file in entry.files}
            left = [name for name in self.data() if name not in files]
            self.place.remove([name for name in left if name in logged or made_for(self.place, name, owners)])
        kept.write(self.place, owners)
        self._put_manifest(self._begun)
        self.place.write(EXPERIMENT, experiment.source.encode())
        return Found(good, found.bad)

    def copies(self) -> list[str]:
        """Files by names that a sweep gives which are of other experiments, as copies are."""
        owners = self.owners() or set()
        unlogged = [name for name in self.unlogged() if not made_for(self.place, name, owners)]
        return [*(name for name in self.strangers() if OURS.fullmatch(name)), *unlogged]

    def described_as(self, experiment: Experiment) -> bool:
        """Whether the experiment is there in these words, its description and comments included."""
        return (self.manifest() or {}).get("experiment_sha256") == _sha256(experiment)

    def describe(self, experiment: Experiment) -> None:
        """Take over another description, or other comments, of the experiment whose results are there."""
        if not self.described_as(experiment):
            self.place.make((LOG,))
            self._put_manifest({**(self.manifest() or {}), "experiment_sha256": _sha256(experiment)})
            self.place.write(EXPERIMENT, experiment.source.encode())

    def commit(self, entry: Entry, tables: Mapping[str, pa.Table]) -> None:
        """Write the tables (`runs`, and `curves`) of an entry, and then the entry, whose `files` need not be given."""
        files = []
        for kind in sorted(tables, key=KINDS.index, reverse=True):
            path = entry.path(kind)
            files.append(File(path, *self.place.put_table(path, tables[kind])))
        logged = replace(entry, files=tuple(files))
        if not self.place.create(logged.name, logged.text()):
            there = self.read_entry(logged.name)
            if there is None or there.files != logged.files:
                self.place.remove([logged.name])
                self.place.create(logged.name, logged.text())

    def merge(self, part: Entry, blocks: Iterable[Entry]) -> None:
        """Make a part of its blocks, which are all there. Others may do the same at the same time."""
        names, tables = [entry.name for entry in blocks], dict[str, list[pa.Table]]()
        try:
            entries = [self.entry(name) for name in names]
            files = [file.name for entry in entries for file in entry.files]
            for name in files:
                kind = name.removeprefix(f"{BLOCKS}/").split("-")[0]
                with readable(f"{self}/{name}"):
                    tables.setdefault(kind, []).append(self.place.table(name))
        except FileNotFoundError:
            if self.done(part):
                return
            raise
        whole = {kind: joined(pieces, f"{self}/{BLOCKS}") for kind, pieces in tables.items()}
        self.commit(replace(part, **sums(entries)), whole)
        self.place.remove([*names, *files])
        del tables, whole
        pa.default_memory_pool().release_unused()  # else a sweep of 10 million rows grew by 6 % after a minute

    def drop(self, blocks: Iterable[Entry]) -> None:
        """Remove blocks whose part is done, as a writer that was slower leaves them."""
        found = [entry for block in blocks if (entry := self.read_entry(block.name)) is not None]
        self.place.remove([*(entry.name for entry in found), *(file.name for entry in found for file in entry.files)])

    def close(self, seconds: float) -> None:
        """Say that every part of the sweep that was opened is there."""
        if self.place.exclusive:  # a block may have been done twice, and once too late
            self.drop([entry for entry in self.entries().values() if entry.kind == "block"])
        else:
            owners = self.owners() or set()
            self.place.remove([name for name in self.unlogged() if made_for(self.place, name, owners)])
        self._put_manifest({**self._begun, "state": "complete", "finished": _now(), "seconds": round(seconds, 3)})
        self.place.tidy()

    def _others(self, experiment: Experiment, manifest: Mapping[str, Any]) -> str:
        """The refusal to write among the results of another experiment; it names only what would work."""
        before = self.before(experiment)
        why = unlike(before, experiment) if before else None
        if before is None and manifest.get("data_sha256", digest := experiment.data.digest()) != digest:
            why = "made from other data, which are not there any more"
        holds = f"results {why}" if why else "the results of another experiment"
        extend = "add what is new with --extend, " if before and not why and self.place.exclusive else ""
        return (
            f"{self}: holds {holds} ({manifest['name']}, as it was on {manifest['started'][:10]}); give this one "
            f"another name, as with --set name=NAME, {extend}or replace them with --overwrite"
        )

    def _lost(self, others: Collection[Entry], manifest: Mapping[str, Any]) -> str:
        blocks, by = sum(entry.stop - entry.first for entry in others), manifest.get("versions")
        version = f" ({', '.join(f'{name} {number}' for name, number in by.items())})" if isinstance(by, dict) else ""
        return (
            f"{self}: {blocks:,} of {manifest['blocks']:,} blocks were trained by another version of the program or, "
            f"for `fast`, on another kind of processor{version}, whose numbers may differ; go on with that, give this "
            "one another name, or train them anew with --overwrite"
        )

    def _manifest(self, experiment: Experiment, about: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "name": experiment.name,
            "fingerprint": experiment.fingerprint,
            "experiment_sha256": _sha256(experiment),
            "schema_version": SCHEMA_VERSION,
            "state": "running",
            **about,
            "started": _now(),
            "host": platform.node(),
            "processor": platform.machine(),
            "seconds": None,
            "versions": _versions(),
        }

    def _visible(self) -> list[str]:
        """What a user would see, wherever it lies; the folders that a sweep makes aside."""
        names = [name for name in self.place.names("") if name not in (*KINDS, BLOCKS, LOG)]
        return [*names, *(name for kind in (*KINDS, BLOCKS, LOG) for name in self.place.names(kind))]

    def _put_manifest(self, manifest: Mapping[str, Any]) -> None:
        self.place.write(MANIFEST, seal(manifest))


def _sha256(experiment: Experiment) -> str:
    return hashlib.sha256(experiment.source.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}}
