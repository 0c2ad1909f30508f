"""The command `harness`: parse, call one function, print. What is heavy is imported inside the commands."""

from __future__ import annotations

import click

from harness.cli import sweeping, viewing, writing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-harness", prog_name="harness")
def main() -> None:
    """Train a small neural network under every setting at once, and keep every weight in one table.

    \b
    Example:
      harness sweep experiments/learning_rate.yaml
    """


for module in (sweeping, viewing, writing):
    for command in module.COMMANDS:
        main.add_command(command)
