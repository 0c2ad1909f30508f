"""Settings that a run does not use, and equal settings, against a list: itertools.product and a set of normal forms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.experiment import Experiment, ExperimentError, load
from harness.experiment.grid import Grid, GridSizeError
from harness.network.structure import structure
from harness.sweeps import run
from harness.sweeps.plan import Plan
from harness.views.explain.configuration import of_row
from harness.views.results import Results
from tests.support.engine import watched
from tests.support.hyperparameters import DEFAULTS, FROM_ONE, OPTIMIZERS, SCHEDULES

ROWS = [[0.5, 1, 1], [1, 0, 0], [0, 1, 1], [1, 1, 0]]
NUMBERS = {number for numbers in DEFAULTS.values() for number in numbers}
POOLS: dict[str, list[Any]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "layers": [[2, 1], [2, 2, 1], [2, 3, 1], [2, 2, 2, 1]],
    "activation": ["tanh", "relu", "leaky_relu", "sigmoid"],
    "slope": [0.01, 1, 0.5],
    "output": ["identity", "sigmoid"],
    "output_slope": [1, 0.5],
    "batch_size": [1, 3, 4, "full", 9],
    "learning_rate": [0.1, 0.2],
    "learning_rate_1": [0.1, 0.3],
    "learning_rate_2": [0.1, 0.4],
    "epochs": [0, 1, 2],
    "init": ["ones", "zeros", "he_normal"],
    "weight_decay": [0, 0.01, 0.5],
    "momentum": [0.9, 0.5],
    **{
        number: [1, 5] if number in FROM_ONE else [0.1, 0.5]
        for number in sorted(NUMBERS - {"momentum", "weight_decay"})
    },
}
SLOPES = {"leaky_relu": 0.01, "sigmoid": 1}
ALWAYS = {"learning_rate": 0.1, "epochs": 1, "init": "ones", "step_size": 2, "gamma": 0.1, "t_max": 3}


@pytest.fixture(scope="module", autouse=True)
def for_any_network() -> Iterator[None]:
    """No network is compiled for: which rows there are is the same, and is known sooner."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Plan, "own_kernel", lambda plan, structure: False)
        yield


def normal(given: dict[str, Any], swept: set[str]) -> dict[str, Any]:
    """What of a configuration decides on its run: every setting that is used, with its value."""
    settings = {
        "optimizer": "sgd",
        "schedule": "constant",
        "layers": [2, 2, 1],
        "activation": "identity",
        "output": "identity",
        "batch_size": 1,
    } | given
    depth = len(settings["layers"]) - 1
    numbers = {**DEFAULTS[settings["optimizer"]], **DEFAULTS[settings["schedule"]]}
    if "weight_decay" in swept:
        numbers.setdefault("weight_decay", 0.0)
    settings = {key: value for key, value in settings.items() if key not in NUMBERS or key in numbers}
    settings = {**numbers, **settings}
    rates = [layer for layer in (1, 2, 3) if f"learning_rate_{layer}" in settings]
    for layer in rates:
        if layer > depth:
            del settings[f"learning_rate_{layer}"]
    if set(range(1, depth + 1)) <= set(rates):
        settings.pop("learning_rate", None)
    for key, name in (("slope", settings["activation"]), ("output_slope", settings["output"])):
        if name not in SLOPES or (depth == 1 and key == "slope"):
            settings.pop(key, None)
        else:
            settings.setdefault(key, SLOPES[name])
    if depth == 1:
        del settings["activation"]
    settings["batch_size"] = min(4, 4 if settings["batch_size"] == "full" else settings["batch_size"])
    return {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}


