"""The command `harness`: parse, call one function, print. What is heavy is imported inside the commands."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.sweeps.estimate import Estimate
    from harness.sweeps.run import Ran

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130
SECONDS_BETWEEN_LINES = 5.0


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
        except OSError as error:
            click.echo(f"{error.filename or 'harness'}: {error.strerror or error}", err=True)
            sys.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on from here", err=True)
            sys.exit(EXIT_INTERRUPTED)

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-harness", prog_name="harness")
def main() -> None:
    """Train a small neural network under every setting at once, and keep every weight in one table.

    \b
    Example:
      harness sweep experiments/learning_rate.yaml
    """


file_argument = click.argument("file", type=click.Path())


@main.command()
@file_argument
@click.option("--results", default="results", show_default=True, metavar="DIR", help="Where the folder NAME is made.")
@click.option("--endpoint", metavar="URL", help="Of the object store, if not that of the environment.")
@click.option("--overwrite", is_flag=True, help="Replace another experiment's results under the same name.")
@click.option("--extend", is_flag=True, help="After an edit of the grid: keep the runs that it still has.")
@one_line_errors
def sweep(file: str, results: str, endpoint: str | None, overwrite: bool, extend: bool) -> None:
    """Train every configuration, write the table.

    The rows go to DIR/NAME, where NAME is the experiment's; DIR may be s3://BUCKET/PREFIX. What is there already is not
    trained again: after an interruption the same command goes on.

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
        with stop.heard(), _progress(experiment.name) as progress:
            watch = run.Watch(lambda estimate: _announce(experiment.name, estimate), progress, stop)
            ran = run.sweep(experiment, results, options, watch=watch)
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(stop.exit_code if stop else error.exit_code)
    _print_summary(ran)


@main.command()
@click.argument("folder")
@one_line_errors
def status(folder: str) -> None:
    """Tell what of a sweep is done.

    And what is missing or damaged, and the time that is left.

    \b
    Example:
      harness status results/learning-rate
    """
    from harness.sweeps.local import processors
    from harness.views.status import status_of

    found = status_of(folder)
    left = found.seconds_left / processors()
    _print_pairs(
        state=found.state,
        blocks=f"{found.blocks:,}",
        done=f"{found.done:,} ({found.done / found.blocks:.1%})",
        missing=f"{found.blocks - found.done:,}",
        damaged=f"{len(found.bad):,}",
        **({"time_left": f"about {_duration(left)} on {_threads(processors())}"} if found.done < found.blocks else {}),
    )
    for name, what in found.bad:
        click.echo(f"{folder}/{name}: {what}")


@main.command()
@click.argument("folder")
@one_line_errors
def verify(folder: str) -> None:
    """Read all results again and compare them with the log.

    Names every file that is damaged or missing, and then ends with exit code 1; the next sweep makes just those anew.

    \b
    Example:
      harness verify results/learning-rate
    """
    from harness.views.status import status_of

    found = status_of(folder, deep=True)
    for name, what in found.bad:
        click.echo(f"{folder}/{name}: {what}")
    missing = found.blocks - found.done
    click.echo(f"{folder}: {found.done:,} of {found.blocks:,} blocks are whole, {len(found.bad):,} files are not")
    if found.bad or missing:
        sys.exit(EXIT_FAILED)


@main.command()
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


@main.command()
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
    _print_pairs(
        rows=f"{planned.rows:,}",
        runs=f"{planned.runs:,}",
        steps=f"{planned.steps:,}",
        blocks=f"{len(planned.pieces):,}",
        bytes=f"{planned.bytes:,} before compression",
        time=f"about {_duration(planned.seconds / threads)} on {_threads(threads)}, once compiled",
    )


@main.command()
@file_argument
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter's value; else its axis's first."
)
@click.option("--epochs", default=1, show_default=True, type=click.IntRange(1), help="How many epochs to show.")
@click.option("--json", "form", flag_value="json", help="Print the record as JSON, an object for each number.")
@click.option("--csv", "form", flag_value="csv", help="Print the record as CSV.")
@one_line_errors
def explain(file: str, settings: tuple[str, ...], epochs: int, form: str | None) -> None:
    """Show what happens to each weight, step by step.

    For one configuration: what goes forward, every derivative, and each weight before and after.

    \b
    Example:
      harness explain experiments/question.yaml --set learning_rate=0.1 --epochs 3
    """
    from harness.views import explain as view

    recorded = view.record_of(file, view.parse_settings(settings), epochs)
    if form == "json":
        click.echo(view.to_json(recorded))
    elif form == "csv":
        click.echo(recorded.to_csv(index=False), nl=False)
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for table in view.tables(recorded):
            console.print(table)


@main.command()
@one_line_errors
def schema() -> None:
    """Print the JSON Schema of experiments.

    For editors, which then complete keys and mark mistakes.

    \b
    Example:
      harness schema > experiment.schema.json
    """
    import json

    from harness.experiment import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _print_pairs(**pairs: str) -> None:
    width = max(map(len, pairs)) + 2
    for name, value in pairs.items():
        click.echo(f"{name.replace('_', ' '):<{width}}{value}")


def _print_summary(ran: Ran) -> None:
    from harness.views.summary import summarise

    experiment = ran.plan.experiment
    summary = summarise(str(ran.folder), experiment.swept)
    rate = {} if ran.already else {"steps_a_second": f"{ran.plan.steps / ran.seconds:,.0f} ({ran.seconds:.1f} s)"}
    best = "none: every run diverged or has no epoch"
    if summary.best is not None:
        row = dict(summary.best)
        found = f"loss_mean {row.pop('loss_mean'):.6g} at config {row.pop('config')}"
        best = f"{found}: " + ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)
    if ran.already:
        click.echo(f"{experiment.name} is complete; nothing was left to do")
    _print_pairs(
        configurations=f"{ran.plan.rows:,}",
        runs=f"{ran.plan.runs:,}",
        steps=f"{ran.plan.steps:,}",
        **rate,
        **{status: f"{count:,} ({count / ran.plan.rows:.1%})" for status, count in summary.statuses.items()},
        best=best,
        table=f"{ran.folder}/runs",
    )


def _announce(name: str, estimate: Estimate) -> None:
    """What a sweep will take, on standard error."""
    click.echo(
        f"{name}: {estimate.rows:,} rows in about {_duration(estimate.seconds)} on {_threads(estimate.threads)}, "
        f"{_size(estimate.disk)} of disk, {_size(estimate.memory)} of memory",
        err=True,
    )


def _progress(name: str) -> Any:
    """A context that gives the function to report progress to: a bar on a terminal, else a line now and then."""
    from harness import progress

    return progress.bar(name) if sys.stderr.isatty() else progress.lines(name, SECONDS_BETWEEN_LINES)


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0.1):.1f} seconds"


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}"
