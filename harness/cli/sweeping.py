"""The commands that train, and those about a results folder: sweep, plan, status, verify, compact."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from harness.cli import printing
from harness.cli.options import endpoint_option, experiment_argument, folder_argument, parse_settings, set_option
from harness.cli.output import say
from harness.cli.printing import EXIT_FAILED, one_line_errors
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.experiment.model import Experiment

SECONDS_BETWEEN_LINES = 5.0


@click.command()
@experiment_argument("learning_rate")
@click.option(
    "--results", default="results", show_default=True, metavar="DIR", help="Folder in which the folder NAME is made."
)
@endpoint_option
@set_option
@click.option("--overwrite", is_flag=True, help="Replace another experiment's results under the same name.")
@click.option("--extend", is_flag=True, help="Keep the runs that an edited grid still has, and train only the others.")
@click.option("--report", is_flag=True, help="Write a page and a picture beside the table.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Train on N threads, not on all processors.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Train on the workers of this Dask scheduler.")
@click.option("--scheduler-file", metavar="FILE", help="Train on the Dask cluster whose scheduler wrote this file.")
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Train in N processes of this machine, not in threads."
)
@one_line_errors
def sweep(file: str, results: str, settings: tuple[str, ...], report: bool, **choices: Any) -> None:
    """Train every configuration and write the table.

    FILE is an experiment file, or where there is none of that name a shipped experiment; learning_rate if left out. The
    rows go to DIR/NAME, where NAME is the experiment's; DIR may be s3://BUCKET/PREFIX. What is there already is not
    trained again: after an interruption the same command goes on. No port is opened, except with --workers, and then
    only on 127.0.0.1.

    \b
    Example:
      harness sweep learning_rate --report
      harness sweep question --set optimizer=adam --set name=question-adam --threads 2
    """
    from harness.experiment import load
    from harness.sweeps import run
    from harness.sweeps.stop import Stop
    from harness.views.rows import row_weights

    cluster = {name: choices.pop(name) for name in ("scheduler", "scheduler_file", "workers")}
    options = run.Options(**choices)
    given = [name for name, value in cluster.items() if value]
    if options.threads and given:
        option = f"--{given[0].replace('_', '-')}"
        raise HarnessError(f"--threads is for training in this process, and {option} for others; expected one of them")
    experiment, stop = load(file, settings=parse_settings(settings), row_weights=row_weights), Stop()
    _warn(experiment)
    try:
        with stop.heard(), _executor(**cluster) as executor, _progress(experiment.name) as progress:
            watch = run.Watch(
                partial(printing.compiling, experiment.name),
                partial(printing.announce, experiment.name),
                progress,
                stop,
            )
            ran = run.sweep(experiment, results, options, executor, watch)
    except HarnessError as error:
        say(*error.lines, err=True)
        sys.exit(stop.exit_code if stop else error.exit_code)
    printing.summary(ran)
    if report:
        from harness.views.report import ending

        printing.pairs(len(printing.LEAST), **ending.write(str(ran.folder), ran.plan.rows))


@click.command()
@experiment_argument("learning_rate")
@set_option
@one_line_errors
def plan(file: str, settings: tuple[str, ...]) -> None:
    """Count what a sweep would do; run nothing.

    Prints what the data are, the numbers of rows, runs, steps, blocks and bytes, and the time it would take. FILE is an
    experiment file or a shipped experiment; learning_rate if left out.

    \b
    Example:
      harness plan learning_rate
    """
    from harness.experiment import load
    from harness.experiment.data import about
    from harness.sweeps.estimate import guessed
    from harness.sweeps.plan import Plan
    from harness.sweeps.work import uncompiled
    from harness.views.rows import row_weights

    planned = Plan(load(file, settings=parse_settings(settings), row_weights=row_weights))
    _warn(planned.experiment)
    printing.pairs(
        rows=f"{planned.rows:,}",
        runs=f"{planned.runs:,}",
        steps=f"{planned.steps:,}",
        blocks=f"{len(planned.blocks):,}",
        bytes=f"{planned.bytes:,} before compression",
        time=printing.planned_time(guessed(planned, planned.calls), uncompiled(planned)),
        data=about.described(planned.experiment),
    )


@click.command()
@folder_argument
@endpoint_option
@one_line_errors
def status(folder: str, endpoint: str | None) -> None:
    """Show how much of a sweep is done.

    Prints what is done, what is missing or damaged, and the time that is left.

    \b
    Example:
      harness status results/learning-rate
    """
    from harness.sweeps.local import processors
    from harness.views.status import status_of

    found = status_of(folder, endpoint=endpoint)
    left = "not known before the first block is done"
    if found.seconds_left is not None:
        left = f"about {printing.duration(found.seconds_left / processors())} on {printing.threads(processors())}"
    printing.pairs(
        state=found.state,
        blocks=f"{found.blocks:,}",
        done=f"{found.done:,} ({found.done / max(found.blocks, 1):.1%})",
        missing=f"{found.blocks - found.done:,}",
        damaged=f"{len(found.bad):,}",
        **({"time_left": left} if found.done < found.blocks else {}),
    )
    for name, what in found.bad:
        say(f"{folder}/{name}: {what}")


@click.command()
@folder_argument
@endpoint_option
@one_line_errors
def verify(folder: str, endpoint: str | None) -> None:
    """Read all results again and compare them with the log.

    Names every file that is damaged or missing, and ends with exit code 1 if there is one. The next sweep trains only
    what those files held.

    \b
    Example:
      harness verify results/learning-rate
    """
    from harness.views.status import status_of

    found = status_of(folder, deep=True, endpoint=endpoint)
    for name, what in found.bad:
        say(f"{folder}/{name}: {what}")
    for name in found.ignored:
        say(f"{folder}/{name}: not in the log, and ignored")
    missing = found.blocks - found.done
    say(f"{folder}: {found.done:,} of {found.blocks:,} blocks are whole, {len(found.bad):,} files are not")
    if found.bad or missing:
        sys.exit(EXIT_FAILED)


@click.command()
@folder_argument
@one_line_errors
def compact(folder: str) -> None:
    """Merge the files of a table into few large ones.

    The rows stay as they are. Do this before you share a table.

    \b
    Example:
      harness compact results/learning-rate
    """
    from harness.store.compact import compact as merge
    from harness.store.places import place_of

    before, after = merge(place_of(folder))
    say(f"{folder}: {before:,} parts are now {after:,}" if after < before else f"{folder}: nothing to merge")


def _warn(experiment: Experiment) -> None:
    """Say what may lead astray in the data."""
    from harness.experiment.data.about import warnings

    say(*(f"{experiment.label}: {line}" for line in warnings(experiment)), err=True)


def _executor(**cluster: Any) -> Any:
    """Context manager of the function that runs the blocks on a cluster, or of None where no option names one."""
    if not any(cluster.values()):
        return contextlib.nullcontext(None)
    from harness.sweeps import cluster as dask

    return dask.opened(**cluster)


def _progress(name: str) -> Any:
    """Context manager of the function that shows progress: a bar on a terminal, else a line every few seconds."""
    from harness.cli import progress

    return progress.bar(name) if sys.stderr.isatty() else progress.lines(name, SECONDS_BETWEEN_LINES)


COMMANDS = (sweep, plan, status, verify, compact)
