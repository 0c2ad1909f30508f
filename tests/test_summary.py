"""What a sweep says of itself: what is compiled first, the steps that were run, and its rows of least loss."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness import engine
from harness.experiment import load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.log import sums
from harness.store.places import place_of
from harness.sweeps import run, work
from harness.sweeps.plan import Plan
from harness.views.losses import unlike
from harness.views.report.summary import percent, spared, summarise
from tests.support.command import call
from tests.support.engine import failing

RATES = [*np.geomspace(1e-3, 0.1, 40).tolist(), *np.geomspace(0.2, 1, 20).tolist()]
"""Runs that settle, go on or diverge, none of which goes in circles."""
SMALL: dict[str, Any] = {
    "name": "small",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1]]},
    "parameters": {"learning_rate": RATES, "epochs": [1, 10, 1000], "init": "ones"},
}
EXPLODING: dict[str, Any] = {
    "name": "exploding",
    "network": {"layers": [1, 1]},
    "data": {"rows": [[65, 200], [100, 550]]},
    "training": {"batch_size": "full"},
    "parameters": {"learning_rate": [1e-3, 1e-5], "epochs": [0, 1, 10], "init": "zeros"},
}
LOSSES = SMALL | {
    "name": "losses",
    "parameters": {"learning_rate": [0.01, 0.02], "loss": ["mse", "half_mse", "bce"], "epochs": 10, "init": "ones"},
}


def sweep(experiment: dict[str, Any], results: Path, *options: str) -> dict[str, str]:
    """The lines of a summary by their names; the further lines of a value belong to it."""
    file = results / f"{experiment['name']}.json"
    file.write_text(json.dumps(experiment), "utf-8")
    done = call("sweep", file, "--results", results, *options)
    assert done.exit_code == 0, done.stderr
    return dict(re.findall(r"^(\S(?:.*?\S)?) {2,}(\S.*(?:\n {3,}.*)*)", done.stdout, re.MULTILINE))


def gone_through(table: Any) -> int:
    """The epochs of the runs of a table until they settled or diverged."""
    last = table.sort_values("epochs").groupby("run").last()
    ended = last.settled_epoch.fillna(last.diverged_epoch).fillna(last.epochs)
    return int(ended.sum())


def test_the_summary_counts_the_steps_that_were_run(tmp_path: Path) -> None:
    lines = sweep(SMALL, tmp_path)
    epochs = gone_through(harness.load(tmp_path / "small"))
    assert 0 < epochs < 30_000
    early = f"{spared(epochs, 60_000)} spared by runs that ended early"
    assert lines["steps"] == f"{epochs:,} run of 60,000 asked for ({early})"
    assert re.fullmatch(r"[\d,]+ \(\d+\.\d s\)", lines["steps a second"])
    again = sweep(SMALL, tmp_path)
    assert again["steps"] == lines["steps"]
    assert "steps a second" not in again


def test_steps_of_this_session_are_those_of_the_blocks_it_trained(tmp_path: Path) -> None:
    whole = run.sweep(load(SMALL), tmp_path / "whole", run.Options(block_size=7))
    with failing(4):
        run.sweep(load(SMALL), tmp_path, run.Options(block_size=7), executor=map)
    before = sums(Folder(place_of(tmp_path, "small")).found().good)["steps"]
    ran = run.sweep(load(SMALL), tmp_path, run.Options(block_size=7))
    assert before > 0
    assert ran.steps + before == whole.steps == gone_through(harness.load(tmp_path / "small"))


def test_runs_that_are_taken_over_are_not_counted(tmp_path: Path) -> None:
    sweep(SMALL, tmp_path)
    more = SMALL | {"parameters": SMALL["parameters"] | {"learning_rate": [*RATES, 0.0123, 0.0456]}}
    lines = sweep(more, tmp_path, "--extend")
    table = harness.load(tmp_path / "small")
    epochs = gone_through(table[table.learning_rate.isin([0.0123, 0.0456])])
    assert lines["steps"].startswith(f"{epochs:,} run of 2,000 asked for (")
    assert lines["steps"].endswith("; 60,000 more belong to runs that were taken over")
    exact = sweep(EXPLODING, tmp_path)
    assert exact["steps"] == "40"


def test_a_folder_from_before_steps_were_counted_is_summed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Folder, "commit", _older(Folder.commit))
    lines = sweep(SMALL, tmp_path)
    assert lines["steps"] == "60,000 asked for; how many of them were run was not counted"
    assert "grew" not in lines
    assert lines["least training loss"].startswith("loss_mean 0 at config ")
    shown = harness.open(tmp_path / "small")._repr_html_()
    assert "60,000 steps asked for; how many of them were run was not counted" in shown


def _older(commit: Any) -> Any:
    """Write as an earlier version did: without the first loss, without the steps."""

    def written(folder: Any, entry: Any, tables: Any) -> None:
        from dataclasses import replace

        older = {kind: table.drop_columns(["first_loss"]) for kind, table in tables.items()}
        commit(folder, replace(entry, steps=None, asked=None), older)

    return written


def test_growth_is_said_and_never_called_best(tmp_path: Path) -> None:
    lines = sweep(EXPLODING, tmp_path)
    assert lines["diverged"] == "0 (0.0%)"
    assert lines["grew"] == "1 (16.7%) end above the loss of their first epoch"
    assert "learning_rate 1e-05, epochs 10" in lines["least training loss"]
    table = harness.load(tmp_path / "exploding").set_index(["learning_rate", "epochs"])
    mean = (200**2 + 550**2) / 2
    assert table.first_loss.dropna().tolist() == [mean] * 4
    assert table.first_loss.isna().tolist() == [True, False, False] * 2
    assert table.loss_mean[1e-3, 10] > 1e25 > mean > table.loss_mean[1e-5, 10]
    lines = sweep(EXPLODING | {"parameters": EXPLODING["parameters"] | {"learning_rate": 1e-3, "epochs": 10},
                               "name": "alone"}, tmp_path)  # fmt: skip
    assert lines["least training loss"].startswith("none: every run diverged, ends above the loss of its first epoch")


def test_a_run_that_diverges_at_once_has_no_first_loss() -> None:
    table = harness.train(SMALL | {"training": {"max_loss": 8.0}})
    assert (table.status == "diverged").all()
    assert (table.diverged_epoch == 1).all()
    assert table.first_loss.isna().all()
    table = harness.train(SMALL | {"training": {"max_loss": 9.0}})
    assert (table.first_loss == 9.0).all()
    assert set(table.status) == {"ran", "settled", "diverged"}


def test_unlike_losses_are_not_compared(tmp_path: Path) -> None:
    assert unlike(["learning_rate", "loss", "epochs"]) == ("loss",)
    assert unlike(["learning_rate"]) == ()
    lines = sweep(LOSSES, tmp_path)["least training loss"].splitlines()
    table = harness.load(tmp_path / "losses")
    for line, loss in zip(lines, ("mse", "half_mse", "bce"), strict=True):
        mine = table[table.loss == loss]
        row = mine.loc[mine.loss_mean.idxmin()]
        assert line.strip().startswith(f"loss {loss}: loss_mean {row.loss_mean:.6g} at config {row.config}: ")
    assert len({round(float(line.split()[3]), 9) for line in lines}) == 3
    alone = summarise(Disk(tmp_path / "losses"), ("learning_rate",))  # by whoever does not show the loss
    assert len(alone.least) == 1
    assert summarise(Disk(tmp_path / "losses")).least == ()  # nobody looks for these rows


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a process that finds no kernel in its cache, and compiles without optimising: sooner."""
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "NUMBA_OPT": "0"}


