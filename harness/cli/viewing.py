"""The commands that show: explain, report, plot."""

from __future__ import annotations

from typing import Any

import click

from harness.cli import completing
from harness.cli.options import experiment_argument, folder_argument, parse_settings, where_option
from harness.cli.output import say
from harness.cli.printing import one_line_errors
from harness.errors import HarnessError


@click.command()
@experiment_argument("question")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Give a parameter this value; the others take the first of their axis. Repeatable.",
)
@click.option("--config", "number", type=int, metavar="N", help="The row of this number, if FILE is a results folder.")
@click.option(
    "--epochs",
    metavar="N|LIST",
    help="Show the first N epochs, or those of a list such as 0,1,10,last (0: before training). If not given, the "
    "first; of a row its first and its last; in a picture as many as 100 steps hold.",
)
@click.option("--json", "form", flag_value="json", help="Print the whole record as JSON, an object for each number.")
@click.option("--csv", "form", flag_value="csv", help="Print the whole record as CSV.")
@click.option("--html", metavar="F", help="Write a page to step through, of at most 5 MB.")
@click.option("--png", metavar="F", help="Draw the network before the first step and after the last.")
@one_line_errors
def explain(file: str, settings: tuple[str, ...], number: int | None, epochs: str | None, **forms: str | None) -> None:
    """Show what happens to each weight, step by step.

    Takes one configuration of an experiment, or one row of a results folder, and shows the forward pass, every
    derivative of the backward pass, and each weight before and after the update. A terminal gets at most 200 lines;
    what is left out is said. FILE is an experiment file, a shipped experiment or a results folder; question if left
    out.

    \b
    Example:
      harness explain question --set learning_rate=0.1 --epochs 3
      harness explain question --html question.html
      harness explain results/learning-rate --config 123 --epochs 0,1,last
    """
    from harness.cli import record
    from harness.views.explain import record as view
    from harness.views.explain.configuration import chosen
    from harness.views.explain.epochs import parse_epochs
    from harness.views.explain.excerpt import Page
    from harness.views.explain.page import write

    drawn = {kind: path for kind in ("html", "png") if (path := forms[kind])}
    if drawn and forms["form"]:
        raise HarnessError(f"--{forms['form']} prints and --{next(iter(drawn))} draws; expected one of them")
    asked = None if epochs is None else parse_epochs(epochs)
    configuration = chosen(file, parse_settings(settings), number)
    shown = configuration.shown_epochs(asked, drawn=bool(drawn))
    if not drawn:
        record.show(configuration, shown, forms["form"])
        return
    recorded = view.record_of(record.announced(view.Recording(configuration, shown, Page())))
    for kind, path in drawn.items():
        write(recorded, path, kind)
        say(f"wrote {path}")
    say(*recorded.attrs["notes"])


@click.command()
@folder_argument
@click.option("--save", metavar="F", help="File to write (default: FOLDER/report.html).")
@one_line_errors
def report(folder: str, save: str | None) -> None:
    """Write a page about a sweep, with pictures to explore.

    The page shows what was asked, what came of it, the notable rows, and where the numbers come from. It is one file
    and needs no network.

    \b
    Example:
      harness report results/learning-rate
    """
    from harness.views.report.page import write

    say(f"wrote {write(folder, save)}")


@click.command()
@folder_argument
@click.option(
    "--kind",
    metavar="K",
    shell_complete=completing.kinds,
    help="The kind of picture: map, curves, weights, paths, spread, share or importance; of one network boundary, fit, "
    "confusion or calibration. Left out, the one that suits the axes.",
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
    help="The column of numbers that a map or a spread shows, that --below is about, or that an importance is of. Left "
    "out, loss_mean; of an importance the score that `harness best` ranks by.",
)
@where_option
@click.option(
    "--below", type=float, metavar="NUMBER", help="Draw, in a share, how many rows have less of the --color column."
)
@click.option(
    "--config",
    type=int,
    metavar="N",
    help="The row whose network a boundary, fit, confusion or calibration shows, or whose run curves are of. Left out, "
    "the first of `harness best`; of curves, all runs.",
)
@click.option(
    "--animate", is_flag=True, help="Write a boundary or a fit as a GIF, a frame for each number of epochs of its run."
)
@click.option(
    "--save",
    metavar="F",
    help="Write to this .png, .svg or .pdf file, with --animate .gif, or into this folder. Left out, into the current "
    "one.",
)
@one_line_errors
def plot(folder: str, where: tuple[str, ...], **choices: Any) -> None:
    """Draw a sweep as a still picture.

    A map has the loss over two axes, and how soon runs settled or diverged. Settings that are not numbers, such as
    initialisations, have a panel each. In curves, weights, paths, spread and share the loss, the weights or the shares
    of each status stand against one axis.

    Of one network, a boundary has its classes or numbers over its two inputs, a fit its curve over a single one, a
    panel for each number of epochs in the table; a confusion counts which classes it takes for which, and a
    calibration tells whether its probabilities come true, both on the validation part, or else the training part.

    \b
    Example:
      harness plot results/learning-rate --where init=ones --save map.png
      harness plot results/xor --color loss_max --below 0.1
      harness plot results/own-data --kind boundary --save boundary.png
    """
    from harness.views.plots import write

    say(f"wrote {write(folder, where=parse_settings(where, '--where'), **choices)}")


COMMANDS = (explain, report, plot)
