"""What of a sweep is done, from its folder alone."""

from __future__ import annotations

from dataclasses import dataclass

from harness.store.contents import REPLACING, Contents, Found, StoreError
from harness.store.log import EXPERIMENT, MANIFEST
from harness.store.places import place_of


@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep is. state: `running`, or `complete` once every part was there. blocks, done: of the plan. bad:
    (file, what is wrong with it). seconds_left: one thread's. ignored: files that are not of the sweep.
    """

    state: str
    blocks: int
    done: int
    bad: list[tuple[str, str]]
    seconds_left: float
    ignored: list[str]


def status_of(path: str, deep: bool | None = None, endpoint: str | None = None) -> SweepStatus:
    """The status of a folder. deep: whether to read all data; if not given, only on disk. Raises `StoreError`."""
    folder = Contents(place_of(path, endpoint=endpoint))
    manifest, found = folder.manifest(), folder.found(folder.place.exclusive if deep is None else deep)
    bad = list(found.bad)
    if manifest is None:
        if not found.good and not found.bad:
            raise StoreError(f"{path}: no results there (no {MANIFEST})")
        bad.append((MANIFEST, "damaged or missing"))
    elif manifest["state"] == REPLACING:
        found, bad = Found([], []), []  # what is there is another experiment's
    elif not folder.described(manifest):
        bad.append((EXPERIMENT, "not what was written: its SHA-256 is another"))
    state = manifest["state"] if manifest else "damaged"
    blocks = manifest["blocks"] if manifest else max((entry.stop for entry in found.good), default=0)
    done = sum(map(max, zip(found.covers("part", blocks), found.covers("block", blocks), strict=True)))
    seconds = sum(entry.seconds for entry in found.good)
    # until a sweep is complete, a part lies there before the log names it
    ignored = [*folder.strangers(), *(folder.unlogged() if state == "complete" else [])]
    return SweepStatus(state, blocks, done, bad, seconds / max(done, 1) * (blocks - done), ignored)
