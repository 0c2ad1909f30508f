"""Sweeps: the same rows however they are cut and run, in files that are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow.parquet as pq
import pytest
from llvmlite import binding

import harness
from harness.errors import FailedError, HarnessError
from harness.experiment import load
from harness.experiment.axes.spacing import geomspace
from harness.formulas.optimizers import OPTIMIZERS
from harness.store.contents import StoreError
from harness.sweeps import local, run
from harness.sweeps.plan import Plan
from harness.views.status import status_of
from tests.support.engine import failing, forbid_training, watched

EXPERIMENT: dict[str, Any] = {
    "name": "small",
    "seed": 4,
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {
        "init": ["ones", {"normal": {"std": 0.5}}],
        "learning_rate": {"geomspace": [1e-3, 3, 40]},
        "epochs": [0, 1, 10, 300],
    },
    "repeats": 3,
    "record": {"losses": {"every": 50}},
}
STRUCTURES = EXPERIMENT | {
    "name": "structures",
    "parameters": EXPERIMENT["parameters"]
    | {
        "learning_rate": [0.001, 0.03, 2],
        "layers": [[2, 1], [2, 3, 1]],
        "activation": ["identity", "tanh"],
        "bias": [True, "false"],
        "batch_size": [1, "full"],
    },
}

OPTIMIZED = EXPERIMENT | {
    "name": "optimized",
    "training": {"weight_decay": 0.01, "gradient_clip": 2, "batch_size": 2, "t_max": 7},
    "network": {"layers": [2, 3, 1], "activation": "softplus"},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25], [0, 2, -1]]},
    "parameters": EXPERIMENT["parameters"]
    | {
        "learning_rate": [0.001, 0.3],
        "epochs": [1, 40],
        "optimizer": list(OPTIMIZERS),
        "schedule": ["constant", "cosine"],
        "shuffle": [False, True],
    },
}
PROCESSORS = {"avx2": {"NUMBA_CPU_FEATURES": "+avx,+avx2,+fma"}, "sse2": {"NUMBA_CPU_FEATURES": ""}}
"""Vectors of 256 and 128 bits, the latter without a fused multiply-add; the widest are those of this process."""
HERE = binding.get_host_cpu_features()


def digests(folder: Path) -> dict[str, str]:
    files = sorted(file for kind in ("runs", "curves") for file in (folder / kind).glob("*"))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_table_of_a_sweep(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    assert folder == tmp_path / "small"
    table = harness.load(folder)
    assert list(table.columns)[:14] == [
        "config", "run", "init", "learning_rate", "epochs", "repeat", "status", "settled_epoch", "diverged_epoch",
        "loss_min", "loss_mean", "loss_max", "first_loss", "last_finite_loss",
    ]  # fmt: skip
    assert list(table.columns)[14:] == [
        "w1_1_1", "w1_1_2", "w1_2_1", "w1_2_2", "b1_1", "b1_2", "w2_1_1", "w2_1_2", "b2_1",
    ]  # fmt: skip
    assert table.config.tolist() == list(range(40 * 4 * (1 + 3)))
    assert table.run.nunique() == 40 * (1 + 3)
    assert (table.groupby("run").epochs.agg(list).map(tuple) == (0, 1, 10, 300)).all()
    ones = table[table.init == "ones"]
    assert (ones.repeat == 0).all()
    assert set(table[table.init != "ones"].repeat) == {0, 1, 2}
    rates = geomspace(1e-3, 3, 40)
    assert np.array_equal(ones.learning_rate.to_numpy(), np.repeat(rates, 4))
    assert (ones[ones.epochs == 0].filter(like="w").to_numpy() == 1).all()
    diverged = table.status == "diverged"
    results = [c for c in table.columns if c.startswith(("w", "b", "loss"))]
    assert diverged.any()
    assert table[diverged][results].isna().all(axis=None)
    assert table[~diverged & (table.epochs > 0)][results].notna().all(axis=None)
    assert table[diverged].diverged_epoch.notna().all()
    assert table[diverged & (table.diverged_epoch > 1)].last_finite_loss.notna().all()


def test_weights_and_curves_are_kept_only_if_asked_for(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT | {"record": {"weights": False}}, tmp_path)
    assert list(harness.load(folder).columns)[-1] == "last_finite_loss"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock", "blocks", "experiment.yaml", "log", "manifest.json", "runs",
    ]  # fmt: skip
    with pytest.raises(StoreError, match="no loss curves there; an experiment with record:"):
        harness.load(folder, curves=True)
    with pytest.raises(StoreError, match="no column 'w1_1_1'; there are config, run, init"):
        harness.load(folder, ["config", "w1_1_1"])


def test_train_touches_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = harness.train(EXPERIMENT)
    assert not list(tmp_path.iterdir())
    pd.testing.assert_frame_equal(table, harness.load(harness.sweep(EXPERIMENT)), check_exact=True)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_lists_of_weights_need_the_layers() -> None:
    table = pd.DataFrame({"w1": [[1.0, 2.0], None], "b1": [[3.0], None]})
    with pytest.raises(ValueError, match="give layers="):
        harness.weights(table)
    arrays = harness.weights(table, [2, 1])
    assert np.array_equal(arrays["w1"], [[[1, 2]], [[np.nan, np.nan]]], equal_nan=True)


def test_no_nan_is_stored_anywhere(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    for file in [*folder.glob("runs/*"), *folder.glob("curves/*")]:
        for name, column in polars.read_parquet(file).to_dict().items():
            if column.dtype.is_float():
                assert not column.is_nan().any(), (file, name)


def test_curves_are_the_losses_of_shorter_runs(tmp_path: Path) -> None:
    parameters = EXPERIMENT["parameters"] | {"epochs": [7]}
    folder = harness.sweep(EXPERIMENT | {"parameters": parameters, "record": {"losses": {"every": 3}}}, tmp_path)
    curves, table = harness.load(folder, curves=True), harness.load(folder, ["run", "status", "diverged_epoch"])
    for _, row in table.iterrows():
        epochs = [e for e in (1, 3, 6, 7) if row.status != "diverged" or e < row.diverged_epoch]
        assert curves[curves.run == row.run].epoch.tolist() == epochs
    longer = harness.train(EXPERIMENT | {"parameters": parameters | {"epochs": [1, 3, 6, 7]}})
    joined = longer.merge(curves, left_on=["run", "epochs"], right_on=["run", "epoch"])
    assert len(joined) == len(curves)
    for name in ("loss_min", "loss_mean", "loss_max"):
        assert (joined[f"{name}_x"] == joined[f"{name}_y"]).all()


@pytest.mark.parametrize("arithmetic", ["exact", "fast"])
@pytest.mark.parametrize("experiment", [EXPERIMENT, STRUCTURES, OPTIMIZED], ids=lambda e: e["name"])
def test_threads_and_blocks_change_no_bit(
    experiment: dict[str, Any], arithmetic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of threads, and the size and order of blocks, change no bit of the table."""
    experiment = experiment | {"training": experiment.get("training", {}) | {"arithmetic": arithmetic}}
    expected = harness.train(experiment, threads=1)
    for threads, block_size in ((1, 17), (2, 40), (3, 100), (8, 5), (8, 1000)):
        table = harness.train(experiment, threads=threads, block_size=block_size)
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
    blocks = Plan.blocks.func  # type: ignore[attr-defined]
    shuffled = cached_property(lambda plan: random.Random(1).sample(blocks(plan), len(blocks(plan))))
    shuffled.__set_name__(Plan, "blocks")
    monkeypatch.setattr(Plan, "blocks", shuffled)
    table = harness.train(experiment, threads=2, block_size=19)
    pd.testing.assert_frame_equal(table, expected, check_exact=True)


