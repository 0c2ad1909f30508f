"""The grid against a list: itertools.product, with exclusions and duplicates taken out one by one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.experiment import clauses, load
from harness.experiment.grid import Grid, GridSizeError

RATES = [0.1, 0.2, 0.3, 0.4]
EPOCHS = [0, 1, 2, 5]
INITS = ["ones", "zeros", "he_normal"]
ACTIVATIONS = ["identity", "tanh", "relu"]


def experiment(grids: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    base = {"name": "g", "network": {"layers": [2, 2, 1]}, "data": {"rows": [[1, 1, 1]]}, **more}
    return base | (grids[0] if len(grids) == 1 else {"grids": grids})


def listed(grids: list[dict[str, Any]], repeats: int) -> list[dict[str, Any]]:
    """Every configuration in order, as a list of dictionaries; what a grid does not sweep has its default."""
    rows: list[dict[str, Any]] = []
    for grid in grids:
        dimensions = []
        for section in grid:
            if section == "parameters":
                dimensions += [[{key: value} for value in values] for key, values in grid[section].items()]
            elif section == "zip":
                for group in grid[section].values():
                    columns = [[(key, value) for value in values] for key, values in group.items()]
                    dimensions.append([dict(point) for point in zip(*columns, strict=True)])
        for parts in itertools.product(*dimensions):
            row = {"activation": "identity"} | {key: value for part in parts for key, value in part.items()}
            if any(all(row[key] == value for key, value in match.items()) for match in grid.get("exclude", [])):
                continue
            for repeat in range(repeats if row["init"] == "he_normal" else 1):
                if (full := row | {"repeat": repeat}) not in rows:
                    rows.append(full)
    return rows


def selected(grid: Grid) -> dict[int, tuple[int, dict[str, Any]]]:
    """Config -> (run, configuration), gathered from every range in pieces of three runs."""
    found: dict[int, tuple[int, dict[str, Any]]] = {}
    for chosen in grid.ranges():
        for start in range(chosen.start, chosen.stop, 3):
            stop = min(start + 3, chosen.stop)
            selection = grid.select(start, stop)
            for row, (run, config) in enumerate(zip(selection.run.tolist(), selection.config.tolist(), strict=True)):
                values = {}
                for key, ids in selection.ids.items():
                    value = grid.values[key][ids[row if key == "epochs" else run]]
                    values[key] = getattr(value, "label", value)
                assert config not in found
                found[config] = start + run, values
    return found


@st.composite
def some_grid(draw: st.DrawFn) -> dict[str, Any]:
    def values(options: list[Any]) -> list[Any]:
        return draw(st.lists(st.sampled_from(options), min_size=1, max_size=4))

    parameters: dict[str, Any] = {"learning_rate": values(RATES), "epochs": values(EPOCHS), "init": values(INITS)}
    if draw(st.booleans()):
        parameters["activation"] = values(ACTIVATIONS)
    keys = draw(st.permutations(list(parameters)))
    zipped = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
    grid: dict[str, Any] = {"parameters": {key: parameters[key] for key in keys if key not in zipped}}
    if zipped:
        length = draw(st.integers(1, 5))
        options = {"learning_rate": RATES, "epochs": EPOCHS, "init": INITS, "activation": ACTIVATIONS}
        one = st.lists
        group = {k: draw(one(st.sampled_from(options[k]), min_size=length, max_size=length)) for k in zipped}
        section = {"zip": {"together": group}}
        grid = section | grid if draw(st.booleans()) else grid | section
    swept = parameters | grid.get("zip", {}).get("together", {})
    exclude = []
    for _ in range(draw(st.integers(0, 2))):
        match = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True))
        exclude.append({key: draw(st.sampled_from(swept[key])) for key in match})
    return grid | ({"exclude": exclude} if exclude else {})


@given(st.lists(some_grid(), min_size=1, max_size=3), st.integers(1, 3))
def test_rows_and_runs_are_those_of_the_list(grids: list[dict[str, Any]], repeats: int) -> None:
    rows = listed(grids, repeats)
    if not rows:
        with pytest.raises(HarnessError, match=r"leaves nothing to train$"):
            Grid(load(experiment(grids, repeats=repeats)))
        return
    grid = Grid(load(experiment(grids, repeats=repeats)))
    found = selected(grid)
    assert grid.rows == len(rows) == len(found)
    for config, row in enumerate(rows):
        _, values = found[config]
        assert values == {key: value for key, value in row.items() if key in values}, (config, row)
    without_epochs = [tuple((key, row[key]) for key in sorted(row) if key != "epochs") for row in rows]
    by_run: dict[int, set[Any]] = {}
    for config, key in enumerate(without_epochs):
        by_run.setdefault(found[config][0], set()).add(key)
    assert all(len(keys) == 1 for keys in by_run.values()), "a run mixes configurations"
    assert len(by_run) == len(set(without_epochs)) == grid.runs
    assert set(by_run) == set(range(grid.runs))
    longest = {
        key: max(row["epochs"] for row, k in zip(rows, without_epochs, strict=True) if k == key)
        for key in without_epochs
    }
    assert grid.epochs == sum(longest.values())


def test_a_block_never_mixes_structures() -> None:
    parameters = {
        "learning_rate": RATES,
        "activation": ACTIVATIONS,
        "init": "ones",
        "layers": [[2, 2, 1], [2, 3, 1]],
        "epochs": EPOCHS,
    }
    grid = Grid(load(experiment([{"parameters": parameters}])))
    ranges = list(grid.ranges())
    assert [(r.start, r.stop) for r in ranges] == [(4 * i, 4 * i + 4) for i in range(6)]
    assert len({tuple(r.values.items()) for r in ranges}) == 6
    for r in ranges:
        ids = grid.select(r.start, r.stop).ids
        for key, value in r.values.items():
            assert {grid.values[key][i] for i in ids[key]} == {value}


def test_counting_never_lists_the_product() -> None:
    axis = {"linspace": [0.1, 1, 1000]}
    parameters = {f"learning_rate_{layer}": axis for layer in (1, 2)} | {
        "max_loss": axis,
        "epochs": {"range": [0, 10, 1]},
        "init": "ones",
    }
    mapping = experiment(
        [{"parameters": parameters, "exclude": [{"epochs": 3}, {"learning_rate_1": 1, "epochs": 4}]}], run_cap=10**11
    )
    grid = Grid(load(mapping))  # none of it is listed: that would take hours, and more memory than there is
    assert grid.rows == 9 * 10**9 - 10**6
    assert grid.runs == 10**9
    assert grid.epochs == 9 * 10**9
    last = grid.select(grid.runs - 1, grid.runs)
    assert last.config.tolist()[-1] == grid.rows - 1
    assert len(last.config) == 8


@pytest.mark.parametrize("count", [10**6, 10**15, 10**28])
def test_a_typo_is_counted_and_refused(count: int) -> None:
    parameters = {"learning_rate": {"linspace": [0.1, 1, count]}, "epochs": [1, 2], "init": "ones"}
    with pytest.raises(GridSizeError) as caught:
        Grid(load(experiment([{"parameters": parameters}], run_cap=10**5)))
    assert caught.value.count == 2 * count


def test_a_configuration_is_the_same_whatever_stands_beside_it() -> None:
    """Values added to any axis move a configuration's number and change nothing else."""
    small = Grid(load(experiment([{"parameters": {"learning_rate": [0.1], "epochs": [5], "init": ["he_normal"]}}])))
    large = Grid(
        load(experiment([{"parameters": {"learning_rate": RATES, "epochs": EPOCHS, "init": INITS}}], repeats=3))
    )
    wanted = next(iter(selected(small).values()))[1]
    assert wanted in [values for _, values in selected(large).values()]
    assert np.unique([run for run, _ in selected(large).values()]).tolist() == list(range(large.runs))


