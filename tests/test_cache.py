"""A stale kernel cannot be found: whatever decides the machine code is in the name of its private directory."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import harness
from harness.engine import cache
from tests.make_columns import ROOT


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "harness", tmp_path / "harness"))


def test_every_source_of_the_arithmetic_is_in_the_name(package: Path) -> None:
    before = cache.fingerprint(package)
    sources = [*package.glob("engine/*.py"), *package.glob("formulas/*.py"), package / "block.py"]
    assert len(sources) > 10
    for source in sources:
        text = source.read_text("utf-8")
        source.write_text(text + "\n# another comment\n", "utf-8")
        assert cache.fingerprint(package) != before, source
        source.write_text(text, "utf-8")
    assert cache.fingerprint(package) == before
    (package / "cli.py").write_text("", "utf-8")
    assert cache.fingerprint(package) == before


def test_settings_and_versions_are_in_the_name(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.fingerprint(package)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    generic = cache.fingerprint(package)
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert len({before, generic, cache.fingerprint(package)}) == 3


def test_the_directory_is_private(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = numba.config.CACHE_DIR
    with cache.private_cache(package):
        path = Path(numba.config.CACHE_DIR)
    assert path == tmp_path / "cache" / "backprop-harness" / cache.fingerprint(package)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert before == numba.config.CACHE_DIR


def test_without_a_home_there_is_still_a_directory(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.directory(package).is_dir()


def test_a_changed_formula_is_not_served_from_the_cache(package: Path, tmp_path: Path) -> None:
    """A sweep is trained before and after the update rule changes, with one cache: the second sees the change."""
    program = (
        "import harness; print(harness.train({'name': 'x', 'network': {'layers': [1, 1]}, 'data': {'rows': [[1, 1]]},"
        "'parameters': {'learning_rate': 0.25, 'epochs': 1, 'init': 'zeros'}}).w1_1_1.item())"
    )
    places = {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = os.environ | places | {"NUMBA_OPT": "0"}  # a formula is what it is, however fast: compiled sooner

    def trained() -> float:
        command = [sys.executable, "-c", program]
        options = {"check": True, "capture_output": True, "text": True, "env": environment, "cwd": tmp_path}
        return float(subprocess.run(command, **options).stdout)

    assert trained() == 0.5
    losses = package / "formulas" / "losses.py"
    losses.write_text(losses.read_text("utf-8").replace("slope[0] = -2.0 * error", "slope[0] = -4.0 * error"), "utf-8")
    assert trained() == 1.0
    assert not list(package.rglob("*.nb[ic]"))


def test_every_kernel_is_in_the_private_directory() -> None:
    """Kernels that start a run, train it and go through its epochs are there; Numba's own place may hold stale ones."""
    harness.train(
        {
            "name": "x",
            "network": {"layers": [1, 1]},
            "data": {"rows": [[1, 1]]},
            "parameters": {"learning_rate": 0.25, "epochs": 1, "init": {"normal": {"std": 1}}},
        }
    )
    private = {path.name.partition("-")[0] for path in cache.directory(cache.PACKAGE).rglob("*.nbi")}
    assert {"random.fill", "train.train", "epochs.advance"} <= private
    assert not list((ROOT / "harness").rglob("*.nb[ic]"))
