"""What commands print: names and values in columns, sizes and times in words, errors in lines."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.sweeps.estimate import Estimate
    from harness.sweeps.run import Ran
    from harness.views.configuration import Configuration


MOST_LINES = 195
"""What `explain` prints to a terminal."""
EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What users can get wrong ends in lines that say where and what, never in a traceback."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        try:
            command(**options)
        except HarnessError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(EXIT_FAILED)
        except OSError as error:
            click.echo(f"{error.filename or 'harness'}: {error.strerror or error}", err=True)
            sys.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on from here", err=True)
            sys.exit(EXIT_INTERRUPTED)

    return wrapped


def pairs(least: int = 0, /, **values: str) -> None:
    """A line for each. least: characters that names take."""
    width = max(least, *map(len, values)) + 2
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' '):<{width}}{value}")


def summary(ran: Ran, pictures: bool) -> None:
    """What came of a sweep. pictures: whether to draw it, and say where."""
    from harness.views.summary import summarise

    experiment = ran.plan.experiment
    found = summarise(ran.folder.place, experiment.swept)
    steps = ran.plan.steps * ran.trained / ran.plan.runs
    rate = {"steps_a_second": f"{steps / ran.seconds:,.0f} ({ran.seconds:.1f} s)"} if ran.trained else {}
    best = "none: every run diverged or has no epoch"
    if found.best is not None:
        row = dict(found.best)
        least = f"loss_mean {row.pop('loss_mean'):.6g} at config {row.pop('config')}"
        best = f"{least}: " + ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)
    if ran.already:
        click.echo(f"{experiment.name} is complete; nothing was left to do")
    pairs(
        configurations=f"{ran.plan.rows:,}",
        runs=f"{ran.plan.runs:,}",
        steps=f"{ran.plan.steps:,}",
        **rate,
        **{status: f"{count:,} ({count / ran.plan.rows:.1%})" for status, count in found.statuses.items()},
        best=best,
        table=f"{ran.folder}/runs",
    )
    if pictures:
        from harness.views import pictures as view

        pairs(len("configurations"), **view.write(str(ran.folder), ran.plan.rows))


def announce(name: str, estimate: Estimate) -> None:
    """What a sweep will take, on standard error."""
    click.echo(
        f"{name}: {estimate.rows:,} rows in about {duration(estimate.seconds)} on {threads(estimate.threads)}, "
        f"{size(estimate.disk)} of disk, {size(estimate.memory)} of memory",
        err=True,
    )


def record(configuration: Configuration, epochs: Sequence[int], form: str | None) -> None:
    """What happens in these epochs: all of it as `json` or `csv`, each step as it is made, or what fits as tables."""
    from harness.views import explain as view

    if form:
        recording = view.Recording(configuration, epochs)
        for text in {"json": view.json_of, "csv": view.csv_of}[form](view.streamed(recording)):
            click.echo(text, nl=False)
        for note in recording.notes():
            click.echo(note, err=True)
    else:
        from rich.console import Console

        console = Console(highlight=False)
        recorded = view.record_of(configuration, epochs, view.Lines(console.width))
        notes = [f"\n{note}" for note in recorded.attrs["notes"]]
        left = MOST_LINES - sum(len(note) // console.width + 2 for note in notes)
        for table in view.tables(recorded):
            with console.capture() as printed:
                console.print(table)
            lines = printed.get().splitlines(keepends=True)
            click.echo("".join(lines[:left]), nl=False)
            left -= len(lines)
            if left < 0:
                notes.append("\nLeft out: all that comes after this; --csv and --json give all of it.")
                break
        for note in notes:
            console.print(note)


def duration(seconds: float) -> str:
    """In words, in the unit that suits it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0.1):.1f} seconds"


def threads(count: int) -> str:
    """In words."""
    return f"{count} thread{'s' * (count > 1)}"


def size(count: float) -> str:
    """Bytes in words, in the unit that suits them."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}"
