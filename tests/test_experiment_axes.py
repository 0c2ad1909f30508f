"""Axes: their values are the same on every machine, their lengths are known before their values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.experiment import Experiment, load
from harness.experiment.axes import SPACED, Axis
from harness.experiment.axes.written import parse
from harness.experiment.grid import Grid
from harness.experiment.grids import geometric
from harness.formulas.functions import log

POSITIVE = st.floats(1e-9, 1e9)
COUNT = st.integers(1, 300)
PRECISE = Context(prec=100)


def experiment(parameters: dict[str, Any], **more: Any) -> Experiment:
    given = {"learning_rate": 0.1, "epochs": 1, "init": "ones", **parameters}
    return load(
        {"name": "x", "network": {"layers": [2, 2, 1]}, "data": {"rows": [[1, 1, 1]]}, "parameters": given, **more}
    )


def values(key: str, raw: Any, **more: Any) -> list[Any]:
    (dimension,) = (d for d in experiment({key: raw}, **more).grids[0].dimensions if key in d.keys)
    column = dimension.values(key)
    assert dimension.length == len(column)
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


@given(POSITIVE, POSITIVE, COUNT)
def test_even_spacing_is_numpys(start: float, stop: float, n: int) -> None:
    axis = parse("learning_rate", {"linspace": [start, stop, n]}, 0)
    assert axis.length == n
    np.testing.assert_array_equal(axis.values, np.linspace(start, stop, n), strict=True)


@given(st.floats(1e-290, 1e308), st.floats(1e-290, 1e308), COUNT)
@example(1e-290, 1.7e308, 3)
@example(1e-3, 1.0, 4)
@example(9.999999999999998e307, 1e308, 3)  # whose middle is 2.5e-17 of a unit from that of two floats
@settings(deadline=None)
def test_geometric_spacing_is_correctly_rounded(start: float, stop: float, n: int) -> None:
    axis = parse("learning_rate", {"geomspace": [start, stop, n]}, 0)
    assert axis.length == n
    ratio = PRECISE.divide(Decimal(stop), Decimal(start))
    powers = (PRECISE.power(ratio, Decimal(i) / (n - 1)) for i in range(1, n))
    wanted = [start, *(float(PRECISE.multiply(Decimal(start), power)) for power in powers)]
    wanted[1:] = [min(value, max(start, stop)) for value in wanted[1:]]
    np.testing.assert_array_equal(axis.values, wanted, strict=True)


@given(st.floats(-300, 300), st.floats(-300, 300), COUNT)
@settings(deadline=None)
def test_logarithmic_spacing_is_correctly_rounded(start: float, stop: float, n: int) -> None:
    axis = parse("learning_rate", {"logspace": [start, stop, n]}, 0)
    assert axis.length == n
    step = PRECISE.divide(PRECISE.subtract(Decimal(stop), Decimal(start)), Decimal(max(n - 1, 1)))
    exponents = (PRECISE.add(Decimal(start), PRECISE.multiply(step, Decimal(i))) for i in range(n))
    wanted = [float(PRECISE.power(Decimal(10), exponent)) for exponent in exponents]
    np.testing.assert_array_equal(axis.values, wanted, strict=True)


def test_the_numbers_do_not_depend_on_the_processor() -> None:
    forms = [
        {"geomspace": [1e-3, 1, 2000]},
        {"logspace": [-3, 0, 2000]},
        *({**raw, "n": 2000} for _, raw in RANDOM[:3]),
    ]
    program = (
        "import hashlib, json, sys\n"
        "from harness.experiment.axes.written import parse\n"
        "for form in json.loads(sys.argv[1]):\n"
        "    print(hashlib.sha256(parse('learning_rate', form, 0).values.tobytes()).hexdigest())"
    )
    found = {name for name, has in np._core._multiarray_umath.__cpu_features__.items() if has}
    plain = " ".join(name for name in np._core._multiarray_umath.__cpu_dispatch__ if name in found)

    def hashes(disabled: str) -> str:
        command = [sys.executable, "-c", program, json.dumps(forms)]
        environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": disabled}
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    assert hashes(plain) == hashes("")


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(-50, 50).filter(bool))
def test_whole_ranges_are_pythons(start: int, stop: int, step: int) -> None:
    wanted = list(range(start, stop, step))
    if wanted:
        axis = parse("epochs", {"range": [start, stop, step]}, 0)
        assert axis.length == len(wanted)
        np.testing.assert_array_equal(axis.values, np.array(wanted, np.int64), strict=True)


@given(POSITIVE, POSITIVE, st.floats(0.01, 1))
def test_ranges_step_from_the_start(start: float, length: float, step: float) -> None:
    stop = start + length % 100 + step
    axis = parse("learning_rate", {"range": [start, stop, step]}, 0)
    assert axis.length == int(np.ceil((stop - start) / step))
    np.testing.assert_array_equal(axis.values, start + np.arange(axis.length) * step, strict=True)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (0.1, [0.1]),
        (1, [1.0]),
        ([0.1, 0.3], [0.1, 0.3]),
        ({"value": 0.1}, [0.1]),
        ({"values": [0.1, 0.2]}, [0.1, 0.2]),
        ({"range": [0.5, 2, 0.5]}, [0.5, 1.0, 1.5]),
        ({"range": [2, 0.5, -0.5]}, [2.0, 1.5, 1.0]),
        ({"range": [1, 4, 1]}, [1.0, 2.0, 3.0]),
        ({"linspace": [1, 2, 1]}, [1.0]),
        ([3, 1, 3.0, 2, 1], [3.0, 1.0, 2.0]),
        ({"linspace": [2, 2, 5]}, [2.0]),
    ],
)
def test_every_form_of_a_rate(raw: Any, wanted: list[float]) -> None:
    found = values("learning_rate", raw)
    assert found == wanted
    assert all(type(value) is float for value in found)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ([0, 10, 1e3], [0, 10, 1000]),
        ({"logspace": [0, 3, 4]}, [1, 10, 100, 1000]),
        ({"range": [0.0, 3, 1]}, [0, 1, 2]),
        ({"linspace": [0, 10, 3]}, [0, 5, 10]),
        (2**63 - 1, [2**63 - 1]),
    ],
)
def test_epochs_are_whole(raw: Any, wanted: list[int]) -> None:
    found = values("epochs", raw)
    assert found == wanted
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize(
    ("key", "raw", "wanted"),
    [
        ("activation", ["relu", "tanh", "relu"], ["relu", "tanh"]),
        ("activation", [["relu"], "tanh"], [("relu",), "tanh"]),
        ("layers", [[2, 2, 1], [2, 4, 1]], [(2, 2, 1), (2, 4, 1)]),
        ("bias", [True, False, "fixed", "true"], ["true", "false", "fixed"]),
        ("loss", "half_mse", ["half_mse"]),
        ("dtype", ["float64", "float32"], ["float64", "float32"]),
        ("batch_size", [1, "full"], [1, "full"]),
        ("batch_size", {"linspace": [1, 1, 2]}, [1]),
        ("max_loss", [1, 2.5], [1.0, 2.5]),
    ],
)
def test_settings_may_be_swept(key: str, raw: Any, wanted: list[Any]) -> None:
    assert values(key, raw) == wanted


RANDOM = [
    ("learning_rate", {"distribution": "uniform", "min": 0.1, "max": 2}),
    ("learning_rate", {"distribution": "log_uniform_values", "min": 1e-6, "max": 1}),
    ("learning_rate", {"distribution": "normal", "mu": 9, "sigma": 1}),
    ("epochs", {"distribution": "int_uniform", "min": 1, "max": 3}),
]


@pytest.mark.parametrize(("key", "raw"), RANDOM)
def test_more_draws_only_append(key: str, raw: dict[str, Any]) -> None:
    long = parse(key, {**raw, "n": 1000}, 7).values
    for n in (1, 2, 3, 999):
        np.testing.assert_array_equal(parse(key, {**raw, "n": n}, 7).values, long[:n], strict=True)
    other_seed, other_key = parse(key, {**raw, "n": 1000}, 8), parse("max_loss", {**raw, "n": 1000}, 7)
    assert not np.array_equal(other_seed.values, long)
    assert not np.array_equal(other_key.values, long)


def test_draws_keep_to_their_limits() -> None:
    uniform, log_uniform, normal, whole = (np.array(parse(key, {**raw, "n": 4000}, 1).values) for key, raw in RANDOM)
    assert 0.1 <= uniform.min() < 0.2 < 1.9 < uniform.max() < 2
    assert 1e-6 <= log_uniform.min() < 1e-5 < 0.5 < log_uniform.max() <= 1
    assert np.median(log(log_uniform)) == pytest.approx(np.log(1e-3), abs=0.5)
    assert (normal.mean(), normal.std()) == (pytest.approx(9, abs=0.1), pytest.approx(1, abs=0.1))
    assert whole.dtype == np.int64
    assert set(whole.tolist()) == {1, 2, 3}


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 1, 1.0, 2]), min_size=1))
def test_duplicates_are_dropped_and_the_first_kept(raw: list[float]) -> None:
    assert values("learning_rate", raw) == list(dict.fromkeys(map(float, raw)))


@given(st.lists(st.tuples(st.sampled_from([1, 10]), st.sampled_from(["ones", "zeros", {"constant": 1}])), min_size=1))
def test_duplicates_in_a_zip_group_are_dropped_as_a_whole(points: list[tuple[int, Any]]) -> None:
    epochs, inits = [epoch for epoch, _ in points], [init for _, init in points]
    mapping = {
        "name": "x",
        "network": {"layers": [2, 1]},
        "data": {"rows": [[1, 1, 1]]},
        "parameters": {"learning_rate": 1},
    }
    found = load({**mapping, "zip": {"both": {"epochs": epochs, "init": inits}}}).grids[0].dimensions[1]
    assert found.keys == ("epochs", "init")
    labels = [init.label for init in found.values("init")]
    named = [(epoch, "zeros" if init == "zeros" else "ones") for epoch, init in points]
    assert list(zip(found.values("epochs"), labels, strict=True)) == list(dict.fromkeys(named))


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        ({"linspace": [0.1, 1, 10**12]}, 10**12),
        ({"range": [1, 2, 1e-12]}, 10**12),
        ({"range": [1, 10**30, 1]}, 10**30 - 1),
        ({"distribution": "uniform", "min": 1, "max": 2, "n": 10**300}, 10**300),
    ],
)
def test_an_endless_axis_is_counted_and_never_computed(raw: Any, length: int, monkeypatch: Any) -> None:
    compute = Axis.values.func
    values = property(lambda axis: compute(axis) if axis.explicit else pytest.fail("computed"))
    monkeypatch.setattr(Axis, "values", values)
    dimension = experiment({"learning_rate": raw}).grids[0].dimensions[0]
    assert dimension.lazy
    assert dimension.length == pytest.approx(length, rel=1e-3)


def test_dimensions_stand_in_the_order_of_the_document() -> None:
    zipped = {"a": {"batch_size": [1, "full"], "max_loss": [1, 2]}, "b": {"dtype": "float32"}}
    mapping = {"name": "x", "network": {"layers": [2, 1]}, "data": {"rows": [[1, 1, 1]]}}
    parameters = {"epochs": 1, "init": "ones", "learning_rate": 1}
    first = load({**mapping, "zip": zipped, "parameters": parameters})
    last = load({**mapping, "parameters": parameters, "zip": zipped})
    keys = [("batch_size", "max_loss"), ("dtype",)], [("epochs",), ("init",), ("learning_rate",)]
    assert [dimension.keys for dimension in first.grids[0].dimensions] == [*keys[0], *keys[1]]
    assert [dimension.keys for dimension in last.grids[0].dimensions] == [*keys[1], *keys[0]]
    assert first.swept == ("batch_size", "max_loss", "dtype", "epochs", "init", "learning_rate")


def test_values_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def linspace(*given: Any) -> Any:
        calls.append(given)
        return np.linspace(*given)

    monkeypatch.setitem(SPACED, "linspace", linspace)
    assert Grid(experiment({"learning_rate": {"linspace": [1, 2, 5]}})).rows == 5
    assert calls == [(1.0, 2.0, 5)]


def test_an_axis_says_whether_it_is_geometric_whatever_its_values() -> None:
    grids = [
        {
            "parameters": {
                "learning_rate": {"geomspace": [1, 8, 4]},
                "momentum": {"linspace": [0.25, 0.5, 2]},
                "eps": {"distribution": "log_uniform_values", "min": 1, "max": 2, "n": 10**9},
                "epochs": [1, 10, 100],
            },
            "zip": {"a": {"beta1": {"range": [0, 0.5, 0.25]}, "beta2": {"logspace": [-3, -1, 2]}}},
        },
        {"parameters": {"learning_rate": [1, 2, 3], "eps": {"linspace": [1, 2, 3]}}},
    ]
    found = geometric({"name": "x", "grids": grids})
    assert found == {"learning_rate": True, "momentum": False, "eps": False, "beta1": False, "beta2": True}
