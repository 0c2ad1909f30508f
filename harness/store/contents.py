"""What a results folder holds: read by the names in its log, whatever else lies there.

    results/NAME/experiment.yaml      the experiment as it was run
    results/NAME/manifest.json        state, counts, time, host and versions
    results/NAME/runs/*.parquet       a row for every configuration
    results/NAME/curves/*.parquet     the loss curves, if they were recorded
    results/NAME/predictions/*.parquet    what rows say of samples, if that was recorded
    results/NAME/log/*.json           an entry for every part that is done, written last
    results/NAME/blocks/*.arrow       blocks whose part is not complete yet
    results/NAME/data-*.parquet       the data that were trained on, if they came from a file

A part is done when the log names it and its size and SHA-256 are what the log says. A file that the log does not name,
or as another experiment's, is a stranger: it may be the user's, and is never read. A sweep removes it only if it has
the name and the contents of one that a sweep of the same experiment wrote and could not log.
"""

from __future__ import annotations

import errno
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from harness.errors import HarnessError
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
    entry_flaw,
    manifest_flaw,
    parse,
    parse_manifest,
)
from harness.store.place import Place

MISSING = "missing"
NO_FILE = "not a file, though it has the name of one of the sweep's"


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
        for span in spans(entry for entry in self.good if entry.kind == kind):
            stop = min(span.stop, blocks)
            covered[span.start : stop] = b"\1" * (stop - span.start)
        return covered

    def done(self, blocks: int, *kinds: str) -> int:
        """How many of the blocks of the plan lie in a good file of these kinds, in a time that the log decides."""
        found = spans(entry for entry in self.good if entry.kind in kinds)
        return sum(max(0, min(span.stop, blocks) - span.start) for span in found)


def spans(entries: Iterable[Entry]) -> list[range]:
    """The blocks that entries hold, in order, none of them twice."""
    joined: list[range] = []
    for first, stop in sorted((entry.first, entry.stop) for entry in entries):
        if joined and first <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, stop))
        else:
            joined.append(range(first, stop))
    return joined