def listed(grids: list[dict[str, Any]], repeats: int, training: dict[str, Any]) -> list[dict[str, Any]]:
    """The normal form of every row, in order."""
    swept = {key for grid in grids for key in keys_of(grid)} | training.keys()
    rows: dict[Any, dict[str, Any]] = {}
    for grid in grids:
        dimensions: list[list[dict[str, Any]]] = []
        for section, axes in grid.items():
            if section == "parameters":
                dimensions += [[{key: value} for value in values] for key, values in axes.items()]
            elif section == "zip":
                for group in axes.values():
                    points = zip(*group.values(), strict=True)
                    dimensions.append([dict(zip(group, point, strict=True)) for point in points])
        for parts in itertools.product(*dimensions):
            given = {key: value for part in parts for key, value in part.items()}
            used = normal(training | given, swept)
            own = {key: value for key, value in used.items() if key in given}
            entries = map(comparable, grid.get("exclude", []))
            if any(all(key in own and own[key] == value for key, value in entry.items()) for entry in entries):
                continue
            for repeat in range(repeats if used["init"] == "he_normal" else 1):
                rows.setdefault(tuple(sorted((used | {"repeat": repeat}).items())), used | {"repeat": repeat})
    return list(rows.values())


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of `exclude` as a normal form has its values."""
    sizes = {"batch_size": min(4, 4 if entry.get("batch_size") == "full" else entry.get("batch_size", 4))}
    entry = entry | (sizes if "batch_size" in entry else {})
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def keys_of(grid: dict[str, Any]) -> set[str]:
    return set(grid["parameters"]) | {key for group in grid.get("zip", {}).values() for key in group}


def found(grid: Grid) -> dict[int, tuple[int, dict[str, Any]]]:
    """Config -> (run, value of every swept key, None where there is none), in pieces of three runs."""
    rows: dict[int, tuple[int, dict[str, Any]]] = {}
    for chosen in grid.ranges():
        for start in range(chosen.start, chosen.stop, 3):
            selection = grid.select(start, min(start + 3, chosen.stop))
            for row, (own, config) in enumerate(zip(selection.run.tolist(), selection.config.tolist(), strict=True)):
                values = {}
                for key, ids in selection.ids.items():
                    id_ = ids[row if key == "epochs" else own]
                    value = None if id_ < 0 else grid.values[key][id_]
                    values[key] = getattr(value, "label", value)
                assert config not in rows
                rows[config] = start + own, values
    return rows


@st.composite
def some_grid(draw: st.DrawFn) -> dict[str, Any]:
    optional = [key for key in POOLS if key not in ALWAYS]
    chosen = [*ALWAYS, *draw(st.lists(st.sampled_from(optional), max_size=5, unique=True))]
    kinds = draw(st.lists(st.sampled_from(["optimizer", "schedule", "layers"]), max_size=2, unique=True))
    chosen = list(dict.fromkeys([*chosen, *kinds]))
    axes = {
        key: draw(st.lists(st.sampled_from(POOLS[key]), min_size=1, max_size=3)) if key in POOLS else ALWAYS[key]
        for key in chosen
    }
    users = {
        number
        for name in [*axes.get("optimizer", ["sgd"]), *axes.get("schedule", ["constant"])]
        for number in DEFAULTS[name]
    }
    axes = {key: values for key, values in axes.items() if key not in NUMBERS - {"weight_decay"} or key in users}
    for key, of in (("slope", "activation"), ("output_slope", "output")):
        if not SLOPES.keys() & {*axes.get(of, ())}:
            axes.pop(key, None)
    deepest = max(len(layers) - 1 for layers in axes.get("layers", [[2, 2, 1]]))
    axes = {
        key: values
        for key, values in axes.items()
        if not (key[-1:].isdigit() and key.startswith("learning_rate_") and int(key[-1]) > deepest)
    }
    if all(f"learning_rate_{layer}" in axes for layer in range(1, deepest + 1)):
        del axes["learning_rate"]
    keys = draw(st.permutations(list(axes)))
    zipped = draw(st.lists(st.sampled_from(keys), max_size=4, unique=True))
    length = draw(st.integers(1, 4))
    group = {key: draw(st.lists(st.sampled_from(POOLS[key]), min_size=length, max_size=length)) for key in zipped}
    for key in ("optimizer", "schedule", "layers", "activation", "output"):  # what the others were chosen for
        if key in group:
            group[key] = [draw(st.sampled_from(axes[key])) for _ in range(length)]
    grid: dict[str, Any] = {"parameters": {key: axes[key] for key in keys if key not in zipped}}
    if zipped:
        grid = {"zip": {"together": group}} | grid if draw(st.booleans()) else grid | {"zip": {"together": group}}
    exclude = []
    for _ in range(draw(st.integers(0, 2))):
        match = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True))
        exclude.append({key: draw(st.sampled_from(group.get(key) or axes[key])) for key in match})
    return grid | ({"exclude": exclude} if exclude else {})


def read(source: dict[str, Any]) -> tuple[Experiment | None, list[str]]:
    """(an experiment that has rows, what is said of any other)."""
    try:
        experiment = load(source)
        assert Grid(experiment).rows
    except (ExperimentError, GridSizeError) as error:
        return None, str(error).split("\n")
    return experiment, []


CONSTANTS = [{}, {"weight_decay": 0.01}, {"batch_size": "full"}, {"batch_size": 7, "weight_decay": 0}]


@given(st.lists(some_grid(), min_size=1, max_size=3), st.integers(1, 2), st.sampled_from(CONSTANTS))
def test_a_row_is_there_once_for_all_that_it_does_not_use(
    grids: list[dict[str, Any]], repeats: int, training: dict[str, Any]
) -> None:
    source: dict[str, Any] = {"name": "g", "network": {"layers": [2, 2, 1]}, "data": {"rows": ROWS}}
    source |= {"repeats": repeats, "training": training}
    experiment, lines = read(source | (grids[0] if len(grids) == 1 else {"grids": grids}))
    if experiment is None:
        refused = ("matches nothing", "not used", "leaves nothing to train", "there is no layer")
        assert all(any(text in line for text in refused) for line in lines), lines
        assert "leaves nothing to train" not in lines[0] or not listed(grids, repeats, training)
        return
    grid = Grid(experiment)
    rows, got = listed(grids, repeats, training), found(grid)
    assert grid.rows == len(rows) == len(got)
    swept = {key for one in grids for key in keys_of(one)} | {"repeat"}
    by_run: dict[int, set[Any]] = {}
    for config, row in enumerate(rows):
        run, values = got[config]
        given = {key: value for key, value in values.items() if value is not None}
        assert given.items() <= row.items(), (config, row, given)
        without = {key for key in swept & row.keys() if values[key] is None}
        defaults = {**DEFAULTS[row["optimizer"]], **DEFAULTS[row["schedule"]]}
        assert without <= defaults.keys() | {"weight_decay"} | {
            "optimizer",
            "schedule",
            "layers",
            "activation",
            "output",
            "slope",
            "output_slope",
            "batch_size",
        }
        by_run.setdefault(run, set()).add(tuple(sorted((k, v) for k, v in row.items() if k != "epochs")))
    assert all(len(keys) == 1 for keys in by_run.values()), "a run mixes configurations"
    assert len({key for keys in by_run.values() for key in keys}) == grid.runs == len(by_run)
    longest: dict[Any, int] = {}
    for row in rows:
        key = tuple(sorted((k, v) for k, v in row.items() if k != "epochs"))
        longest[key] = max(longest.get(key, 0), row["epochs"])
    assert grid.epochs == sum(longest.values())
    for chosen in grid.ranges():
        for start in (chosen.start, chosen.stop - 1):
            ids = grid.select(start, start + 1).ids
            values = {key: grid.values[key][ids[key][0]] for key in chosen.values if ids[key][0] >= 0}
            assert structure(experiment, values) == structure(experiment, chosen.values)


def small(**parameters: Any) -> dict[str, Any]:
    rest = {"learning_rate": 0.1, "epochs": 2, "init": "ones"}
    return {
        "name": "g",
        "network": {"layers": [2, 2, 1], "activation": "tanh"},
        "data": {"rows": ROWS},
        "parameters": rest | parameters,
    }


def table(source: dict[str, Any], *columns: str) -> list[tuple[Any, ...]]:
    """The rows of the trained table as tuples of these columns, None for NULL."""
    frame = harness.train(source)
    assert frame["config"].tolist() == list(range(len(frame)))
    found = frame[list(columns)].astype(object)
    return list(found.where(found.notna(), None).itertuples(index=False, name=None))


def test_a_number_that_the_optimizer_does_not_use_is_null_and_makes_no_copies() -> None:
    swept = small(optimizer=["sgd", "momentum"], momentum=[0.1, 0.5, 0.9])
    once = [("sgd", None), ("momentum", 0.1), ("momentum", 0.5), ("momentum", 0.9)]
    assert table(swept, "optimizer", "momentum") == once
    names = swept["parameters"].pop("optimizer")
    swept["parameters"]["optimizer"] = names  # now the last key, the fastest
    assert table(swept, "optimizer", "momentum") == [once[1], once[0], *once[2:]][1::-1] + once[2:]
    swept["exclude"] = [{"momentum": 0.1}]
    assert table(swept, "optimizer", "momentum") == [("sgd", None), *once[2:]]
    swept["exclude"] = [{"momentum": value} for value in (0.1, 0.5, 0.9)]
    assert table(swept, "optimizer", "momentum") == [("sgd", None)]


CONDITIONAL = [
    (small(schedule=["constant", "step"], step_size=[1, 2], gamma=[0.5, 0.25]), ("schedule", "step_size", "gamma"),
     [("constant", None, None), ("step", 1, 0.5), ("step", 1, 0.25), ("step", 2, 0.5), ("step", 2, 0.25)]),
    (small(schedule=["exponential", "step"], step_size=[1, 2], gamma=[0.5, 0.25]), ("schedule", "step_size", "gamma"),
     [("exponential", None, 0.5), ("exponential", None, 0.25), ("step", 1, 0.5), ("step", 1, 0.25), ("step", 2, 0.5),
      ("step", 2, 0.25)]),
    (small(layers=[[2, 1], [2, 2, 2, 1]], learning_rate_3=[0.2, 0.3]), ("layers", "learning_rate", "learning_rate_3"),
     [("[2, 1]", 0.1, None), ("[2, 2, 2, 1]", 0.1, 0.2), ("[2, 2, 2, 1]", 0.1, 0.3)]),
    (small(layers=[[2, 1], [2, 2, 1]], learning_rate_1=0.2, learning_rate=[0.3, 0.4]),
     ("layers", "learning_rate", "learning_rate_1"),
     [("[2, 1]", None, 0.2), ("[2, 2, 1]", 0.3, 0.2), ("[2, 2, 1]", 0.4, 0.2)]),
    (small(layers=[[2, 1], [2, 2, 1]], activation=["relu", "tanh"]), ("layers", "activation"),
     [("[2, 1]", None), ("[2, 2, 1]", "relu"), ("[2, 2, 1]", "tanh")]),
    (small() | {"zip": {"a": {"optimizer": ["sgd", "adam", "sgd"], "beta1": [0.5, 0.5, 0.25], "eps": [1, 2, 3]}}},
     ("optimizer", "beta1", "eps"), [("sgd", None, None), ("adam", 0.5, 2.0)]),
    (small(optimizer=["sgd", "momentum"]) | {"zip": {"a": {"momentum": [0.5, 0.9], "weight_decay": [0, 0]}}},
     ("optimizer", "momentum", "weight_decay"), [("sgd", None, 0.0), ("momentum", 0.5, 0.0), ("momentum", 0.9, 0.0)]),
    (small(batch_size=[4, "full", 9, 1, 100]), ("batch_size",), [(4,), (1,)]),
    (small(batch_size={"range": [3, 9, 1]}), ("batch_size",), [(3,), (4,)]),
    (small(activation=["tanh", ["tanh"], ["relu"], "relu"]), ("activation",), [("tanh",), ("[relu]",)]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "columns", "rows"), CONDITIONAL)
def test_every_setting_that_is_not_used_is_null(source: Any, columns: tuple[str, ...], rows: list[Any]) -> None:
    assert table(source, *columns) == rows


def grids(*parameters: dict[str, Any], **training: Any) -> dict[str, Any]:
    blocks = [{"parameters": small(**own)["parameters"]} for own in parameters]
    return {key: value for key, value in small().items() if key != "parameters"} | {
        "grids": blocks,
        "training": training,
    }


def test_equal_settings_of_two_grids_are_one_row() -> None:
    optimizers = {"optimizer": ["sgd", "momentum", "adamw"]}
    assert table(grids(optimizers, {"optimizer": "momentum", "momentum": [0.5, 0.9]}), "optimizer", "momentum") == [
        ("sgd", None), ("momentum", 0.9), ("adamw", None), ("momentum", 0.5)
    ]  # fmt: skip
    assert table(grids(optimizers, {**optimizers, "weight_decay": [0, 0.01]}), "optimizer", "weight_decay") == [
        ("sgd", 0.0), ("momentum", 0.0), ("adamw", 0.01), ("sgd", 0.01), ("momentum", 0.01), ("adamw", 0.0)
    ]  # fmt: skip
    assert table(grids({"batch_size": ["full", 2]}, {}, batch_size=4), "batch_size") == [(4,), (2,)]
    deep = {"layers": [[2, 1], [2, 2, 1]], "learning_rate_2": [0.1, 0.2]}
    both = grids({"layers": [[2, 1]], "activation": ["relu"]}, deep)
    assert table(both, "layers", "activation", "learning_rate_2") == [
        ("[2, 1]", None, None), ("[2, 2, 1]", "tanh", 0.1), ("[2, 2, 1]", "tanh", 0.2)
    ]  # fmt: skip


ABSENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"optimizer": "momentum"}, {"momentum": 0.9}),
    ({"optimizer": "nesterov"}, {"momentum": 0.9}),
    ({"optimizer": "rmsprop"}, {"alpha": 0.99}),
    ({"optimizer": "adam"}, {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    ({"optimizer": "adamw"}, {"weight_decay": 0.01}),
    ({"optimizer": "adam"}, {"weight_decay": 0}),
    ({}, {"weight_decay": 0}),
    ({}, {"optimizer": "sgd", "schedule": "constant", "loss": "mse", "output": "identity", "bias": True}),
    ({}, {"dtype": "float64", "arithmetic": "exact", "shuffle": False, "batch_size": 1}),
    ({"schedule": "cosine", "t_max": 3}, {"eta_min": 0}),
    ({"init": "ones"}, {"init": {"constant": 1.0}}),
    ({"activation": "tanh"}, {"activation": ["tanh"]}),
    *(({"batch_size": "full"}, {"batch_size": size}) for size in (4, 5, 10**9)),
]


@pytest.mark.parametrize(("without", "given_too"), ABSENT)
def test_a_setting_that_is_not_given_is_the_value_that_it_then_has(
    without: dict[str, Any], given_too: dict[str, Any]
) -> None:
    """In either order of the grids, and as the one grid's axis that has another value too."""
    both = without | given_too
    for source in (grids(without, both), grids(both, without)):
        assert (Grid(load(source)).rows, Grid(load(source)).runs) == (1, 1)
    merged, alone = (harness.train(grids(*some)) for some in ((without, both), (without,)))
    shared = [name for name in alone if name not in both]
    pd.testing.assert_frame_equal(merged[shared], alone[shared], check_exact=True)
    for key, other in {"momentum": 0.5, "weight_decay": 0.25, "eps": 0.5}.items():
        if key in given_too:
            more = grids(without, both | {key: [other, given_too[key]]})
            assert Grid(load(more)).rows == 2


