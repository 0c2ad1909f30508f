"""Every command in odd surroundings: it works, or ends with a line before anything is trained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reliability.score import Score
from reliability.sweeps import ROOT, digests

PROGRAM = "from harness.cli import main; main(prog_name='harness')"
LATEST = 600
"""Seconds after which a command is taken not to end."""
PROCESSES = 2
EXPERIMENT = """\
name: trial
network: {layers: [2, 2, 1]}
data: {rows: [[1, 1, 1], [0.5, -1, 0.25]]}
parameters: {learning_rate: {geomspace: [0.1, 1, 3]}, epochs: [1, 5], init: ones}
record: {losses: {every: 1}}
"""
OWN = EXPERIMENT.replace("rows: [[1, 1, 1], [0.5, -1, 0.25]]", "file: data.csv, inputs: [x1, x2], targets: [t1]")
DATA = "x1,x2,t1\n1,1,1\n0.5,-1,0.25\n"
TRIAL, TABLE, NEW = Path("trial.yaml"), Path("results/trial"), Path("new")
HTML, PNG = Path("made.html"), Path("made.png")
COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "help": ("--help",),
    "sweep": ("sweep", TRIAL, "--results", NEW),
    "sweep --report": ("sweep", TRIAL, "--results", NEW, "--report"),
    "sweep --workers": ("sweep", TRIAL, "--results", NEW, "--workers", "1"),
    "sweep again": ("sweep", TRIAL, "--results", TABLE.parent),
    "sweep --overwrite": ("sweep", TRIAL, "--results", TABLE.parent, "--overwrite"),
    "plan": ("plan", Path("own.yaml")),
    "status": ("status", TABLE),
    "verify": ("verify", TABLE),
    "compact": ("compact", TABLE),
    "explain": ("explain", TRIAL),
    "explain --csv": ("explain", TRIAL, "--csv"),
    "explain --html": ("explain", TRIAL, "--html", HTML),
    "explain --png": ("explain", TRIAL, "--png", PNG),
    "explain --config": ("explain", TABLE, "--config", "3"),
    "report": ("report", TABLE, "--save", HTML),
    "plot": ("plot", TABLE, "--save", PNG),
    "new": ("new", "made"),
    "new --csv": ("new", "made", "--csv", Path("data.csv")),
    "schema": ("schema",),
}
"""The commands; what is a path may be given whole."""
ALL = frozenset(COMMANDS)
DRAFTS = frozenset({"new", "new --csv"})
SWEEPS = frozenset({"sweep", "sweep --report", "sweep --workers"})
READERS = frozenset({"status", "verify", "compact", "explain --config", "report", "plot", "sweep again"})
DRAWN = frozenset({"explain --html", "explain --png", "report", "plot"})
ROOTS = os.geteuid() == 0
"""Whether nothing is forbidden to this process."""


@dataclass(frozen=True)
class Surrounding:
    """shell: how a shell starts the command, "$@". before: Python that runs first. fails: what cannot work there, and
    line: how it then ends on standard error. late: whether that may be after training, which is then whole. folder: the
    name of the folder that all lies in, and absolute: whether paths are given from the root.
    """

    shell: str = '"$@"'
    before: str = ""
    fails: frozenset[str] = frozenset()
    line: str = ""
    late: bool = False
    folder: bytes = b"folder"
    absolute: bool = False


def variables(*changes: str) -> Surrounding:
    """With other variables of the environment."""
    return Surrounding(f'env {" ".join(changes)} "$@"')


def lost(number: int, how: str, line: str = "") -> Surrounding:
    """With a standard stream that takes nothing. how: Python that makes the descriptors `other` and `mine`."""
    before = f"import os, pty; {how}; os.dup2(mine, {number}); os.close(other); os.close(mine)\n"
    return Surrounding(before=before, fails=ALL if number == 1 else frozenset(), line=line, late=True)


FULL = "standard output: No space left on device"
SHORT = r"harness: a process may have \d+ MB of (addresses|data) here, and needs .*; raise the limit, as with `ulimit.*"
NOBODY = """
import pwd
def unknown(user): raise KeyError(user)
pwd.getpwuid = pwd.getpwnam = unknown
"""
NOT_UTF8 = r".*: this name is not in UTF-8; expected one that is, so rename it"
NO_TEMPORARY = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/dev/null/none']\n"
SURROUNDINGS = {
    "as usual": Surrounding(),
    "no home, and a user without an entry": Surrounding('env -u HOME -u XDG_CACHE_HOME "$@"', NOBODY),
    "a home that cannot be": variables("HOME=/dev/null/home"),
    "no standard input": Surrounding('"$@" <&-'),
    "no standard output": Surrounding('"$@" >&-'),
    "no standard error": Surrounding('"$@" 2>&-'),
    "no standard streams": Surrounding('"$@" <&- >&- 2>&-'),
    "standard output is full": Surrounding('"$@" >/dev/full', fails=ALL, line=FULL, late=True),
    "standard error is full": Surrounding('"$@" 2>/dev/full'),
    "nobody reads standard output": lost(1, "other, mine = os.pipe()"),
    "nobody reads standard error": lost(2, "other, mine = os.pipe()"),
    "the terminal of the output is gone": lost(1, "other, mine = pty.openpty()", "standard output: Input/output error"),
    "the terminal of the errors is gone": lost(2, "other, mine = pty.openpty()"),
    "400 MB of addresses": Surrounding('ulimit -v 400000; "$@"', fails=ALL, line=SHORT),
    "400 MB of data": Surrounding('ulimit -d 400000; "$@"', fails=ALL, line=SHORT),
    "TMPDIR that is not there": variables("TMPDIR=/dev/null/none"),
    "no temporary folder": Surrounding(
        before=NO_TEMPORARY,
        fails=frozenset({"sweep --workers"}),
        line=r"worker processes cannot .*No usable temporary.*",
    ),
    "a working directory that was removed": Surrounding(
        'cd "$(mktemp -d)" && rmdir "$PWD" && "$@"',
        fails=DRAFTS | {"sweep --workers"},
        line=r"made\.yaml: .*|worker processes cannot be started here .*",
        absolute=True,
    ),
    "a working directory that is not UTF-8": Surrounding(
        fails=frozenset({"sweep --workers"}), line=NOT_UTF8, folder=b"caf\xe9"
    ),
    "paths that are not UTF-8": Surrounding(
        fails=SWEEPS | READERS | {"sweep --overwrite", "new --csv"},
        line=NOT_UTF8,
        folder=b"caf\xe9",
        absolute=True,
    ),
    "a folder that is read-only": Surrounding(
        'chmod -R a-w . && "$@"',
        fails=frozenset() if ROOTS else SWEEPS | DRAFTS | DRAWN | {"sweep --overwrite", "compact"},
        line=r".*: (cannot be written: )?Permission denied.*",
    ),
    "a umask of 0777": Surrounding(
        'umask 0777; "$@"',
        fails=frozenset() if ROOTS else SWEEPS | {"sweep --overwrite"},
        line=r".*: Permission denied.*",
    ),
    "LC_ALL=C without UTF-8": variables("LC_ALL=C", "PYTHONCOERCECLOCALE=0", "PYTHONUTF8=0"),
    "LANG=POSIX": variables("-u", "LC_ALL", "LANG=POSIX"),
    "PYTHONOPTIMIZE=2": variables("PYTHONOPTIMIZE=2"),
    "PYTHONWARNINGS=error": variables("PYTHONWARNINGS=error"),
    "PYTHONDEVMODE=1": variables("PYTHONDEVMODE=1"),
    "a dumb terminal of one column": variables("TERM=dumb", "NO_COLOR=1", "COLUMNS=1"),
}


def full(folder: Path) -> Iterator[Score]:
    whole = prepare(folder / "whole")
    yield surroundings(whole, folder, ((where, command) for where in SURROUNDINGS for command in COMMANDS))


def surroundings(whole: Path, folder: Path, pairs: Iterable[tuple[str, str]]) -> Score:
    """Try commands, each in a surrounding and on a copy of what `prepare` made."""
    score = Score("commands in odd surroundings: work, or end with a line before anything is trained")
    with ThreadPoolExecutor(PROCESSES) as pool:
        jobs = [
            (where, command, pool.submit(tried, whole, folder / str(number), SURROUNDINGS[where], command))
            for number, (where, command) in enumerate(pairs)
        ]
        for where, command, job in jobs:
            wrong = job.result()
            score.add(not wrong, f"{where}: {command}: {wrong}")
    return score


def prepare(folder: Path) -> Path:
    """A folder with experiments, data and results."""
    folder.mkdir(parents=True)
    for name, text in {"trial.yaml": EXPERIMENT, "own.yaml": OWN, "data.csv": DATA}.items():
        (folder / name).write_text(text)
    ended = _run(Surrounding(), [*map(str, COMMANDS["sweep again"])], folder)
    assert ended.returncode == 0, ended.stderr
    return folder


def tried(whole: Path, above: Path, surrounding: Surrounding, command: str) -> str:
    """Run a command on a copy of the folder; return what is wrong with how it ended, nothing if it is as it should."""
    folder = above / os.fsdecode(surrounding.folder)
    shutil.copytree(whole, folder)
    given = [
        str(folder / word if surrounding.absolute and isinstance(word, Path) else word) for word in COMMANDS[command]
    ]
    try:
        ended = _run(surrounding, given, folder)
    except subprocess.TimeoutExpired:
        return "does not end"
    said = ended.stderr.decode(errors="replace")
    wrong = [sign for sign in ("Traceback", "Exception ignored", "Fatal Python error") if sign in said]
    before = digests(whole / TABLE)
    trained = digests(folder / NEW / "trial") if command in SWEEPS else {}
    if command in surrounding.fails:
        last = said.strip().split("\n")[-1]
        wrong += [] if ended.returncode in (1, 2) else [f"exit code {ended.returncode}"]
        wrong += [] if re.fullmatch(surrounding.line or ".*", last) else ["another line"]
        wrong += [] if trained in (({}, before) if surrounding.late else ({},)) else ["trained"]
    else:
        made = [folder / word for word in COMMANDS[command] if word in (HTML, PNG)]
        made += [folder / "made.yaml"] if command in DRAFTS else []
        wrong += [] if ended.returncode == 0 else [f"exit code {ended.returncode}"]
        wrong += [] if trained == (before if command in SWEEPS else {}) else ["not trained"]
        wrong += [f"no {path.name}" for path in made if not path.is_file()]
    if digests(folder / TABLE) != before:
        wrong.append("the table has changed")
    shutil.rmtree(above)
    return f"{', '.join(wrong)}: {said[-300:]}" if wrong else ""


def _run(surrounding: Surrounding, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    # -P: an installed command looks for nothing in the working directory. Python 3.13.0 fails where that was removed.
    program = [sys.executable, "-P", "-c", surrounding.before + PROGRAM, *arguments]
    return subprocess.run(
        ["bash", "-c", surrounding.shell, "bash", *program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LATEST,
        check=False,
    )
