"""What the engine is given for the rows of a table: numbers, learning rates, kernels."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.experiment import Experiment, load
from harness.experiment.settings import HYPERPARAMETERS
from harness.network.layout import Layout
from harness.network.runs import Curves, Outcome
from harness.store.schema import PARAMETER_MEANINGS, parameter_column
from harness.sweeps.cost import FAST_WORK, NARROW_WORK, PARAMETER_WORK, SAMPLE_WORK
from harness.sweeps.plan import KERNEL_WORK, KERNELS, Plan
from tests.support.experiments import SMALL, small
from tests.support.hyperparameters import ADAM, DEFAULTS, FROM_ONE, OPTIMIZERS, SCHEDULES, given_numbers


def test_a_grid_without_a_number_has_the_default_of_its_own() -> None:
    rest = {"learning_rate": 0.1, "epochs": 1, "init": "ones"}
    grids = [
        {"parameters": {**rest, "optimizer": ["sgd", "adamw", "adam"]}},
        {"parameters": {**rest, "optimizer": "rmsprop", "eps": [0.5, 0.25], "weight_decay": 0.125}},
        {"parameters": {**rest, "schedule": "cosine", "t_max": [3, 4], "gradient_clip": 2}},
    ]
    experiment = load({key: SMALL[key] for key in ("name", "network", "data")} | {"grids": grids})
    clip = {"gradient_clip": math.inf}
    rmsprop = {"alpha": 0.99, "weight_decay": 0.125, **clip}
    assert given_numbers(experiment) == [
        {"weight_decay": 0.0, **clip},
        {**ADAM, "weight_decay": 0.01, **clip},
        {**ADAM, "weight_decay": 0.0, **clip},
        {**rmsprop, "eps": 0.5},
        {**rmsprop, "eps": 0.25},
        {"weight_decay": 0.0, "t_max": 3, "eta_min": 0.0, "gradient_clip": 2},
        {"weight_decay": 0.0, "t_max": 4, "eta_min": 0.0, "gradient_clip": 2},
    ]
    table = trained_nothing(experiment)
    assert table["optimizer"].to_pylist() == ["sgd", "adamw", "adam", "rmsprop", "rmsprop", "sgd", "sgd"]
    assert table["schedule"].to_pylist() == ["constant"] * 5 + ["cosine"] * 2
    assert table["eps"].to_pylist() == [None, 1e-8, 1e-8, 0.5, 0.25, None, None]
    assert table["weight_decay"].to_pylist() == [0, 0.01, 0, 0.125, 0.125, 0, 0]
    assert table["t_max"].to_pylist() == [None] * 5 + [3, 4]
    assert table["gradient_clip"].to_pylist() == [None] * 5 + [2, 2]
    assert table.schema.field("t_max").type == pa.int64()


def trained_nothing(experiment: Experiment) -> pa.Table:
    """The table of an experiment whose every number is 0."""
    plan = Plan(experiment)
    tables, parts = plan.tables(), []
    for block in plan.blocks:
        _, rows = plan.asked(block)
        count = len(rows.config)
        none = np.zeros(count, np.int64)
        zeros = np.zeros((max(3, Layout(block.structure).count), count))
        curves = Curves(none, none, zeros[:3], zeros[:0])
        epochs = dict.fromkeys(("settled_epoch", "diverged_epoch", "stopped_epoch", "best_epoch"), none)
        numbers = dict.fromkeys(("best", "first_loss", "last_finite_loss"), zeros[0])
        seen = {"metrics": zeros[:3], "reached": np.zeros((0, count), np.int64), "weights": zeros, "curves": curves}
        outcome = Outcome(none.astype(np.uint8), **epochs, **numbers, **seen, steps=0, asked=0)
        parts.append(tables.runs_table(block.structure, rows, outcome))
    return pa.concat_tables(parts).sort_by("config")


@st.composite
def some_grid(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A grid, and its configurations in order."""

    def some(options: list[Any], most: int = 3) -> list[Any]:
        return draw(st.lists(st.sampled_from(options), min_size=1, max_size=most, unique=True))

    axes: dict[str, list[Any]] = {"optimizer": some(OPTIMIZERS), "schedule": some(SCHEDULES)}
    used = [number for names in axes.values() for name in names for number in DEFAULTS[name]]
    for number in dict.fromkeys([*used, "weight_decay", "gradient_clip"]):
        if draw(st.booleans()) or None in (DEFAULTS[name].get(number, 0) for name in axes["schedule"]):
            axes[number] = some([1, 2, 5] if number in FROM_ONE else [0.125, 0.25, 0.5], 2)
    axes = {key: axes[key] for key in draw(st.permutations(list(axes)))}
    assume(math.prod(map(len, axes.values())) < 200)
    length = draw(st.integers(1, 3))
    zipped = [key for key in axes if len(axes[key]) == length and draw(st.booleans())]
    grid: dict[str, Any] = {"parameters": {key: axes[key] for key in axes if key not in zipped}}
    points = [[{key: value} for value in axes[key]] for key in grid["parameters"]]
    if zipped:
        grid["zip"] = {"together": {key: axes[key] for key in zipped}}
        points.append([dict(zip(zipped, row, strict=True)) for row in zip(*(axes[k] for k in zipped), strict=True)])
    grid["parameters"] |= {"learning_rate": 0.1, "epochs": 1, "init": "ones"}
    listed = [{key: value for part in parts for key, value in part.items()} for parts in itertools.product(*points)]
    return grid, listed


