"""Whatever stands in a file: an Experiment or an ExperimentError comes out, nothing else."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.experiment import ExperimentError, json_schema, load
from harness.experiment.grid import Grid, GridSizeError
from harness.network.structure import structure
from reliability.fuzz import damaged
from tests.support.experiments import SMALL


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / "x.yaml"
    told = []
    for _ in range(120):
        text = damaged(chance)
        path.write_text(text)
        try:
            Grid(load(path))
        except ExperimentError as error:
            told.append((str(error).split("\n"), error.problems, text.count("\n") + 1))
        except GridSizeError:
            pass
    for lines, problems, last in told:
        for line, problem in zip(lines, problems, strict=True):
            assert line.startswith(f"{path}:")
            assert "Input should" not in line
            assert problem.line is None or 1 <= problem.line <= last
    assert len(told) > 40


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats()
    | st.sampled_from(["ones", "relu", "full", "x", "", "normal", "std", "adamw", "step", "cosine"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["values", "range", "normal", "std", "bias", "n", "weights", "x"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)
PLACES = [
    *[(key,) for key in json_schema()["properties"] if key != "description"],
    *[("network", key) for key in ("layers", "activation", "bias")],
    *[("data", key) for key in ("rows", "file", "generate", "samples", "inputs")],
    *[("training", key) for key in ("loss", "batch_size", "max_loss", "optimizer", "schedule", "shuffle", "gamma")],
    *[
        ("parameters", key)
        for key in (
            *("learning_rate", "learning_rate_1", "epochs", "init", "layers", "activation", "batch_size"),
            *("optimizer", "momentum", "schedule", "step_size", "weight_decay", "gradient_clip"),
        )
    ],
    *[("zip", "a"), ("zip", "loss"), ("record", "losses")],
]


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_a_strange_mapping_is_read_or_refused(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    mapping: dict[str, Any] = {key: dict(value) if isinstance(value, dict) else value for key, value in SMALL.items()}
    for path, value in changes:
        section = mapping
        for key in path[:-1]:
            section = section.get(key) if isinstance(section.get(key), dict) else section.setdefault(f"{key}_", {})
        section[path[-1]] = value
    with contextlib.suppress(ExperimentError, GridSizeError):
        experiment = load(mapping)
        assert structure(experiment, {key: values[0] for key, values in Grid(experiment).values.items()})
