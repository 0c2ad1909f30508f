"""Merge the files of a table into few large ones with the same rows in the same order, for sharing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from harness.store.contents import StoreError
from harness.store.folder import Folder
from harness.store.log import BLOCKS, EXPERIMENT, KINDS, LOG, MANIFEST, Entry, sums
from harness.store.place import Place
from harness.store.reading import no_results
from harness.store.strangers import from_parquet, joined

LARGE = 2**28
"""Bytes from which on a merged file takes no further parts."""


def compact(place: Place) -> tuple[int, int]:
    """Merge the parts of complete results; return their number before and after. Raises `StoreError`, `FailedError`.

    The folder holds all of the old files until all of the new ones are written, and then the new ones.
    """
    folder = Folder(place)
    manifest = folder.manifest()
    if manifest is None:
        raise no_results(str(place), folder.manifest_missing())
    if manifest["state"] != "complete":
        raise StoreError(f"{folder}: no complete results there; let the sweep end first")
    staged = place.staged()
    with place.lock():
        place.recover()
        found = folder.found()
        folder.unblocked()
        if found.bad:
            raise StoreError(f"{folder}/{found.bad[0][0]}: {found.bad[0][1]}; the same sweep again makes it anew")
        parts = sorted(found.good, key=lambda entry: entry.first)
        groups = list(_groups(parts))
        if len(groups) < len(parts):
            place.tidy()
            staged.make((LOG, BLOCKS, *(kind for kind in KINDS if place.sizes(kind))))
            for group in groups:
                Folder(staged).commit(_merged(group), _tables(place, group))
            for name in (EXPERIMENT, MANIFEST):
                staged.write(name, place.read(name))
            place.take_over(folder.copies())
    return len(parts), len(groups)


def _groups(parts: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut the parts, in order, into groups whose files have at least `LARGE` bytes together."""
    group: list[Entry] = []
    for part in parts:
        group.append(part)
        if sum(file.bytes for entry in group for file in entry.files) >= LARGE:
            yield group
            group = []
    if group:
        yield group


def _merged(group: list[Entry]) -> Entry:
    """The log entry of a merged part. Its key is the sum of the parts' keys, as in `harness.sweeps.plan`."""
    key = sum(int(entry.key, 16) for entry in group) % 2**64
    return replace(group[0], stop=group[-1].stop, key=f"{key:016x}", files=(), **sums(group))


def _tables(place: Place, group: list[Entry]) -> dict[str, pa.Table]:
    tables: dict[str, list[pa.Table]] = {}
    for file in (file for entry in group for file in entry.files):
        kind = file.name.split("/")[0]
        tables.setdefault(kind, []).append(from_parquet(place.read(file.name), f"{place}/{file.name}"))
    return {kind: joined(pieces, f"{place}/{kind}").combine_chunks() for kind, pieces in tables.items()}