class Contents:
    """The folder of one experiment, for those who read it."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def __str__(self) -> str:
        return str(self.place)

    def manifest(self) -> dict[str, Any] | None:
        """What the manifest says, or None if there is none to read."""
        try:
            return parse_manifest(self.place.read(MANIFEST, SMALL))
        except OSError:
            return None

    def manifest_flaw(self) -> str:
        """Why there is no manifest to read; nothing if there is one."""
        try:
            return manifest_flaw(self.place.read(MANIFEST, SMALL))
        except FileNotFoundError:
            return MISSING
        except OSError as error:
            return error.strerror or str(error)

    def manifest_missing(self) -> str:
        """What is not there, where there is no manifest to read."""
        flaw = self.manifest_flaw()
        return MANIFEST if flaw == MISSING else f"{MANIFEST} that can be read: {flaw}"

    def described(self, manifest: Mapping[str, Any]) -> bool:
        """Whether the experiment is there as it was run."""
        try:
            return bool(hashlib.sha256(self.place.read(EXPERIMENT, SMALL)).hexdigest() == manifest["experiment_sha256"])
        except OSError:
            return False

    def files(self, kind: str) -> list[str]:
        """The files of a table, `runs` or `curves`, that the log names, in the order of their blocks.

        Raises `StoreError` if one is not there, or if two hold the same blocks.
        """
        if (self.manifest() or {}).get("state") == REPLACING:
            return []
        entries = sorted((e for e in self.entries().values() if e.kind == "part"), key=lambda entry: entry.first)
        for one, other in pairwise(entries):
            if other.first < one.stop:
                raise StoreError(f"{self}: {one.name} and {other.name} hold the same blocks; the same sweep mends it")
        names = [file.name for entry in entries for file in entry.files if file.name.startswith(f"{kind}/")]
        there = self.place.sizes(kind)
        if missing := [name for name in names if name not in there]:
            self.unblocked()
            raise StoreError(f"{self}/{missing[0]}: missing; the same sweep makes it anew")
        return names

    def blocked(self) -> list[str]:
        """Names that a sweep gives to files and that something else has here, such as a folder or a link."""
        others = [
            name
            for kind in ("", *KINDS, BLOCKS, LOG)
            for name in sorted({*self.place.names(kind)} - self.place.sizes(kind).keys())
        ]
        return [name for name in others if name in (MANIFEST, EXPERIMENT) or OURS.fullmatch(name)]

    def unblocked(self) -> None:
        """Raises `StoreError` if something stands where a sweep would write a file, which it then could not."""
        for name in self.blocked():
            raise StoreError(f"{self}/{name}: {NO_FILE}; move it away, and the same sweep makes the file")

    def strangers(self) -> list[str]:
        """What lies among the files of the sweep and is not of it: copies, notes, another experiment's parts."""
        inside = [name for kind in (*KINDS, BLOCKS, LOG) for name in self.place.names(kind)]
        mine, others = self._told()
        named = {file.name for entry in mine.values() for file in entry.files}
        copied = {*others, *(file.name for entry in others.values() for file in entry.files if file.name not in named)}
        return [name for name in inside if name in copied or not OURS.fullmatch(name)]

    def found(self, deep: bool = True, owners: Collection[str] | None = None) -> Found:
        """What is there. deep: whether to read all data again, or only their sizes. owners: if not as the manifest has
        them, see `owners`.
        """
        (entries, others), sizes = self._told(owners), self.data()
        blocked = self.blocked()
        flawed = [name for name in self._logged() if name not in entries and name not in others]
        damaged = [(name, f"damaged: {self._entry_flaw(name)}") for name in flawed]
        logged = {file.name for entry in entries.values() for file in entry.files}
        damaged += [(name, NO_FILE) for name in blocked if name not in logged]

        def problem(file: File) -> tuple[str, str] | None:
            if file.name in blocked:
                return file.name, NO_FILE
            return flaw_of(self.place, file, sizes, deep)

        files = [file for entry in entries.values() for file in entry.files]
        problems = dict(zip(files, _each(problem, files, many=deep), strict=True))
        wrong = {entry: [flaw for file in entry.files if (flaw := problems[file])] for entry in entries.values()}
        parts, blocks = ([entry for entry in entries.values() if entry.kind == kind] for kind in ("part", "block"))
        made = spans(parts)
        starts = [span.start for span in made]

        def merged(block: Entry) -> bool:
            """Whether a part was made of it."""
            at = bisect_right(starts, block.first)
            return at > 0 and block.first < made[at - 1].stop

        loose = [entry for entry in blocks if not merged(entry)]
        blamed = [*parts, *(entry for entry in loose if wrong[entry] and self.done(entry))]  # none merged meanwhile
        good = [entry for entry in (*parts, *loose) if not wrong[entry]]
        twice = _twice(good)
        doubled = [(one.name, f"holds blocks that {other.name} holds too") for one, other in twice.items()]
        bad = [*damaged, *(flaw for entry in blamed for flaw in wrong[entry]), *doubled]
        return Found([entry for entry in good if entry not in twice], bad, entries.values())

    def unlogged(self) -> list[str]:
        """Files of data by names that a sweep gives, but without an entry in the log, not even a damaged one."""
        logged = {PurePath(name).stem for name in self._logged()}
        return [name for name in self.data() if "-".join(PurePath(name).stem.split("-")[-3:]) not in logged]

    def done(self, entry: Entry) -> bool:
        """Whether the log has it."""
        return self.read_entry(entry.name) is not None

    def entries(self) -> dict[str, Entry]:
        """The entries of the log that are whole and of this experiment, by their names."""
        return self._told()[0]

    def owners(self) -> set[str] | None:
        """The experiments whose files are the sweep's: the manifest's, and those that it is about to replace.

        Each by the beginning of its fingerprint. None if there is no manifest to tell.
        """
        manifest = self.manifest()
        if manifest is None:
            return None
        return {text[:IDENTITY] for text in (manifest["fingerprint"], *manifest.get("replaces", ()))}

    def _told(self, owners: Collection[str] | None = None) -> tuple[dict[str, Entry], dict[str, Entry]]:
        """The entries that are whole, by their names: those of this experiment, and those of others, as a copy from
        another folder is.
        """
        names, owners = self._logged(), owners or self.owners()
        read = zip(names, _each(self.read_entry, names, many=not self.place.exclusive), strict=True)
        whole = {name: entry for name, entry in read if entry is not None}
        mine = {n: e for n, e in whole.items() if not owners or not e.experiment or e.experiment in owners}
        return mine, {name: entry for name, entry in whole.items() if name not in mine}

    def read_entry(self, name: str) -> Entry | None:
        """The entry of this name, or None if it is not there, or damaged."""
        try:
            return self.entry(name)
        except OSError:
            return None

    def entry(self, name: str) -> Entry:
        """The entry of this name. Raises OSError if it is not there, or damaged."""
        entry = parse(self.place.read(name, SMALL))
        if entry is None or entry.name != name:
            raise OSError(errno.EIO, "damaged", name)
        return entry

    def _entry_flaw(self, name: str) -> str:
        """What is wrong with an entry that cannot be read."""
        try:
            return entry_flaw(self.place.read(name, SMALL)) or "it is another's, by its name"
        except OSError as error:
            return error.strerror or str(error)

    def data(self) -> dict[str, int]:
        """The files of data by names that a sweep gives, and their bytes."""
        sizes = {name: size for kind in (*KINDS, BLOCKS) for name, size in self.place.sizes(kind).items()}
        return {name: size for name, size in sizes.items() if OURS.fullmatch(name)}

    def _logged(self) -> list[str]:
        """The files of the log by names that a sweep gives."""
        return [name for name in self.place.sizes(LOG) if OURS.fullmatch(name)]


def flaw_of(place: Place, file: File, sizes: Mapping[str, int], deep: bool) -> tuple[str, str] | None:
    """(the file's name, what is wrong with it), or None. sizes: of what is there. deep: whether to read it."""
    if file.name not in sizes:
        return file.name, MISSING
    if sizes[file.name] != file.bytes:
        return file.name, f"{sizes[file.name]:,} bytes, expected {file.bytes:,}"
    if deep and place.digest(file.name) != (file.bytes, file.sha256):
        return file.name, "not what was written: its SHA-256 is another"
    return None


def _twice(entries: Iterable[Entry]) -> dict[Entry, Entry]:
    """Parts whose blocks another part holds as well, each with that one, which holds more or comes first."""
    found: dict[Entry, Entry] = {}
    last: Entry | None = None
    for entry in sorted((e for e in entries if e.kind == "part"), key=lambda e: (e.first, -e.stop, e.key)):
        if last and entry.first < last.stop:
            found[entry] = last
        else:
            last = entry
    return found


def _each(function: Callable[[Any], Any], items: Sequence[Any], many: bool) -> list[Any]:
    """function(item) for each, many at once where that is what takes long: hashing, or waiting for a store."""
    if not many:
        return list(map(function, items))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(function, items))
