"""Files that are cut short or have a flipped bit: all are found, and only what they held is trained again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.experiment import load
from harness.sweeps import run, work
from harness.views.status import status_of
from reliability.calls import tapped
from reliability.score import Score
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT, digests, merging

PART_ROWS = 100
"""16 parts of five blocks."""


def full(folder: Path) -> Iterator[Score]:
    yield from damaged(folder, 200, 1000)


def damaged(folder: Path, truncations: int, flips: int) -> Iterator[Score]:
    """Cut files short, then flip bits, one at a time: verify names each file, and a sweep mends the folder."""
    found, mended = Score("verify names the damaged file, and no other"), Score("only what it held is trained again")
    draw, experiment = random.Random(6), load(EXPERIMENT)
    with merging(PART_ROWS), tapped(folder):
        place = run.sweep(experiment, folder, run.Options(block_size=BLOCK_SIZE), map).folder.place.root
        whole, source = digests(place), (place / "experiment.yaml").read_bytes()
        files = sorted(path for path in place.rglob("[a-z]*.*") if path.is_file())
        for trial in range(truncations + flips):
            path = draw.choice(files)
            what = f"trial {trial}: {damage(path, draw, cut=trial < truncations)}"
            bad = [name for name, _ in status_of(str(place), deep=True).bad]
            found.add(bad == [str(path.relative_to(place))], f"{what}: verify names {bad}")
            held = _blocks(place, path)
            trained = _trained(experiment, folder)
            same = digests(place) == whole and (place / "experiment.yaml").read_bytes() == source
            clean = not status_of(str(place), deep=True).bad
            mended.add(
                trained == held and same and clean,
                f"{what}: trained {trained} blocks, expected {held}; same bytes: {same}; clean: {clean}",
            )
            if not (same and clean):
                run.sweep(experiment, folder, run.Options(overwrite=True, block_size=BLOCK_SIZE), map)
    yield found
    yield mended


def damage(path: Path, draw: random.Random, cut: bool) -> str:
    """Cut a file somewhere or flip one of its bits; say what was done."""
    data = bytearray(path.read_bytes())
    place = draw.randrange(len(data))
    if cut:
        path.write_bytes(data[:place])
        return f"{path.name} cut to {place} bytes"
    bit = draw.randrange(8)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name}, bit {bit} of byte {place} flipped"


def _blocks(place: Path, path: Path) -> int:
    """How many blocks a file holds."""
    if path.parent == place:
        return 0
    first = int(path.name.split("-")[1])
    firsts = sorted(int(other.name.split("-")[1]) for other in (place / "log").iterdir())
    blocks = json.loads((place / "manifest.json").read_text("utf-8"))["blocks"]
    return next((other for other in firsts if other > first), blocks) - first


def _trained(experiment: Any, results: Path) -> int:
    """Sweep, and count the blocks that are trained."""
    train, blocks = work.train_block, 0

    def counted(*block: Any) -> Any:
        nonlocal blocks
        blocks += 1
        return train(*block)

    work.train_block = counted
    try:
        run.sweep(experiment, results, run.Options(block_size=BLOCK_SIZE), map)
    finally:
        work.train_block = train
    return blocks
