"""A metric is one entry of one table: added there, it is in every place that has metrics."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.formulas.metrics import METRICS
from tests.support import ROOT

ADDED = """    "loss_max": Metric(larger, as_it_is, "greatest", "greatest loss of a sample"),
    "loss_root": Metric(
        plus, lambda folded, samples: square_root(folded / samples), "root of the mean", "root mean loss"
    ),
"""
PROGRAM = """
import base64, gzip, json, re, sys
import numpy as np
import harness
from tests.support.command import call
from tests.support.figures import bars, legend

experiment = {
    "name": "added",
    "network": {"layers": [2, 3, 1], "activation": "tanh"},
    "training": {"batch_size": 2},
    "data": {"rows": [[0, 0, 0.25], [0, 1, 1], [1, 0, 1], [1, 1, 0.5]]},
    "record": {"losses": {"every": 1}},
    "parameters": {"learning_rate": {"geomspace": [0.01, 1, 5]}, "epochs": [0, 1, 7], "init": "he_normal"},
}
folder = harness.sweep(experiment, sys.argv[1])
table, curves, results = harness.load(folder), harness.load(folder, curves=True), harness.open(folder)
trained = table[table.epochs > 0]
shown = results.plot(color="loss_root")
assert call("report", folder).exit_code == 0
data = re.search(r'id="data">([^<]*)<', (folder / "report.html").read_text("utf-8")).group(1)
steps = harness.explain(folder, config=2)
print(json.dumps({
    "columns": list(table.columns),
    "nulls": int(table.loss_root.isna().sum()),
    "root": bool((trained.loss_root == np.sqrt(trained.loss_mean)).all()),
    "curves": bool((curves.loss_root == np.sqrt(curves.loss_mean)).all()) and len(curves) == 35,
    "plotted": list(bars(shown)),
    "drawn": legend(results.plot("curves", where={"learning_rate": 0.1})),
    "report": json.loads(gzip.decompress(base64.b64decode(data))),
    "recorded": steps[steps["name"] == "loss_root"].value.tolist()[:: 6] == trained.loss_root.tolist()[:2],
    "meaning": results.column("loss_root").meaning,
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a program says whose package has one more entry in that table."""
    folder = tmp_path_factory.mktemp("metrics")
    package = shutil.copytree(Path(harness.__file__).parent, folder / "harness")
    table = package / "formulas" / "metrics.py"
    text = table.read_text("utf-8")
    last = ADDED.splitlines(keepends=True)[0]
    assert last in text
    table.write_text(
        text.replace(last, ADDED).replace("import Value, select", "import Value, select, square_root"), "utf-8"
    )
    paths = os.pathsep.join([str(folder), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": paths, "XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_OPT": "0"}
    command = [sys.executable, "-c", PROGRAM, str(folder / "results")]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_a_column_of_the_table_and_of_the_curves(told: Any) -> None:
    columns = told["columns"]
    assert columns[columns.index("loss_min") :][:6] == [*METRICS, "loss_root", "first_loss", "last_finite_loss"]
    assert told["nulls"] == 5  # of epoch 0
    assert told["root"]
    assert told["curves"]
    assert told["meaning"].startswith("root of the mean of the costs of the last epoch's samples")


def test_it_is_in_plots_the_report_and_explain(told: Any) -> None:
    assert any("loss root" in title for title in told["plotted"])
    assert "root of the mean" in told["drawn"]
    assert told["report"]["metrics"] == [
        "loss_mean",
        "loss_min",
        "loss_max",
        "loss_root",
        "first_loss",
        "last_finite_loss",
    ]
    assert told["report"]["words"]["loss_root"] == "root mean loss in the last epoch"
    assert ["loss_root", "root of the mean"] in told["report"]["curveLosses"]
    assert told["recorded"]
