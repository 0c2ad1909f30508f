"""Which setting is best, what decides it, and one setting against another: held against pandas, and against hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.views.plots.asked import Asked
from harness.views.report.opening import opening, ranked
from harness.views.results import Results

EXPERIMENT: dict[str, Any] = {
    "name": "chosen",
    "network": {"layers": [2, 4, 1]},
    "data": {"generate": "moons", "samples": 60, "split": {"folds": 3, "test": 0.25}},
    "training": {"loss": "bce", "batch_size": 4, "max_loss": 1e3},
    "parameters": {
        "learning_rate": [0.01, 0.3, 40],
        "activation": ["tanh", "relu"],
        "epochs": [1, 8],
        "init": "xavier_uniform",
    },
    "repeats": 4,
}
SETTINGS = ["learning_rate", "activation", "epochs"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return harness.open(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


def test_folds_are_merged_as_repeats_are(results: Results, tmp_path: Path) -> None:
    assert {"repeat", "fold"} < {*results.axes}
    asked = Asked(results)
    assert asked.usual() == ["learning_rate", "epochs", "activation"]
    assert asked.free()[-2:] == ["repeat", "fold"]
    rows = results.table()
    first = opening(ranked(results.axes, rows), rows, curves=False)
    assert first["map"] == {"x": "learning_rate", "y": "epochs", "panels": "activation"}
    only = EXPERIMENT | {"parameters": {"learning_rate": 0.1, "epochs": 2, "init": "xavier_uniform"}}
    figure = harness.open(harness.sweep(only, tmp_path)).plot("spread")
    assert "over repeat, fold" in "".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))
