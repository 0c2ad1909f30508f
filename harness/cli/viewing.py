"""The commands that show: explain, report, plot."""

from __future__ import annotations

from typing import Any

import click

from harness.cli import printing
from harness.cli.options import file_argument
from harness.cli.printing import one_line_errors
from harness.errors import HarnessError


@click.command()
@file_argument
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Value of a parameter (default: the first of its axis).",
)
@click.option("--config", "number", type=int, metavar="N", help="Explain the row with this number of a results folder.")
@click.option(
    "--epochs", type=click.IntRange(1), help="Epochs to show (default: 1; in a drawing, all up to 100 steps)."
)
@click.option("--json", "form", flag_value="json", help="Print the record as JSON, an object for each number.")
@click.option("--csv", "form", flag_value="csv", help="Print the record as CSV.")
@click.option("--html", metavar="F", help="Write a page to step through.")
@click.option("--png", metavar="F", help="Draw the network before and after training.")
@one_line_errors
def explain(file: str, settings: tuple[str, ...], number: int | None, epochs: int | None, **forms: str | None) -> None:
    """Show what happens to each weight, step by step.

    Takes one configuration of an experiment, or one row of a results folder, and shows the forward pass, every
    derivative of the backward pass, and each weight before and after the update.

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
        printing.record(recorded, forms["form"])


@click.command()
@click.argument("folder")
@click.option("--save", metavar="F", help="File to write (default: FOLDER/report.html).")
@one_line_errors
def report(folder: str, save: str | None) -> None:
    """Write a page about a sweep, with pictures to explore.

    The page shows what was asked, what came of it, the notable rows, and where the numbers come from; the axes and
    colours of its pictures can be chosen. It is one file and needs no network.

    \b
    Example:
      harness report results/learning-rate
    """
    from harness.views.report import write

    click.echo(f"wrote {write(folder, save)}")


@click.command()
@click.argument("folder")
@click.option(
    "--kind", metavar="K", help="Kind of picture: map, curves, weights, paths, spread or share (default: what suits)."
)
@click.option("--x", metavar="AXIS", help="Parameter on the horizontal axis.")
@click.option("--y", metavar="AXIS", help="Parameter on the vertical axis of a map.")
@click.option("--color", metavar="COLUMN", help="Column that a map or a spread shows (default: loss_mean).")
@click.option(
    "--where", multiple=True, metavar="KEY=VALUE", help="Draw only rows with this value of a parameter; repeatable."
)
@click.option("--below", type=float, metavar="LOSS", help="Also draw the share of rows with a loss below this one.")
@click.option("--save", metavar="F", help="File (.png, .svg or .pdf) or folder to write to (default: here).")
@one_line_errors
def plot(folder: str, where: tuple[str, ...], **choices: Any) -> None:
    """Draw a sweep.

    By default, a map of the loss over two parameters, with the rows that settled and the rows that diverged marked.

    \b
    Example:
      harness plot results/learning-rate --where init=ones --save map.png
    """
    from harness.views.explain import parse_settings
    from harness.views.plots import write

    click.echo(f"wrote {write(folder, where=parse_settings(where, '--where'), **choices)}")


COMMANDS = (explain, report, plot)
