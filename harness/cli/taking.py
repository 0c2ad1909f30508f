"""The commands that take a network away: predict, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli import completing
from harness.cli.options import folder_argument
from harness.cli.output import data, say
from harness.cli.printing import one_line_errors

if TYPE_CHECKING:
    from harness.views.results import Results
from harness.errors import visible

config_option = click.option(
    "--config",
    "number",
    type=int,
    metavar="N",
    help="The row whose network it is, by its number. Left out, the first of `harness best`, which is said.",
)


@click.command()
@folder_argument
@click.argument("file", shell_complete=completing.files)
@config_option
@click.option("--save", metavar="F", help="Write to this CSV file. Left out, to standard output.")
@one_line_errors
def predict(folder: str, file: str, number: int | None, save: str | None) -> None:
    """Predict for each row of a CSV or Parquet file.

    The network of a row of results gets the columns by the names that they had in training, whatever else the file
    holds; missing inputs are filled and all are scaled as then. The output is a CSV file: the prediction, a label or a
    number in the target's own unit, and, of networks trained by bce or cross_entropy, the probability of each class.

    \b
    Example:
      harness predict results/mine new.csv
      harness predict results/mine --config 123 new.csv --save predictions.csv
    """
    from harness.views.files import put
    from harness.views.results import Results
    from harness.views.trained.file import predicted

    results = Results(folder)
    table = predicted(results.network(_chosen(results, number)), file)
    if save:
        put(save, table.to_csv(index=False).encode())
        say(f"wrote {save}")
    else:
        plain = table.map(lambda cell: visible(cell) if isinstance(cell, str) else cell)
        data(plain.rename(columns=visible).to_csv(index=False))


@click.command()
@folder_argument
@config_option
@click.option(
    "--to",
    "form",
    required=True,
    metavar="FORMAT",
    shell_complete=completing.formats,
    help="Format of the file: npz, json, torch, onnx or sklearn.",
)
@click.option("--save", metavar="F", help="Write to this file. Left out, to NAME-N in the current folder.")
@one_line_errors
def export(folder: str, number: int | None, form: str, save: str | None) -> None:
    """Write the network of a row down for other programs.

    Whatever the format, the filling of gaps, the scales and the names of columns and classes are inside: npz for NumPy,
    json for any language, torch for PyTorch's torch.export.load, onnx for onnxruntime and others (in float32), and
    sklearn for scikit-learn: a fitted Pipeline, of networks that it has.

    \b
    Example:
      harness export results/mine --to onnx
      harness export results/mine --config 123 --to json --save network.json
    """
    from harness.views.results import Results
    from harness.views.trained.export import write

    results = Results(folder)
    say(f"wrote {write(results, _chosen(results, number), form, save)}")


def _chosen(results: Results, number: int | None) -> int:
    """The row that is asked for, or else the best, which is said."""
    if number is None:
        from harness.views.choosing.best import heading, told

        found = results.best(top=1)
        number = int(found["config"].iloc[0])
        say(f"{heading(found)}: {told(found)}", err=True)
    return number


COMMANDS = (predict, export)
