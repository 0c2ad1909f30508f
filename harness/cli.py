"""The command `harness`: parse, call one function, print. What is heavy is imported inside the commands."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import click

from harness import output
from harness.errors import HarnessError
from harness.output import EXIT_FAILED, one_line_errors

SECONDS_BETWEEN_LINES = 5.0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-harness", prog_name="harness")
def main() -> None:
    """Train a small neural network under every setting at once, and keep every weight in one table.

    \b
    Example:
      harness sweep experiments/learning_rate.yaml
    """


file_argument = click.argument("file", type=click.Path())
endpoint_option = click.option("--endpoint", metavar="URL", help="Of the object store, if not that of the environment.")


@main.command()
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
            watch = run.Watch(lambda estimate: output.announce(experiment.name, estimate), progress, stop)
            ran = run.sweep(experiment, results, options, executor, watch)
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(stop.exit_code if stop else error.exit_code)
    output.summary(ran, report)


@main.command()
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
    output.pairs(
        state=found.state,
        blocks=f"{found.blocks:,}",
        done=f"{found.done:,} ({found.done / max(found.blocks, 1):.1%})",
        missing=f"{found.blocks - found.done:,}",
        damaged=f"{len(found.bad):,}",
        **(
            {"time_left": f"about {output.duration(left)} on {output.threads(processors())}"}
            if found.done < found.blocks
            else {}
        ),
    )
    for name, what in found.bad:
        click.echo(f"{folder}/{name}: {what}")


@main.command()
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
    output.pairs(
        rows=f"{planned.rows:,}",
        runs=f"{planned.runs:,}",
        steps=f"{planned.steps:,}",
        blocks=f"{len(planned.pieces):,}",
        bytes=f"{planned.bytes:,} before compression",
        time=f"about {output.duration(planned.seconds / threads)} on {output.threads(threads)}, once compiled",
    )


@main.command()
@file_argument
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter's value; else its axis's first."
)
@click.option("--config", "number", type=int, metavar="N", help="Of a results folder: the row of this number.")
@click.option("--epochs", type=click.IntRange(1), help="How many to show: 1; in a drawing all, up to 100 steps.")
@click.option("--json", "form", flag_value="json", help="Print the record as JSON, an object for each number.")
@click.option("--csv", "form", flag_value="csv", help="Print the record as CSV.")
@click.option("--html", metavar="F", help="Draw it: a page to step through.")
@click.option("--png", metavar="F", help="Draw it: the network before and after.")
@one_line_errors
def explain(file: str, settings: tuple[str, ...], number: int | None, epochs: int | None, **forms: str | None) -> None:
    """Show what happens to each weight, step by step.

    For one configuration of an experiment, or a row of its results: what goes forward, every derivative, and each
    weight before and after.

    \b
    Example:
      harness explain experiments/question.yaml --set learning_rate=0.1 --epochs 3
      harness explain experiments/question.yaml --html question.html
      harness explain results/learning-rate --config 123 --png row.png
    """
    from harness.views import explain as view
    from harness.views import steps
    from harness.views.configuration import chosen

    drawn = {kind: path for kind in ("html", "png") if (path := forms[kind])}
    if drawn and forms["form"]:
        raise HarnessError(f"--{forms['form']} prints and --{next(iter(drawn))} draws; expected one of them")
    configuration = chosen(file, view.parse_settings(settings), number)
    recorded = view.record_of(configuration, epochs or (configuration.drawn_epochs() if drawn else 1))
    for kind, path in drawn.items():
        steps.draw(recorded, path, kind)
        click.echo(f"wrote {path}")
    if not drawn:
        output.record(recorded, forms["form"])


@main.command()
@click.argument("folder")
@click.option("--save", metavar="F", help="Where the page goes, if not to FOLDER/report.html.")
@one_line_errors
def report(folder: str, save: str | None) -> None:
    """Write a page about a sweep, with pictures to play with.

    What was asked, what came of it, the rows worth a look, where it comes from: one file, which needs no network.

    \b
    Example:
      harness report results/learning-rate
    """
    from harness.views.report import write

    click.echo(f"wrote {write(folder, save)}")


@main.command()
@click.argument("folder")
@click.option("--kind", metavar="K", help="map, curves, weights, paths, spread or share, if not what suits the axes.")
@click.option("--x", metavar="AXIS", help="What varies to the right.")
@click.option("--y", metavar="AXIS", help="What varies upwards, in a map.")
@click.option("--color", metavar="COLUMN", help="Which numbers a map or a spread shows, if not loss_mean.")
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="Only rows with this value of an axis; repeatable.")
@click.option("--below", type=float, metavar="LOSS", help="A share also shows how many rows have less loss.")
@click.option("--save", metavar="F", help="A .png, .svg or .pdf file; or a folder, the current one if not given.")
@one_line_errors
def plot(folder: str, where: tuple[str, ...], **choices: Any) -> None:
    """Draw a sweep.

    The loss over two axes, with what settled and what diverged; or another kind of picture.

    \b
    Example:
      harness plot results/learning-rate --where init=ones --save map.png
    """
    from harness.views.explain import parse_settings
    from harness.views.plots import write

    click.echo(f"wrote {write(folder, where=parse_settings(where, '--where'), **choices)}")


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


def _executor(**cluster: Any) -> Any:
    """A context that gives what runs the blocks: threads here, unless one of the options of a cluster is given."""
    from harness.sweeps import local

    if not any(cluster.values()):
        return contextlib.nullcontext(local.run)
    from harness.sweeps import cluster as dask

    return dask.opened(**cluster)


def _progress(name: str) -> Any:
    """A context that gives the function to report progress to: a bar on a terminal, else a line now and then."""
    from harness import progress

    return progress.bar(name) if sys.stderr.isatty() else progress.lines(name, SECONDS_BETWEEN_LINES)
