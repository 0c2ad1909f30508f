"""The commands as a user types them: what they print, where, and the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pandas as pd
import pytest

from harness.experiment import json_schema
from tests.support import ROOT
from tests.support.command import call
from tests.support.engine import forbid_training, instead

QUESTION = str(ROOT / "experiments" / "question.yaml")


def test_sweep_ends_with_a_summary_and_a_second_one_does_nothing(tmp_path: Path) -> None:
    first = call("sweep", QUESTION, "--results", str(tmp_path))
    assert first.exit_code == 0
    announced, begun = [line for line in first.stderr.splitlines() if "compiling" not in line][:2]
    assert re.fullmatch(r"question: 8 rows in less than a second on 1 thread, .* of disk, .* MB of memory", announced)
    assert begun == "question: 0 of 2 runs"
    assert first.stderr.splitlines()[-1] == "question: 2 of 2 runs"
    lines = dict(re.split(r" {2,}", line, maxsplit=1) for line in first.stdout.splitlines())
    assert (lines["configurations"], lines["runs"], lines["steps"]) == ("8", "2", "20")
    assert re.fullmatch(r"[\d,]+ \(\d+\.\d s\)", lines["steps a second"])
    statuses = ("ran (not finished)", "settled", "diverged")
    assert [lines[status] for status in statuses] == ["8 (100.0%)", "0 (0.0%)", "0 (0.0%)"]
    least = "loss_mean 0.0164306 at config 3: learning_rate 0.1, epochs 10, init ones"
    assert lines["least training loss"].startswith(least)
    table = pd.read_parquet(lines["table"])
    assert table.loss_mean.min() == pytest.approx(0.0164306, rel=1e-5)
    second = call("sweep", QUESTION, "--results", str(tmp_path))
    assert second.exit_code == 0
    assert second.stdout.splitlines()[0] == "question is complete; nothing was left to do"
    assert second.stderr == ""
    assert "steps a second" not in second.stdout


def test_on_a_terminal_there_is_a_bar(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "harness", "sweep", QUESTION, "--results", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, text=True) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux ends a terminal that nobody writes to any more
            while piece := os.read(master, 65536):
                shown += piece
        os.close(master)
        assert process.stdout is not None
        assert process.stdout.read().startswith("configurations       8")
    assert process.returncode == 0
    assert "2 of 2 runs" in shown.decode()
    assert "━" in shown.decode()


def test_plan_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    forbid_training(monkeypatch)
    result = call("plan", str(ROOT / "experiments" / "learning_rate.yaml"))
    assert result.exit_code == 0
    lines = dict(re.split(r" {2,}", line, maxsplit=1) for line in result.stdout.splitlines())
    assert (lines["rows"], lines["runs"], lines["steps"]) == ("136,000", "34,000", "34,000,000")
    assert re.fullmatch(r"[\d,]+ before compression", lines["bytes"])
    assert re.match(r"less than a second on \d+ threads?(;|$)", lines["time"])
    assert not list(tmp_path.iterdir())


def test_explain_prints_tables_json_and_csv() -> None:
    shown = call("explain", QUESTION, "--set", "learning_rate=0.1", "--set", "init=ones", "--epochs", "3")
    assert shown.exit_code == 0
    assert shown.stdout.count("Every weight: before, its gradient") == 3
    rows = json.loads(call("explain", QUESTION, "--json").stdout)
    assert {"name": "w1_2_1", "before": 1.0, "gradient": 6.0, "after": 1 - 0.1 * 6}.items() <= next(
        row for row in rows if row["name"] == "w1_2_1"
    ).items()
    assert call("explain", QUESTION, "--csv").stdout.startswith("epoch,sample,phase,name,formula,value,before")


def test_schema_is_the_json_schema() -> None:
    assert json.loads(call("schema").stdout) == json_schema()


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep", "nowhere.yaml"],
        ["plan", "nowhere.yaml"],
        ["explain", "nowhere.yaml"],
    ],
)
def test_a_missing_file_is_one_line(arguments: list[str]) -> None:
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "nowhere.yaml: no such file\n"


def test_bad_input_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = Path(QUESTION).read_text("utf-8").replace("learning_rate:", "learing_rate:")
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    result = call("sweep", "x.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert re.fullmatch(r"x\.yaml:\d+:3: parameters\.learing_rate: unknown key; did you mean learning_rate\?", lines[0])
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]


def test_too_many_rows_are_refused_with_the_count(tmp_path: Path) -> None:
    text = Path(QUESTION).read_text("utf-8") + "run_cap: 7\n"
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    for command in ("plan", "sweep"):
        result = call(command, str(tmp_path / "x.yaml"))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"{tmp_path / 'x.yaml'}: the grid has 8 rows, more than run_cap: 7; raise run_cap if that is meant\n"
        )


def test_another_experiment_s_results_are_refused_in_one_line(tmp_path: Path) -> None:
    call("sweep", QUESTION, "--results", str(tmp_path))
    changed = tmp_path / "question.yaml"
    changed.write_text(Path(QUESTION).read_text("utf-8") + "seed: 1\n", "utf-8")
    refused = call("sweep", str(changed), "--results", str(tmp_path))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert re.fullmatch(r".*question: holds results made with another seed .*--overwrite\n", refused.stderr)
    assert call("sweep", str(changed), "--results", str(tmp_path), "--overwrite").exit_code == 0


def test_a_failed_write_is_one_line_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    result = call("sweep", QUESTION, "--results", str(tmp_path / "results"))
    assert result.exit_code == 1
    assert result.stderr.strip().count("\n") == 0
    assert str(tmp_path / "results") in result.stderr


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    def interrupted(*args: object) -> NoReturn:
        raise KeyboardInterrupt

    with instead(interrupted):
        result = call("sweep", QUESTION, "--results", str(tmp_path))
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "interrupted; the same command goes on from here"


@pytest.mark.parametrize("step", ["make_context", "invoke", "resolve_command"])
def test_ctrl_c_is_one_line_also_before_a_command_begins(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, step, interrupted)
    result = call("sweep", QUESTION)
    assert result.exit_code == 130
    assert result.stderr == "interrupted; the same command goes on from here\n"


@pytest.mark.parametrize("command", ["sweep", "plan", "explain", "schema", "new"])
def test_every_command_has_an_example_in_its_help(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Example:\n +harness {command}\b", result.stdout)


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; from harness.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(result.stdout.split())
    assert "click" in loaded
    assert not loaded & {"numpy", "numba", "pandas", "pyarrow", "ruamel", "rich"}


def test_python_m_harness_is_the_same_command() -> None:
    result = subprocess.run([sys.executable, "-m", "harness", "--help"], check=True, capture_output=True, text=True)
    assert result.stdout == call("--help").stdout.replace("Usage: main", "Usage: python -m harness")
