"""What is watched while networks train: the engine against the reference, bit for bit; what stops is like what ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness import engine, reference
from harness.experiment import ExperimentError, load
from harness.experiment.measured import MEASURES, Goal, Measure, Monitoring, Part
from harness.formulas.metrics import METRICS
from harness.formulas.scores import SCORES
from harness.network.parts import NetworkSamples
from harness.network.runs import Outcome, Runs, Status
from harness.network.structure import Structure
from tests.support.engine import watched
from tests.support.networks import part_for, runs_for, structures

PARTS = (Part.TRAIN, Part.VALIDATION)


def monitoring_for(parts: dict[Part, NetworkSamples], random: np.random.Generator) -> Monitoring:
    """Something to monitoring, with goals that some runs get to."""
    there = [
        Measure(part, name) for part, samples in parts.items() for name in SCORES if SCORES[name].applies(samples.about)
    ]
    measures = [*(Measure(None, name) for name in METRICS), *there]

    def goals() -> tuple[Goal, ...]:
        chosen = random.choice(len(measures), random.integers(0, 3))
        return tuple(Goal(measures[k], float(random.choice([0.5, 1.0, 2.0, 0.1]))) for k in chosen)

    monitor = measures[random.integers(len(measures))] if random.random() < 0.8 else None
    return Monitoring(
        monitor,
        keep=monitor is not None and random.random() < 0.5,
        patience=int(random.integers(1, 6)) if monitor and random.random() < 0.7 else None,
        min_delta=float(random.choice([0.0, 0.01])),
        ends=goals(),
        reaches=goals(),
    )


def assert_equals_reference(given: Runs, parts: dict[Part, NetworkSamples], own_kernel: bool) -> set[Status]:
    data, seen = parts[Part.TRAIN].samples, set[Status]()
    trainer = engine.prepare(given.structure, common=len(given.rates) == 1, own_kernel=own_kernel)
    outcome = trainer.train(given, data, parts)
    for run in range(given.count):
        first, stop = given.first_recorded[run : run + 2]
        init = given.initialisations[given.initialisation[run]]
        network = reference.initial_network(given.structure, init, given.seed, int(given.repeat[run]))
        training = reference.Training(network, given.rates[:, run], given.hyperparameters[:, run], given.seed)
        progress = reference.Progress(given.monitoring or Monitoring(), parts)
        recorded = given.recorded[first:stop].tolist()
        expected = reference.trajectory(training, data, recorded, given.max_loss[run], progress)
        for epochs, row in zip(recorded, given.place[first:stop], strict=True):
            assert_row(outcome, row, expected.rows[epochs], given.monitoring)
            seen.add(expected.rows[epochs].status)
        kept = [one.epoch for one in expected.metrics]
        over = expected.rows[recorded[-1]].stopped_epoch or recorded[-1]
        points = [e for e in kept if given.every and (e in (1, over, recorded[-1]) or e % given.every == 0)]
        assert outcome.curves.epoch[outcome.curves.run == run].tolist() == points
    return seen


def assert_row(outcome: Outcome, row: int, expected: reference.Row, monitoring: Any) -> None:
    assert outcome.status[row] == expected.status
    for name in ("settled_epoch", "diverged_epoch", "stopped_epoch"):
        assert getattr(outcome, name)[row] == (getattr(expected, name) or 0), name
    diverged = expected.status == Status.DIVERGED
    assert outcome.best_epoch[row] == (0 if diverged else expected.best_epoch or 0)
    best = np.nan if diverged or expected.best is None else expected.best
    assert np.array_equal(outcome.best[row], np.array(best, outcome.best.dtype), equal_nan=True)
    assert outcome.reached[:, row].tolist() == [expected.reached.get(goal, 0) for goal in monitoring.goals]
    metrics = [np.nan] * len(METRICS) if expected.metrics is None else [*expected.metrics.values.values()]
    assert np.array_equal(outcome.metrics[:, row], np.array(metrics, outcome.metrics.dtype), equal_nan=True)
    if expected.weights is None:
        assert np.isnan(outcome.weights[:, row]).all()
    else:
        assert outcome.weights[:, row].tobytes() == expected.weights.tobytes()


@settings(max_examples=40)
@given(structures(), st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([0, 1, 4]))
def test_what_is_watched_is_what_the_reference_says(structure: Structure, seed: int, samples: int, every: int) -> None:
    random = np.random.default_rng(seed)
    parts = {part: part_for(structure, samples, random) for part in PARTS}
    runs = runs_for(structure, int(random.integers(1, 14)), random, every)
    assert_equals_reference(replace(runs, monitoring=monitoring_for(parts, random)), parts, own_kernel=False)


@pytest.mark.parametrize("seed", range(6))
def test_in_a_network_s_own_kernel_too(seed: int) -> None:
    """Several vectors side by side, runs that start and stop at their own times, every status."""
    made = Structure((2, 3, 2), ("tanh", "tanh"), "true", "mse", "sgd", 1, "float64", "exact")
    random = np.random.default_rng(seed)
    parts = {part: part_for(made, 4, random) for part in PARTS}
    monitoring = Monitoring(
        Measure(Part.VALIDATION, "loss"), seed % 2 == 0, 3, 0.0, (), (Goal(Measure(None, "loss_mean"), 0.5),)
    )
    seen = assert_equals_reference(
        replace(runs_for(made, 90, random, 2), monitoring=monitoring), parts, own_kernel=True
    )
    assert {Status.RAN, Status.STOPPED, Status.DIVERGED} <= seen


def experiment(stop: Any = None, record: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "network": {"layers": [2, 3, 1], "activation": "tanh"},
        "data": {"generate": "moons", "samples": 60, "standardize": "inputs", "split": {"validation": 0.3}},
        "training": {"loss": "bce", "batch_size": 4, **({"stop": stop} if stop else {})},
        "parameters": {"learning_rate": [0.1, 1, 100], "epochs": [0, 1, 7, 60], "init": "xavier_uniform"},
        "repeats": 3,
        "record": {"metrics": ["accuracy", "solved"], **(record or {})},
        **more,
    }


EVERY = {"parameters": {"learning_rate": [0.1, 1, 100], "epochs": {"range": [0, 61, 1]}, "init": "xavier_uniform"}}
"""What makes a row of every epoch of these runs."""


@pytest.fixture(scope="module")
def every() -> pd.DataFrame:
    """Every epoch of runs that never stop, by run and epochs."""
    return harness.train(experiment(**EVERY)).set_index(["run", "epochs"])


def test_a_run_stops_after_so_many_epochs_without_a_better_one(every: pd.DataFrame) -> None:
    """By hand, from the validation losses of all epochs, as Keras's EarlyStopping has it."""
    table = harness.train(experiment({"patience": 3}))
    for run, rows in table.groupby("run"):
        losses = every.loc[run, "validation_loss"].iloc[1:]
        best, best_epoch, over = np.inf, 0, None
        for epoch, loss in losses.items():
            if loss < best:
                best, best_epoch = loss, epoch
            elif epoch - best_epoch >= 3 and over is None:
                over = epoch
                break
        last = rows.set_index("epochs").loc[60]
        assert last["status"] == ("stopped" if over else "ran")
        assert (last["stopped_epoch"] if over else None) == over
        assert (last["best_epoch"], last["best_validation_loss"]) == (best_epoch, best)
        assert last["validation_loss"] == losses.loc[over or 60]
    assert set(table["status"]) == {"ran", "stopped"}


