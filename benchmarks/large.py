"""The sweep of a hundred million networks: its time, its memory and its bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.processes import ROOT, child
from benchmarks.targets import Reached
from benchmarks.timing import Effort
from harness.sweeps.local import processors

FULL, QUICK = "hundred_million", "question"
SECONDS, MEGABYTES = 300, 1000
"""What such a sweep may take on two processors."""


def hundred_million(effort: Effort) -> list[Reached]:
    """The shipped experiment in a process of its own, once, its kernels compiled before by a small one."""
    file = ROOT / "experiments" / f"{QUICK if effort.quick else FULL}.yaml"
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as results:
        child("file", ROOT / "experiments" / f"{QUICK}.yaml", Path(results, "small"), cache=cache)
        found = child("file", file, Path(results, "large"), cache=cache)
        size = sum(path.stat().st_size for path in Path(results, "large").rglob("*.parquet"))
    minutes, seconds = divmod(round(found["seconds"]), 60)
    how = (
        f"{found['rows']:,.0f} networks with every final weight took {minutes} min {seconds} s and "
        f"{found['megabytes']:.0f} MB of memory on {processors()} cores, and {size / 1e9:.1f} GB of Parquet"
    )
    work = f"`experiments/{file.name}`, YAML to Parquet"
    return [
        Reached(f"{work}: seconds", SECONDS, False, found["seconds"], "s", how),
        Reached(f"{work}: peak resident memory", MEGABYTES, False, found["megabytes"], "MB", how),
    ]
