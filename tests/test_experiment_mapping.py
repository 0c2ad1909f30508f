"""Experiments as Python mappings: arrays, Series, DataFrames and numbers of any kind mean what the YAML would."""

from __future__ import annotations

import array
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import harness
from harness.experiment import ExperimentError, load
from harness.views.explain.configuration import of_row
from harness.views.results import Results

ROWS = [[0.5, 1, 1], [1, 0, 0], [0, 1, 0.1]]


def mapping(rows: Any = ROWS, **parameters: Any) -> dict[str, Any]:
    return {
        "name": "m",
        "network": {"layers": [2, 2, 1]},
        "data": {"rows": rows},
        "parameters": {"learning_rate": [0.1, 0.25], "epochs": [1, 2], "init": ["ones", "zeros"], **parameters},
    }


PLAIN = load(mapping())
FRAME = pd.DataFrame(ROWS, columns=["age", "size", "price"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learning_rate", np.array([0.1, 0.25])),
        ("learning_rate", pd.Series([0.1, 0.25], index=["b", "a"])),
        ("learning_rate", pd.Index([0.1, 0.25])),
        ("learning_rate", pl.Series([0.1, 0.25])),
        ("learning_rate", (Decimal("0.1"), Fraction(1, 4))),
        ("learning_rate", [np.float64(0.1), np.float32(0.25)]),
        ("learning_rate", [np.longdouble("0.1"), np.array(0.25)]),
        ("learning_rate", deque([0.1, 0.25])),
        ("learning_rate", array.array("d", [0.1, 0.25])),
        ("epochs", range(1, 3)),
        ("epochs", pd.Series([1, 2], dtype="Int64")),
        ("epochs", [Decimal(1), Fraction(4, 2)]),
        ("epochs", {1: "a", 2: "b"}.keys()),
        ("epochs", {"a": 1, "b": 2}.values()),
        ("init", pd.Series(["ones", "zeros"], dtype="category")),
        ("init", np.array(["ones", "zeros"])),
    ],
)
def test_an_axis_means_what_its_values_do(key: str, value: Any) -> None:
    found = load(mapping(**{key: value}))
    assert found.fingerprint == PLAIN.fingerprint
    assert load("m.yaml", found.source).fingerprint == PLAIN.fingerprint


def test_numbers_within_an_axis_are_read_alike() -> None:
    given = {"linspace": (Decimal("0.1"), Fraction(1, 4), np.int8(2))}
    assert load(mapping(learning_rate=given)).source == load(mapping(learning_rate={"linspace": [0.1, 0.25, 2]})).source