def test_rows_before_a_run_stops_are_those_of_a_run_that_never_does(every: pd.DataFrame) -> None:
    table = harness.train(experiment({"patience": 3}))
    shared = [name for name in every.columns if name not in ("config", "status")]
    for _, row in table.iterrows():
        over = row["stopped_epoch"] if row["status"] == "stopped" else row["epochs"]
        pd.testing.assert_series_equal(
            row[shared], every.loc[(row["run"], over)][shared], check_names=False, check_dtype=False, rtol=0, atol=0
        )


def test_the_best_epoch_s_weights_are_the_row_s(every: pd.DataFrame) -> None:
    table = harness.train(experiment(record={"weights": "best"}))
    weights = [name for name in table if name.startswith(("w1", "w2", "b1", "b2"))]
    for _, row in table[table["epochs"] > 0].iterrows():
        losses = every.loc[row["run"], "validation_loss"].loc[1 : row["epochs"]]
        assert row["best_epoch"] == losses.idxmin()
        assert row["best_validation_loss"] == row["validation_loss"] == losses.min()
        best = every.loc[(row["run"], row["best_epoch"])]
        assert row[weights].tolist() == best[weights].tolist()
        assert row["train_accuracy"] == best["train_accuracy"]
        assert row["loss_mean"] == every.loc[(row["run"], row["epochs"]), "loss_mean"]
    first = table[table["epochs"] == 0]
    assert first["best_epoch"].isna().all()
    assert first[weights].notna().all(axis=None)


