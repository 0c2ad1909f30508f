"""A hundred million rows: the time, the memory and the bytes of their sweep, and of every picture of them; and more."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.processes import ROOT, child
from benchmarks.reached import Reached
from benchmarks.timing import Effort
from harness.sweeps.local import processors

EXPERIMENT, SMALL = ROOT / "experiments" / "hundred_million.yaml", ROOT / "experiments" / "question.yaml"
SIDE = 10_000
"""Values of each of its two axes."""
SECONDS, MEGABYTES = 300, 1000
"""What such a sweep may take on two processors; the memory is also what a picture of it may take."""
KINDS = ("map", "spread", "share", "weights", "report", "page")
"""What is drawn of two learning rates. `page` is what a notebook shows of a folder in hand."""
RECORDED = ("map", "spread", "share", "weights", "curves", "paths", "report", "page")
"""What is drawn of a sweep over learning rates, epochs and repeats whose losses were recorded."""


def hundred_million(effort: Effort) -> list[Reached]:
    """The shipped experiment in a process of its own, once, its kernels compiled before by a small one."""
    side = effort.size(SIDE, 40)
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as results:
        file, large = Path(results, EXPERIMENT.name), Path(results, "large")
        file.write_text(EXPERIMENT.read_text("utf-8").replace(f", {SIDE}]", f", {side}]"), "utf-8")
        child("file", SMALL, Path(results, "small"), cache=cache)
        found = child("file", file, large, cache=cache)
        size = sum(path.stat().st_size for path in large.rglob("*.parquet"))
        pictures = _drawn(next(large.iterdir()), KINDS, f"{found['rows']:,.0f} rows of two learning rates", cache)
    minutes, seconds = divmod(round(found["seconds"]), 60)
    how = (
        f"{found['rows']:,.0f} networks with every final weight took {minutes} min {seconds} s and "
        f"{found['megabytes']:.0f} MB of memory on {processors()} cores, and {size / 1e9:.1f} GB of Parquet"
    )
    work = f"`experiments/{EXPERIMENT.name}`, YAML to Parquet"
    return [
        Reached(f"{work}: seconds", SECONDS, False, found["seconds"], "s", how),
        Reached(f"{work}: peak resident memory", MEGABYTES, False, found["megabytes"], "MB", how),
        *pictures,
    ]


def recorded(effort: Effort) -> list[Reached]:
    """Every kind of picture of a hundred million rows over epochs and repeats, and of as many points of loss curves.

    The table comes to each value of the axis that is drawn five times, far from one another.
    """
    runs = effort.size(SIDE**2 // 4, 500)
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as results:
        made = child("recorded", runs, Path(results, "recorded"), cache=cache)
        work = f"{made['rows']:,.0f} rows over epochs and repeats"
        return _drawn(next(Path(results, "recorded").iterdir()), RECORDED, work, cache)


def wide(effort: Effort) -> list[Reached]:
    """Sweeps that are large in other ways: of two hundred structures, and over a hundred thousand samples."""
    structures, runs, samples = effort.size(200, 2), effort.size(1000, 8), effort.size(100_000, 10)
    jobs = {
        f"{structures} structures x {runs:,} runs of 10 epochs": ("structures", structures, runs),
        f"100 runs of 10 epochs over {samples:,} samples": ("samples", samples),
    }
    found = []
    for work, job in jobs.items():
        with tempfile.TemporaryDirectory() as cache:
            one = child(*job, cache=cache)
        how = f"{one['process']:.1f} s and {one['megabytes']:.0f} MB, a new process, nothing cached, Parquet and all"
        found.append(Reached(f"{work}: peak resident memory", MEGABYTES, False, one["megabytes"], "MB", how))
    return found


def _drawn(folder: Path, kinds: tuple[str, ...], work: str, cache: str) -> list[Reached]:
    """Each kind in a process of its own."""
    found = {kind: child("draw", kind, folder, cache=cache) for kind in kinds}
    return [
        Reached(f"{kind} of {work}: peak resident memory", MEGABYTES, False, one["megabytes"], "MB", _told(one))
        for kind, one in found.items()
    ]


def _told(found: dict[str, float]) -> str:
    return f"in {found['seconds']:.0f} s, once"
