"""Experiments that several tests begin with, as a mapping and as a file, and what is said of one that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from harness.experiment import Experiment, ExperimentError, load
from harness.experiment.resolve import override

SMALL: dict[str, Any] = {
    "name": "x",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1]]},
    "parameters": {"learning_rate": [0.1, 0.2], "epochs": [1, 10], "init": ["ones", "he_normal"]},
}
NAME, INIT = "name: xor", "init: ones"
GOOD = f"""\
{NAME}
network:
  layers: [2, 2, 1]
data:
  rows: [[1, 1, 1]]
parameters:
  learning_rate: 0.1
  epochs: [1, 10]
  {INIT}
"""
"""A file, of which tests replace lines."""


def changed(**sections: Any) -> dict[str, Any]:
    """SMALL, with some keys of its sections (or whole sections) replaced."""
    return SMALL | {
        key: {**SMALL.get(key, {}), **value} if isinstance(value, dict) else value for key, value in sections.items()
    }


def small(training: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    """SMALL, with some settings of training, and some parameters replaced."""
    return changed(training=training or {}, parameters=parameters)


def configured(source: Any, settings: dict[str, str]) -> Experiment:
    """One configuration of an experiment."""
    return override(source, settings)[1]


def complaint(source: Any) -> list[str]:
    """The lines in which an experiment is refused."""
    with pytest.raises(ExperimentError) as caught:
        load(source)
    return str(caught.value).split("\n")