@pytest.mark.parametrize("key", ["gradient_clip", "max_loss"])
def test_no_bound_is_said_by_leaving_it_out_alone(key: str) -> None:
    for value in (None, float("inf")):
        with pytest.raises(ExperimentError, match="expected a finite number greater than 0"):
            load(grids({}, {key: [value]}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"schedule": "constant"}, {"schedule": "step", "step_size": 1, "gamma": 1}),
        ({"optimizer": "sgd"}, {"optimizer": "momentum", "momentum": 0}),
        ({"batch_size": "full"}, {"batch_size": "full", "shuffle": True}),
    ],
)
def test_settings_of_different_names_are_different_rows(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Each says what was asked, also where the numbers come out the same."""
    assert Grid(load(grids(one, other))).rows == 2


def test_numbers_of_every_row_are_those_of_that_row_alone() -> None:
    """Each row is trained as an experiment of its own would be."""
    source = small(optimizer=["sgd", "momentum", "adam"], momentum=[0.5, 0.8], beta1=[0.5, 0.6], batch_size=[1, 9])
    whole = harness.train(source)
    assert len(whole) == 2 * (1 + 2 + 2)
    for _, row in whole.iterrows():
        own = {key: row[key] for key in ("optimizer", "momentum", "beta1", "batch_size") if pd.notna(row[key])}
        (alone,) = harness.train(small(**own)).to_dict("records")
        weights = [name for name in whole.columns if name[0] in "wb" and name[1:2].isdigit()]
        assert [row[name] for name in (*weights, "loss_mean")] == [alone[name] for name in (*weights, "loss_mean")]


def test_a_row_is_explained_and_taken_over_with_what_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = small(
        optimizer=["sgd", "momentum"], momentum=[0.1, 0.5], layers=[[2, 1], [2, 2, 1]], activation=["relu", "tanh"]
    )
    folder = harness.sweep(source, tmp_path)
    for config, row in enumerate(harness.load(folder).to_dict("records")):
        told = of_row(Results(folder), config).labels()
        for name in ("momentum", "activation"):
            assert told.get(name) == (str(row[name]) if pd.notna(row[name]) else None)
    more = small(
        optimizer=["momentum", "sgd"], momentum=[0.3, 0.5], layers=[[2, 2, 1], [2, 1]], activation=["tanh", "relu"]
    )
    with watched() as trained:
        run.sweep(load(more), tmp_path, run.Options(extend=True))
    assert sum(trained) == 3  # momentum 0.3, for both activations and for no hidden layer
    pd.testing.assert_frame_equal(harness.load(folder), harness.train(more))


def test_counting_never_lists_the_product() -> None:
    hundred = {"linspace": [0.1, 0.9, 100]}
    numbers = {"momentum": hundred, "alpha": hundred, "beta1": hundred, "eps": hundred, "max_loss": hundred}
    for keys in (["optimizer", *numbers], [*numbers, "optimizer"]):
        axes = numbers | {"optimizer": OPTIMIZERS}
        source = small(**{key: axes[key] for key in keys}, epochs=[1, 2, 5]) | {"run_cap": 10**12}
        grid = Grid(load(source))
        assert grid.runs == 100 * (2 + 5 * 100 + 5 * 100**2)  # the optimizers that use none of them, one, two
        assert (grid.rows, grid.epochs) == (3 * grid.runs, 5 * grid.runs)
        last = grid.select(grid.runs - 1, grid.runs)
        assert len(last.config) == 3
        assert last.config.max() < grid.rows


def test_a_typo_is_counted_as_a_bound_where_rows_are_merged() -> None:
    source = small(optimizer=["sgd", "momentum"], momentum={"linspace": [0, 0.5, 10**20]})
    with pytest.raises(GridSizeError) as caught:
        Grid(load(source))
    count = "the grid has up to about 2.0e+20 rows, more than run_cap: 50,000,000"
    assert str(caught.value) == f"experiment: {count}; raise run_cap if that is meant"


def test_a_value_that_is_never_used_with_another_matches_nothing() -> None:
    source = small(
        optimizer=["sgd", "momentum"], momentum=[0.1, 0.5], layers=[[2, 1], [2, 2, 1]], activation=["relu", "tanh"]
    )
    for entry, line in [
        ({"optimizer": "sgd", "momentum": 0.5}, "exclude[0].momentum: matches nothing: optimizer sgd does not use it"),
        (
            {"layers": [2, 1], "activation": "relu"},
            "exclude[0].activation: matches nothing: layers [2, 1] does not use it",
        ),
    ]:
        with pytest.raises(ExperimentError) as caught:
            load(source | {"exclude": [entry]})
        assert str(caught.value) == f"experiment: {line}"


FINGERPRINTS = ["9e75d8eb", "f16528df", "510eceab"]
BEFORE = ["c8a9a574", "4de383a2", "4d6954f4"]
"""The first digits of fingerprints by the version that trained copies of equal rows: `FINGERPRINTS` of experiments that
have no copies, `BEFORE` of some that have."""


def test_only_where_rows_changed_the_fingerprint_did() -> None:
    plain = small(optimizer=["momentum", "nesterov"], momentum=[0.1, 0.5])
    union = grids({"optimizer": "sgd"}, {"optimizer": ["momentum"], "momentum": [0.1, 0.5]})
    deep = small(layers=[[2, 2, 1], [2, 3, 1]], activation=["tanh", ["relu"]], learning_rate_2=[0.1, 0.2])
    assert [load(source).fingerprint[:8] for source in (plain, union, deep)] == FINGERPRINTS
    merged = [
        small(optimizer=["sgd", "momentum"], momentum=[0.1, 0.5]),
        small(batch_size=[4, "full"]),
        grids({"optimizer": "momentum"}, {"optimizer": "momentum", "momentum": [0.1, 0.9]}),
    ]
    found = [load(source).fingerprint for source in merged]
    assert all(now[:8] != before for now, before in zip(found, BEFORE, strict=True))
