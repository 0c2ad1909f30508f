"""Build and check a release from the last commit: `make release`.

The sdist, and the wheel from it, are built twice from two clean exports of the commit, and must be equal byte for byte.
The wheel is installed into an empty environment and run in an empty folder, with an empty home.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.support import ROOT

DIST = ROOT / "dist"
RUN = (
    "harness --version",
    "harness explain",
    "harness plan",
    "harness sweep --report",
    "harness report results/learning-rate",
    "harness plot results/learning-rate --kind share",
    "harness new mine",
    "harness sweep mine.yaml",
    "harness new --from own_data",
    "harness new --csv points.csv",
    "harness sweep points.yaml",
)
"""What must work with the wheel alone, one after the other."""


def build(commit: str, work: Path) -> list[Path]:
    """The sdist and the wheel of a commit, built in a folder from its files alone."""
    source, out = work / "source", work / "dist"
    source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
    when = subprocess.run(["git", "log", "-1", "--format=%ct", commit], cwd=ROOT, check=True, capture_output=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": when.stdout.decode().strip()}
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, source], env=environment, check=True)
    return sorted(out.iterdir())


def check(wheel: Path, work: Path) -> None:
    """Install a wheel and what it needs into an empty environment, and run it from another folder."""
    venv.create(work / "environment", symlinks=True, with_pip=True)
    programs, here, home = work / "environment" / "bin", work / "here", work / "home"
    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True)
    for folder in (here, home):
        folder.mkdir()
    environment = {"PATH": f"{programs}{os.pathsep}{os.defpath}", "HOME": str(home)}
    for command in RUN:
        print(f"$ {command}", flush=True)
        subprocess.run(command.split(), cwd=here, env=environment, check=True)


def main() -> None:
    """Write `dist/`, or end with what went wrong."""
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, check=True, capture_output=True).stdout:
        sys.exit("a release is made of a commit; commit or stash what has changed")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files, again = (build("HEAD", work / name) for name in ("first", "second"))
        for one, other in zip(files, again, strict=True):
            if (one.name, one.read_bytes()) != (other.name, other.read_bytes()):
                sys.exit(f"{one.name}: two builds of one commit differ")
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)
        (wheel,) = (file for file in files if file.suffix == ".whl")
        check(wheel, work)
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for file in files:
            shutil.copy(file, DIST)
    print("two equal builds, checked:", *sorted(DIST.iterdir()), sep="\n")


if __name__ == "__main__":
    main()
