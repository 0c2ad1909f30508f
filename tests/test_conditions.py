"""Parameters that only some configurations have, and points that are drawn jointly."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.experiment import ExperimentError, load
from harness.sweeps.plan import Plan

BASE = {"name": "x", "network": {"layers": [2, 2, 1]}, "data": {"rows": [[0, 1, 1], [1, 0, 0]]}}
PARAMETERS = {
    "optimizer": ["sgd", "momentum", "nesterov"],
    "momentum": [0.5, 0.9],
    "l1": [0.01, 0.1],
    "learning_rate": [0.1, 0.2],
    "epochs": 3,
    "init": "ones",
}
SWEPT = ["optimizer", "momentum", "l1", "learning_rate"]


def expected(when: dict[str, dict[str, list[Any]]]) -> set[tuple[Any, ...]]:
    """By hand: every combination, without what its own values do not allow; of what a row has not by default."""
    found = set()
    for point in itertools.product(*(PARAMETERS[key] for key in SWEPT)):
        values = dict(zip(SWEPT, point, strict=True))
        for key, of in when.items():
            if not all(other in values and values[other] in some for other, some in of.items()):
                values[key] = None
        if values["optimizer"] == "sgd":
            values["momentum"] = None
        found.add(tuple(values[key] for key in SWEPT))
    return found


def rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The swept values of each row; no penalty is none."""
    return [
        tuple(None if pd.isna(value) or (key == "l1" and not value) else value for key, value in row.items())
        for row in table[SWEPT].to_dict("records")
    ]


@pytest.mark.parametrize(
    "when",
    [
        {"momentum": {"optimizer": ["momentum"]}, "l1": {"learning_rate": [0.2]}},
        {"l1": {"optimizer": ["sgd", "momentum"], "learning_rate": [0.1]}},
        {"l1": {"optimizer": ["sgd", "momentum", "nesterov"]}},
    ],
)
def test_a_row_has_a_parameter_only_where_its_condition_holds(when: dict[str, Any]) -> None:
    found = rows(table := harness.train({**BASE, "parameters": PARAMETERS, "when": when}))
    momentum = 0.9  # what nesterov has by default
    wanted = {
        tuple(momentum if key == "momentum" and value is None and point[0] == "nesterov" else value
              for key, value in zip(SWEPT, point, strict=True))
        for point in expected(when)
    }  # fmt: skip
    assert set(found) == wanted
    assert len(found) == len(wanted)
    assert [name for name in table if name in SWEPT] == SWEPT


def test_rows_of_a_condition_are_those_of_grids_that_say_the_same() -> None:
    when = {**BASE, "parameters": PARAMETERS, "when": {"l1": {"optimizer": ["sgd"]}}}
    without = {key: values for key, values in PARAMETERS.items() if key != "l1"}
    grids = [
        {"parameters": {**without, "optimizer": ["momentum", "nesterov"]}},
        {"parameters": {key: values for key, values in PARAMETERS.items() if key != "momentum"} | {"optimizer": "sgd"}},
    ]
    one, other = (harness.train(asked).drop(columns=["config", "run"]) for asked in (when, {**BASE, "grids": grids}))
    order = [*SWEPT, "epochs"]
    pd.testing.assert_frame_equal(
        one.sort_values(order, ignore_index=True), other.sort_values(order, ignore_index=True), check_like=True
    )


def test_a_condition_holds_inside_a_zip_group_and_leaves_no_exclusion_behind() -> None:
    asked = {
        **BASE,
        "parameters": {"epochs": 1, "init": "ones", "l1": [0.1, 0.2]},
        "zip": {
            "both": {"optimizer": ["sgd", "adam", "lion"], "learning_rate": [0.1, 0.2, 0.3], "beta1": [0, 0.5, 0.6]}
        },
        "when": {"l1": {"learning_rate": 0.2}, "beta1": {"optimizer": "adam"}},
        "exclude": [{"l1": 0.1, "optimizer": "adam"}],
    }
    table = harness.train(asked)
    assert table["optimizer"].tolist() == ["sgd", "lion", "adam"]
    assert table["l1"].tolist() == [0, 0, 0.2]
    assert table["beta1"].tolist()[1:] == [0.9, 0.5]


def drawn(n: int, **parameters: Any) -> pd.DataFrame:
    uniform = {"distribution": "uniform", "min": 0.1, "max": 0.9}
    rates = {"distribution": "log_uniform_values", "min": 0.001, "max": 1}
    own = {"momentum": uniform, "learning_rate": rates, "optimizer": ["momentum", "adam"], "init": ["ones", "zeros"]}
    asked = {**BASE, "parameters": {**own, "epochs": [1, 2], **parameters}, "random": {"n": n}}
    return harness.train(asked)


