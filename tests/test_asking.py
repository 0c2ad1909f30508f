"""What a user types who asks for results by the wrong name: the exact lines."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.store.contents import StoreError
from tests.support.command import call

EXPERIMENT = """\
name: cancer
network: {layers: [2, 40, 1]}
data: {rows: [[1, 1, 1]]}
parameters: {learning_rate: [0.1, 0.2], epochs: 1, init: ones}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("cancer.yaml").write_text(EXPERIMENT, "utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["report", "plot", "status", "verify", "compact"])
def test_an_experiment_in_place_of_its_results(command: str, here: Path) -> None:
    said = "cancer.yaml: this is an experiment, not a folder of results; its results"
    result = call(command, "cancer.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{said} would be in results/cancer, after `harness sweep cancer.yaml`\n"
    Path("results/cancer").mkdir(parents=True)
    assert call(command, "cancer.yaml").stderr == f"{said} are in results/cancer\n"
    Path("other.yaml").write_text("- 1\n", "utf-8")
    assert call(command, "other.yaml").stderr.startswith("other.yaml: no results there (no ")
    assert call(command, "nowhere.yaml").stderr == "nowhere.yaml: no such file\n"
    assert call(command, "results/nothing").stderr == "results/nothing: no results there (no such folder)\n"


def test_a_column_by_another_name(here: Path) -> None:
    folder = harness.sweep("cancer.yaml")
    for choice, line in [
        ({"x": "lr"}, "no column 'lr'; did you mean learning_rate?"),
        ({"x": "learning-rate"}, "no column 'learning-rate'; did you mean learning_rate?"),
        ({"x": "dropout"}, "no column 'dropout'; there is no dropout"),
        ({"x": "qqq"}, "no column 'qqq'; there are config, run, learning_rate, epochs, init, repeat, status, "
         "settled_epoch and 167 more"),
        ({"where": {"train_loss": 1}}, "no column 'train_loss'; did you mean loss_mean?"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="no column") as caught:
            harness.plot(folder, **choice)  # type: ignore[arg-type]
        assert str(caught.value) == f"{folder}: {line}"
    with pytest.raises(StoreError) as caught:
        harness.load(folder, ["lr"])
    assert str(caught.value) == f"{folder}: no column 'lr'; did you mean learning_rate?"