def test_epochs_to_a_goal_are_the_first_at_which_it_holds(every: pd.DataFrame) -> None:
    goals = {"loss_mean": [0.5, 0.3], "accuracy": 0.9, "validation_accuracy": 1, "solved": 1}
    table = harness.train(experiment(record={"epochs_to": goals}))
    columns = {
        "epochs_to_loss_mean_0.5": every["loss_mean"] <= 0.5,
        "epochs_to_loss_mean_0.3": every["loss_mean"] <= 0.3,
        "epochs_to_train_accuracy_0.9": every["train_accuracy"] >= 0.9,
        "epochs_to_validation_accuracy_1": every["validation_accuracy"] >= 1,
        "epochs_to_solved_1": every["solved"],
    }
    assert [name for name in table if name.startswith("epochs_to")] == list(columns)
    for name, holds in columns.items():
        for _, row in table.iterrows():
            held = holds.loc[row["run"]].loc[1 : row["epochs"]]
            expected = held.idxmax() if held.any() else None
            assert (None if np.isnan(row[name]) else row[name]) == expected
    assert table["epochs_to_train_accuracy_0.9"].notna().any()
    rest = table.drop(columns=list(columns))
    pd.testing.assert_frame_equal(rest, harness.train(experiment()), check_like=True)


@pytest.mark.parametrize(
    ("stop", "holds"),
    [
        ({"below": 0.4, "monitor": "loss_mean"}, "loss_mean"),
        ({"below": 0.4}, "validation_loss"),
        ({"solved": True}, ""),
    ],
)
def test_a_goal_ends_a_run(every: pd.DataFrame, stop: Any, holds: str) -> None:
    table = harness.train(experiment(stop))
    for _, row in table[table["epochs"] == 60].iterrows():
        reached = every[holds] <= 0.4 if holds else every["solved"]
        held = reached.loc[row["run"]].loc[1:60]
        assert row["status"] == ("stopped" if held.any() else "ran")
        assert (row["stopped_epoch"] if held.any() else None) == (held.idxmax() if held.any() else None)
    assert "best_epoch" not in table


def test_stopping_saves_work() -> None:
    from harness.sweeps.plan import Plan

    plan = Plan(load(experiment({"patience": 1})))
    outcome = plan.train(plan.asked(plan.blocks[0])[0])
    assert outcome.steps < outcome.asked / 2


def test_a_curve_ends_where_its_run_stops(tmp_path: Any) -> None:
    folder = harness.sweep(experiment({"patience": 3}, {"losses": {"every": 5}}), tmp_path)
    table, curves = harness.load(folder), harness.load(folder, curves=True)
    stopped = table[(table["epochs"] == 60) & (table["status"] == "stopped")].set_index("run")
    assert len(stopped) >= 3
    for run, row in stopped.iterrows():
        last = curves[curves["run"] == run].iloc[-1]
        assert last["epoch"] == row["stopped_epoch"]
        assert last["validation_loss"] == row["validation_loss"]
    assert harness.open(folder).runs.columns["stopped_epoch"].unit == "epochs"


def test_results_go_on_only_from_what_was_watched_alike(tmp_path: Any) -> None:
    """Rows that are taken over have the same numbers as rows that are trained."""
    from harness.store.contents import StoreError
    from harness.sweeps import run

    asked = experiment({"patience": 3}, {"epochs_to": {"loss_mean": 0.5}, "weights": "best"})
    harness.sweep(asked, tmp_path)
    wider = {**asked, "parameters": {**asked["parameters"], "learning_rate": [0.1, 1, 3, 100]}}
    with watched() as calls:
        run.sweep(load(wider), tmp_path, run.Options(extend=True))
    assert sum(calls) == 3
    pd.testing.assert_frame_equal(harness.load(tmp_path / "x"), harness.train(wider))
    with pytest.raises(StoreError, match=r"training\.stop"):
        run.sweep(load(experiment({"patience": 4})), tmp_path, run.Options(extend=True))


def test_blocks_and_threads_change_nothing() -> None:
    asked = experiment({"patience": 2}, {"epochs_to": {"validation_accuracy": 0.9}})
    whole = harness.train(asked, threads=1)
    pd.testing.assert_frame_equal(harness.train(asked, threads=2, block_size=2), whole)


