"""The command `harness`: parse, call one function, print. What is heavy is imported inside the commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from harness import __version__
from harness.cli import choosing, memory, streams, sweeping, taking, viewing, writing
from harness.cli.printing import interrupted, one_line_errors
from harness.errors import printable


class Program(click.Group):
    """The commands, in whatever surroundings the program is started.

    Their refusals of arguments are lines too: a file's name may stand in one.
    """

    @one_line_errors
    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line, and leave with its exit code."""
        streams.stand()
        memory.check()
        return super().main(*arguments, **options)

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with _in_lines():
            return super().make_context(*given, **more)

    def invoke(self, context: click.Context) -> Any:
        with _in_lines():
            return super().invoke(context)


@contextlib.contextmanager
def _in_lines() -> Iterator[None]:
    """Let what click says be a line, and what it makes of Ctrl-C be what the commands make of it."""
    try:
        yield
    except click.ClickException as error:
        vars(error).update(message=printable(error.message))
        raise
    except KeyboardInterrupt:
        raise click.exceptions.Exit(interrupted()) from None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def main() -> None:
    """Train a small neural network under every setting at once, and keep every weight in one table.

    \b
    Examples:
      harness explain            what back-propagation does to each weight of a small network
      harness sweep --report     train it at 2,000 learning rates, and draw what came of it
      harness new mine           write an experiment of your own, to be changed

    \b
    The shell completes names after this line, which is for bash; zsh and fish have their own:
      eval "$(_HARNESS_COMPLETE=bash_source harness)"
    """


for module in (sweeping, viewing, choosing, taking, writing):
    for command in module.COMMANDS:
        main.add_command(command)
