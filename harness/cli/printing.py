"""The text that commands print: names and values in columns, sizes and times in words, errors in lines."""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.cli import memory, output
from harness.cli.output import say
from harness.errors import HarnessError, HarnessWarning, printable
from harness.store.log import sums

if TYPE_CHECKING:
    import pandas as pd

    from harness.sweeps.estimate import Estimate
    from harness.sweeps.run import Ran
    from harness.sweeps.work import Compilation
    from harness.views.explain.configuration import Configuration
    from harness.views.explain.record import Recording


MOST_LINES = 195
"""The most lines that `explain` prints to a terminal."""
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
NAMES = {"ran": "ran (not finished)"}
"""How the summary calls a status whose own name says too little."""


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
    import pandas as pd

    from harness.views.numbers import printed

    columns = []
    for name, values in frame.items():
        texts = [str(name), *("" if value is None or value != value else printed(value) for value in values)]
        width = max(map(len, texts))
        columns.append(
            [text.rjust(width) if pd.api.types.is_numeric_dtype(values) else text.ljust(width) for text in texts]
        )
    say(*("  ".join(line).rstrip() for line in zip(*columns, strict=True)))


def summary(ran: Ran) -> None:
    """Print what came of a sweep."""
    from harness.views.choosing.best import heading, of_each_kind, told, validated
    from harness.views.losses import unlike
    from harness.views.report.summary import percent, summarise
    from harness.views.results import Results

    experiment, rows = ran.plan.experiment, ran.plan.rows
    found, kinds = summarise(ran.folder.place, experiment.swept), unlike(experiment.swept)
    rate = {"steps_a_second": f"{ran.steps / ran.seconds:,.0f} ({ran.seconds:.1f} s)"} if ran.trained else {}
    shares = {NAMES.get(label, label): f"{count:,} ({percent(count, rows)})" for label, count in found.statuses.items()}
    if found.grew:
        shares["grew"] = f"{found.grew:,} ({percent(found.grew, rows)}) end above the loss of their first epoch"
    least = [_least(row, kinds) for row in found.least]
    best = {LEAST: least or "none: every run diverged, ends above the loss of its first epoch, or has no epoch"}
    if validated(results := Results(str(ran.folder), ran.folder.place)):
        ranked = of_each_kind(results, top=1)
        best = {heading(ranked[0]): [told(one) for one in ranked]}
    if ran.already:
        say(f"{experiment.name} is complete; nothing was left to do")
    pairs(
        configurations=f"{rows:,}",
        runs=f"{ran.plan.runs:,}",
        steps=_steps(ran),
        **rate,
        **shares,
        **best,
        table=f"{ran.folder}/runs",
    )


def _steps(ran: Ran) -> str:
    """How many steps were run, of how many that were asked for, in words; over all sessions of a sweep."""
    from harness.views.report.summary import spared

    counted = sums(ran.folder.found(deep=False).good)
    steps, asked = counted["steps"], counted["asked"]
    if steps is None or asked is None:
        return f"{ran.plan.steps:,} asked for; how many of them were run was not counted"
    kept = ran.plan.steps - asked
    taken = f"; {kept:,} more belong to runs that were taken over" if kept else ""
    if steps == asked:
        return f"{steps:,}{taken}"
    return f"{steps:,} run of {asked:,} asked for ({spared(steps, asked)} spared by runs that ended early){taken}"


def _least(row: Mapping[str, Any], kinds: Sequence[str]) -> str:
    """A row of least training loss. kinds: the parameters that make losses unlike, which come first."""
    from harness.views.numbers import printed

    rest = {name: value for name, value in row.items() if value is not None and name not in ("config", "loss_mean")}
    kind = "".join(f"{name} {rest.pop(name)}: " for name in kinds)
    settings = ", ".join(f"{name} {value}" for name, value in rest.items())
    return f"{kind}loss_mean {printed(row['loss_mean'])} at config {row['config']}: {settings}"


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


def record(configuration: Configuration, epochs: Sequence[int], form: str | None) -> None:
    """What happens in these epochs: all of it as `json` or `csv`, each step as it is made, or what fits as tables."""
    from harness.views.explain import record as view
    from harness.views.explain import text as texts
    from harness.views.explain.excerpt import Lines

    if form:
        recording = announced(view.Recording(configuration, epochs))
        for piece in {"json": texts.json_of, "csv": texts.csv_of}[form](view.streamed(recording)):
            output.data(piece)
        say(*recording.notes(), err=True)
    else:
        from rich.text import Text

        console = output.console()
        recorded = view.record_of(announced(view.Recording(configuration, epochs, Lines(console.width))))
        notes = list(recorded.attrs["notes"])
        left = MOST_LINES - sum(len(note) // console.width + 2 for note in notes)
        for table in texts.tables(recorded, console.width):
            lines = output.rendered(table, console)
            output.styled(*lines[:left])
            left -= len(lines)
            if left < 0:
                notes.append("Left out: all that comes after this; --csv and --json give all of it.")
                break
        for note in notes:
            output.styled("", *output.rendered(Text(printable(note)), console))


def announced(recording: Recording) -> Recording:
    """A recording, after a line on standard error if it takes long."""
    if said := recording.announced():
        say(said, err=True)
    return recording


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
