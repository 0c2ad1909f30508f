"""Many processes at one folder: one writes, the others say who; and whoever is killed leaves nothing to unlock."""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.lock import OWNER
from reliability.score import Score
from reliability.sweeps import ROOT, cli, lasting, until, written

EPOCHS = 10_000_000
"""A quarter of an hour and more on two processors: no owner ends by itself."""
CONTENDER = """
import os, sys
from harness.cli import main
from harness.experiment import load
from harness.sweeps import run, stop
print(flush=True)
os.read(int(sys.argv.pop(1)), 1)
main()
"""
"""The command `harness`, held just before it begins until a pipe closes."""


def full(folder: Path) -> Iterator[Score]:
    return owners(folder, 20, 3, 50)


def owners(folder: Path, contenders: int, rounds: int, restarts: int) -> Iterator[Score]:
    """So many processes at once, as often as there are rounds; then restarts, each after a kill -9 of the owner."""
    file = written(lasting(EPOCHS), folder / "lasting.yaml")
    yield from _rounds(file, contenders, rounds)
    yield _restarts(file, restarts)


def _rounds(file: Path, contenders: int, count: int) -> tuple[Score, Score]:
    one = Score(f"{contenders} processes on one folder: one owner")
    clear = Score("the others end with exit code 1 and a line that names its pid and host")
    for number in range(count):
        children = _started_at_once(["sweep", str(file), "--results", str(file.parent)], contenders)
        try:
            until(partial(_ended, children, contenders - 1))
            living = [child for child in children if child.poll() is None]
            pid = owner(file.with_suffix(""))
            one.add([child.pid for child in living] == [pid], f"round {number}: {len(living)} own")
            told = f"{file.with_suffix('')}: process {pid} on {platform.node()} is writing there; "
            for child in [child for child in children if child not in living]:
                out, err = child.communicate()
                held = child.returncode == 1 and err.startswith(told) and err.count("\n") == 1 and not out
                clear.add(held, f"round {number}: exit code {child.returncode}: {out}{err}")
        finally:
            for child in children:
                _kill(child)
    return one, clear


def _restarts(file: Path, count: int) -> Score:
    score = Score("after kill -9 of the owner the next process owns, and nobody unlocks anything")
    place, draw, pipe = file.with_suffix(""), random.Random(20), subprocess.PIPE
    for number in range(count):
        child = subprocess.Popen(cli(file, file.parent), cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
        try:
            until(partial(_owns_or_ended, place, child))
            with suppress(subprocess.TimeoutExpired):
                child.wait(draw.uniform(0, 0.5))
            owned = child.poll() is None
        finally:
            err = _kill(child)
        score.add(
            owned and not Folder(Disk(place)).found().bad, f"restart {number}: exit code {child.returncode}: {err}"
        )
    return score


def _ended(children: list[subprocess.Popen[str]], count: int) -> bool:
    return sum(child.poll() is not None for child in children) >= count


def _owns_or_ended(place: Path, child: subprocess.Popen[str]) -> bool:
    return owner(place) == child.pid or child.poll() is not None


def owner(folder: Path) -> int | None:
    """The pid that a folder's owner left there."""
    try:
        pid: int = json.loads((folder / OWNER).read_text("utf-8"))["pid"]
    except (OSError, ValueError):
        return None
    return pid


def _started_at_once(arguments: list[str], count: int) -> list[subprocess.Popen[str]]:
    waiting, go = os.pipe()
    program = [sys.executable, "-c", CONTENDER, str(waiting), *arguments]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(program, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, pass_fds=(waiting,))
        for _ in range(count)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    os.close(waiting)
    os.close(go)
    return children


def _kill(child: subprocess.Popen[str]) -> str:
    child.kill()
    return child.communicate()[1]
