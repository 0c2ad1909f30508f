"""The commands that help to write an experiment: new, schema."""

from __future__ import annotations

import click

from harness.cli import completing
from harness.cli.output import data, say
from harness.cli.printing import one_line_errors


@click.command()
@click.argument("name", required=False)
@click.option(
    "--from",
    "origin",
    metavar="EXPERIMENT",
    shell_complete=completing.shipped_experiments,
    help="Copy this shipped experiment, such as xor.",
)
@click.option("--csv", metavar="FILE", shell_complete=completing.files, help="Fit the experiment to this CSV file.")
@one_line_errors
def new(name: str | None, origin: str | None, csv: str | None) -> None:
    """Write a commented experiment to start from.

    It goes to NAME.yaml in the current folder. By default it is a small one to change; with --from a copy of one that
    comes with the program, and its data; with --csv one that fits a CSV file: the separator, the columns and their
    types are looked up there, and the target is the last column, or the one called target, label, class or y. No file
    is overwritten.

    \b
    Example:
      harness new mine
      harness new mine --from xor
      harness new --csv points.csv
    """
    from harness.drafts import write

    written = write(name, origin, csv)
    for path in written:
        say(f"wrote {path}")
    say(f"harness plan {written[-1]} counts what it would take, harness sweep {written[-1]} --report trains it")


@click.command()
@one_line_errors
def schema() -> None:
    """Print the JSON Schema of experiments.

    An editor that has it completes keys and marks mistakes.

    \b
    Example:
      harness schema > experiment.schema.json
    """
    import json

    from harness.experiment import json_schema

    data(json.dumps(json_schema(), indent=2) + "\n")


COMMANDS = (new, schema)
