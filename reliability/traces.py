"""Power lost after every call of a run: what was not synced is gone, or only some of it is. No logged part is torn."""

from __future__ import annotations

import ast
import hashlib
import itertools
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from harness.store import disk
from harness.store.folder import Folder
from harness.store.log import Entry, parse
from reliability.calls import CRASH, PART_ROWS, STORIES, Call, Crash, Fault, Story, resumed, tapped
from reliability.power import Machine, Tree
from reliability.score import Score
from reliability.sweeps import merging, tree


@dataclass(frozen=True)
class Trace:
    """What a run did. events: its calls, entries that were committed, and None when it returned."""

    story: Story
    start: Tree
    events: list[Call | Entry | None]
    end: Tree
    root: str
    killed: bool
    recovered: dict[Any, Tree] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Path, story: Story, killed: int = 0) -> Trace:
        """Trace a run into a folder that is made for it. killed: at which call a run before it is killed, or 0."""
        events: list[Call | Entry | None] = []

        def recorded(call: Call, do: Any) -> Any:
            result = do()
            events.append(call)
            return result

        with merging(PART_ROWS):
            with tapped(results):
                story.prepare(results)
            start = tree(results)
            fault = Fault(killed, CRASH, recorded)
            with suppress(Crash), tapped(results, fault):
                if killed:
                    story.sweep(results)
            with tapped(results, recorded), _commits(events):
                story.sweep(results)
        return cls(story, start, [*events, None], tree(results), str(results), bool(fault.what))

    def cuts(self, without: int = 0, last: bool = False) -> Iterator[tuple[int, Tree, list[Entry], bool]]:
        """(calls done, what may be left, entries that were committed, whether it had returned), each once.

        without: the line of a sync that is not done. last: only the cut after it had returned.
        """
        machine, seen = Machine(self.root), set[Any]()
        machine.hold(self.start)
        committed: list[Entry] = []
        for number, event in enumerate(self.events):
            if isinstance(event, Call):
                if event.name == "fsync" and event.line == without:
                    continue
                machine.do(event)
            elif event is not None:
                committed.append(event)
            for left in machine.left() if event is None or not last else ():
                key = hash((frozenset(left.items()), len(committed), event is None))
                if key not in seen:
                    seen.add(key)
                    yield number, left, committed, event is None

    def wrong(self, left: Tree, committed: list[Entry], returned: bool, scratch: Path) -> str:
        """What must not be so in what was left. A switch that was cut short is first gone on with, as a sweep does."""
        name = str(self.story.experiment["name"])
        if f"{name}/{disk.READY}" in left or f"{name}/{disk.MOVING}" in left:
            key = frozenset(left.items())
            if key not in self.recovered:
                with _written(left, scratch), tapped(scratch):
                    disk.Disk(scratch / name).recover()
                    self.recovered[key] = tree(scratch)
            left = self.recovered[key]
        here, start, end = (_inside(name, held) for held in (left, self.start, self.end))
        known = {path: data for path, data in (*start.items(), *end.items()) if path.endswith(".parquet")}
        entries = dict[str, Entry]()
        for place in ("", f"{disk.NEXT}/"):
            held = {path.removeprefix(place): data for path, data in here.items() if path.startswith(place)}
            if torn := [path for path in held if path in known and held[path] not in (start.get(path), end.get(path))]:
                return f"torn: {place}{torn[0]}"
            logged = [parse(data) for path, data in held.items() if path.startswith("log/") and data is not None]
            entries |= {entry.name: entry for entry in logged if entry}
            files = [file for entry in logged if entry for file in entry.files]
            if lost := [file.name for file in files if _digest(held.get(file.name)) != (file.bytes, file.sha256)]:
                return f"logged and not there: {place}{lost[0]}"
        new = [entry for entry in entries.values() if entry.name not in start]
        parts = [range(entry.first, entry.stop) for entry in new if entry.kind == "part"]
        for entry in committed:
            if entry.name not in entries and not any(entry.first in part for part in parts):
                return f"committed and lost: {entry.name}"
        seen, old, whole = (_visible(held) for held in (here, start, end))
        if returned and seen != whole:
            return f"returned, and not what it left: {sorted(path for path, _ in seen.items() ^ whole.items())}"
        if self.story.options.extend and seen not in (old, whole):
            return "neither the old results nor the new ones"
        tables = [{path for path in held if path.endswith(".parquet")} for held in (seen, old, whole)]
        return "" if tables[0] <= tables[1] or tables[0] <= tables[2] else "parts of the old table and of the new one"


