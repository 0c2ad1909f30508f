"""Compiled kernels with a flipped bit, cut short or empty: none is loaded, and what is trained stays the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.engine.cpu.private import PrivateFolder
from reliability.damage import damage
from reliability.score import Score
from reliability.sweeps import ROOT

PROGRAM = """
import hashlib, harness
table = harness.train({
    "name": "x",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[0, 1, 1], [1, 1, 0]]},
    "parameters": {"learning_rate": [0.1, 0.5, 2.5], "epochs": 20, "init": {"normal": {"std": 1}}},
}, threads=1)
print(hashlib.sha256(table.to_csv().encode()).hexdigest())
"""
"""Trains with all three kernels: that which draws weights, that which seats runs, and the epochs."""
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "NUMBA_OPT": "0"}
"""Not optimised, kernels are compiled sooner; how they are kept does not depend on it."""
KINDS = ("flipped", "cut", "empty")


def full(folder: Path) -> Iterator[Score]:
    yield from together(folder, 4)
    yield refused(_kept(folder), 1000)
    yield from damaged(folder, 30)


def refused(files: PrivateFolder, flips: int) -> Score:
    """Flip bits of kept kernels, one at a time, in the first bytes, in the last ones and anywhere: none is taken."""
    score, draw = Score("a kernel with a flipped bit is not loaded"), random.Random(8)
    kernels = sorted(files.path.iterdir())
    for trial in range(flips):
        kernel = kernels[trial % len(kernels)]
        whole = kernel.read_bytes()
        first, last = draw.randrange(64), len(whole) - 1 - draw.randrange(64)
        place, bit = (draw.randrange(len(whole)), first, draw.randrange(len(whole)), last)[trial % 4], draw.randrange(8)
        harmed = bytearray(whole)
        harmed[place] ^= 1 << bit
        kernel.write_bytes(harmed)
        missed = files.read(kernel.name) is not None
        kernel.write_bytes(whole)
        mended = files.read(kernel.name) is not None
        score.add(mended and not missed, f"trial {trial}: bit {bit} of byte {place} of {kernel.name}")
    return score


def damaged(folder: Path, trials: int) -> Iterator[Score]:
    """Damage all kernels that processes left, each in a way of its own, and train in a new process.

    The table must be the same, and the cache whole again.
    """
    same, mended = Score("with damaged kernels the same table is trained"), Score("and the kernels are replaced")
    draw, expected, files = random.Random(9), trained(folder), _kept(folder)
    kernels = sorted(files.path.iterdir())
    for trial in range(trials):
        what = [_harmed(kernel, KINDS[(trial + place) % 3], draw) for place, kernel in enumerate(kernels)]
        refused = sum(files.read(kernel.name) is None for kernel in kernels)
        found = trained(folder)
        whole = sum(files.read(kernel.name) is not None for kernel in kernels)
        same.add(found == expected, f"trial {trial}: {what}: {found}, expected {expected}")
        mended.add(refused == whole == len(kernels), f"trial {trial}: {what}: {refused} refused, then {whole} whole")
    yield from (same, mended)


def _harmed(kernel: Path, kind: str, draw: random.Random) -> str:
    if kind == "empty":
        kernel.write_bytes(b"")
        return f"{kernel.name} emptied"
    return damage(kernel, draw, cut=kind == "cut")


def together(folder: Path, processes: int) -> Iterator[Score]:
    """Processes that begin at once with an empty cache: one table, and afterwards a whole cache and nothing else."""
    same, whole = Score("processes with one empty cache train the same table"), Score("and leave whole kernels")
    children = [_started(folder) for _ in range(processes)]
    tables = [_ended(child) for child in children]
    for table in tables:
        same.add(table == tables[0] and len(table) == 64, f"{table}, and another {tables[0]}")
    files = _kept(folder)
    for kernel in sorted(files.path.iterdir()):
        whole.add(files.read(kernel.name) is not None, kernel.name)
    yield from (same, whole)


def trained(folder: Path) -> str:
    """The table that a new process trains with the kernels kept in a folder, hashed; or what it said instead."""
    return _ended(_started(folder))


def _started(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | ENVIRONMENT | {"XDG_CACHE_HOME": str(folder)}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _ended(child: subprocess.Popen[str]) -> str:
    said, _ = child.communicate()
    return f"exit code {child.returncode}: {said}" if child.returncode else said.strip()


def _kept(folder: Path) -> PrivateFolder:
    """The kernels in a folder, which is the root of a cache."""
    (path,) = (folder / "backprop-harness").iterdir()
    return PrivateFolder(folder, ("backprop-harness", path.name))
