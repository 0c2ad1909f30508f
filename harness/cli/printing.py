"""The text that commands print: names and values in columns, sizes and times in words, errors in lines."""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.cli import memory
from harness.cli.output import say
from harness.errors import HarnessError, HarnessWarning

if TYPE_CHECKING:
    import pandas as pd

    from harness.sweeps.estimate import Estimate
    from harness.sweeps.run import Ran
    from harness.sweeps.work import Compilation

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with a line that says where and what is wrong, never with a traceback."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            with _warnings_in_lines():
                return command(*arguments, **options)
        except HarnessError as error:
            say(*error.lines, err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:  # who reads the output has seen enough
            sys.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            sys.exit(interrupted())
        except (MemoryError, OSError, ImportError, RuntimeError, SystemError) as error:
            if memory.is_short(error):
                say(f"harness: {memory.advice(error)}", err=True)
            elif isinstance(error, OSError):
                say(f"{error.filename or 'harness'}: {error.strerror or error}", err=True)
            else:
                raise
            sys.exit(EXIT_FAILED)

    return wrapped


def interrupted() -> int:
    """Say that Ctrl-C ended a command; return the exit code."""
    say("interrupted; the same command goes on from here", err=True)
    return EXIT_INTERRUPTED


LEAST = "least_training_loss"
"""The longest name of the summary."""


@contextlib.contextmanager
def _warnings_in_lines() -> Iterator[None]:
    """Say what the harness warns of on standard error, once; other warnings are shown as they are."""
    shown, told = warnings.showwarning, set[str]()

    def show(message: Warning | str, category: type[Warning], *where: Any, **how: Any) -> None:
        if not issubclass(category, HarnessWarning):
            shown(message, category, *where, **how)
        elif str(message) not in told:
            told.add(str(message))
            say(message, err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", HarnessWarning)
        warnings.showwarning = show
        yield


def pairs(least: int = 0, /, **values: str | Sequence[str]) -> None:
    """Print a line for each name and value. Of a value that is several lines the further ones stand under the first.

    least: characters that the names take, if they are not longer.
    """
    width = max(least, *map(len, values)) + 2
    for name, value in values.items():
        first, *others = [value] if isinstance(value, str) else value
        say(f"{name.replace('_', ' '):<{width}}{first}", *(" " * width + line for line in others))


def table(frame: pd.DataFrame) -> None:
    """Print a table: numbers to the right, text to the left, and nothing for NaN and None."""
    from harness.views.numbers import printed

    columns = []
    for name, values in frame.items():
        texts = [str(name), *("" if value is None or value != value else printed(value) for value in values)]
        width = max(map(len, texts))
        aligned = str.rjust if values.dtype.kind in "iuf" else str.ljust
        columns.append([aligned(text, width) for text in texts])
    say(*("  ".join(line).rstrip() for line in zip(*columns, strict=True)))


def summary(ran: Ran) -> None:
    """Print what came of a sweep."""
    from harness.network.runs import Status
    from harness.views.choosing.best import heading, of_each_kind, told, validated
    from harness.views.report import words
    from harness.views.report.summary import percent, summarise
    from harness.views.results import Results

    experiment, rows, place = ran.plan.experiment, ran.plan.rows, ran.folder.place
    found = summarise(place, experiment.swept)
    rate = {"steps_a_second": f"{ran.steps / ran.seconds:,.0f} ({ran.seconds:.1f} s)"} if ran.trained else {}
    names = {Status.RAN.label: f"{Status.RAN.label} ({Status.RAN.words})"}  # the label alone says too little
    shares = {names.get(label, label): f"{count:,} ({percent(count, rows)})" for label, count in found.statuses.items()}
    if found.grew:
        shares["grew"] = f"{found.grew:,} ({percent(found.grew, rows)}) end above the loss of their first epoch"
    best = {LEAST: words.least(found)}
    if validated(results := Results(str(ran.folder), ran.folder.place)):
        ranked = of_each_kind(results, top=1)
        best = {heading(ranked[0]): [told(one) for one in ranked]}
    if ran.already:
        say(f"{experiment.name} is complete; nothing was left to do")
    pairs(
        configurations=f"{rows:,}",
        runs=f"{ran.plan.runs:,}",
        steps=words.steps(place, ran.plan.steps),
        **rate,
        **shares,
        **best,
        table=f"{ran.folder}/runs",
    )


def compiling(name: str, compilation: Compilation) -> None:
    """Say on standard error what is compiled before a sweep can start, and that it happens once."""
    say(f"{name}: compiling the engine for {_machine(compilation)}", err=True)


def _machine(compilation: Compilation) -> str:
    count = compilation.networks
    kinds = f"{count} kinds of network on " if count > 1 else ""
    whole = math.ceil(compilation.seconds)
    return f"{kinds}this machine, once (about {duration(whole) if whole > 1 else 'a second'})"


def announce(name: str, estimate: Estimate) -> None:
    """Say on standard error what a sweep will take."""
    say(
        f"{name}: {estimate.rows:,} rows in {expected(estimate)}, "
        f"at most {size(estimate.disk)} of disk, {size(estimate.memory)} of memory",
        err=True,
    )


def expected(estimate: Estimate) -> str:
    """The time that a sweep takes, and on what."""
    how = "at most" if estimate.bound else "about"
    took = f"{how} {duration(estimate.seconds)}" if estimate.seconds > 1 else "less than a second"
    return f"{took} on {threads(estimate.threads)}"


def planned_time(estimate: Estimate, compilation: Compilation | None) -> str:
    """The time that a plan takes, with what is compiled first."""
    first = f"; first the engine is compiled for {_machine(compilation)}" if compilation else ""
    return expected(estimate) + first


def duration(seconds: float) -> str:
    """A time in words, in the unit that suits it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 10 or isinstance(seconds, int) else f"{max(seconds, 0.1):.1f} seconds"


def threads(count: int) -> str:
    """A count of threads in words."""
    return f"{count} thread{'s' * (count > 1)}"


def size(count: float) -> str:
    """A count of bytes in words, in the unit that suits it."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}"
