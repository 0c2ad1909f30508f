"""From a CSV file as it is downloaded to a network in use: the commands that stand in the guide, on a file of another
kind than the guide's.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import harness
from tests.snippets import blocks, run
from tests.support import ROOT

NAMES = [
    *("fixed acidity", "volatile acidity", "citric acid", "residual sugar", "chlorides", "free sulfur dioxide"),
    *("total sulfur dioxide", "density", "pH", "sulphates", "alcohol"),
]
"""The columns of the wine quality file of the UCI repository, whose header is quoted and whose numbers are not."""
COMMANDS = [
    line.removeprefix("$ ")
    for block in blocks((ROOT / "docs" / "six-commands.md").read_text("utf-8"))
    if block.language == "console"
    for line in block.text.splitlines()
    if line.startswith("$ ")
]


def qualities() -> pd.DataFrame:
    """150 wines, whose quality from 5 to 7 the alcohol, the acidity and chance decide."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=(150, len(NAMES)))
    order = np.argsort(np.argsort(2 * numbers[:, -1] - numbers[:, 1] + 0.3 * random.normal(size=150)))
    table = pd.DataFrame(np.round(10 + numbers * 2.0 ** np.arange(len(NAMES)), 4), columns=NAMES)
    return table.assign(quality=5 + order // 50)


def test_the_commands_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="ONNX is not installed: pip install -e '.[oracle]'")
    reason = "onnxruntime is not installed: pip install -e '.[oracle]'"
    runtime = pytest.importorskip("onnxruntime", reason=reason)
    monkeypatch.setenv("COLUMNS", "200")
    wine = qualities()
    text = wine.to_csv(sep=";", index=False, quoting=csv.QUOTE_NONE)
    header, rows = text.split("\n", 1)
    names = ";".join(f'"{name}"' for name in header.split(";"))
    (tmp_path / "wine.csv").write_text(f"{names}\n{rows}", "utf-8")
    wine[NAMES[::-1]].head(20).to_csv(tmp_path / "new.csv", index=False)

    assert [command.split()[1] for command in COMMANDS] == ["new", "sweep", "best", "plot", "predict", "export"]
    printed = {command.split()[1]: run(command, tmp_path) for command in COMMANDS}
    accuracy = re.search(r"^the first on the test part: .*test_accuracy (\S+)$", printed["best"], re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) > 0.6
    assert f"test_accuracy {accuracy[1]}" in printed["sweep"]

    picture = printed["plot"].removeprefix("wrote ").rstrip()
    assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")

    said = pd.read_csv(io.StringIO(printed["predict"]))
    assert (said["prediction"] == wine["quality"].head(20)).mean() > 0.6
    best = int(harness.open(tmp_path / "results" / "wine").best(top=1)["config"].iloc[0])
    assert printed["export"] == f"wrote wine-{best}.onnx\n"
    session = runtime.InferenceSession(tmp_path / f"wine-{best}.onnx", providers=["CPUExecutionProvider"])
    answers, labels = session.run(None, {"inputs": wine[NAMES].head(20).to_numpy()})
    assert labels.tolist() == said["prediction"].tolist()
    np.testing.assert_allclose(answers, said[[f"probability_{number}" for number in (5, 6, 7)]], atol=1e-6)
    about = json.loads(session.get_modelmeta().custom_metadata_map["harness"])
    assert (about["columns"], about["classes"]) == (NAMES, [5, 6, 7])
