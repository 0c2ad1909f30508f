"""A sweep of ten million rows: what it holds after the first minute is what it holds at the end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.experiment import load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps.estimate import measure
from harness.sweeps.plan import Plan
from harness.sweeps.work import prepare
from reliability.score import Score
from reliability.sweeps import ROOT, cli, lasting, written

RATES = 125_000
"""How many learning rates the sweep has; each has 40 runs of two rows, which makes ten million rows."""
SECONDS, SETTLED = 150.0, 60.0
"""Seconds that the sweep should take, roughly, and seconds after which what it holds must no longer grow."""
GROWTH = 1.05


@dataclass(frozen=True)
class Footprint:
    """What a process holds. seconds: since it started. resident: bytes. files: how many are open."""

    seconds: float
    resident: int
    files: int


def full(folder: Path) -> Iterator[Score]:
    epochs = _epochs(folder, RATES, SECONDS)
    yield from steady(watched(folder, RATES, epochs, 1.0), SETTLED)


def _epochs(folder: Path, rates: int, seconds: float) -> int:
    """How many epochs make a sweep of these learning rates take about `seconds` on this machine."""
    planned = Plan(load(lasting(1000, rates)))
    prepare(planned)  # compiling is not measured
    return round(1000 * seconds / measure(planned, planned.calls, Folder(Disk(folder))).seconds)


def watched(folder: Path, rates: int, epochs: int, interval: float) -> list[Footprint]:
    """Sweep in a process of its own, and look at it again and again. Raises CalledProcessError if it fails."""
    command = cli(written(lasting(epochs, rates), folder / "lasting.yaml"), folder / "results")
    samples, started = [], time.monotonic()
    with (folder / "output").open("w") as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        while True:
            try:
                child.wait(interval)
                break
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError, PermissionError):  # it is ending
                    samples.append(sample(child.pid, time.monotonic() - started))
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command, (folder / "output").read_text())
    return samples


def sample(pid: int, seconds: float) -> Footprint:
    """What a process holds now. seconds: since it started."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Footprint(seconds, int(status.get("VmRSS", "0").split()[0]) * 1024, files)


def steady(samples: list[Footprint], settled: float) -> Iterator[Score]:
    """Whether nothing grows from so many seconds on.

    Files are open for an instant while they are written, so it is the fewest of some samples that must not grow.
    """
    memory = Score(f"10 million rows: memory after {settled:g} s grows under 5 %")
    files = Score(f"10 million rows: open files are no more than after {settled:g} s")
    before = [sample for sample in samples if sample.seconds <= settled]
    after = [sample for sample in samples if sample.seconds > settled]
    if len(before) < 2 or len(after) < 2:
        memory.add(False, f"it took only {samples[-1].seconds:.0f} s" if samples else "it was over at once")
    else:
        peaks = [max(sample.resident for sample in part) for part in (before, after)]
        memory.add(peaks[1] < GROWTH * peaks[0], f"{peaks[0]:,} bytes, then {peaks[1]:,}")
        window = max(2, len(before) // 2)
        parts = [samples[at : at + window] for at in range(len(before) - window, len(samples) - window + 1, window)]
        fewest = [min(sample.files for sample in part) for part in parts]
        files.add(max(fewest[1:]) <= fewest[0], f"fewest of {window} samples each: {fewest}")
    yield from (memory, files)