@given(st.lists(some_grid(), min_size=1, max_size=2), st.sampled_from([{}, {"weight_decay": 0.75, "gradient_clip": 3}]))
def test_the_engine_is_given_what_the_file_says(grids: list[Any], training: dict[str, float]) -> None:
    whole = {"name": "x", "network": {"layers": [2, 2, 1]}, "data": {"rows": [[1, 1, 1]]}, "training": training}
    source = whole | (grids[0][0] if len(grids) == 1 else {"grids": [grid for grid, _ in grids]})
    configs = [config for _, listed in grids for config in listed]
    swept = {key for config in configs for key in config} | training.keys()
    always = {key: none for key, none in (("weight_decay", 0.0), ("gradient_clip", math.inf)) if key in swept}
    wanted: list[tuple[Any, dict[str, Any]]] = []
    for config in configs:
        defaults = {**DEFAULTS[config["optimizer"]], **DEFAULTS[config["schedule"]]}
        numbers = always | defaults | {
            key: value for key, value in {**training, **config}.items() if key in {**always, **defaults}
        }  # fmt: skip
        one = (config["optimizer"], config["schedule"]), numbers
        if one not in wanted:
            wanted.append(one)
    assert given_numbers(source) == [numbers for _, numbers in wanted]


RATES = {"epochs": 1, "init": ["ones", "zeros"]}


def test_one_rate_for_all_layers_or_one_for_each() -> None:
    def rates(*parameters: dict[str, Any]) -> list[list[list[float]]]:
        grids = {"grids": [{"parameters": {**RATES, **own}} for own in parameters]}
        plan = Plan(load({key: SMALL[key] for key in ("name", "network", "data")} | grids))
        return [plan.asked(block)[0].rates.tolist() for block in plan.blocks]

    assert rates({"learning_rate": [0.1, 0.2]}) == [[[0.1, 0.2, 0.1, 0.2]]]
    assert rates({"learning_rate": 0.1, "learning_rate_2": [0.2, 0.3]}) == [[[0.1] * 4, [0.2, 0.3, 0.2, 0.3]]]
    assert rates({"learning_rate": 0.1}, {"learning_rate_1": 0.2, "learning_rate_2": 0.3}) == [
        [[0.1, 0.1], [0.1, 0.1]],
        [[0.2, 0.2], [0.3, 0.3]],
    ]
    assert rates({"learning_rate": 0.1, "layers": [[2, 1], [2, 3, 3, 1]]}) == [[[0.1, 0.1]], [[0.1, 0.1]]]


def test_a_structure_has_a_kernel_of_its_own_if_it_repays() -> None:
    def kernels(**parameters: Any) -> list[bool]:
        plan = Plan(load(small({}, **parameters)), block_size=1000)
        return [plan.own_kernel(structure) for structure in plan.structures]

    four = {"dtype": ["float64", "float32"], "shuffle": [True, False]}
    eight = four | {"arithmetic": ["exact", "fast"]}
    assert kernels(**four) == [True] * KERNELS
    assert kernels(**eight) == [False] * 8
    work = (SAMPLE_WORK + 9 * PARAMETER_WORK) * NARROW_WORK * FAST_WORK + 8  # of an epoch of the cheapest of them
    runs = 2 * 2 * 5
    epochs = int(KERNEL_WORK / (runs * work)) - 1
    assert sum(kernels(**eight, epochs=[1, epochs], max_loss=[1, 2, 3, 4, 5])) == 6
    assert kernels(**eight, epochs=[1, epochs + 1], max_loss=[1, 2, 3, 4, 5]) == [True] * 8
    large = {"layers": [[2, 1], [2, 2, 1], [2, 3, 1], [2, 4, 1], [2, 10**4, 1]]}
    assert kernels(epochs=5_000, learning_rate=0.1, init="ones", **large) == [False] * 4 + [False]
    assert kernels(epochs=100_000, learning_rate=0.1, init="ones", **large) == [False] * 4 + [True]


def test_every_parameter_of_the_table_is_explained() -> None:
    assert set(HYPERPARAMETERS) | {
        "optimizer",
        "schedule",
        "shuffle",
        "reduction",
        "weight_decay",
        "l1",
        "decay_biases",
        "gradient_clip",
    } < set(PARAMETER_MEANINGS)
    for key in ("optimizer", "schedule", "shuffle", "reduction", "decay_biases"):
        assert pa.types.is_dictionary(parameter_column(key).type)


def test_functions_and_optimizers_that_take_long_make_blocks_smaller() -> None:
    def largest(**training: Any) -> int:
        rates = {"learning_rate": {"geomspace": [1e-3, 1, 10**6]}, "epochs": 10_000}
        return max(block.runs for block in Plan(load(small(training, **rates))).blocks)

    usual = largest()
    assert largest(optimizer="momentum", momentum=0.9) == usual
    assert largest(optimizer="adam") < usual / 3