def test_what_is_compiled_is_said_once(tmp_path: Path, cache: dict[str, str]) -> None:
    """On a terminal, with its cursor; and what is cached is not announced again, by a sweep or a plan."""
    two = {**LOSSES["parameters"], "loss": ["mse", "half_mse"]}
    (tmp_path / "x.json").write_text(json.dumps(LOSSES | {"parameters": two}), "utf-8")
    command = [sys.executable, "-m", "harness", "sweep", str(tmp_path / "x.json"), "--results", str(tmp_path)]
    shown = on_a_terminal(command, cache)
    said = "losses: compiling the engine for 2 kinds of network on this machine, once (about "
    assert shown.startswith(said)
    assert shown.index("4 rows in less than a second") < shown.index(HIDE_CURSOR)
    plan = subprocess.run([*command[:3], "plan", command[4]], env=cache, capture_output=True, text=True, check=True)
    assert "compiled" not in plan.stdout
    again = subprocess.run([*command, "--overwrite"], env=cache, capture_output=True, text=True, check=True)
    assert "compiling" not in again.stderr


HIDE_CURSOR = "\x1b[?25l"


def on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What a command writes to standard error, a terminal."""
    master, terminal = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, env=environment) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux ends a terminal that nobody writes to any more
            while piece := os.read(master, 65536):
                shown += piece
        os.close(master)
    assert process.returncode == 0
    return shown.decode()


def test_compiling_can_be_interrupted(tmp_path: Path, cache: dict[str, str]) -> None:
    (tmp_path / "x.json").write_text(json.dumps(SMALL), "utf-8")
    command = [sys.executable, "-m", "harness", "sweep", str(tmp_path / "x.json"), "--results", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=cache) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert first.startswith("small: compiling the engine for this machine, once (about ")
    assert rest.splitlines()[-1] == "interrupted; what is done is kept, and the same command goes on from it"
    assert "Traceback" not in rest
    assert process.returncode == 128 + signal.SIGINT
    status = call("status", tmp_path / "small")
    assert "time left  not known before the first block is done" in status.stdout


def test_what_is_cached_is_known_without_compiling() -> None:
    plan = Plan(load(SMALL))
    work.prepare(plan)
    assert work.uncompiled(plan) is None
    wide = Plan(load(SMALL | {"network": {"layers": [2, 7, 3, 5, 1], "activation": "tanh"}}))
    found = engine.prepare(wide.structures[0]).uncompiled()
    assert len(found) <= 1
    assert np.all(np.array(list(found.values())) > 0)


def test_a_share_of_few_rows_is_not_none() -> None:
    assert [percent(count, 160_000) for count in (0, 1, 79, 80, 160_000)] == [
        "0.0%",
        "under 0.1%",
        "under 0.1%",
        "0.1%",
        "100.0%",
    ]


@pytest.mark.parametrize(
    ("steps", "told"), [(100, "0%"), (99, "1%"), (996, "under 1%"), (1, "99%"), (12_864_350, "62%")]
)
def test_what_was_spared_is_rounded_down(steps: int, told: str) -> None:
    asked = {996: 1000, 12_864_350: 34_000_000}.get(steps, 100)
    assert spared(steps, asked) == told