def test_points_are_drawn_from_all_axes_jointly() -> None:
    table = drawn(60)
    assert len(table) == 120
    first = table[table["epochs"] == 1]
    assert first["learning_rate"].nunique() == 60
    assert first["learning_rate"].between(0.001, 1).all()
    assert first.groupby(["optimizer", "init"], observed=True).size().between(6, 27).all()
    assert first["momentum"].isna().equals(first["optimizer"] == "adam")
    rates, momenta = (first[first["optimizer"] == "momentum"][key] for key in ("learning_rate", "momentum"))
    assert abs(np.corrcoef(np.log(rates), momenta)[0, 1]) < 0.5


def test_more_points_only_append_and_another_axis_changes_no_other() -> None:
    few, many, more = drawn(9), drawn(20), drawn(9, l1=[0, 0.1])
    keys = ["learning_rate", "optimizer", "init", "momentum", "epochs", "loss_mean"]
    pd.testing.assert_frame_equal(many[keys].iloc[:18], few[keys])
    pd.testing.assert_frame_equal(more[keys[:5]], few[keys[:5]])
    assert more["l1"].nunique() == 2


def test_axes_of_the_same_values_are_drawn_apart() -> None:
    same = {"l1": [0, 0.1], "weight_decay": [0, 0.1], "learning_rate_1": [0.1, 0.2], "learning_rate_2": [0.1, 0.2]}
    asked = {**BASE, "parameters": {**same, "epochs": 1, "init": "ones"}, "random": {"n": 60}}
    table = harness.train(asked)
    for one, other in (("l1", "weight_decay"), ("learning_rate_1", "learning_rate_2")):
        assert len(table.groupby([one, other])) == 4


@given(st.integers(1, 300), st.integers(0, 2**64 - 1))
def test_a_drawn_grid_is_counted(n: int, seed: int) -> None:
    axes = {"learning_rate": {"distribution": "uniform", "min": 0, "max": 1}, "epochs": [1, 5], "init": "ones"}
    plan = Plan(load({**BASE, "seed": seed, "parameters": axes, "random": {"n": n}}))
    assert (plan.rows, plan.runs) == (2 * n, n)


def test_a_setting_takes_the_place_of_a_condition() -> None:
    asked = {**BASE, "parameters": PARAMETERS, "when": {"momentum": {"optimizer": ["momentum", "nesterov"]}}}
    assert harness.train(asked, settings={"optimizer": "sgd"})["l1"].tolist() == [0.01, 0.01, 0.1, 0.1]
    assert len(harness.train(asked, settings={"optimizer": "nesterov"})) == 8
    assert len(harness.train(asked, settings={"momentum": 0.3})) == 12


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"when": {"momentun": {"optimizer": "sgd"}}}, "when.momentun: unknown key; did you mean momentum?"),
        ({"when": {"momentum": {"optimizr": "sgd"}}}, "when.momentum.optimizr: unknown key; did you mean optimizer?"),
        ({"when": {"momentum": {"momentum": 0.5}}}, "when.momentum.momentum: unknown key"),
        ({"when": {"momentum": {"optimizer": "adam"}}}, "matches nothing: optimizer has no value 'adam'"),
        ({"when": {"momentum": {"optimizer": "adm"}}}, "did you mean adam"),
        ({"when": {"learning_rate": {"optimizer": "sgd"}}}, "when.learning_rate: every configuration needs one"),
        (
            {"when": {"momentum": "sgd"}},
            "when.momentum: expected a mapping from a parameter to its values",
        ),
        ({"when": []}, "when: expected a mapping such as"),
        (
            {"when": {"momentum": {"optimizer": "sgd"}}},
            "parameters.momentum: not used: no configuration to which when leaves it uses it",
        ),
        ({"random": {"n": 5, "seed": 3}}, "random.seed: unknown key"),
        ({"random": {"n": 0}}, "random.n: expected a whole number of at least 1, found 0"),
        ({"random": {"n": 10**12}}, "random.n: expected a whole number of at most 10000000"),
        ({"random": 5}, "random: expected {n: 500}, the number of points to draw, found 5"),
        (
            {"random": {"n": 5}, "l1": {"distribution": "uniform", "min": 0, "max": 1, "n": 5}},
            "l1.n: random.n says how many are drawn: 5",
        ),
        ({"l1": {"distribution": "uniform", "min": 0, "max": 1}}, "n is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(changes: dict[str, Any], told: str) -> None:
    asked = {**BASE, "parameters": {**PARAMETERS, **{key: changes.pop(key) for key in [*changes] if key == "l1"}}}
    with pytest.raises(ExperimentError) as error:
        load({**asked, **changes})
    assert told in str(error.value)
    assert len(error.value.lines) == 1
