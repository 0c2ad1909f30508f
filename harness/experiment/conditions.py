"""Parameters that only some configurations have, and grids whose points are drawn: both become plain dimensions.

`when: {momentum: {optimizer: [momentum, nesterov]}}` makes two grids of one: the configurations of these optimizers,
and the others without a momentum. `random: {n: 500}` makes one dimension of all: its points are drawn jointly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.axes import DISTRIBUTIONS, MOST_VALUES, Axis, setting_of
from harness.experiment.errors import found
from harness.experiment.model import Dimension, Value
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, each, unexpected, unknown
from harness.experiment.settings import HYPERPARAMETERS, layer_of_rate, users, whole

EPOCHS = "epochs"
ALWAYS = ("learning_rate", EPOCHS, "init", "layers")
"""What every configuration has."""


@dataclass(frozen=True)
class Condition:
    """A parameter that a configuration has if it has one of these values of each of the others."""

    key: str
    of: Mapping[str, tuple[Value, ...]]


def conditions(raw: Any, dimensions: Sequence[Dimension]) -> list[Condition]:
    """The conditions that stand under `when`. Raises BadValueError."""
    if not isinstance(raw, dict) or not raw:
        raise unexpected("a mapping such as {momentum: {optimizer: [momentum, nesterov]}}", raw)
    swept = {key: dimension for dimension in dimensions for key in dimension.keys}
    notes, made = Notes(), list[Condition | None]()
    for key, of in raw.items():
        if key not in swept:
            notes.append(unknown(key, swept, (key,)))
        else:
            made.append(notes.read(partial(_condition, key, swept), of, key))
    notes.settle()
    return [one for one in made if one is not None]


def _condition(key: str, swept: Mapping[str, Dimension], raw: Any) -> Condition:
    if key in ALWAYS or layer_of_rate(key):
        raise BadValueError(Note((), Wrong.OTHER, found="every configuration needs one", key=True))
    if not isinstance(raw, dict) or not raw:
        raise unexpected("a mapping from a parameter to its values", raw)
    notes = Notes()
    of = {other: notes.read(partial(_values, key, other, swept), values, other) for other, values in raw.items()}
    notes.settle()
    return Condition(key, of)


def _values(key: str, other: str, swept: Mapping[str, Dimension], raw: Any) -> tuple[Value, ...]:
    """The values of another parameter with which a configuration has one."""
    setting = setting_of(other)
    if other == key or other not in swept or setting is None:
        raise BadValueError(unknown(other, [name for name in swept if name != key]))
    values = each(raw if isinstance(raw, list) and raw else [raw], setting.rule)
    there = swept[other].values(other) if not swept[other].lazy else values
    if strange := [value for value in values if value not in there]:
        raise BadValueError(Note((), Wrong.UNMATCHED, found=f"{other} has no value {found(strange[0])}"))
    return values


def apart(dimensions: Sequence[Dimension], asked: Sequence[Condition]) -> Iterator[list[Dimension]]:
    """The dimensions of the grids that come of these by conditions: in each, every configuration has all parameters."""
    if not asked or any(dimension.lazy for dimension in dimensions):
        yield list(dimensions)
        return
    for some in _split(dimensions, asked):
        yield _used(some)


def _used(dimensions: list[Dimension]) -> list[Dimension]:
    """The dimensions without hyperparameters of which no optimizer, schedule or activation here has one."""
    swept = {key: dimension for dimension in dimensions for key in dimension.keys}
    for key in swept.keys() & HYPERPARAMETERS.keys():
        kind, owners = users(key)
        if kind in swept and not any(owner in owners for value in swept[kind].values(kind) for owner in _names(value)):
            dimensions = _without(key, dimensions)
    return dimensions


def _names(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _split(dimensions: Sequence[Dimension], asked: Sequence[Condition]) -> Iterator[list[Dimension]]:
    if not asked:
        yield list(dimensions)
        return
    first, *rest = asked
    held = list(dimensions)
    for other, values in first.of.items():
        at = next((k for k, one in enumerate(held) if other in one.keys), None)
        if at is None:  # which another condition has taken away
            continue
        column = held[at].values(other)
        holds = np.array([value in values for value in column])
        if not holds.all():
            without = [*held[:at], *_some(held[at], ~holds), *held[at + 1 :]]
            yield from _split(_without(first.key, without), rest)
        if not holds.any():
            return
        held = [*held[:at], *_some(held[at], holds), *held[at + 1 :]]
    yield from _split(held, rest)


def _without(key: str, dimensions: Sequence[Dimension]) -> list[Dimension]:
    """The dimensions without a parameter."""
    left = [{name: axis for name, axis in one.axes.items() if name != key} for one in dimensions]
    return [Dimension(axes) for axes in left if axes]


def _some(dimension: Dimension, chosen: NDArray[np.bool_]) -> list[Dimension]:
    """A dimension of some of the points."""
    if chosen.all():
        return [dimension]
    at = np.flatnonzero(chosen)
    return [Dimension({key: _listed(key, dimension.values(key), at) for key in dimension.keys})]


def _listed(key: str, values: Any, at: NDArray[np.intp]) -> Axis:
    """Some of the values of a parameter, as an axis that lists them."""
    some = values[at].tolist() if isinstance(values, np.ndarray) else [values[k] for k in at]
    return Axis(key, "values", tuple(some), len(some))


def count(raw: Any) -> int:
    """How many points `random` asks for. Raises BadValueError."""
    if not isinstance(raw, dict) or "n" not in raw:
        raise unexpected("{n: 500}, the number of points to draw", raw)
    notes = Notes(unknown(key, ("n",), (key,)) for key in raw if key != "n")
    n: int = notes.read(lambda number: whole(number, 1, MOST_VALUES), raw["n"], "n")
    notes.settle()
    return n


def counted(raw: Any, n: int) -> Any:
    """An axis as it is written, with the number of its values if it is a distribution. Raises BadValueError."""
    if not isinstance(raw, dict) or "distribution" not in raw:
        return raw
    if "n" in raw:
        raise BadValueError(Note(("n",), Wrong.OTHER, found=f"random.n says how many are drawn: {n:,}", key=True))
    return {**raw, "n": n}


def drawn(dimensions: Sequence[Dimension], n: int, seed: int) -> list[Dimension]:
    """One dimension of n points, drawn from all but the epochs: each distribution's values, and one listed value, or
    one point of a zip group, evenly. Raises BadValueError.

    What is drawn for a parameter depends on the seed and on its own values; a larger n only appends.
    """
    crossed = [one for one in dimensions if EPOCHS in one.keys]
    axes: dict[str, Axis] = {}
    for dimension in (one for one in dimensions if one not in crossed):
        if len(dimension.axes) == 1 and (axis := next(iter(dimension.axes.values()))).form in DISTRIBUTIONS:
            axes[axis.key] = axis
            continue
        about = repr((seed, "random", [(axis.key, axis.canonical()) for axis in dimension.axes.values()]))
        key = int.from_bytes(hashlib.sha256(about.encode()).digest()[:16], "little")
        at = np.random.Generator(np.random.Philox(key=key)).integers(0, dimension.length, n)
        axes |= {name: _listed(name, dimension.values(name), at) for name in dimension.keys}
    return [Dimension(axes), *crossed] if axes else list(crossed)
