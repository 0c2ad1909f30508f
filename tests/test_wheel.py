"""The wheel alone: built from the sdist as `python -m build` does, installed elsewhere, and run without a checkout."""

from __future__ import annotations

import re
import site
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import harness
from harness.experiment import shipped
from harness.experiment.data import shelf
from tests.support import ROOT

SHIPPED = sorted(path.name for path in (ROOT / "experiments").iterdir())


def files_in(folder: str) -> list[str]:
    """The files of a folder of the checkout, from its top level on."""
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [name for name in files if "__pycache__" not in name]


class Installed(NamedTuple):
    """dist: the folder of the sdist and the wheel. programs: of the environment that the wheel is installed in."""

    dist: Path
    programs: Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, which borrows every other package of this one: no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("dist/*.whl")
    venv.create(folder / "environment", symlinks=True, with_pip=True)
    programs = folder / "environment" / "bin"
    subprocess.run(
        [programs / "pip", "install", "--quiet", "--no-index", "--no-deps", wheel], check=True, capture_output=True
    )
    (packages,) = (folder / "environment").glob("lib/*/site-packages")
    # a folder that a .pth file names is searched last, and the .pth files in it, such as this checkout's, are not read
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return Installed(folder / "dist", programs)


Run = Callable[..., str]


@pytest.fixture
def run(installed: Installed, tmp_path: Path) -> Run:
    """Runs a command in an empty folder, with an empty home; gives what it prints."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()

    def call(*words: str) -> str:
        environment = {"HOME": str(tmp_path / "home"), "PATH": str(installed.programs), "NUMBA_OPT": "0"}
        result = subprocess.run(
            [installed.programs / words[0], *words[1:]],
            cwd=tmp_path / "here",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return call


def test_the_wheel_has_the_shipped_experiments_and_its_types(installed: Installed) -> None:
    (wheel,) = installed.dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        for name in SHIPPED:
            assert archive.read(f"harness/experiments/{name}") == (ROOT / "experiments" / name).read_bytes()
    package = set(files_in("harness"))
    assert {name for name in names if ".dist-info/" not in name} == package | {
        f"harness/experiments/{n}" for n in SHIPPED
    }
    assert {"harness/py.typed", "harness/views/pages/report/main.js", "harness/drafts/draft.yaml"} <= names
    assert {
        f"harness/experiment/data/shelf/{n}" for n in ("README.md", *(one.file for one in shelf.SHELF.values()))
    } <= names
    assert f"\nVersion: {harness.__version__}\n" in metadata
    assert wheel.name.startswith(f"backprop_harness-{harness.__version__}-")


def test_the_sdist_has_what_its_tests_need(installed: Installed) -> None:
    (sdist,) = installed.dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("harness", "tests", "benchmarks", "reliability", "docs", "experiments")
    assert {name for folder in folders for name in files_in(folder)} <= names
    assert {"Makefile", "requirements.lock", "requirements-dev.lock", "results/README.md", "LICENSE"} <= names
    assert not [name for name in names if re.match(r"\.venv|dist/|results/[^R]|.*__pycache__", name)]


def test_the_wheel_alone_explains_plans_sweeps_draws_and_begins(run: Run, tmp_path: Path) -> None:
    here = tmp_path / "here"
    where = run("python", "-c", "import harness; print(harness.__file__)")
    assert "site-packages" in where
    assert not where.startswith(str(ROOT))
    assert run("harness", "--version") == f"harness, version {harness.__version__}\n"
    assert run("harness", "explain").startswith("question: learning_rate 0.1, init ones\n")
    assert run("harness", "plan").startswith("rows    136,000\n")
    assert "results/question/report.html" in run("harness", "sweep", "question", "--report")
    assert run("harness", "report", "results/question") == "wrote results/question/report.html\n"
    assert re.fullmatch(r"wrote question-\w+\.png\n", run("harness", "plot", "results/question"))
    assert run("harness", "new", "--from", "own_data").startswith("wrote points.csv\nwrote own_data.yaml\n")
    assert run("harness", "new", "--csv", "points.csv").startswith("wrote points.yaml\n")
    assert run("harness", "plan", "points.yaml").startswith("rows ")
    assert (here / "results" / "question" / "report.html").stat().st_size > 10_000
    sizes = [shelf.path(name).stat().st_size for name in shelf.SHELF]
    program = "from harness.experiment.data.shelf import *; print([path(name).stat().st_size for name in SHELF])"
    assert run("python", "-c", program) == f"{sizes}\n"
    assert "all: 8" in run("python", "-c", "import harness; print('all:', len(harness.train('question')))")
    assert run("python", "-m", "harness", "--version").endswith(f"{harness.__version__}\n")


def test_help_names_only_what_is_there(run: Run, tmp_path: Path) -> None:
    """Every command that a help shows as an example can be run without a checkout, once the default sweep is there."""
    said = run("harness", "--help")
    commands = re.findall(r"^  (\w+)  ", said.partition("Commands:")[2], re.MULTILINE)
    assert {"explain", "new", "plan", "plot", "sweep"} <= set(commands)
    helps = [said, *(run("harness", command, "--help") for command in commands)]
    assert not re.search("experiments/", "".join(helps))
    for name in re.findall(r"harness (?:sweep|plan|explain) ([a-z_]+)\b(?!/)", "".join(helps)):
        assert f"{name}.yaml" in SHIPPED
    assert 'eval "$(_HARNESS_COMPLETE=bash_source harness)"' in said


def test_a_checkout_has_its_experiments_at_the_top_level() -> None:
    assert shipped.folder() == ROOT / "experiments"
    assert [f"{name}.yaml" for name in shipped.names()] == [name for name in SHIPPED if name.endswith(".yaml")]
