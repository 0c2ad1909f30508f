"""The commands that show: explain, report, plot."""

from __future__ import annotations

from typing import Any

import click

from harness.cli import printing
from harness.cli.options import file_argument, parse_settings
from harness.cli.printing import one_line_errors
from harness.errors import HarnessError


@click.command()
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
    configuration = chosen(file, parse_settings(settings), number)
    recorded = view.record_of(configuration, epochs or (configuration.drawn_epochs() if drawn else 1))
    for kind, path in drawn.items():
        steps.draw(recorded, path, kind)
        click.echo(f"wrote {path}")
    if not drawn:
        printing.record(recorded, forms["form"])


@click.command()
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


@click.command()
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
    from harness.views.plots import write

    click.echo(f"wrote {write(folder, where=parse_settings(where, '--where'), **choices)}")


COMMANDS = (explain, report, plot)
