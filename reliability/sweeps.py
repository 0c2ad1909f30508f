"""The sweeps that everything is tried on, and how they are run in a process of their own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.sweeps import plan

ROOT = Path(__file__).parents[1]
EXPERIMENT: dict[str, Any] = {
    "name": "trial",
    "seed": 4,
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {
        "init": ["ones", {"normal": {"std": 0.5}}],
        "learning_rate": {"geomspace": [1e-3, 3, 100]},
        "epochs": [0, 1, 10, 300],
    },
    "repeats": 3,
    "record": {"losses": {"every": 100}},
}
"""400 runs, 1,600 rows, and curves."""
BLOCK_SIZE = 5
"""80 blocks: several share a part."""
PROGRAM = "import json, sys, harness; harness.sweep(json.loads(sys.argv[1]), sys.argv[2], block_size=int(sys.argv[3]))"


def command(results: Path, experiment: dict[str, Any] = EXPERIMENT, block_size: int = BLOCK_SIZE) -> list[str]:
    """A process that sweeps the experiment in small blocks."""
    return [sys.executable, "-c", PROGRAM, json.dumps(experiment), str(results), str(block_size)]


def lasting(epochs: int, rates: int = 100) -> dict[str, Any]:
    """An experiment whose every run goes on to its last epoch, in parts of a block each."""
    parameters = {
        "init": [{"normal": {"std": 0.5}}],
        "learning_rate": {"geomspace": [1e-9, 1e-8, rates]},
        "epochs": [0, epochs],
    }
    network = {"layers": [2, 2, 1], "activation": "tanh"}
    return EXPERIMENT | {"name": "lasting", "network": network, "parameters": parameters, "repeats": 40, "record": {}}


def written(experiment: dict[str, Any], file: Path) -> Path:
    """The experiment as a file for the command line."""
    file.write_text(json.dumps(experiment), "utf-8")
    return file


def cli(file: Path, results: Path) -> list[str]:
    """The command that sweeps an experiment's file."""
    return [sys.executable, "-m", "harness", "sweep", str(file), "--results", str(results)]


def until(held: Callable[[], bool], seconds: float = 300.0) -> None:
    """Return as soon as it holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not held():
        if time.monotonic() > deadline:
            raise TimeoutError(f"did not hold within {seconds:g} s")
        time.sleep(0.001)


def swept(results: Path, experiment: dict[str, Any] = EXPERIMENT, block_size: int = BLOCK_SIZE) -> Path:
    """Do it, and return the folder."""
    subprocess.run(command(results, experiment, block_size), check=True, cwd=ROOT)
    return results / str(experiment["name"])


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of data, by its name."""
    files = sorted(file for kind in ("runs", "curves") for file in (folder / kind).glob("*"))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@contextmanager
def merging(rows: int) -> Iterator[None]:
    """Parts of so many rows, however few blocks there are, so that several blocks share one."""
    before = plan.FEW_BLOCKS, plan.PART_ROWS
    plan.FEW_BLOCKS, plan.PART_ROWS = 1, rows
    try:
        yield
    finally:
        plan.FEW_BLOCKS, plan.PART_ROWS = before


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that a folder holds, by path: the bytes of files, None for folders."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in paths}
