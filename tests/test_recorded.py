"""Every version of Python, NumPy, Numba and pyarrow, and every processor, gives the numbers that were recorded."""

from __future__ import annotations

import json

import pytest

from harness.sweeps.version import version
from tests.make_recorded import CHANGES, FILE, digest

RECORDED = json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("name", CHANGES)
def test_exact_numbers_are_those_that_were_recorded(name: str) -> None:
    assert digest(CHANGES[name]) == RECORDED[name], "say `python -m tests.make_recorded` if the arithmetic is to change"


def test_what_exact_numbers_do_not_depend_on_is_not_in_their_key(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy
    import pyarrow

    before = version(False)
    version.cache_clear()
    monkeypatch.setattr(numpy, "__version__", "0")
    monkeypatch.setattr(pyarrow, "__version__", "0")
    assert version(False) == before


@pytest.mark.parametrize(
    ("name", "value"), [("NUMBA_CPU_FEATURES", "+avx2"), ("NUMBA_CPU_FEATURES", "+avx2,+fma"), ("NUMBA_CPU_NAME", "x")]
)
def test_fast_numbers_are_keyed_by_the_processor(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import config

    from harness.engine.cpu import processor

    monkeypatch.setattr(processor, "_host_features", lambda: "+avx512f,+fma")
    for setting in ("CPU_NAME", "CPU_FEATURES"):
        monkeypatch.setattr(config, setting, None)
    before = processor.what_decides_fast()
    monkeypatch.setattr(config, name.removeprefix("NUMBA_"), value)
    assert processor.what_decides_fast() != before


def test_fast_numbers_are_keyed_by_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite
    import numba

    from harness.engine.cpu.processor import what_decides_fast

    keys = {what_decides_fast()}
    for package in (numba, llvmlite):
        with monkeypatch.context() as patched:
            patched.setattr(package, "__version__", "0")
            keys.add(what_decides_fast())
    assert len(keys) == 3
