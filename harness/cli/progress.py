"""How far a sweep is: a bar on a terminal, a plain line every few seconds anywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from harness.cli.output import console, say
from harness.sweeps.run import Progress


@contextmanager
def bar(name: str) -> Iterator[Progress]:
    """Show a bar on standard error, with the runs done and the time left, from the first report on.

    Until then the terminal is left as it is, with its cursor.
    """
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.TextColumn("{task.completed:,.0f} of {task.total:,.0f} runs"),
        progress.TimeRemainingColumn(),
    )
    shown = progress.Progress(*columns, console=console(stderr=True))
    task = shown.add_task(name, total=0)

    def report(done: int, runs: int) -> None:
        shown.update(task, completed=done, total=runs)
        shown.start()

    try:
        yield report
    finally:
        shown.stop()


@contextmanager
def lines(name: str, seconds: float) -> Iterator[Progress]:
    """Print a line on standard error at the start, at the end and, between them, not more often than these seconds."""
    last = -seconds

    def report(done: int, runs: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done == runs or now - last >= seconds:
            last = now
            say(f"{name}: {done:,} of {runs:,} runs", err=True)

    yield report
