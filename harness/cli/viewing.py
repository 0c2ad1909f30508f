"""The commands that show: explain, report, plot."""

from __future__ import annotations

from typing import Any

import click

from harness.cli import completing, printing
from harness.cli.options import experiment_argument, folder_argument
from harness.cli.printing import one_line_errors
from harness.errors import HarnessError


@click.command()
@experiment_argument("question")
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
    weight before and after. FILE is an experiment file, a shipped experiment or a results folder; question if left out.

    \b
    Example:
      harness explain question --set learning_rate=0.1 --epochs 3
      harness explain question --html question.html
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
@folder_argument
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
@folder_argument
@click.option(
    "--kind",
    metavar="K",
    shell_complete=completing.kinds,
    help="The kind of picture: map, curves, weights, paths, spread or share. Left out, the one that suits the axes.",
)
@click.option(
    "--x",
    metavar="AXIS",
    shell_complete=completing.axes,
    help="The parameter that varies to the right. Left out, a learning rate if one varies.",
)
@click.option(
    "--y",
    metavar="AXIS",
    shell_complete=completing.axes,
    help="The parameter that varies upwards in a map. Left out, epochs if they vary.",
)
@click.option(
    "--color",
    metavar="COLUMN",
    shell_complete=completing.numbers,
    help="The column of numbers that a map or a spread shows, or that --below is about. Left out, loss_mean.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help="Draw only the rows with this value of an axis, of numbers the nearest there is. May be given several times.",
)
@click.option(
    "--below", type=float, metavar="NUMBER", help="Draw, in a share, how many rows have less of the --color column."
)
@click.option(
    "--save",
    metavar="F",
    help="Write to this .png, .svg or .pdf file, or into this folder. Left out, into the current one.",
)
@one_line_errors
def plot(folder: str, where: tuple[str, ...], **choices: Any) -> None:
    """Draw a sweep as a still picture.

    A map has the loss over two axes, and how soon runs settled or diverged. Settings that are not numbers, such as
    initialisations, have a panel each. In the other kinds the loss, the weights or the shares of each status stand
    against one axis.

    \b
    Example:
      harness plot results/learning-rate --where init=ones --save map.png
      harness plot results/xor --color loss_max --below 0.1
    """
    from harness.views.explain import parse_settings
    from harness.views.plots import write

    click.echo(f"wrote {write(folder, where=parse_settings(where, '--where'), **choices)}")


COMMANDS = (explain, report, plot)
