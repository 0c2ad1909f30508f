"""What a shell completes: experiment files, shipped experiments, results folders, kinds of pictures, and columns.

Imports stay inside the functions, so that `harness --help` is instant.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from typing import Any

from click import Context, Parameter
from click.shell_completion import CompletionItem


def experiments(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Experiment files here and shipped experiments; what begins like neither is left to the shell, as a path."""
    from harness.experiment import shipped

    files = glob.glob(f"{glob.escape(incomplete)}*{shipped.SUFFIX}")
    return _beginning(incomplete, sorted({*shipped.names(), *files})) or _path(incomplete, "file")


def shipped_experiments(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of shipped experiments."""
    from harness.experiment import shipped

    return _beginning(incomplete, shipped.names())


def folders(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, which the shell lists."""
    return _path(incomplete, "dir")


def files(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which the shell lists."""
    return _path(incomplete, "file")


def kinds(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Kinds of pictures."""
    from harness.views.plots import KINDS

    return _beginning(incomplete, KINDS)


def formats(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Formats of networks."""
    from harness.views.trained.export import FORMATS

    return _beginning(incomplete, FORMATS)


def axes(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """The parameters that vary in the results folder given."""
    return _beginning(incomplete, _of_results(context, lambda results: results.axes))


def numbers(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns of the results folder given that hold numbers with a fraction: losses and weights."""
    return _beginning(incomplete, _of_results(context, _floating))


def _floating(results: Any) -> Iterable[str]:
    return (column.name for column in results.runs.columns.values() if column.floating)


def scores(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns by which settings of the results folder given can be judged."""
    from harness.views.choosing.settings import scores_of

    return _beginning(incomplete, _of_results(context, scores_of))


def _of_results(context: Context, names: Callable[[Any], Iterable[str]]) -> Iterable[str]:
    """What is found in the folder of the command line; nothing if it holds no results."""
    from harness.errors import HarnessError
    from harness.views.results import Results

    # click leaves the arguments unread before an option that has no value yet
    folder = context.params.get("folder") or next(iter(context.args), "")
    try:
        return names(Results(folder))
    except (HarnessError, OSError):
        return ()


def _beginning(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    # a name with a line end or an escape would be several names, or steer the terminal
    return [CompletionItem(name) for name in names if name.startswith(incomplete) and name.isprintable()]


def _path(incomplete: str, kind: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type=kind)]
