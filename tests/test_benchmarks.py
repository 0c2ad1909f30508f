"""The contenders of the benchmarks that need only gcc do the same arithmetic as the harness; and the report of them."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as main_module
from benchmarks import c, check, estimates, numpy_, peak, report, rows
from benchmarks.reached import Reached
from benchmarks.results import Speeds
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, calibrated, interleaved, ratio
from harness import reference
from harness.experiment import load
from harness.network.parts import AS_IT_IS, network_data
from harness.sweeps import estimate
from harness.sweeps.local import processors
from harness.sweeps.plan import Plan

NETWORKS, EPOCHS, TINY = 37, 4, Effort(rounds=1, quick=True)
DOUBLE = [workload for workload in rows.workloads(Effort()) if workload.dtype == "float64"]
DTYPES = pytest.mark.parametrize("dtype", rows.DTYPES)


def by_reference(workload: Workload, networks: int) -> tuple[Any, Any]:
    """Weights (P, N) and the last epoch's mean losses (N,)."""
    rates = {"geomspace": [rows.LOWEST_RATE, rows.HIGHEST_RATE, networks]}
    plan = Plan(load(experiment(workload, learning_rate=rates, epochs=EPOCHS)), block_size=networks)
    (block,) = plan.blocks
    runs, _ = plan.asked(block)
    found = []
    for run in range(networks):
        network = reference.initial_network(block.structure, runs.initialisations[0], runs.seed)
        training = reference.Training(network, runs.rates[:, run], runs.hyperparameters[:, run], runs.seed)
        data = network_data(plan.experiment, block.structure, AS_IT_IS).train
        found.append(reference.trajectory(training, data, [EPOCHS]).rows[EPOCHS])
    return np.array([row.weights for row in found]).T, np.array([row.metrics.mean for row in found])


@pytest.mark.parametrize("lanes", [16, 128])
@DTYPES
def test_strict_c_is_the_harness_s_exact_arithmetic(dtype: str, lanes: int) -> None:
    workload = Workload((2, 2, 1), dtype=dtype)
    contender = c.Compiled(workload, "strict", lanes, (), NETWORKS)
    for found, expected in zip(contender.final(contender.job(EPOCHS)()), by_reference(workload, NETWORKS), strict=True):
        assert found.dtype == dtype
        assert found.tobytes() == np.ascontiguousarray(expected).tobytes()


@DTYPES
def test_fused_c_differs_by_roundings_alone(dtype: str) -> None:
    workload = Workload((2, 2, 1), dtype=dtype)
    contender = c.Compiled(workload, "fused", 16, (), NETWORKS)
    relative, near_zero = {"float64": 1e-12, "float32": 1e-5}[dtype], np.finfo(dtype).eps
    for found, expected in zip(contender.final(contender.job(EPOCHS)()), by_reference(workload, NETWORKS), strict=True):
        assert found.tobytes() != np.ascontiguousarray(expected).tobytes()
        np.testing.assert_allclose(found, expected, relative, near_zero)


@DTYPES
def test_scalar_numpy_is_the_harness_s_exact_arithmetic(dtype: str) -> None:
    workload = Workload((2, 2, 1), dtype=dtype)
    weights, losses = by_reference(workload, 3)
    for network, rate in enumerate(workload.rates(3)):
        found, loss = numpy_.train(workload, rate, EPOCHS)
        assert [value.tobytes() for value in found] == [value.tobytes() for value in weights[:, network]]
        assert loss == losses[network]


