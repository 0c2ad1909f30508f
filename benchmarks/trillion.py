"""A sweep of 1e12 rows, without its numbers: its plan, and a log that has an entry for every part.

`python -m benchmarks.trillion [ROWS]` takes some minutes and as many files; docs/scaling.md has what it printed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.child import experiment, most_memory
from harness.experiment import load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.log import LOG, File
from harness.sweeps.plan import Plan
from harness.sweeps.run import tasks_left
from harness.sweeps.work import part_entry

TRILLION = 10**12


def main(rows: int) -> None:
    side = {"geomspace": [1e-4, 1, round(rows**0.5)]}
    mapping = experiment([[2, 2, 1]], {"learning_rate_1": side, "learning_rate_2": side, "epochs": 1})
    started = time.perf_counter()
    plan = Plan(load(mapping | {"run_cap": 10 * rows}))
    parts = plan.parts
    said(started, f"plan of {plan.rows:,} rows: {len(plan.blocks):,} blocks in {len(parts):,} parts")
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Disk(Path(name)))
        folder.place.make((LOG, "runs"))
        started, size = time.perf_counter(), 0
        for part in parts:
            entry = part_entry(plan, part)
            file = File(f"runs/part-{entry.first:06d}-{entry.key}.parquet", 0, "0" * 64)
            text = replace(entry, files=(file,)).text()
            (Path(name) / entry.name).write_bytes(text)
            (Path(name) / file.name).touch()
            size += len(text)
        said(started, f"log of {len(parts):,} entries, {size / 1e6:,.0f} MB of text, written without syncing")
        started = time.perf_counter()
        left = tasks_left(plan, folder.found(deep=False))
        said(started, f"read again and compared with the sizes of the files: {len(left):,} tasks left")
    print(f"an object store: {2 * len(parts):,} PUT, {len(parts):,} GET of entries, {2 * len(parts) / 1000:,.0f} LIST")


def said(started: float, what: str) -> None:
    print(f"{what}: {time.perf_counter() - started:.1f} s, {most_memory() / 2**20:,.0f} MB", flush=True)


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else TRILLION)
