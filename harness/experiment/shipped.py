"""The experiments that come with the package, and their names.

A wheel has them in `harness/experiments`; a checkout, from where it was built, at its top level.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from harness.experiment.errors import nearest

SUFFIX = ".yaml"


def folder() -> Path:
    """Where the shipped experiments and their data files lie."""
    package = Path(str(files("harness")))
    installed = package / "experiments"
    return installed if installed.is_dir() else package.parent / "experiments"


def names() -> list[str]:
    """The names of the shipped experiments, sorted: `question` is question.yaml."""
    return sorted(path.stem for path in folder().glob(f"*{SUFFIX}"))


def path(name: str) -> Path:
    """The file of a shipped experiment. Raises KeyError if there is none of this name."""
    if name not in names():
        raise KeyError(name)
    return folder() / f"{name}{SUFFIX}"


def resolved(given: str) -> Path:
    """The experiment file that is meant: the one given, or the shipped one of this name where there is no such file."""
    return path(given) if given in names() and not os.path.exists(given) else Path(given)


def hint(given: str) -> str:
    """What a message adds about a file that does not exist: which shipped experiment may have been meant."""
    stem = Path(given).name.removesuffix(SUFFIX)
    if stem in names():
        return f"; to use the shipped experiment say {stem}, to copy it here harness new --from {stem}"
    return nearest(given, names())
