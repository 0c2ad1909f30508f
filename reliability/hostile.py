"""Files made to do harm: each is read or refused in a line, quickly, in little memory, and nothing else happens."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from reliability import corpus, folders
from reliability.fuzz import damaged
from reliability.score import Score
from reliability.sweeps import ROOT

SECONDS, BYTES = 1.0, 300 * 2**20
"""What reading a file may take, and how much more memory than the idle interpreter has."""
LATEST = 300
"""Seconds after which a process that reads files is taken not to end."""
BATCH = 100
"""Fuzzed files that are read by one process."""
PROCESSES = 2
UNPICKLING = ("load", "loads", "Unpickler", "_Unpickler")
WHOLE = ("no such file", "this is a directory", "the file is over 1 MiB", "cannot be read:", "the grid has", "exclude")
"""Refusals of a file as a whole, which have no line and column."""


def full(folder: Path) -> Iterator[Score]:
    yield from read("fuzzed files", fuzzed(folder / "fuzzed", 10_000), BATCH, SECONDS)
    yield from read("hostile files", corpus.write(folder / "hostile"), 1, SECONDS)
    yield folders.folders(folder / "folders")


def fuzzed(folder: Path, count: int) -> dict[str, Path]:
    """Experiments that were damaged."""
    chance, paths = random.Random(12), {}
    folder.mkdir()
    for number in range(count):
        paths[f"fuzzed {number}"] = folder / f"{number}.yaml"
        paths[f"fuzzed {number}"].write_text(damaged(chance))
    return paths


def read(what: str, paths: dict[str, Path], batch: int, seconds: float = LATEST) -> Iterator[Score]:
    """Read them all, so many in one process. seconds: of processor time that each may take."""
    refused = Score(f"{what}: read or refused by file, line and column, and no traceback")
    limits = Score(f"{what}: at most {seconds:g} s of processor time and {BYTES // 2**20} MB")
    still = Score(f"{what}: nothing written, no pickle read")
    found = _examined([str(path) for path in paths.values()], batch)
    for name, path in paths.items():
        seen = found.get(str(path), {})
        refused.add(_told(str(path), seen.get("lines")), f"{name}: {seen.get('lines', 'no answer')}")
        took = f"{seen.get('seconds', LATEST):.2f} s, {seen.get('bytes', 0) / 2**20:.0f} MB"
        limits.add(bool(seen) and seen["seconds"] <= seconds and seen["bytes"] <= BYTES, f"{name}: {took}")
        harmed = path.with_name(corpus.CANARY).exists()
        still.add(bool(seen) and not seen["events"] and not harmed, f"{name}: {seen.get('events')}, {harmed}")
    yield from (refused, limits, still)


def _told(path: str, lines: Sequence[str] | None) -> bool:
    """Whether a refusal says where. None: there was no answer."""
    if lines is None:
        return False
    placed = re.compile(re.escape(path) + r":[1-9]\d*:[1-9]\d*: \S")
    return all(
        placed.match(line) or any(line.startswith(f"{path}: {start}") for start in (*WHOLE, "and ")) for line in lines
    )


def _examined(paths: list[str], batch: int) -> dict[str, Any]:
    """What came of each file, by its path."""
    shares = [paths[start::PROCESSES] for start in range(PROCESSES)]
    program = f"from reliability.hostile import serve; serve({batch})"

    def share(mine: list[str]) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(mine),
            cwd=Path(paths[0]).parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    with ThreadPoolExecutor(PROCESSES) as pool:
        answers = [json.loads(line) for text in pool.map(share, shares) for line in text.splitlines()]
    return {answer["path"]: answer for answer in answers}


def serve(batch: int) -> None:
    """Read the files that are named on standard input, so many in each forked process; print what came of each."""
    for module in ("harness.experiment.resolve", "harness.sweeps.plan", "pyarrow.csv", "pyarrow.parquet"):
        importlib.import_module(module)
    events: list[str] = []
    _forbid_pickles(events)
    sys.addaudithook(lambda event, arguments: events.extend(_writes(event, arguments)))
    paths = json.load(sys.stdin)
    for start in range(0, len(paths), batch):
        child = os.fork()
        if child == 0:
            signal.alarm(LATEST)
            idle = _peak()
            for path in paths[start : start + batch]:
                events.clear()
                _answer({"path": path, **_examine(path), "bytes": _peak() - idle, "events": list(events)})
            os._exit(0)
        os.waitpid(child, 0)


def _examine(path: str) -> dict[str, Any]:
    """Read an experiment, and plan it."""
    from harness.errors import HarnessError
    from harness.experiment import load
    from harness.sweeps.plan import Plan

    started, lines = time.process_time(), []
    try:
        Plan(load(path))
    except HarnessError as error:
        lines = str(error).split("\n")
    except BaseException as error:
        lines = [f"traceback: {error!r}"]
    return {"seconds": time.process_time() - started, "lines": lines}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _answer(answer: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def _writes(event: str, arguments: tuple[Any, ...]) -> Iterator[str]:
    """Whether something is written, or run."""
    opened = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if opened or event in ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "os.system", "os.exec"):
        yield f"{event} {arguments}"


def _forbid_pickles(events: list[str]) -> None:
    def refuse(*given: Any, **named: Any) -> Any:
        events.append("a pickle is read")
        raise AssertionError("a pickle is read")

    for name in UNPICKLING:
        setattr(pickle, name, refuse)