@pytest.mark.parametrize("workload", DOUBLE, ids=lambda workload: workload.label)
def test_what_contenders_are_checked_against_is_the_reference(workload: Workload) -> None:
    weights, losses = by_reference(workload, 2)
    for network, rate in enumerate(workload.rates(2)):
        found, loss = check.trained(workload, rate, EPOCHS)
        np.testing.assert_allclose(found, weights[:, network], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(loss, losses[network], rtol=1e-12)


def test_the_check_notices_another_result() -> None:
    workload = Workload((2, 2, 1))
    contender = c.Compiled(workload, "strict", 16, (), 4)
    check.verify(contender, workload)
    contender.workload = Workload((2, 2, 1), samples=7)
    with pytest.raises(AssertionError, match="16 lanes"):
        check.verify(contender, workload)


def test_operations_are_counted() -> None:
    assert Workload((2, 2, 1)).flops == (4 * 4 + 2) + (4 * 2 + 1 + 2 * 2)
    assert Workload((16, 16, 1)).flops == (4 * 256 + 16) + (4 * 16 + 1 + 2 * 16)


@DTYPES
def test_the_peak_counts_what_it_does(dtype: str) -> None:
    assert peak.gigaflops(dtype, TINY) > 0


def test_every_row_is_there_once() -> None:
    labels = [workload.label for workload in rows.workloads(Effort())]
    assert len(set(labels)) == len(labels) == 5 * 3 * 2 * 2
    assert sum(workload.simplest for workload in rows.workloads(Effort())) == 2


def test_rounds_are_interleaved() -> None:
    turns: list[str] = []
    measures = {name: lambda name=name: float(turns.append(name) or len(turns)) for name in "ab"}
    found = interleaved(measures, 2)
    assert turns == ["a", "b", "a", "b"]
    assert found == {"a": [1.0, 3.0], "b": [2.0, 4.0]}
    assert ratio(found["b"], found["a"]) == np.median([2.0, 4.0 / 3.0])


def test_calibration_ends() -> None:
    epochs, one = calibrated(numpy_.Plain(Workload((2, 2, 1))), 1e-3)
    assert epochs >= 1
    assert one > 0


def test_ten_unlike_experiments_are_estimated_and_run() -> None:
    plans = [Plan(load(mapping)) for mapping in estimates.experiments(Effort()).values()]
    assert len({(plan.structures[0], len(plan.structures), plan.rows, plan.steps) for plan in plans}) == 10
    assert all(estimate.guessed(plan, plan.blocks).seconds > 1 / processors() for plan in plans)
    row = estimates.error("shuffled samples", estimates.experiments(TINY)["shuffled samples"])
    assert row.figure >= 1
    assert re.search(r"6 rows, 100% of their steps run", row.work)


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "half_mse"])
def test_scikit_learn_s_networks_are_asked_for_the_same(loss: str) -> None:
    """From its initial weights, in full batches, where the order of samples is nothing. Adam's eps stands elsewhere."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    from benchmarks import estimators

    random = np.random.default_rng(0)
    x = random.normal(size=(24, 3))
    y = random.normal(size=24) if loss == "half_mse" else np.arange(24) % {"bce": 2, "cross_entropy": 3}[loss]
    point = {"learning_rate": 0.01, "weight_decay": 0.5, "epochs": 30}
    asked = estimators.theirs(point, 24) | {"batch_size": 24, "random_state": 0}
    with estimators.quietly():
        start = estimators.network(loss, **asked | {"max_iter": 1, "learning_rate_init": 1e-300}).fit(x, y)
        fitted = estimators.network(loss, **asked).fit(x, y)
    values = {"weights": [w.T.tolist() for w in start.coefs_], "biases": [b.tolist() for b in start.intercepts_]}
    same = {"init": {"values": values}, "batch_size": "full", "standardize": "none"}
    network = estimators.ours(estimators.DataSet("x", loss), point, **same).fit(x, y).network_
    for layer, (w, b) in enumerate(zip(fitted.coefs_, fitted.intercepts_, strict=True), start=1):
        np.testing.assert_allclose(network.weights[f"w{layer}"], w.T, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(network.weights[f"b{layer}"], b, rtol=1e-4, atol=1e-5)
    assert np.abs(fitted.coefs_[0] - start.coefs_[0]).max() > 0.05


def found(steps: float) -> dict[str, Any]:
    return {"setting": "s", "steps": steps, "gigaflops": 31.0, "of_peak": 0.5, "fast_over": 2.0, "exact_over": 1.0}


def run_of(date: str) -> dict[str, Any]:
    """A run of the benchmark, as `machine.describe` has it."""
    about = dict.fromkeys(("processor", "cores", "vectors", "system", "commit", "versions"), "that")
    return about | {"date": date, "rounds": 3}


def test_the_report_has_every_figure(tmp_path: Path) -> None:
    about = {"network": "2-2-1", "activation": "identity", "dtype": "float64", "step": "one sample"}
    contenders = {name: found(1234.5) for name in ("harness fast", "harness exact", "JAX", "C fused", "NumPy")}
    reached = [Reached("much work", 5, True, 4.0, "x", "so"), Reached("little", 5, False, 4.0, "s", "so")]
    results = Speeds(tmp_path / "speed.json")
    label = " ".join(about.values())
    results.rows[label] = {
        "label": label,
        **about,
        "peak": [60.0],
        "contenders": contenders,
        "run": run_of("2026-01-02"),
    }
    results.targets["t"] = [
        {"name": "t", **asdict(row), "met": row.met, "run": run_of("2026-01-02")} for row in reached
    ]
    results.save()
    text = report.page(Speeds(tmp_path / "speed.json"))
    assert (
        "| 2-2-1 | identity | float64 | one sample | 1,234 | 31.0 | 50% | 1,234 | 31.0 | 1,234 | 2 | 0.50 | a |" in text
    )
    assert "| NumPy | float64 | 1,234 | 31.0 | 2 | 1 | s | a |" in text
    assert "| much work | at least 5 x | 4 x (missed) | so | a |" in text
    assert "| little | at most 5 s | 4 s | so | a |" in text
    assert "1 of 2 targets are reached, 1 are missed." in text
    assert "Peak: 60.0 float64 GFLOP/s" in text


def test_a_partial_run_keeps_what_others_measured(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    results = Speeds(file)
    for name in ("one", "other"):
        reached = Reached(name, None, False, 12.345678, "s", "so")
        results.targets[name] = [{"name": name, **asdict(reached), "met": reached.met, "run": run_of("2026-01-02")}]
    results.save()
    again = Speeds(file)
    again.targets["other"] = [{**again.targets["other"][0], "figure": 9.0, "run": run_of("2026-03-04")}]
    again.save()
    text = report.page(Speeds(file))
    assert "| one | none | 12.3 s | so | b |" in text
    assert "| other | none | 9 s | so | a |" in text
    assert "**a**: 2026-03-04" in text
    assert "**b**: 2026-01-02" in text
    again.targets["one"] = [{**again.targets["one"][0], "run": run_of("2026-03-04")}]
    again.save()
    assert [run["date"] for run in Speeds(file).runs] == ["2026-03-04"]


def test_the_readme_s_lines_come_from_the_figures() -> None:
    lines = list(report.readme_lines(Speeds()))
    steps = Speeds().rows[report.FIRST]["contenders"]["harness exact"]["steps"]
    assert f"{report.number(steps)} million in `exact`" in lines[0]
    assert [report.compared(ratio) for ratio in (1.004, 1.2, 0.5)] == [
        "as fast as",
        "1.2 times as fast as",
        "0.5 times as fast as",
    ]


def test_what_is_measured_is_kept_and_written_and_tiny_sizes_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "speed.json"
    monkeypatch.setattr(main_module, "FILE", kept)
    monkeypatch.setattr(main_module.report, "write", lambda results: pytest.fail("written"))
    monkeypatch.setattr(main_module.machine, "describe", lambda: run_of("2026-01-02"))
    reached = Reached("little", 5, False, 4.0, "s", "so")
    monkeypatch.setattr(main_module.targets, "measures", lambda: {"little": lambda effort: [reached]})
    main_module.main(["--quick", "--only", "little"])
    assert not kept.exists()
    written: list[Speeds] = []
    monkeypatch.setattr(main_module.report, "write", written.append)
    monkeypatch.setattr(main_module, "Speeds", lambda file: Speeds(kept))
    main_module.main(["--only", "little"])
    assert [row["figure"] for row in Speeds(kept).targets["little"]] == [4.0]
    assert len(written) == 1
