"""Every call that writes fails, or is the last before a crash: there is the old state or the new, and it goes on."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from harness.errors import FailedError
from harness.experiment import load
from harness.store import reading
from harness.store.contents import StoreError
from harness.store.disk import MOVING, READY
from harness.store.folder import Folder
from harness.store.lock import LOCK, OWNER
from harness.store.places import place_of
from harness.sweeps import run
from harness.views.status import status_of
from reliability.score import Score
from reliability.sweeps import EXPERIMENT, digests, merging

CALLS = ("open", "write", "fsync", "rename", "link", "unlink", "mkdir", "rmdir")
CRASH = 0
BLOCK_SIZE, PART_ROWS = 2, 16
"""Blocks of 8 rows; two share a part, and the last has one of its own."""
PLAIN = run.Options(block_size=BLOCK_SIZE)


def tiny(*rates: float) -> dict[str, Any]:
    """Two runs of four rows for each learning rate."""
    parameters = {"init": [{"normal": {"std": 0.5}}], "learning_rate": list(rates), "epochs": [0, 1, 10, 300]}
    return EXPERIMENT | {"parameters": parameters, "repeats": 2}


@dataclass(frozen=True)
class Story:
    """A sweep into a folder. before: what the folder holds by then."""

    name: str
    experiment: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    options: run.Options = PLAIN

    def prepare(self, results: Path) -> None:
        """Make what the results folder holds before the sweep of the story."""
        results.mkdir()
        if self.before:
            run.sweep(load(self.before), results, PLAIN, map)

    def sweep(self, results: Path) -> Path:
        """Sweep into the results folder, on one thread, and return the folder of the table."""
        run.sweep(load(self.experiment), results, self.options, map)
        return results / str(self.experiment["name"])


STORIES = (
    Story("new", tiny(0.01, 0.1, 1)),
    Story("--overwrite", tiny(0.01, 0.1, 1), tiny(0.02, 0.2), run.Options(overwrite=True, block_size=BLOCK_SIZE)),
    Story("--extend", tiny(0.01, 1, 0.1), tiny(0.01, 0.1), run.Options(extend=True, block_size=BLOCK_SIZE)),
)


@dataclass(frozen=True)
class Call:
    """A call of the system. to: of a rename or link. data: of a write. new: whether an open makes a file. line: of the
    code that asked for it.
    """

    name: str
    path: str
    to: str
    data: bytes
    new: bool
    line: int


Tap = Callable[[Call, Callable[..., Any]], Any]
"""A function that gets a call and what carries it out (given the data of a write), and returns what the call returns.
"""


def done(call: Call, do: Callable[..., Any]) -> Any:
    """The tap that carries out the call and nothing else."""
    return do()


@contextmanager
def tapped(root: Path, tap: Tap = done) -> Iterator[None]:
    """Hand each call under a folder to a tap. Nothing is synced, since no power is lost here."""
    real: dict[str, Any] = {name: getattr(os, name) for name in CALLS}
    files: dict[int, str] = {}

    def patched(name: str) -> Callable[..., Any]:
        def called(target: Any, *rest: Any, **how: Any) -> Any:
            folder = files.get(how.get("dir_fd", -1), "")
            path = files.get(target, "") if isinstance(target, int) else os.path.abspath(os.path.join(folder, target))
            reading = name == "open" and rest[0] & os.O_NOFOLLOW and not rest[0] & os.O_CREAT
            if not Path(path).is_relative_to(root) or reading or os.path.basename(path) in (LOCK, OWNER):
                return real[name](target, *rest, **how)
            to = os.path.abspath(rest[0]) if name in ("rename", "link") else ""
            data = bytes(rest[0]) if name == "write" else b""
            call = Call(name, path, to, data, name == "open" and bool(rest[0] & os.O_CREAT), _line())
            if name == "write":
                return tap(call, lambda data=data: real["write"](target, data))
            result = tap(call, lambda: None if name == "fsync" else real[name](target, *rest, **how))
            if name == "open":
                files[result] = path
            return result

        return called

    for name in CALLS:
        setattr(os, name, patched(name))
    try:
        yield
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def _line() -> int:
    """The line of the code that makes the call being tapped; for a sync, of the code that asks for it."""
    frame = sys._getframe(2)
    while frame.f_code.co_name == "_sync" and frame.f_back:
        frame = frame.f_back
    return frame.f_lineno


class Crash(BaseException):
    """The process is no more."""


@dataclass
class Fault:
    """A tap: an error at the Nth call, or a crash after which nothing is done. Of a write, half is done.

    tap: what the other calls are handed to.
    """

    at: int
    error: int
    tap: Tap = done
    count: int = 0
    what: str = ""

    def __call__(self, call: Call, do: Callable[..., Any]) -> Any:
        self.count += 1
        if self.count < self.at or (self.error and self.count > self.at):
            return self.tap(call, do)
        if self.count == self.at:
            self.what = f"{call.name} {call.to or call.path}"
            if call.name == "write":
                do(call.data[: len(call.data) // 2])
        if self.error == CRASH:
            raise Crash
        raise OSError(self.error, os.strerror(self.error), call.path)


def full(folder: Path) -> Iterator[Score]:
    for story in STORIES:
        for error in (errno.EIO, errno.ENOSPC, CRASH):
            yield faults(folder, story, error)


def faults(folder: Path, story: Story, error: int, step: int = 1) -> Score:
    """A fault at every call, or every so many, until there is none left."""
    score = Score(f"{story.name}: {errno.errorcode.get(error, 'a crash')} at every call, old or new, and goes on")
    start, end, trial = folder / "start", folder / "end", folder / "trial"
    with merging(PART_ROWS), tapped(folder):
        story.prepare(start)
        shutil.copytree(start, end)
        whole = story.sweep(end)
        tables = [_rows(path) for path in (start / whole.name, whole)]
        for at in itertools.count(1, step):
            shutil.copytree(start, trial)
            fault = Fault(at, error)
            problem = _faulted(trial, story, fault) or _state(trial / whole.name, tables, story)
            if fault.count < at:
                break
            problem = problem or resumed(trial, story, whole)
            score.add(not problem, f"call {at}, {fault.what}: {problem}")
            shutil.rmtree(trial)
    for path in (start, end, trial):
        shutil.rmtree(path)
    return score


def _faulted(results: Path, story: Story, fault: Fault) -> str:
    """Sweep with a fault; what is wrong with how it ends."""
    try:
        with tapped(results, fault):
            folder = story.sweep(results)
    except Crash:
        return ""
    except FailedError as error:
        whole = str(error).startswith(str(results)) and "\n" not in str(error)
        return "" if whole and "/" in str(error) else f"message {error}"
    except OSError as error:
        return f"raised {error!r}"
    return "" if list(folder.glob("manifest.json")) else "returned without results"


def _state(folder: Path, tables: list[set[Any]], story: Story) -> str:
    """What is wrong with what a reader finds. tables: the rows there were and the rows there shall be."""
    for file in folder.glob("[a-z]*/*.parquet"):
        pq.read_table(file)
    if (folder / READY).exists() or (folder / MOVING).exists():
        return ""  # the next sweep first goes on with the switch
    rows, manifest = _rows(folder), Folder(place_of(folder)).manifest()
    if story.options.extend and rows not in tables:
        return "neither the old table nor the new one"
    if not any(rows <= table for table in tables):
        return "rows that are neither all old nor all new"
    return (
        "complete, but rows are missing" if manifest and manifest["state"] == "complete" and rows not in tables else ""
    )


def _rows(folder: Path) -> set[Any]:
    """The rows that can be loaded."""
    try:
        return {tuple(row.values()) for row in reading.load(place_of(folder)).to_pylist()}
    except StoreError:
        return set()


def resumed(results: Path, story: Story, whole: Path) -> str:
    """Sweep again; what is different from a sweep without a fault."""
    folder = story.sweep(results)
    if digests(folder) != digests(whole):
        return "other bytes after going on"
    status = status_of(str(folder), deep=True)
    if status.bad or status.state != "complete":
        return f"after going on {status}"
    names = [sorted(str(path.relative_to(where)) for path in where.rglob("*")) for where in (folder, whole)]
    extra = (set(names[0]) ^ set(names[1])) - {LOCK, OWNER}
    return f"after going on there is or is not {sorted(extra)}" if extra else ""
