"""One axis of a grid: what stands in the file, and the values it means.

The numbers are the same on every machine. An axis knows its length before it has any values, so that a typo which asks
for 1e30 of them is counted and refused, not computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.axes.spacing import geomspace, logspace
from harness.experiment.initialisations import Initialisation
from harness.experiment.initialisations.written import parse as initialisation
from harness.experiment.notes import BadValueError, Note, Wrong
from harness.experiment.settings import DATA, EPOCHS, LEARNING_RATE, NETWORK, TRAINING, Setting, layer_of_rate

AxisValues = NDArray[np.generic] | tuple[Any, ...]
"""Values of one parameter: float64 or int64 for numbers, a tuple for anything else."""

MOST_VALUES = 10_000_000
"""Values that all axes of a file together may generate, whatever the run_cap."""

INIT = Setting(initialisation, None, {"$ref": "#/$defs/Initialisation"}, "parameters")
SWEEPABLE: dict[str, Setting] = {
    "learning_rate": LEARNING_RATE,
    "epochs": EPOCHS,
    "init": INIT,
    **NETWORK,
    **TRAINING,
    **DATA,
}
SPACED: dict[str, Callable[[Any, Any, int], NDArray[np.float64]]] = {
    "linspace": np.linspace,
    "geomspace": geomspace,
    "logspace": logspace,
}
GEOMETRIC = ("geomspace", "logspace", "log_uniform_values")
FORMS = ("value", "values", *SPACED, "range", "distribution")
DISTRIBUTIONS = {
    "uniform": ("min", "max"),
    "log_uniform_values": ("min", "max"),
    "normal": ("mu", "sigma"),
    "int_uniform": ("min", "max"),
}


def setting_of(key: str) -> Setting | None:
    """The setting that a key under `parameters` names, or None."""
    return LEARNING_RATE if layer_of_rate(key) else SWEEPABLE.get(key)


@dataclass(frozen=True)
class Axis:
    """The values of one parameter, in order, duplicates included.

    form: one of `FORMS` or `DISTRIBUTIONS`. numbers: its arguments; of `values` the canonical values
    themselves. length: how many values, known without computing them. seed: of the experiment, for random
    axes.
    """

    key: str
    form: str
    numbers: tuple[Any, ...]
    length: int
    seed: int = 0

    @property
    def explicit(self) -> bool:
        """Whether the values stand in the file."""
        return self.form == "values"

    @property
    def geometric(self) -> bool:
        """Whether the values are asked for at equal ratios, or drawn evenly from the logarithms."""
        return self.form in GEOMETRIC

    @property
    def column(self) -> str:
        """float, int or object: how the values are stored."""
        setting = setting_of(self.key)
        return setting.column if setting else "object"

    @cached_property
    def values(self) -> AxisValues:
        """All values, computed once: float64 or int64 for numbers. Raises BadValueError if one cannot be used."""
        if self.explicit:
            raw: Any = self.numbers
        else:
            with np.errstate(all="ignore"):
                raw = _generate(self)
            self.check(raw)
        if self.column == "object":
            return raw if self.explicit else tuple(int(value) for value in raw)
        return np.asarray(raw, dtype=np.float64 if self.column == "float" else np.int64)

    def check(self, numbers: NDArray[Any], ends: bool = False) -> None:
        """Raises BadValueError for the first generated number that is no value of the parameter. ends: of an axis."""
        setting = setting_of(self.key)
        if setting is None or setting.bounds is None:
            return
        wrong = np.flatnonzero(~setting.bounds.hold(numbers))
        if len(wrong):
            given = f"{self.form} gives {numbers[wrong[0]].item()!r}" + f" as value {wrong[0] + 1}" * (not ends)
            raise BadValueError(Note((), Wrong.RESULT, setting.bounds.words(), given))

    def check_ends(self) -> None:
        """Check the first and the last number of an axis that is too long to be computed. Raises BadValueError."""
        with np.errstate(all="ignore"):
            if self.form == "range":
                start, _, step = self.numbers
                ends = [float(start), float(start) + float(self.length - 1) * float(step)]
            elif self.form in SPACED:
                ends = SPACED[self.form](self.numbers[0], self.numbers[1], 2).tolist()
            else:
                return
        self.check(np.array(ends), ends=True)

    def head(self) -> Axis:
        """The axis cut down to its first value."""
        if self.explicit:
            return Axis(self.key, self.form, self.numbers[:1], 1)
        numbers = (*self.numbers[:2], 1) if self.form.endswith("space") else self.numbers
        return Axis(self.key, self.form, numbers, 1, self.seed)

    def canonical(self) -> list[Any]:
        """What the axis means, as plain data: equal for every spelling, and short however long the axis."""
        return [self.form, self.length, *(plain(number) for number in self.numbers)]


def plain(value: Any) -> Any:
    """A value as data for JSON."""
    if isinstance(value, Initialisation):
        return [value.canonical, value.name] if value.name else value.canonical
    return value


def _generate(axis: Axis) -> NDArray[Any]:
    if axis.form in DISTRIBUTIONS:
        return _draw(axis)
    if axis.form == "range":
        small = all(isinstance(number, int) and abs(number) < 2**62 for number in axis.numbers)
        start, _, step = np.array(axis.numbers, np.int64 if small else np.float64)
        return np.asarray(start + np.arange(axis.length) * step)
    return SPACED[axis.form](*axis.numbers)


def _draw(axis: Axis) -> NDArray[Any]:
    """Drawn one after the other from a key that leaves the count out, so that a larger n only appends."""
    text = repr((axis.seed, axis.key, axis.form, axis.numbers))
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
    generator = np.random.Generator(np.random.Philox(key=key))
    low, high = axis.numbers
    if axis.form == "int_uniform":
        return generator.integers(low, high, axis.length, endpoint=True)
    if axis.form == "normal":
        return np.asarray(low + high * _standard_normal(generator, axis.length))
    units = generator.random(axis.length)
    if axis.form == "uniform":
        return np.asarray(low + (high - low) * units)
    from harness.formulas.functions import exp, log

    first, last = log(np.array([low, high]))
    return np.asarray(np.clip(exp(first + (last - first) * units), low, high))


def _standard_normal(generator: np.random.Generator, n: int) -> NDArray[np.float64]:
    """(n,) by Marsaglia's polar method. NumPy's own depend on the C library's logarithm in the tails."""
    from harness.formulas.functions import log

    drawn = np.empty(0)
    while len(drawn) < n:
        u, v = 2.0 * generator.random((n, 2)).T - 1.0
        square = u * u + v * v
        inside = (square > 0.0) & (square < 1.0)
        u, square = u[inside], square[inside]
        drawn = np.append(drawn, u * np.sqrt(-2.0 * log(square) / square))
    return drawn[:n]
