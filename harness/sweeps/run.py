"""Run a plan: each block through the engine and into the table, in memory or in a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.errors import FailedError
from harness.experiment.model import Experiment
from harness.store.contents import Found, StoreError
from harness.store.folder import Folder
from harness.store.kept import problem
from harness.store.log import sums
from harness.store.memory import Memory
from harness.store.place import Place
from harness.store.places import place_of
from harness.store.reading import load
from harness.sweeps import local
from harness.sweeps.estimate import Estimate, measure
from harness.sweeps.extend import earlier
from harness.sweeps.plan import Plan
from harness.sweeps.stop import MESSAGE
from harness.sweeps.work import Compilation, Task, Work, block_entry, prepare, uncompiled

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]
"""Called with the runs that are done and the runs there are, first before anything runs."""

Executor = Callable[[Callable[[Task], int], Iterable[Task]], Iterator[int]]
"""Calls the function with each task, a few at once, and yields what it returns as they finish."""


@dataclass(frozen=True)
class Options:
    """overwrite: replace another experiment's results. extend: go on from those of an earlier grid. block_size: runs in
    a block, or None for blocks of equal cost. endpoint: the URL of an object store, in place of the environment's.
    threads: how many train here, all processors if None.
    """

    overwrite: bool = False
    extend: bool = False
    block_size: int | None = None
    endpoint: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Watch:
    """Who looks on. compiling: told what is compiled first, if anything is. announce: told what the sweep will take,
    before it starts; this is measured only if somebody wants to know. stop: true once no other block shall begin.
    """

    compiling: Callable[[Compilation], None] | None = None
    announce: Callable[[Estimate], None] | None = None
    progress: Progress = lambda done, runs: None
    stop: Any = False


@dataclass(frozen=True)
class Ran:
    """What a sweep did. trained: runs, of all that there are. steps: that these took. seconds: of training and writing.
    already: everything was there before.
    """

    folder: Folder
    plan: Plan
    trained: int = 0
    steps: int = 0
    seconds: float = 0.0
    already: bool = False


def train(experiment: Experiment, threads: int | None = None, block_size: int | None = None) -> pa.Table:
    """The table of an experiment, in memory, in the order of the grid."""
    return load(in_memory(experiment, threads, block_size))


def in_memory(experiment: Experiment, threads: int | None = None, block_size: int | None = None) -> Memory:
    """The results of an experiment, of which no file is written."""
    place = Memory()
    _swept(place, experiment, Options(block_size=block_size, threads=threads), None, Watch())
    return place


def sweep(
    experiment: Experiment,
    results: Any = "results",
    options: Options = Options(),
    executor: Executor | None = None,
    watch: Watch = Watch(),
) -> Ran:
    """Write the table of an experiment to results/NAME; what is there already is not done again.

    executor: what runs the blocks, threads of this process if None.
    Raises `StoreError` if the folder holds another experiment's results, unless told to overwrite them; and
    `FailedError` if it cannot be written, another process writes there, or the sweep was stopped.
    """
    return _swept(place_of(results, experiment.name, endpoint=options.endpoint), experiment, options, executor, watch)


def _swept(place: Place, experiment: Experiment, options: Options, executor: Executor | None, watch: Watch) -> Ran:
    """Do what is left of a sweep into a place."""
    folder = Folder(place)
    if place.untidy():
        with place.lock():
            place.recover()
    options = replace(options, block_size=_block_size(folder, experiment, options))
    plan = Plan(experiment, options.block_size)
    if complete(folder, plan, options) and folder.described_as(experiment) and not place.untidy():
        return Ran(folder, plan, already=True)
    place.make(())
    with place.lock():
        if complete(folder, plan, options):
            folder.describe(experiment)
            place.tidy()
            return Ran(folder, plan, already=True)
        manifest = folder.manifest()
        if options.extend and manifest and manifest["fingerprint"] != experiment.fingerprint:
            work = Work(plan, place.staged(), earlier(folder, experiment))
        else:
            work = Work(plan, place)
        done = _do(work, executor or partial(local.run, threads=options.threads), watch, options)
        if work.earlier:
            place.take_over(folder.copies())
    return Ran(folder, plan, *done)


def _block_size(folder: Folder, experiment: Experiment, options: Options) -> int | None:
    """The block size of a sweep that was begun, else the one that is asked for. Raises `StoreError` if they differ."""
    manifest = folder.manifest()
    if manifest is None or options.overwrite or manifest["fingerprint"] != experiment.fingerprint:
        return options.block_size
    begun: int | None = manifest["block_size"]
    if options.block_size not in (None, begun):
        cut = f"of {begun:,} runs" if begun else "of equal cost"
        raise StoreError(
            f"{folder}: begun in blocks {cut}, so that blocks of {options.block_size:,} runs would lose what is done; "
            "go on without a block size, or begin anew with overwrite"
        )
    return begun


def _do(work: Work, executor: Executor, watch: Watch, options: Options) -> tuple[int, int, float]:
    """Do all that is left of a plan; return (the runs, the steps, the seconds) of training and writing."""
    plan, folder, replaced = work.plan, Folder(work.place), options.overwrite or work.earlier is not None
    before = folder.open(plan.experiment, plan.totals(), plan.key, replaced)
    tasks = tasks_left(plan, before)
    blocks = [task.blocks for task in tasks if task.blocks is not None]
    left = trained = sum(map(plan.runs_of, blocks))
    if left:
        if watch.compiling and (compilation := uncompiled(plan)):
            watch.compiling(compilation)
        prepare(plan, watch.stop)
        calls = [call for one in blocks for call in plan.joined(one)]
        if watch.announce or folder.place.free() is not None:  # the disk may be too small
            estimate = measure(plan, calls, folder, options.threads, work.earlier)
            if watch.announce:
                watch.announce(estimate)
    watch.progress(plan.runs - left, plan.runs)
    started, done = time.perf_counter(), 0
    for runs in executor(work, unless_stopped(tasks, watch)):
        left, done = left - runs, done + 1
        watch.progress(plan.runs - left, plan.runs)
    if done < len(tasks):
        raise FailedError(MESSAGE)
    seconds = time.perf_counter() - started
    found = folder.found(deep=False)
    if lost := tasks_left(plan, found):  # a worker of an earlier sweep may have come in between
        raise FailedError(f"{folder}: {len(lost)} blocks are not there that were written; the same command goes on")
    folder.close(seconds)
    steps = (sums(found.good)["steps"] or 0) - (sums(before.good)["steps"] or 0)
    return trained, steps, seconds


def complete(folder: Folder, plan: Plan, options: Options) -> bool:
    """Whether the folder holds the whole result, by whichever version of the program. Raises `StoreError`."""
    manifest = folder.check(plan.experiment, plan.key, options.overwrite or options.extend)
    if options.overwrite or manifest is None or manifest["state"] != "complete":
        return False
    if manifest["fingerprint"] != plan.experiment.fingerprint:
        return False
    found = folder.found()
    described, blocks = folder.described(manifest) and not problem(folder, manifest), int(manifest["blocks"])
    return described and not found.bad and found.done(blocks, "part") == blocks


def tasks_left(plan: Plan, found: Found) -> list[Task]:
    """What is still to do."""
    parts = found.covers("part", len(plan.blocks))
    there = {entry.name for entry in found.good if entry.kind == "block"}
    tasks = []
    for part in plan.parts:
        if not all(parts[part.start : part.stop]):
            missing = [
                blocks for blocks in plan.tasks(part) if not there or block_entry(plan, blocks).name not in there
            ]
            tasks += [Task(part, blocks) for blocks in missing] or [Task(part, None)]
    return tasks


def unless_stopped(tasks: Iterable[Task], watch: Watch) -> Iterator[Task]:
    """The tasks, until no other shall begin."""
    for task in tasks:
        if watch.stop:
            return
        yield task