REFUSED = [
    ({"training": {"stop": {}}}, "training.stop: expected patience, below or solved, found none of them"),
    ({"training": {"stop": {"patience": 0}}}, "training.stop.patience: expected a whole number of at least 1, found 0"),
    (
        {"training": {"stop": {"patience": 3, "monitor": "test_loss"}}},
        "what stops by the test part is not tested by it",
    ),
    (
        {"training": {"stop": {"patience": 3, "monitor": "validation_lss"}}},
        "did you mean validation_loss?",
    ),
    (
        {"training": {"stop": {"patience": 3, "monitor": "validation_loss"}}, "data": {"split": None}},
        "validation_loss needs a validation part; give data.split",
    ),
    (
        {"training": {"stop": {"below": 0.9, "monitor": "validation_accuracy"}}},
        "training.stop.below: expected no below, as validation_accuracy rises",
    ),
    ({"training": {"stop": {"solved": False}}}, "training.stop.solved: expected true, or no such key, found false"),
    (
        {"training": {"stop": {"solved": True}, "loss": "mse"}, "data": {"generate": "sine"}},
        "solved needs targets that are classes",
    ),
    ({"training": {"stop": {"solved": True, "monitor": "loss_mean"}}}, "training.stop.monitor: not used"),
    ({"training": {"stop": {"below": 1, "min_delta": 0.1}}}, "training.stop.min_delta: not used"),
    ({"record": {"weights": "first"}}, "record.weights: expected true, false, last or best, found 'first'"),
    ({"record": {"epochs_to": {"los_mean": 1}}}, "did you mean loss_mean?"),
    ({"record": {"epochs_to": {"accuracy": "all"}}}, "record.epochs_to.accuracy"),
    ({"record": {"epochs_to": {}}}, "expected a mapping from measures to numbers"),
    ({"record": {"epochs_to": {"r2": 0.5}}}, "train_r2 needs outputs that estimate the targets"),
]


@pytest.mark.parametrize(("changes", "told"), REFUSED)
def test_what_cannot_be_watched_is_refused_in_a_line(changes: dict[str, Any], told: str) -> None:
    asked = experiment()
    for section, keys in changes.items():
        asked[section] = {**asked[section], **keys}
    if changes.get("data", {}).get("generate") == "sine":
        asked["network"] = {**asked["network"], "layers": [1, 3, 1]}
    with pytest.raises(ExperimentError) as error:
        load(asked)
    assert told in str(error.value)
    assert len(error.value.lines) == 1


def test_every_measure_has_a_column_of_its_own() -> None:
    assert len(MEASURES) == len(METRICS) + 3 * (len(SCORES) - 1) + 1


def test_patience_counts_the_epochs_of_a_run_that_goes_round_in_a_circle() -> None:
    """With this rate every epoch turns w into -w at the same loss. Periods are skipped only where nobody counts."""
    asked = {
        "name": "x",
        "network": {"layers": [1, 1], "bias": False},
        "data": {"rows": [[1, 0]]},
        "parameters": {"learning_rate": 1, "epochs": 1000, "init": "ones"},
    }
    (row,) = harness.train({**asked, "training": {"stop": {"patience": 50}}}).to_dict("records")
    assert (row["status"], row["best_epoch"], row["stopped_epoch"], row["w1_1_1"]) == ("stopped", 1, 51, -1.0)
    (row,) = harness.train({**asked, "record": {"epochs_to": {"loss_mean": [1, 0.5]}}}).to_dict("records")
    assert (row["status"], row["epochs_to_loss_mean_1"]) == ("ran", 1)


@pytest.mark.parametrize("weights", ["last", "best"])
def test_a_row_is_explained_up_to_the_epoch_whose_weights_it_has(weights: str, tmp_path: Any) -> None:
    results = harness.open(harness.sweep(experiment({"patience": 3}, {"weights": weights}), tmp_path))
    table = results.table()
    (row, *_) = table[(table["epochs"] == 60) & (table["status"] == "stopped")].to_dict("records")
    record = results.explain(row["config"], epochs=["last"])
    assert record.attrs["notes"] == ["The last weights are the table's, bit for bit."]
    assert record["epoch"].max() == row["best_epoch" if weights == "best" else "stopped_epoch"]
