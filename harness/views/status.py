"""How far a sweep has come, and whether its files are whole: told from its folder alone."""

from __future__ import annotations

from dataclasses import dataclass

from harness.store.contents import Contents, Found
from harness.store.kept import problem
from harness.store.log import EXPERIMENT, MANIFEST, REPLACING, sums
from harness.store.places import place_of
from harness.store.reading import no_results


@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep has come.

    state: `running`, or `complete` once every part was there, or `damaged` without a manifest. blocks, done: how many
    the plan has, and how many of them are in the folder. bad: (file, what is wrong with it). seconds_left: what the
    other blocks take on one thread, if they take as long as those that are done, or None if none is. ignored:
    files that are not of the sweep.
    """

    state: str
    blocks: int
    done: int
    bad: list[tuple[str, str]]
    seconds_left: float | None
    ignored: list[str]


def status_of(path: str, deep: bool | None = None, endpoint: str | None = None) -> SweepStatus:
    """The status of a results folder.

    deep: whether to read every data file and compare its SHA-256; if not given, on a disk and not in an object store.
    endpoint: URL of the object store. Raises `StoreError` if there are no results.
    """
    folder = Contents(place_of(path, endpoint=endpoint))
    deep = folder.place.exclusive if deep is None else deep
    manifest, found = folder.manifest(), folder.found(deep)
    bad = list(found.bad)
    if manifest is None:
        flaw = folder.manifest_flaw()
        if not found.good and not found.bad:
            raise no_results(path, folder.manifest_missing())
        flawed = [(MANIFEST, f"damaged or missing: {flaw}; the same sweep writes it anew")]
        bad += [] if MANIFEST in dict(bad) else flawed
    elif manifest["state"] == REPLACING:
        found, bad = Found([], []), []  # what is there is another experiment's
    elif EXPERIMENT not in dict(bad) and not folder.described(manifest):
        bad.append((EXPERIMENT, "not what was written: its SHA-256 is another"))
    elif wrong := problem(folder, manifest, deep):
        bad.append(wrong)
    state = manifest["state"] if manifest else "damaged"
    blocks = manifest["blocks"] if manifest else max((entry.stop for entry in found.good), default=0)
    done = found.done(blocks, "part", "block")
    seconds = sums(found.good)["seconds"]
    # until a sweep is complete, a part lies there before the log names it
    ignored = [*folder.strangers(), *(folder.unlogged() if state == "complete" else [])]
    return SweepStatus(state, blocks, done, bad, seconds / done * (blocks - done) if done else None, ignored)
