"""The sweeps that everything is tried on, and how they are run in a process of their own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def swept(results: Path, experiment: dict[str, Any] = EXPERIMENT, block_size: int = BLOCK_SIZE) -> Path:
    """Do it, and return the folder."""
    subprocess.run(command(results, experiment, block_size), check=True, cwd=ROOT)
    return results / str(experiment["name"])


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of data, by its name."""
    files = sorted(file for kind in ("runs", "curves") for file in (folder / kind).glob("*"))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