@pytest.mark.parametrize(
    "rows",
    [
        np.array(ROWS),
        tuple(map(tuple, ROWS)),
        [pd.Series(row) for row in ROWS],
        deque(ROWS),
        [[Decimal(str(number)) for number in row] for row in ROWS],
        FRAME,
        FRAME.set_axis([0, 1, 2], axis="columns"),
        FRAME.set_axis([9, 8, 7]),
        FRAME.astype({"size": bool}),
        FRAME.astype({"size": "int8", "age": "float32"}),
        FRAME.convert_dtypes(),
        pl.DataFrame(FRAME),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_rows_mean_what_their_numbers_do(rows: Any) -> None:
    found = load(mapping(rows))
    assert found.fingerprint == PLAIN.fingerprint
    assert load("m.yaml", found.source).fingerprint == PLAIN.fingerprint


def test_the_columns_of_a_frame_give_names(tmp_path: Path) -> None:
    assert PLAIN.columns == load(mapping(np.array(ROWS))).columns == ()
    for rows in (FRAME, pl.DataFrame(FRAME)):
        assert load(mapping(rows)).columns == ("age", "size", "price")
    assert load(mapping() | {"data": FRAME}).columns == ("age", "size", "price")
    swept = mapping(FRAME, layers=np.array([[2, 3, 1], [2, 1, 1]])) | {"network": {}}
    assert load(swept).columns == ("age", "size", "price")
    results = Results(harness.sweep(mapping(FRAME), tmp_path))
    assert of_row(results, 0).columns() == {"x1": "age", "x2": "size", "t1": "price"}
    assert "{file" not in results.source


def test_inputs_and_targets_choose_columns_of_a_frame() -> None:
    wide = pd.concat([FRAME, FRAME.add_suffix("2")], axis="columns").iloc[:, ::-1]
    chosen = mapping() | {"data": {"rows": wide, "inputs": pd.Index(["age", "size"]), "targets": ["price"]}}
    assert load(chosen).fingerprint == PLAIN.fingerprint
    named = mapping() | {"data": {"rows": ROWS, "inputs": ["age", "size"], "targets": ["price"]}}
    assert load(named).columns == load(chosen).columns == ("age", "size", "price")


def test_numbers_that_a_float_cannot_hold_are_refused_as_others_are() -> None:
    for value in (Decimal("nan"), Decimal("1e999999999"), Fraction(10**400), np.longdouble("nan")):
        with pytest.raises(ExperimentError, match=r"^experiment: parameters\.learning_rate: expected a finite number"):
            load(mapping(learning_rate=value))


def numbers() -> Any:
    yield 0.1


REFUSED: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (
        lambda: mapping(learning_rate={0.1, 0.25}),
        "parameters.learning_rate: expected a list, found a set, which has no",
    ),
    (
        lambda: mapping(learning_rate=frozenset([1])),
        "parameters.learning_rate: expected a list, found a frozenset, whi",
    ),
    (lambda: mapping(set(map(tuple, ROWS))), "data.rows: expected a list, found a set, which has no order"),
    (lambda: mapping(numbers()), "data.rows: expected a list, found a generator, which can be read only once"),
    (lambda: mapping(learning_rate=map(float, [1])), "parameters.learning_rate: expected a list, found a map, which "),
    (lambda: mapping([iter([1, 2, 3])]), "data.rows[0]: expected a list, found a list_iterator, which can be read"),
    (lambda: mapping(epochs=range(10**30)), "parameters.epochs: over 1 MiB when written as YAML"),
    (lambda: mapping(pd.DataFrame(np.zeros((2**20, 3)))), "data.rows: over 1 MiB when written as YAML"),
    (lambda: mapping(FRAME.replace(0.5, np.nan)), "data.rows[0][0]: expected a finite number, found nan"),
    (
        lambda: mapping(FRAME.astype(object).where(FRAME != 0.5, "x")),
        "data.rows[0][0]: expected a finite number, found 'x'",
    ),
    (lambda: mapping(learning_rate=FRAME), "parameters.learning_rate: expected a finite number of at least 0, found "),
    (
        lambda: mapping() | {"data": {"rows": FRAME, "inputs": ["age", "sizes"], "targets": ["price"]}},
        "data.rows.'sizes': no such column; did you mean size?",
    ),
    (
        lambda: mapping() | {"data": {"rows": FRAME.set_axis(["a", "a", "b"], axis="columns"), "inputs": ["a"]}},
        "data.rows.'a': stands 2 times in the DataFrame",
    ),
    (
        lambda: mapping() | {"data": {"rows": FRAME, "inputs": ["age", "size"]}},
        "data.targets: missing; expected the names of columns, such as targets: [y]",
    ),
    (
        lambda: mapping() | {"data": {"rows": ROWS, "inputs": ["a"], "targets": ["b"]}},
        "data.rows: expected 2 numbers in a row, one for each name, found 3",
    ),
    (
        lambda: mapping() | {"data": {"rows": ROWS, "inputs": ["a"], "targets": ["b", "c"]}},
        "data.inputs: expected 2 inputs, to fit network.layers, found 1",
    ),
]


@pytest.mark.parametrize(("made", "line"), REFUSED)
def test_what_means_nothing_is_refused_in_a_line(made: Callable[[], dict[str, Any]], line: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load(made())
    assert str(caught.value).startswith(f"experiment: {line}")
    assert "\n" not in str(caught.value)


def test_settings_are_read_alike() -> None:
    once = harness.train(
        mapping(), settings={"learning_rate": Decimal("0.25"), "layers": (2, 1), "epochs": np.int64(1)}
    )
    assert once.equals(harness.train(mapping(), settings={"learning_rate": 0.25, "layers": [2, 1], "epochs": 1}))


def test_a_mapping_within_itself_is_refused() -> None:
    made = mapping(FRAME)
    made["network"] = {"again": made}
    with pytest.raises(ExperimentError, match="nested more than"):
        load(made)
