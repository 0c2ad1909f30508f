"""What an experiment means: the fingerprint of all that decides its rows, the same for every spelling."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from harness.experiment.axes import plain
from harness.experiment.idle import DECIDERS
from harness.experiment.model import Experiment, WrittenGrid
from harness.experiment.settings import KINDS, defaults_of

VERSION = 1
"""Version of the meaning of experiments: it goes up when every file comes to mean other rows."""
LATER = {"reduction": "mean", "decay_biases": True}
"""Settings that files could not give at first: a part of the fingerprint only where they are not this."""
MERGED = 1
"""Version of what `merges` finds, a part of the fingerprint only where it finds something."""


def fingerprint(experiment: Experiment) -> str:
    """SHA-256, in hexadecimal, of what decides the rows; its label, name, description and source do not."""
    grids = [
        [
            [[[key, axis.canonical()] for key, axis in dimension.axes.items()] for dimension in grid.dimensions],
            [{key: plain(value) for key, value in entry.items()} for entry in grid.exclude],
        ]
        for grid in experiment.grids
    ]
    meaning = {
        "version": VERSION,
        "seed": experiment.seed,
        "settings": {key: value for key, value in experiment.settings.items() if value != LATER.get(key)},
        "data": experiment.data.digest(),
        "grids": grids,
        "repeats": experiment.repeats,
        "record": [experiment.record_weights, experiment.losses_every],
        **({"merged": MERGED} if merges(experiment) else {}),
        **({"metrics": experiment.metrics} if experiment.metrics is not None else {}),
        **({"monitoring": experiment.monitoring.canonical} if experiment.monitoring else {}),
        **({"predictions": experiment.predictions} if experiment.predictions else {}),
    }
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def merges(experiment: Experiment) -> bool:
    """Whether some configurations may come to one row, or have NULL for a setting that they do not use."""
    return (
        any(_idle(experiment, grid) or _given_as_default(experiment, grid) for grid in experiment.grids)
        or _equal(experiment, "batch_size")
        or _equal(experiment, "activation")
    )


def meant(key: str, value: Any, samples: int) -> Any:
    """The value that is used: a batch of at least all samples is all of them, a list of one activation is its name."""
    if key == "batch_size":
        return samples if value == "full" else min(int(value), samples)
    return value[0] if key == "activation" and isinstance(value, tuple) and len(set(value)) == 1 else value


def _idle(experiment: Experiment, grid: WrittenGrid) -> bool:
    """Whether a value that a grid gives may be idle in one of its rows."""
    own = {key for dimension in grid.dimensions for key in dimension.keys}
    given = own | {key for key in experiment.swept if experiment.settings.get(key) is not None}
    return any(
        rule(value, given, own) for decider, rule in DECIDERS.items() for value in _values(experiment, grid, decider)
    )


def _given_as_default(experiment: Experiment, grid: WrittenGrid) -> bool:
    """Whether another grid gives a number the value that it has in this one by default."""
    own = {key for dimension in grid.dimensions for key in dimension.keys}
    defaults = (
        number
        for kind in KINDS
        for name in _values(experiment, grid, kind)
        for number in defaults_of(kind, name).items()
        if number[0] not in own and experiment.settings.get(number[0]) is None
    )
    return any(
        default in dimension.values(key)
        for key, default in dict.fromkeys(defaults)
        for other in experiment.grids
        for dimension in other.dimensions
        if key in dimension.keys and not dimension.lazy
    )


def _equal(experiment: Experiment, key: str) -> bool:
    """Whether two different values of a setting are used as the same one."""
    if key not in experiment.swept:
        return False
    values = {value for grid in experiment.grids for value in _values(experiment, grid, key)}
    return len({meant(key, value, experiment.data.trained) for value in values}) < len(values)


def _values(experiment: Experiment, grid: WrittenGrid, key: str) -> Iterable[Any]:
    """The values that a setting has in a grid."""
    for dimension in grid.dimensions:
        if key in dimension.keys:
            return () if dimension.lazy else dimension.values(key)
    return (experiment.settings[key],)