@pytest.mark.parametrize("arithmetic", ["exact", "fast"])
def test_a_kernel_for_any_network_gives_the_same_bits(arithmetic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = EXPERIMENT["parameters"] | {"layers": [[2, 3, 1]], "activation": ["tanh"], "batch_size": [1, "full"]}
    experiment = EXPERIMENT | {"training": {"arithmetic": arithmetic}, "parameters": parameters}
    tables = []
    for own in (True, False):
        monkeypatch.setattr(Plan, "own_kernel", lambda plan, structure, own=own: own)
        tables.append(harness.train(experiment))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_the_same_block_size_gives_the_same_bytes(tmp_path: Path) -> None:
    found = [
        digests(harness.sweep(EXPERIMENT, tmp_path / str(threads), threads=threads, block_size=13))
        for threads in (1, 2, 4)
    ]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2 * -(-160 // 13)


@pytest.mark.parametrize("feature", PROCESSORS)
def test_another_processor_gives_the_same_bytes(feature: str, tmp_path: Path) -> None:
    """In another process, with another seed for hashes, and each narrower width of vectors that this machine runs."""
    if not HERE.get(feature):
        pytest.skip(f"this processor has no {feature}")
    settings = PROCESSORS[feature] | {"NUMBA_CPU_NAME": "generic", "PYTHONHASHSEED": "7"}
    program = f"import harness; harness.sweep({OPTIMIZED!r}, {str(tmp_path / 'b')!r})"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env=os.environ | settings)
    assert digests(harness.sweep(OPTIMIZED, tmp_path / "a")) == digests(tmp_path / "b" / "optimized")


def test_pandas_polars_and_duckdb_read_it_alone(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    ours = harness.load(folder)
    runs = folder / "runs"
    frames = {
        "pandas": pd.read_parquet(runs),
        "polars": polars.read_parquet(runs / "*.parquet").to_pandas(),
        "duckdb": duckdb.sql(f"select * from '{runs}/*.parquet'").df(),
    }
    for name, frame in frames.items():
        frame = frame.sort_values("config", ignore_index=True)
        assert list(frame.columns) == list(ours.columns), name
        for column in ours.columns:
            if column in ("status", "init"):
                assert frame[column].astype(str).tolist() == ours[column].astype(str).tolist(), name
            else:
                assert np.array_equal(frame[column].to_numpy(float), ours[column].to_numpy(float), equal_nan=True), name
    assert frames["pandas"].attrs["harness"]["layers"] == [2, 2, 1]


def test_metadata_says_what_it_is(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    metadata = pq.read_schema(next(folder.glob("runs/*"))).metadata
    experiment = load(EXPERIMENT)
    assert metadata[b"harness.fingerprint"].decode() == experiment.fingerprint
    assert metadata[b"harness.experiment"].decode() == experiment.source
    assert (metadata[b"harness.dtype"], metadata[b"harness.arithmetic"]) == (b"float64", b"exact")
    assert metadata[b"harness.schema_version"] == b"1"
    assert load(folder / "experiment.yaml").fingerprint == experiment.fingerprint
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["state"] == "complete"
    assert {"host", "versions", "seconds", "rows", "runs", "steps"} <= set(manifest)


def test_a_second_sweep_does_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    forbid_training(monkeypatch)
    ran = run.sweep(load(EXPERIMENT), tmp_path)
    assert ran.already
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_sweep_that_failed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    expected = digests(harness.sweep(EXPERIMENT, tmp_path / "whole", block_size=10))
    with failing(after=7):
        harness.sweep(EXPERIMENT, tmp_path, block_size=10, threads=1)
    whole = digests(tmp_path / "small")
    assert whole.items() <= expected.items()
    assert len(whole) == 2 * 7
    assert pd.read_parquet(tmp_path / "small" / "runs").notna().config.all()
    with watched() as calls:
        harness.sweep(EXPERIMENT, tmp_path, block_size=10)
    assert digests(tmp_path / "small") == expected
    assert len(calls) == 16 - 7


def test_a_part_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def full(file: int, data: Any) -> int:
        if len(data) > 3000:
            write(file, data[:1000])
            raise OSError(28, "No space left on device")
        return write(file, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(FailedError, match=r"small/curves/part-.*: No space left on device; [\d,]+ bytes"):
            harness.sweep(EXPERIMENT, tmp_path)
    assert digests(tmp_path / "small") == {}
    assert not list((tmp_path / "small" / ".writing").iterdir())
    with pytest.raises(StoreError, match="no results there"):
        harness.load(tmp_path / "small")
    folder = harness.sweep(EXPERIMENT, tmp_path)
    assert len(harness.load(folder)) == 640
    assert not (folder / ".writing").exists()


def test_another_experiment_s_folder_is_refused(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    before = digests(folder)
    with pytest.raises(StoreError, match=r"holds results made with another seed .*--overwrite"):
        harness.sweep(EXPERIMENT | {"seed": 5}, tmp_path)
    assert digests(folder) == before
    harness.sweep(EXPERIMENT | {"description": "other words, same rows"}, tmp_path)
    assert digests(folder) == before
    harness.sweep(EXPERIMENT | {"seed": 5}, tmp_path, overwrite=True)
    assert len(digests(folder)) == len(before)
    assert digests(folder).items().isdisjoint(before.items())


def test_overwriting_that_fails_leaves_no_result_that_seems_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    expected = digests(folder)
    unlink, calls = Path.unlink, []

    def failing(path: Path, missing_ok: bool = False) -> None:
        calls.append(path)
        if len(calls) > 3:
            raise OSError(5, "Input/output error", str(path))
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", failing)
        with pytest.raises(FailedError, match="Input/output"):
            harness.sweep(EXPERIMENT | {"seed": 5}, tmp_path, overwrite=True)
    with pytest.raises(StoreError, match="no results there"):
        harness.load(folder)
    assert (status_of(str(folder)).state, status_of(str(folder)).done) == ("replacing", 0)
    harness.sweep(EXPERIMENT | {"seed": 5}, tmp_path)  # the rest of the earlier results goes
    assert status_of(str(folder)).bad == status_of(str(folder)).ignored == []
    harness.sweep(EXPERIMENT, tmp_path, overwrite=True)
    assert digests(folder) == expected


def test_a_crash_before_the_manifest_is_no_obstacle(tmp_path: Path) -> None:
    for name in ("runs", "log", ".writing"):
        (tmp_path / "small" / name).mkdir(parents=True)
    (tmp_path / "small" / ".writing" / "half").write_text("{", "utf-8")
    assert len(harness.load(harness.sweep(EXPERIMENT, tmp_path))) == 640


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not a folder of results"):
        harness.sweep(EXPERIMENT, tmp_path)
    assert [path.name for path in (tmp_path / "small").iterdir()] == ["thesis.txt"]


def test_other_values_on_any_axis_change_no_other_row() -> None:
    """Values added, removed and reordered, an axis added: rows with the same values have the same numbers."""
    small = harness.train(EXPERIMENT)
    parameters = {
        "learning_rate": [7.0, *geomspace(1e-3, 3, 40)[::-1], 0.5],
        "batch_size": ["full", 1],
        "epochs": [300, 2, 1, 0, 10],
        "init": ["he_normal", {"normal": {"std": 0.5}}, "ones", {"normal": {"std": 0.6}}],
    }
    large = harness.train(EXPERIMENT | {"parameters": parameters, "repeats": 5})
    key = ["init", "learning_rate", "epochs", "repeat"]
    for frame in (small, large):
        frame["init"] = frame.init.astype(str)
    large = large[large.batch_size == 1]
    joined = small.merge(large, on=key, suffixes=("", "_large"))
    assert len(joined) == len(small)
    for column in small.columns.difference([*key, "config", "run"]):
        left, right = joined[column], joined[f"{column}_large"]
        assert ((left == right) | (left.isna() & right.isna())).all(), column


def test_a_sweep_over_structures_has_the_union_of_the_columns(tmp_path: Path) -> None:
    table = harness.load(harness.sweep(STRUCTURES, tmp_path))
    small = table.layers == "[2, 1]"
    assert table[small].filter(like="w2").isna().all(axis=None)
    good = table.status != "diverged"
    assert table[~small & good].filter(like="w2").notna().all(axis=None)
    assert table[table.bias == "false"].filter(regex="^b[0-9]").isna().all(axis=None)
    assert set(table.batch_size) == {1, 2}
    arrays = harness.weights(table)
    assert {name: array.shape[1:] for name, array in arrays.items()} == {
        "w1": (3, 2), "b1": (3,), "w2": (1, 3), "b2": (1,),
    }  # fmt: skip
    assert np.array_equal(arrays["w1"][:, 2, 1], table.w1_3_2, equal_nan=True)
    parameters = STRUCTURES["parameters"] | {"layers": [[2, 3, 1]], "activation": "tanh", "bias": True, "batch_size": 1}
    alone = harness.train(STRUCTURES | {"parameters": parameters}).filter(regex="^[wb][0-9]")
    same = (
        (table.layers == "[2, 3, 1]") & (table.activation == "tanh") & (table.bias == "true") & (table.batch_size == 1)
    )
    assert np.array_equal(alone.to_numpy(), table[same][alone.columns].to_numpy(), equal_nan=True)


def test_large_networks_keep_their_weights_in_lists(tmp_path: Path) -> None:
    experiment = EXPERIMENT | {
        "network": {"layers": [2, 200, 1], "activation": "tanh"},
        "parameters": {"learning_rate": [1e-3, 1e5], "epochs": [0, 3], "init": "xavier_normal"},
        "training": {"dtype": "float32"},
    }
    folder = harness.sweep(experiment, tmp_path)
    for table in (harness.load(folder), pd.read_parquet(folder / "runs")):
        assert [c for c in table.columns if c[0] in "wb"] == ["w1", "b1", "w2", "b2"]
        arrays = harness.weights(table)
        assert [array.shape for array in arrays.values()] == [(12, 200, 2), (12, 200), (12, 1, 200), (12, 1)]
        diverged = (table.status == "diverged").to_numpy()
        assert diverged.any()
        assert np.isnan(arrays["w1"][diverged]).all()
        assert np.isfinite(arrays["w1"][~diverged]).all()
        assert table.w1[diverged].isna().all()
    named = harness.train(experiment | {"network": {"layers": [2, 100, 1], "activation": "tanh"}})
    assert named.w1_100_2.dtype == np.float32


def test_zip_exclude_and_grids_reach_the_table() -> None:
    grids = [
        {"zip": {"budget": {"epochs": [1, 10], "learning_rate": [0.1, 0.01]}}, "parameters": {"init": "ones"}},
        {
            "parameters": {"learning_rate": [0.1, 0.3], "epochs": [1, 5], "init": "ones"},
            "exclude": [{"learning_rate": 0.3, "epochs": 5}],
        },
    ]
    base = {key: EXPERIMENT[key] for key in ("name", "network", "data")}
    table = harness.train(base | {"grids": grids})
    rows = list(zip(table.epochs, table.learning_rate, table.run, strict=True))
    assert rows == [(1, 0.1, 0), (10, 0.01, 1), (5, 0.1, 0), (1, 0.3, 2)]


def test_plans_count_without_running() -> None:
    plan = Plan(load(EXPERIMENT))
    assert (plan.rows, plan.runs, plan.steps) == (640, 160, 160 * 300 * 2)
    assert sum(block.runs for block in plan.blocks) == plan.runs
    with pytest.raises(HarnessError, match="the grid has 640 rows, more than run_cap: 639"):
        Plan(load(EXPERIMENT | {"run_cap": 639}))


def test_threads_stop_at_the_first_failure() -> None:
    begun = []

    def task(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise RuntimeError("no")
        return number

    with pytest.raises(RuntimeError, match="no"):
        list(local.run(task, range(1000), threads=1))
    assert len(begun) <= 7  # of two tasks in flight, the one that failed and one more may be replaced before it is seen
    assert sorted(local.run(lambda n: n, range(100), threads=3)) == list(range(100))
