"""Every command in odd surroundings: it works, or ends in a line before anything is trained."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from reliability.score import Score
from reliability.sweeps import ROOT

PROGRAM = "from harness.cli import main; main(prog_name='harness')"
LATEST = 120
"""Seconds after which a command is taken not to end."""
EXPERIMENT = """\
name: trial
network: {layers: [2, 2, 1]}
data: {file: data.csv, inputs: [x1, x2], targets: [t1]}
parameters: {learning_rate: {geomspace: [0.1, 1, 3]}, epochs: [1, 5], init: ones}
record: {losses: {every: 1}}
"""
DATA = "x1,x2,t1\n1,1,1\n0.5,-1,0.25\n"
WORKERS = "sweep --workers"
COMMANDS = {
    "help": ("--help",),
    "sweep": ("sweep", "trial.yaml", "--results", "new"),
    "sweep --report": ("sweep", "trial.yaml", "--results", "new", "--report"),
    WORKERS: ("sweep", "trial.yaml", "--results", "new", "--workers", "1"),
    "sweep again": ("sweep", "trial.yaml"),
    "sweep --overwrite": ("sweep", "trial.yaml", "--overwrite"),
    "plan": ("plan", "trial.yaml"),
    "status": ("status", "results/trial"),
    "verify": ("verify", "results/trial"),
    "compact": ("compact", "results/trial"),
    "explain": ("explain", "trial.yaml"),
    "explain --csv": ("explain", "trial.yaml", "--csv"),
    "explain --html": ("explain", "trial.yaml", "--html", "made.html"),
    "explain --png": ("explain", "trial.yaml", "--png", "made.png"),
    "explain --config": ("explain", "results/trial", "--config", "3"),
    "report": ("report", "results/trial", "--save", "made.html"),
    "plot": ("plot", "results/trial", "--save", "made.png"),
    "new": ("new", "made"),
    "new --csv": ("new", "--csv", "data.csv"),
    "schema": ("schema",),
}


@dataclass(frozen=True)
class Surrounding:
    """shell: how a shell starts the command, "$@". before: Python that comes before the program.

    fails: the commands that cannot work there and end with a line.
    """

    shell: str = '"$@"'
    before: str = ""
    fails: frozenset[str] = field(default_factory=frozenset)


def environment(*names: str) -> str:
    return f'env {" ".join(names)} "$@"'


NOBODY = """
import pwd
def unknown(user): raise KeyError(user)
pwd.getpwuid = pwd.getpwnam = unknown
"""
SURROUNDINGS = {
    "as usual": Surrounding(),
    "nobody": Surrounding(environment("-u HOME"), NOBODY),
    "home missing": Surrounding(environment("HOME=/dev/null/home")),
    "no stdin": Surrounding('"$@" <&-'),
    "no stdout": Surrounding('"$@" >&-'),
    "no stderr": Surrounding('"$@" 2>&-'),
    "none of three": Surrounding('"$@" <&- >&- 2>&-'),
    "full stdout": Surrounding('"$@" >/dev/full'),
    "full stderr": Surrounding('"$@" 2>/dev/full'),
    "broken pipe": Surrounding('"$@" | true; exit ${PIPESTATUS[0]}'),
    "little memory": Surrounding('ulimit -v 400000; "$@"'),
    "TMPDIR missing": Surrounding(environment("TMPDIR=/nonexistent")),
    "no temporary folder": Surrounding(before="import tempfile\ntempfile._candidate_tempdir_list = lambda: ['/nonexistent']\n"),
    "cwd deleted": Surrounding("cd \"$(mktemp -d)\" && rmdir \"$PWD\" && \"$@\""),
    "little more memory": Surrounding("ulimit -v 1000000; \"$@\""),
    "umask": Surrounding('umask 0777; "$@"'),
    "C locale": Surrounding(environment("LC_ALL=C", "LANG=C", "PYTHONCOERCECLOCALE=0", "PYTHONUTF8=0")),
    "POSIX locale": Surrounding(environment("LC_ALL=POSIX")),
    "optimized": Surrounding(environment("PYTHONOPTIMIZE=2")),
    "warnings": Surrounding(environment("PYTHONWARNINGS=error")),
    "dumb": Surrounding(environment("TERM=dumb", "NO_COLOR=1", "COLUMNS=1")),
    "dev mode": Surrounding(environment("PYTHONDEVMODE=1")),
    "not UTF-8": Surrounding(),
    "no jit": Surrounding(environment("NUMBA_DISABLE_JIT=1")),
    "not installed": Surrounding(),
}