def full(folder: Path) -> Iterator[Score]:
    yield from cuts(folder, 500)
    yield killed(folder)


def cuts(folder: Path, resumes: int) -> Iterator[Score]:
    """Every cut of three runs; from so many of what they leave, sweeps go on; and without each sync, one is wrong."""
    held = Score("power lost after every call: nothing torn, nothing committed is lost")
    again = Score("power lost, and gone on with")
    needed = Score("without any one sync, something is torn or lost")
    traces = [Trace.of(folder / f"trace{number}", story) for number, story in enumerate(STORIES)]
    for trace in traces:
        left = list[Tree]()
        for number, state, committed, returned in trace.cuts():
            problem = trace.wrong(state, committed, returned, folder / "scratch")
            held.add(not problem, f"{trace.story.name}, {number} calls, {trace.events[number - 1]}: {problem}")
            left.append(state)
        for state in random.Random(3).sample(left, min(len(left), resumes // len(traces))):
            problem = _gone_on(trace, state, folder)
            again.add(not problem, f"{trace.story.name}: {problem}")
    for line in sorted(syncs()):
        found = (trace.wrong(*cut, folder / "scratch") for trace in traces for _, *cut in trace.cuts(without=line))
        needed.add(any(found), f"the sync in line {line} of {disk.__file__}")
    yield from (held, again, needed)


def killed(folder: Path, step: int = 1) -> Score:
    """Kill a run at every `step`-th call, go on with it until it returns, and then lose the power."""
    score = Score("killed, gone on with, and then power lost: all is there")
    for story in STORIES:
        for at in itertools.count(1, step):
            trace = Trace.of(folder / "trace", story, killed=at)
            shutil.rmtree(folder / "trace")
            if not trace.killed:
                break
            for _, *cut in trace.cuts(last=True):
                problem = trace.wrong(*cut, folder / "scratch")
                score.add(not problem, f"{story.name}, killed at call {at}: {problem}")
    return score


def syncs() -> set[int]:
    """The lines that sync."""
    module = ast.parse(Path(disk.__file__).read_text("utf-8"))
    inner = [function for function in module.body if isinstance(function, ast.FunctionDef) and function.name == "_sync"]
    within = {node for function in inner for node in ast.walk(function)}
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and node not in within]
    return {call.lineno for call in calls if ast.unparse(call.func) in ("os.fsync", "_sync")}


def _gone_on(trace: Trace, left: Tree, folder: Path) -> str:
    """What is wrong after a sweep that goes on from what was left."""
    whole, name = folder / "whole", str(trace.story.experiment["name"])
    with _written(trace.end, whole), _written(left, folder / "scratch"), merging(PART_ROWS), tapped(folder):
        return resumed(folder / "scratch", trace.story, whole / name)


@contextmanager
def _written(held: Tree, folder: Path) -> Iterator[None]:
    """A folder that holds this."""
    folder.mkdir()
    for path, data in held.items():
        if data is None:
            (folder / path).mkdir(parents=True, exist_ok=True)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    yield
    shutil.rmtree(folder)


@contextmanager
def _commits(events: list[Any]) -> Iterator[None]:
    """Entries that are committed go into the events."""
    commit = Folder.commit

    def recorded(self: Folder, entry: Entry, tables: Any) -> None:
        commit(self, entry, tables)
        events.append(entry)

    with patch.object(Folder, "commit", recorded):
        yield


def _inside(name: str, held: Tree) -> Tree:
    return {path.removeprefix(f"{name}/"): data for path, data in held.items() if path.startswith(f"{name}/")}


def _visible(held: Tree) -> Tree:
    return {path: data for path, data in held.items() if not path.startswith(".")}


def _digest(data: bytes | None) -> tuple[int, str]:
    return (-1, "") if data is None else (len(data), hashlib.sha256(data).hexdigest())
