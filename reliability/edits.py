"""A grid that is edited, again and again: `--extend` keeps what is there, and trains only what is new."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import harness
from harness.experiment import load
from harness.network.runs import Outcome, Runs
from harness.sweeps import run
from harness.sweeps.plan import Plan
from reliability.score import Score
from reliability.sweeps import digests

POOLS: dict[str, list[Any]] = {
    "learning_rate": [0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0],
    "epochs": [0, 1, 2, 5, 12, 30],
    "init": ["ones", "zeros", {"normal": {"std": 0.5}}, {"constant": 0.3}, "he_normal"],
    "batch_size": [1, 2, "full"],
    "layers": [[2, 1], [2, 2, 1], [2, 3, 1]],
    "activation": ["identity", "tanh"],
    "optimizer": ["sgd", "momentum", "adam"],
    "max_loss": [1e3, 1e6],
}
ALWAYS = ("learning_rate", "epochs", "init")
DEFAULTS = {"batch_size": 1, "layers": "[2, 2, 1]", "activation": "identity", "optimizer": "sgd", "max_loss": -1.0}


def full(folder: Path) -> Iterator[Score]:
    return edits(folder, 500)


def edits(folder: Path, count: int) -> Iterator[Score]:
    """Edit a grid at random `count` times, each edit on top of the one before, and extend the results after each."""
    same, trained = Score("extended is as swept from nothing, bit for bit"), Score("only new runs are trained")
    draw = random.Random(8)
    parameters: dict[str, Any] = {key: POOLS[key][:2] for key in ALWAYS}
    harness.sweep(_experiment(parameters), folder / "edited", block_size=7)
    for number in range(count):
        before, parameters = parameters, _edited(parameters, draw)
        experiment, place = _experiment(parameters), folder / "edited" / "edits"
        old = dict(_runs(place))
        runs = _extended(experiment, folder / "edited")
        harness.sweep(experiment, folder / "new", block_size=7)
        same.add(digests(place) == digests(folder / "new" / "edits"), f"edit {number}: {before} to {parameters}")
        expected = sum(not epochs <= old.get(run, set()) for run, epochs in _runs(place))
        trained.add(runs == expected, f"edit {number}: trained {runs}, expected {expected}: {before} to {parameters}")
        shutil.rmtree(folder / "new")
    yield same
    yield trained


def _experiment(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "edits",
        "network": {} if "layers" in parameters else {"layers": [2, 2, 1]},
        "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
        "parameters": parameters,
        "repeats": 2,
    }


def _edited(parameters: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Values added, removed or reordered on one axis, or an axis added, removed or moved."""
    edited = {key: list(values) for key, values in parameters.items()}
    key = draw.choice(list(edited))
    kind = draw.choice(["add", "remove", "reorder", "axis", "axes"])
    if kind == "add":
        edited[key] += [value for value in [draw.choice(POOLS[key])] if value not in edited[key]]
    elif kind == "remove" and len(edited[key]) > 1:
        edited[key].pop(draw.randrange(len(edited[key])))
    elif kind == "reorder":
        draw.shuffle(edited[key])
    elif kind == "axis":
        other = draw.choice([key for key in POOLS if key not in ALWAYS])
        if other in edited:
            del edited[other]
        else:
            edited[other] = draw.sample(POOLS[other], draw.randint(1, 2))
    else:
        edited = {key: edited[key] for key in draw.sample(list(edited), len(edited))}
    return edited


def _extended(experiment: dict[str, Any], results: Path) -> int:
    """Extend, and count the runs that are trained."""
    train, runs = Plan.train, 0

    def counted(plan: Plan, some: Runs) -> Outcome:
        nonlocal runs
        runs += some.count
        return train(plan, some)

    with patch.object(Plan, "train", counted):
        run.sweep(load(experiment), results, run.Options(extend=True, block_size=7))
    return runs


def _runs(folder: Path) -> list[tuple[tuple[str, ...], set[int]]]:
    """For each run of a table what tells it from others, and the epochs that it has."""
    table = harness.load(folder)
    for key, value in DEFAULTS.items():
        if key not in table:
            table[key] = value
    single = table.layers.astype(str) == "[2, 1]"
    table["activation"] = table.activation.astype(str).where(~single, "none")
    keys = ["learning_rate", "init", "repeat", *DEFAULTS]
    frames = table[keys].astype(object).map(str).assign(epochs=table.epochs).groupby(table.run)
    return [(tuple(frame.iloc[0][keys]), set(frame.epochs)) for _, frame in frames]
