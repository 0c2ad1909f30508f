"""kill -9 at any instant of a sweep, from its start to its end; then the same command once more."""

from __future__ import annotations

import random
import shutil
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps.local import processors
from reliability.score import Score
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT, ROOT, command, digests, until

BLOCK_SIZES = (BLOCK_SIZE, 8, 1)
"""80 blocks that share a part, 50 that have one each, and 400 that are trained and written six at a time."""
COUNTED = """
import os, sys
from harness.sweeps import work
train, begun = work.train_block, os.open(sys.argv[4], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def counted(plan, tables, block, *earlier):
    os.write(begun, b"%d\\n" % block.number)
    return train(plan, tables, block, *earlier)
work.train_block = counted
"""
"""Leaves the number of each block that is begun, or of the first of a task."""


@dataclass(frozen=True)
class Whole:
    """Uninterrupted runs. seconds: the median from start to end."""

    block_size: int
    blocks: set[str]
    digests: dict[str, str]
    seconds: float


def full(folder: Path) -> Iterator[Score]:
    return kills(folder, 50)


def kills(folder: Path, count: int, block_sizes: Sequence[int] = BLOCK_SIZES, timed: int = 3) -> Iterator[Score]:
    """Kill `count` sweeps: at any instant of a whole run, and in turn just after some number of blocks is committed."""
    same = Score("kill -9: the same command again gives an uninterrupted run's files, byte for byte")
    again = Score("kill -9: at most one block, or a task of small ones, a thread is done again")
    readable = Score("kill -9: every file of the table is whole, at every instant")
    draw, kinds = random.Random(8), [_whole(folder / f"whole-{size}", size, timed) for size in block_sizes]
    while same.of < count:
        whole = kinds[same.of % len(kinds)]
        committed = draw.randrange(1, len(whole.blocks)) if same.of // len(kinds) % 2 else 0
        instant = draw.uniform(0, 0.005 if committed else whole.seconds)
        place, begun = folder / "killed", folder / "begun"
        if _killed(place, begun, whole.block_size, committed, instant):
            what = f"{whole.block_size} runs a block, {instant:.4f} s after the start or after {committed} blocks"
            there = digests(place / "trial")
            readable.add(there.items() <= whole.digests.items() and _readable(place / "trial"), f"{what}: {there}")
            finished = subprocess.run(_command(place, begun, whole.block_size), cwd=ROOT, check=False).returncode == 0
            same.add(finished and digests(place / "trial") == whole.digests, what)
            times = Counter(begun.read_text().split())
            twice = [block for block, number in times.items() if number > 1]
            few = len(twice) <= processors() and max(times.values()) <= 2
            again.add(few and times.keys() == whole.blocks, f"{what}: {len(times)} begun, twice: {twice}")
        begun.unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)
    yield from (same, again, readable)


def _command(results: Path, begun: Path, block_size: int) -> list[str]:
    python, option, program, *arguments = command(results, EXPERIMENT, block_size)
    return [python, option, COUNTED + program, *arguments, str(begun)]


def _whole(results: Path, block_size: int, timed: int) -> Whole:
    spans, begun = [], results.with_suffix(".begun")
    for _ in range(timed):
        shutil.rmtree(results, ignore_errors=True)
        started = time.monotonic()
        subprocess.run(_command(results, begun, block_size), cwd=ROOT, check=True)
        spans.append(time.monotonic() - started)
    blocks = set(begun.read_text().split())
    return Whole(block_size, blocks, digests(results / "trial"), statistics.median(spans))


def _killed(results: Path, begun: Path, block_size: int, committed: int, instant: float) -> bool:
    """Kill a sweep so long after so many blocks are committed; whether it had not ended by itself."""
    child = subprocess.Popen(_command(results, begun, block_size), cwd=ROOT)
    log = results / "trial" / "log"
    until(lambda: len(list(log.glob("*.json"))) >= committed or child.poll() is not None)
    with suppress(subprocess.TimeoutExpired):
        child.wait(instant)
    child.kill()
    return child.wait() == -signal.SIGKILL


def _readable(folder: Path) -> bool:
    """Whether pandas reads all that a user sees; and no name in the log lies."""
    try:
        for kind in ("runs", "curves"):
            for file in (folder / kind).glob("*.parquet"):
                pd.read_parquet(file)
    except (OSError, ValueError):
        return False
    return not Folder(Disk(folder)).found().bad
