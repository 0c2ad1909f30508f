"""The commands that train, and those about a results folder: sweep, plan, status, verify, compact."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import click

from harness.cli import printing
from harness.cli.options import endpoint_option, file_argument
from harness.cli.printing import EXIT_FAILED, one_line_errors
from harness.errors import HarnessError

SECONDS_BETWEEN_LINES = 5.0


@click.command()
@file_argument
@click.option("--results", default="results", show_default=True, metavar="DIR", help="Where the folder NAME is made.")
@endpoint_option
@click.option("--overwrite", is_flag=True, help="Replace another experiment's results under the same name.")
@click.option("--extend", is_flag=True, help="After an edit of the grid: keep the runs that it still has.")
@click.option("--report", is_flag=True, help="End with a page and a picture of it, beside the table.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Train on the workers of this Dask scheduler.")
@click.option("--scheduler-file", metavar="FILE", help="Of the scheduler that wrote this file.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Or in N processes here, on 127.0.0.1 alone.")
@one_line_errors
def sweep(
    file: str, results: str, endpoint: str | None, overwrite: bool, extend: bool, report: bool, **cluster: Any
) -> None:
    """Train every configuration, write the table.

    The rows go to DIR/NAME, where NAME is the experiment's; DIR may be s3://BUCKET/PREFIX. What is there already is not
    trained again: after an interruption the same command goes on. It listens on no port, but with --workers, and then
    on none that other machines can reach.

    \b
    Example:
      harness sweep experiments/learning_rate.yaml
    """
    from harness.experiment import load
    from harness.sweeps import run
    from harness.sweeps.stop import Stop

    experiment, stop = load(file), Stop()
    options = run.Options(overwrite, extend, endpoint=endpoint)
    try:
        with stop.heard(), _executor(**cluster) as executor, _progress(experiment.name) as progress:
            watch = run.Watch(lambda estimate: printing.announce(experiment.name, estimate), progress, stop)
            ran = run.sweep(experiment, results, options, executor, watch)
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(stop.exit_code if stop else error.exit_code)
    printing.summary(ran, report)


@click.command()
@file_argument
@one_line_errors
def plan(file: str) -> None:
    """Count what a sweep would do; run nothing.

    Rows, runs, steps, blocks, bytes and time.

    \b
    Example:
      harness plan experiments/learning_rate.yaml
    """
    from harness.experiment import load
    from harness.sweeps.local import processors
    from harness.sweeps.plan import Plan

    planned = Plan(load(file))
    threads = min(processors(), len(planned.pieces))
    printing.pairs(
        rows=f"{planned.rows:,}",
        runs=f"{planned.runs:,}",
        steps=f"{planned.steps:,}",
        blocks=f"{len(planned.pieces):,}",
        bytes=f"{planned.bytes:,} before compression",
        time=f"about {printing.duration(planned.seconds / threads)} on {printing.threads(threads)}, once compiled",
    )


@click.command()
@click.argument("folder")
@endpoint_option
@one_line_errors
def status(folder: str, endpoint: str | None) -> None:
    """Tell what of a sweep is done.

    And what is missing or damaged, and the time that is left.

    \b
    Example:
      harness status results/learning-rate
    """
    from harness.sweeps.local import processors
    from harness.views.status import status_of

    found = status_of(folder, endpoint=endpoint)
    left = found.seconds_left / processors()
    printing.pairs(
        state=found.state,
        blocks=f"{found.blocks:,}",
        done=f"{found.done:,} ({found.done / max(found.blocks, 1):.1%})",
        missing=f"{found.blocks - found.done:,}",
        damaged=f"{len(found.bad):,}",
        **(
            {"time_left": f"about {printing.duration(left)} on {printing.threads(processors())}"}
            if found.done < found.blocks
            else {}
        ),
    )
    for name, what in found.bad:
        click.echo(f"{folder}/{name}: {what}")


@click.command()
@click.argument("folder")
@endpoint_option
@one_line_errors
def verify(folder: str, endpoint: str | None) -> None:
    """Read all results again and compare them with the log.

    Names every file that is damaged or missing, and then ends with exit code 1; the next sweep makes just those anew.

    \b
    Example:
      harness verify results/learning-rate
    """
    from harness.views.status import status_of

    found = status_of(folder, deep=True, endpoint=endpoint)
    for name, what in found.bad:
        click.echo(f"{folder}/{name}: {what}")
    for name in found.ignored:
        click.echo(f"{folder}/{name}: not in the log, and ignored")
    missing = found.blocks - found.done
    click.echo(f"{folder}: {found.done:,} of {found.blocks:,} blocks are whole, {len(found.bad):,} files are not")
    if found.bad or missing:
        sys.exit(EXIT_FAILED)


@click.command()
@click.argument("folder")
@one_line_errors
def compact(folder: str) -> None:
    """Merge the files of a table into few large ones.

    The rows stay as they are; meant for sharing.

    \b
    Example:
      harness compact results/learning-rate
    """
    from harness.store.compact import compact as merge
    from harness.store.places import place_of

    before, after = merge(place_of(folder))
    click.echo(f"{folder}: {before:,} parts are now {after:,}" if after < before else f"{folder}: nothing to merge")


def _executor(**cluster: Any) -> Any:
    """A context that gives what runs the blocks: threads here, unless one of the options of a cluster is given."""
    from harness.sweeps import local

    if not any(cluster.values()):
        return contextlib.nullcontext(local.run)
    from harness.sweeps import cluster as dask

    return dask.opened(**cluster)


def _progress(name: str) -> Any:
    """A context that gives the function to report progress to: a bar on a terminal, else a line now and then."""
    from harness.cli import progress

    return progress.bar(name) if sys.stderr.isatty() else progress.lines(name, SECONDS_BETWEEN_LINES)


COMMANDS = (sweep, plan, status, verify, compact)
