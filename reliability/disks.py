"""A disk that is full: one line says so, nothing is left half-written, and with room the same command goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from reliability.score import Score
from reliability.sweeps import EXPERIMENT, ROOT, digests

FULL: dict[str, Any] = EXPERIMENT | {
    "name": "full",
    "parameters": {
        "init": [{"normal": {"std": 0.5}}],
        "learning_rate": {"geomspace": [1e-3, 3, 1000]},
        "epochs": [0, 10, 5000],
    },
    "repeats": 4,
    "record": {"losses": {"every": 1000}},
}
"""12,000 rows in 16 parts."""
PAGE = 4096
PLAIN = "from harness import cli; cli.main()"
FILLED = f"from harness.store.disk import Disk; Disk.free = lambda self: None; {PLAIN}"
"""The command `harness`, blind to how much of the disk is free, as if others filled it after the sweep had looked."""
LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({{size}}, {{size}})); {FILLED}"


def full(folder: Path) -> Iterator[Score]:
    yield from disks(folder, 20)


def disks(folder: Path, count: int, refusals: int = 4) -> Iterator[Score]:
    """A disk of each of so many sizes, all too small; or a limit on the size of files, if none can be mounted."""
    failed, goes_on = Score("a full disk: one line, nothing half-written"), Score("with room, the same command goes on")
    refused = Score("what the disk cannot hold is refused")
    file, disk = folder / "full.yaml", folder / "disk"
    file.write_text(json.dumps(FULL), "utf-8")
    disk.mkdir()
    _sweep(file, folder / "whole")
    whole = folder / "whole" / "full"
    sizes = [path.stat().st_size for path in whole.rglob("*") if path.is_file()]
    mounts = _mount(disk, PAGE)
    needed = sum(-(-size // PAGE) * PAGE for size in sizes) if mounts else max(sizes)
    if mounts:
        _umount(disk)
    for number in range(count):
        size = int(needed * (number + 0.5) / (count + 1))
        results = disk if mounts else disk / str(size)
        if mounts:
            _mount(disk, size)
        try:
            if mounts and number < refusals:
                problem = _refusal(_sweep(file, results))
                refused.add(not problem, f"{size:,} bytes: {problem}")
            problem = _failure(_sweep(file, results, FILLED if mounts else LIMITED.format(size=size)), results / "full")
            failed.add(not problem, f"{size:,} bytes: {problem}")
            if mounts:
                _mount(disk, 8 * needed, "remount,")
            done = _sweep(file, results)
            same = done.returncode == 0 and digests(results / "full") == digests(whole)
            goes_on.add(same, f"{size:,} bytes: exit code {done.returncode}, {done.stderr}")
        finally:
            if mounts:
                _umount(disk)
    yield from (failed, goes_on, *([refused] if refused.of else []))


def _sweep(file: Path, results: Path, program: str = PLAIN) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, "sweep", str(file), "--results", str(results)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def _lines(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """What it printed on standard error, but for how far it is."""
    return [line for line in ended.stderr.splitlines() if not line.startswith("full: ")]


def _refusal(ended: subprocess.CompletedProcess[str]) -> str:
    """What is wrong with how a sweep was refused."""
    lines = _lines(ended)
    right = ended.returncode == 1 and len(lines) == 1 and "the table needs about" in lines[0]
    return "" if right else f"exit code {ended.returncode}, {lines}"


def _failure(ended: subprocess.CompletedProcess[str], folder: Path) -> str:
    """What is wrong with how a sweep failed, and what it left."""
    lines = _lines(ended)
    if ended.returncode != 1 or len(lines) != 1:
        return f"exit code {ended.returncode}, {lines}"
    if not all(what in lines[0] for what in (str(folder), "bytes are needed", "the same command goes on")):
        return lines[0]
    if left := list((folder / ".writing").glob("*")):
        return f"left behind: {left}"
    for part in folder.glob("[rc]*/*.parquet"):
        pq.read_table(part)
    return ""


def _mount(folder: Path, size: int, how: str = "") -> bool:
    """Mount a disk of this size; whether that is allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"{how}size={size}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _umount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)