def shifted(grids: int, excluded: int) -> list[dict[str, Any]]:
    """Grids that overlap, each of 12 x 12 rates, 3 epochs and 2 initialisations, without some rows."""
    rates = [step / 16 for step in range(1, 40)]
    found = []
    for g in range(grids):
        first, second = ([rates[(by * g + step) % 39] for step in range(12)] for by in (1, 2))
        found.append(
            {
                "parameters": {
                    "learning_rate_1": first,
                    "learning_rate_2": second,
                    "epochs": [1, 5, 9 + g % 3],
                    "init": ["ones", "he_normal"],
                },
                "exclude": [
                    {"learning_rate_1": first[i % 12], "learning_rate_2": second[i * 7 % 12], "epochs": (1, 5)[i % 2]}
                    for i in range(excluded)
                ],
            }
        )
    return found


def test_many_grids_and_many_exclusions_are_those_of_the_list() -> None:
    grids = shifted(5, 30)
    rows = set()
    for grid in grids:
        left_out = {tuple(entry.values()) for entry in grid["exclude"]}
        for first, second, epochs, init in itertools.product(*grid["parameters"].values()):
            if (first, second, epochs) not in left_out:
                rows |= {(first, second, epochs, init, repeat) for repeat in range(1 + (init == "he_normal"))}
    grid = Grid(load(experiment(grids, repeats=2)))
    assert grid.rows == len(rows)
    names = ("learning_rate_1", "learning_rate_2", "epochs", "init", "repeat")
    assert {tuple(values[name] for name in names) for _, values in selected(grid).values()} == rows
    assert grid.runs == len({(*row[:2], *row[3:]) for row in rows})


@pytest.mark.parametrize(("grids", "excluded", "most"), [(1, 40, 100), (1, 120, 100), (20, 0, 6000), (20, 12, 18000)])
def test_states_are_made_for_what_matches_alone(
    monkeypatch: pytest.MonkeyPatch, grids: int, excluded: int, most: int
) -> None:
    """As many as there are combinations of values that clauses tell apart, not times the number of clauses."""
    made = []

    def counted(*arguments: Any) -> Any:
        made.append(1)
        return clauses.put_together(*arguments)

    monkeypatch.setattr("harness.experiment.product.put_together", counted)
    assert Grid(load(experiment(shifted(grids, excluded), repeats=2))).rows > 0
    assert len(made) <= most
