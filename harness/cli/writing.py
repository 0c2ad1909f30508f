"""The commands that help to write an experiment: schema."""

from __future__ import annotations

import click

from harness.cli.printing import one_line_errors


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

    click.echo(json.dumps(json_schema(), indent=2))


COMMANDS = (schema,)
