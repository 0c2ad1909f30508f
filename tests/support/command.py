"""The command `harness`, called in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from harness.cli import main


def call(*arguments: object) -> Result:
    """How `harness ARGUMENTS` ends and what it prints. Raises what the command does not tell its user in a line."""
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
