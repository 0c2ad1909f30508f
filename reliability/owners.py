"""Many processes at one folder: one writes, the others say who; and whoever is killed leaves nothing to unlock."""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.lock import OWNER
from reliability.held import held, tells
from reliability.score import Score
from reliability.sweeps import lasting, until, written

CONTENDER = """
from harness.experiment import load
from harness.store import lock
from harness.sweeps import run
lock.PATIENCE = 300.0
os.write(told, b"r")
os.read(int(sys.argv.pop()), 1)
"""
READY = b"r"
"""The command `harness`, held just before it begins until a pipe closes, then in its first block.

Who comes second waits for the owner's name as long as it takes.
"""


def full(folder: Path) -> Iterator[Score]:
    return owners(folder, 20, 3, 50)


def owners(folder: Path, contenders: int, rounds: int, restarts: int) -> Iterator[Score]:
    """In each round start all contenders on one folder at once; then restart, always after a kill -9 of the owner."""
    file = written(lasting(1), folder / "lasting.yaml")
    yield from _rounds(file, contenders, rounds)
    yield _restarts(file, restarts)


def _rounds(file: Path, contenders: int, count: int) -> tuple[Score, Score]:
    one = Score(f"{contenders} processes on one folder: one owner")
    clear = Score("the others end with exit code 1 and a line that names its pid and host")
    for number in range(count):
        with _started_at_once(file, contenders) as children:
            until(partial(_ended, children, contenders - 1))
            living = [child for child in children if child.poll() is None]
            pid = owner(file.with_suffix(""))
            one.add([child.pid for child in living] == [pid], f"round {number}: {len(living)} own")
            told = f"{file.with_suffix('')}: process {pid} on {platform.node()} is writing there; "
            for child in [child for child in children if child not in living]:
                err = child.communicate()[1]
                right = child.returncode == 1 and err.startswith(told) and err.count("\n") == 1
                clear.add(right, f"round {number}: exit code {child.returncode}: {err}")
    return one, clear


def _restarts(file: Path, count: int) -> Score:
    score = Score("after kill -9 of the owner the next process owns, and nobody unlocks anything")
    place, draw = file.with_suffix(""), random.Random(20)
    for number in range(count):
        with held(file, file.parent) as (child, _):
            until(partial(_owns_or_ended, place, child))
            with suppress(subprocess.TimeoutExpired):
                child.wait(draw.uniform(0, 0.5))
            owned = child.poll() is None
            child.kill()
            err = child.communicate()[1]
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


@contextmanager
def _started_at_once(file: Path, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    waiting, go = os.pipe()
    with ExitStack() as stack:
        started = [stack.enter_context(held(file, file.parent, CONTENDER, waiting)) for _ in range(count)]
        os.close(waiting)
        ready = [tells(told, READY) for _, told in started]
        os.close(go)
        assert all(ready)
        yield [child for child, _ in started]
