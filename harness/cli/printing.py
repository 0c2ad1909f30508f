"""What commands print: names and values in columns, sizes and times in words, errors in lines."""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from harness.errors import HarnessError, HarnessWarning

if TYPE_CHECKING:
    import pandas as pd

    from harness.sweeps.estimate import Estimate
    from harness.sweeps.run import Ran


EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What users can get wrong ends in lines that say where and what, never in a traceback."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        try:
            with _warnings_in_lines():
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


@contextlib.contextmanager
def _warnings_in_lines() -> Iterator[None]:
    """Say what the harness warns of on standard error, once; other warnings are shown as they are."""
    shown, told = warnings.showwarning, set[str]()

    def show(message: Warning | str, category: type[Warning], *where: Any, **how: Any) -> None:
        if not issubclass(category, HarnessWarning):
            shown(message, category, *where, **how)
        elif str(message) not in told:
            told.add(str(message))
            click.echo(str(message), err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", HarnessWarning)
        warnings.showwarning = show
        yield


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


def record(recorded: pd.DataFrame, form: str | None) -> None:
    """What `explain` recorded: as `json`, as `csv`, or as tables."""
    from harness.views import explain as view

    if form == "json":
        click.echo(view.to_json(recorded))
    elif form == "csv":
        click.echo(recorded.to_csv(index=False), nl=False)
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for table in view.tables(recorded):
            console.print(table)


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
