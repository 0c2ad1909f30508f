"""Results folders made to do harm: links out of them, files that never end, entries that name other files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from harness.store.log import Entry, File, seal
from reliability.corpus import yaml
from reliability.score import Score
from reliability.sweeps import ROOT

PROGRAM = (
    "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); import harness.cli; harness.cli.main()"
)
"""The command, in at most 8 GB of addresses."""
SECONDS = 300
"""Seconds after which a command that should have refused a folder is taken not to end."""
KEEP = b"nothing of the sweep's"
OUT = ("", "runs", "log", "blocks", ".writing")
FILES = ("manifest.json", "experiment.yaml", ".lock", ".owner", "log/part-000000-x.json", "runs/x.parquet")
OPEN = ("manifest.json", "experiment.yaml", "log/part-000000-x.json")
MANIFESTS: dict[str, Any] = {
    "nothing": {},
    "no counts": {"fingerprint": "x", "schema_version": 1, "name": "x", "started": "x", "state": "complete"},
    "numbers for text": {"fingerprint": 1, "schema_version": 1, "name": 1, "started": 1, "state": 1},
    "10^15 blocks": {"fingerprint": "x", "schema_version": 1, "state": "running", "blocks": 10**15},
}
ENTRIES = {
    "another file": Entry("part", 0, 1, "x", files=(File("../../../elsewhere/keep", len(KEEP), "x"),)),
    "10^15 blocks": Entry("part", 0, 10**15, "x"),
    "fewer than none": Entry("part", 5, -5, "x"),
}


def folders(folder: Path, names: Iterable[str] | None = None) -> Score:
    """Sweep into each hostile folder, and ask for its status. names: the folders to try, all if not given."""
    score = Score("hostile results folders: no traceback, nothing written elsewhere, a link out of them refused")
    folder.mkdir()
    (folder / "x.yaml").write_text(yaml())
    for number, (name, prepare) in enumerate(_cases().items()):
        if names is None or name in names:
            results, elsewhere = folder / str(number) / "results", folder / str(number) / "elsewhere"
            (elsewhere / "empty").mkdir(parents=True)
            (elsewhere / "keep").write_bytes(KEEP)
            prepare(results, elsewhere)
            ended = [_run(command, results, folder) for command in ("status", "sweep", "verify")]
            codes, problem = zip(*ended, strict=True)
            kept = sorted(path.name for path in elsewhere.rglob("*")) == ["empty", "keep"]
            kept = kept and (elsewhere / "keep").read_bytes() == KEEP
            refused = codes[1] in (1, 2) or not name.startswith("a link out: ")
            score.add(kept and refused and not any(problem), f"{name}: {codes} {problem} kept: {kept}")
    return score


def _run(command: str, results: Path, folder: Path) -> tuple[int | None, str]:
    """(exit code, what is wrong with how it ended)."""
    arguments = ["x.yaml", "--results", str(results)] if command == "sweep" else [str(results / "trial")]
    try:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, command, *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, "does not end"
    last = ended.stderr.strip().split("\n")[-1]
    return ended.returncode, last if "Traceback" in ended.stderr or ended.returncode not in (0, 1, 2) else ""


def _cases() -> dict[str, Callable[[Path, Path], Any]]:
    cases: dict[str, Callable[[Path, Path], Any]] = {"a link out: runs of results that are whole": _moved}
    cases |= {f"a link out: trial/{name}": partial(_linked_out, name, "empty") for name in OUT}
    cases |= {f"a link to a file: {name}": partial(_linked_out, name, "keep") for name in FILES}
    cases |= {f"a FIFO: {name}": partial(_fifo, name) for name in OPEN}
    cases |= {f"endless: {name}": partial(_endless, name) for name in OPEN}
    cases |= {f"a manifest of {what}": partial(_file, "manifest.json", seal(it)) for what, it in MANIFESTS.items()}
    cases |= {f"an entry of {what}": partial(_file, entry.name, entry.text()) for what, entry in ENTRIES.items()}
    return cases | {"a file: trial": partial(_file, "", KEEP), "a file: runs": partial(_file, "runs", KEEP)}


def _linked_out(name: str, to: str, results: Path, out: Path) -> None:
    _link(results, name, out / to)


def _endless(name: str, results: Path, out: Path) -> None:
    _link(results, name, Path("/dev/zero"))


def _fifo(name: str, results: Path, out: Path) -> None:
    os.mkfifo(_path(results, name))


def _file(name: str, data: bytes, results: Path, out: Path) -> None:
    _path(results, name).write_bytes(data)


def _moved(results: Path, out: Path) -> None:
    """The folder of the table is a link to one that holds other files."""
    _run("sweep", results, results.parents[1])
    shutil.rmtree(results / "trial" / "runs")
    (results / "trial" / "runs").symlink_to(out)


def _path(results: Path, name: str) -> Path:
    path = results / "trial" / name
    path.parent.mkdir(parents=True)
    return path


def _link(results: Path, name: str, to: Path) -> None:
    _path(results, name).symlink_to(to)
