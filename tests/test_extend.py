"""An edited grid: runs that it still has are taken over bit for bit, and only the others are trained."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.experiment import load
from harness.store.contents import StoreError
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps import extend as extend_module
from harness.sweeps import run
from harness.sweeps.estimate import guessed
from harness.sweeps.extend import RunIndex, earlier, identities
from reliability.edits import edits
from reliability.sweeps import digests
from tests.support.engine import failing, watched

EXPERIMENT: dict[str, Any] = {
    "name": "grown",
    "network": {"layers": [2, 3, 1], "activation": "tanh"},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {"init": ["ones", "he_normal"], "learning_rate": [0.01, 0.1, 30.0], "epochs": [3, 40]},
    "repeats": 2,
    "record": {"losses": {"every": 20}},
}
LARGE = EXPERIMENT | {"network": {"layers": [2, 200, 1]}, "training": {"dtype": "float32"}, "record": {}}


def grown(experiment: dict[str, Any], **axes: Any) -> dict[str, Any]:
    return experiment | {"parameters": experiment["parameters"] | axes}


def extend(experiment: dict[str, Any], results: Path) -> int:
    """Extend, and return how many runs were trained."""
    with watched() as runs:
        run.sweep(load(experiment), results, run.Options(extend=True, block_size=5))
    return sum(runs)


def test_random_edits(tmp_path: Path) -> None:
    for score in edits(tmp_path, 15):
        assert score.right == score.of == 15, score.wrong


@pytest.mark.parametrize("experiment", [EXPERIMENT, LARGE], ids=["curves", "lists of weights"])
def test_rows_curves_and_lists_are_taken_over(
    experiment: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.sweep(experiment, tmp_path / "a", block_size=5)
    more = grown(experiment, learning_rate=[30.0, 0.2, 0.01])
    assert extend(more, tmp_path / "a") == 3  # at the new rate: ones, and he_normal twice
    assert extend(more, tmp_path / "a") == 0
    wanted = harness.sweep(more, tmp_path / "b", block_size=5)
    assert digests(tmp_path / "a" / "grown") == digests(wanted)
    assert sorted(path.name for path in (tmp_path / "a" / "grown").iterdir()) == sorted(
        p.name for p in wanted.iterdir()
    )


def test_a_curve_ends_with_its_run_so_that_longer_runs_are_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.sweep(EXPERIMENT, tmp_path, block_size=5)
    shorter = grown(EXPERIMENT, epochs=[3])
    assert extend(shorter, tmp_path) == 9
    assert harness.load(tmp_path / "grown", curves=True).epoch.max() == 3


def test_what_is_there_of_an_interrupted_sweep_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for experiment, extended in ((EXPERIMENT, False), (grown(EXPERIMENT, learning_rate=[0.1, 0.01, 30.0, 0.3]), True)):
        with failing(after=1):
            run.sweep(load(experiment), tmp_path, run.Options(extend=extended, block_size=5))
    left = extend(experiment, tmp_path)
    assert 0 < left < 12
    wanted = harness.sweep(experiment, tmp_path / "b", block_size=5)
    assert digests(tmp_path / "grown") == digests(wanted)
    pd.testing.assert_frame_equal(harness.load(tmp_path / "grown"), harness.load(wanted), check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 5}, "made with another seed"),
        ({"record": {}}, "made with another record.losses"),
        ({"data": {"rows": [[1, 1, 2]]}}, r"made from other data \(2 rows then, 1 now\)"),
    ],
)
def test_other_results_are_not_extended(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    before = digests(folder)
    with pytest.raises(StoreError, match=message):
        run.sweep(load(EXPERIMENT | change), tmp_path, run.Options(extend=True))
    assert digests(folder) == before


def test_without_the_option_an_edited_grid_is_refused(tmp_path: Path) -> None:
    harness.sweep(EXPERIMENT, tmp_path)
    with pytest.raises(StoreError, match=r"add what is new with --extend"):
        harness.sweep(grown(EXPERIMENT, epochs=[3]), tmp_path)


MANY: dict[str, Any] = {
    "name": "many",
    "network": {"layers": [1, 1]},
    "data": {"rows": [[1, 1]]},
    "parameters": {
        "init": "ones",
        "learning_rate": {"geomspace": [1e-6, 1, 400]},
        "max_loss": {"geomspace": [10, 1e6, 250]},
        "epochs": 1,
    },
}


def test_a_million_earlier_runs_take_40_megabytes(tmp_path: Path) -> None:
    """What is told of the memory is more than what the arrays take."""
    harness.sweep(MANY, tmp_path, block_size=2_000)
    before = earlier(Folder(Disk(tmp_path / "many")), load(grown(MANY, epochs=[1, 2])))
    tracemalloc.start()
    try:
        index = before.index
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    other = 2**21  # the plan, and one block of it
    assert 24 * 100_000 < held < 24 * 100_000 + other
    assert 40 * 100_000 < peak < 40 * 100_000 + other
    assert before.memory > peak - other
    found = index.find(identities(before.plan.asked(before.plan.blocks[7])[0]))
    assert found.tolist() == list(range(14_000, 16_000))


def test_one_file_of_the_earlier_table_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.sweep(EXPERIMENT, tmp_path, block_size=2)
    more = load(grown(EXPERIMENT, learning_rate=[30.0, 0.2, 0.01]))
    whole = earlier(Folder(Disk(tmp_path / "grown")), more)
    for number in range(5):
        whole._tables(number)
    assert len(whole._recent) == 5
    monkeypatch.setattr(extend_module, "RECENT", 1)
    few = earlier(Folder(Disk(tmp_path / "grown")), more)
    for number in (0, 3, 2, 2):
        assert few._tables(number)[0].equals(whole._tables(number)[0])
        assert list(few._recent) == [number]
    run.sweep(more, tmp_path, run.Options(extend=True, block_size=3))
    wanted = harness.sweep(grown(EXPERIMENT, learning_rate=[30.0, 0.2, 0.01]), tmp_path / "b", block_size=3)
    assert digests(tmp_path / "grown") == digests(wanted)


def test_an_identity_counts_whole() -> None:
    runs = np.array([[5, 1], [2, 9], [5, 2], [2**64 - 1, 0]], np.uint64)
    index = RunIndex(4, [(10, runs[:1]), (20, runs[1:])])
    assert index.find(np.array([[2, 9], [2, 8], [2**64 - 1, 0], [7, 7]], np.uint64)).tolist() == [20, -1, 22, -1]
    assert sorted(index.find(runs[[0, 2]]).tolist()) in ([-1, 10], [-1, 21])
    assert RunIndex(0, []).find(runs).tolist() == [-1] * 4


def test_what_an_extension_takes_is_announced_as_a_most(tmp_path: Path) -> None:
    seen: list[Any] = []
    watch = run.Watch(announce=seen.append)
    harness.sweep(EXPERIMENT, tmp_path)
    more = load(grown(EXPERIMENT, learning_rate=[0.01, 0.5]))
    before = earlier(Folder(Disk(tmp_path / "grown")), more)
    run.sweep(more, tmp_path, run.Options(extend=True), watch=watch)
    (told,) = seen
    assert told.bound
    assert told.memory == guessed(run.Plan(more), run.Plan(more).blocks).memory + before.memory


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"validation": 0.2, "seed": 1}, "made from other data (other rows in their parts, by data.split)"),
        ({"folds": 3}, "made from other data (other rows in their parts, by data.split)"),
        (None, "made from other data (other rows in their parts, by data.split)"),
    ],
)
def test_another_split_is_named_as_what_differs(split: Any, told: str, tmp_path: Path) -> None:
    asked = {
        "name": "parts",
        "network": {"layers": ["auto", "auto"]},
        "data": {"load": "iris", "split": {"validation": 0.2}},
        "training": {"loss": "cross_entropy"},
        "parameters": {"learning_rate": 0.01, "epochs": 1, "init": "zeros"},
    }
    harness.sweep(asked, tmp_path)
    for options in (run.Options(), run.Options(extend=True)):
        with pytest.raises(StoreError) as error:
            run.sweep(load({**asked, "data": {"load": "iris", "split": split}}), tmp_path, options)
        assert told in str(error.value)
