"""The settings a run has: for each the values it may take, its default, and its JSON Schema.

A rule turns one plain value into the canonical, hashable one, or raises `BadValueError`. The same rules serve
a constant under `network` or `training` and the values of an axis.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.experiment.notes import BadValueError, Note, Wrong, each, not_one_of, unexpected
from harness.formulas import activations, losses
from harness.formulas.activations import Activation
from harness.formulas.optimizers import OPTIMIZERS, Hyperparameter, Optimizer
from harness.formulas.schedules import SCHEDULES, Schedule

ACTIVATIONS = tuple(activations.ACTIVATIONS)
LOSSES = tuple(losses.LOSSES)
KINDS: dict[str, Mapping[str, Optimizer | Schedule | Activation]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "activation": activations.ACTIVATIONS,
    "output": {
        name: one._replace(hyperparameters=tuple(own._replace(name="output_slope") for own in one.hyperparameters))
        for name, one in activations.ACTIVATIONS.items()
    },
}
"""The settings whose values have numbers of their own."""
STANDARDIZE = "standardize"
BIASES = ("true", "false", "fixed")
DTYPES = ("float64", "float32")
ARITHMETICS = ("exact", "fast")
REDUCTIONS = ("mean", "sum")

LARGEST = 2**63 - 1
EXACT = 2**53
"""Whole numbers below it are exact as float64, too."""
MOST_WEIGHTS = 1 << 24
"""The largest whole number a column holds; the most weights a network may have."""

NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}")
"""What experiments and explicit initial values may be called."""
_RATE_OF_LAYER = re.compile(r"learning_rate_([1-9][0-9]{0,3})")


def whole(raw: object, least: int = 0, most: int = LARGEST) -> int:
    """A whole number; `1e3` is one."""
    number = int(raw) if isinstance(raw, float) and raw.is_integer() else raw
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise unexpected(f"a whole number of at least {least}", raw)
    if number > most:
        raise unexpected(f"a whole number of at most {most}", raw)
    return number


def finite(raw: object, what: str = "a finite number") -> float:
    """A finite number as float64."""
    number = math.nan
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        with suppress(OverflowError):
            number = float(raw)
    if not math.isfinite(number):
        raise unexpected(what, raw)
    return number + 0.0  # one zero, not two


@dataclass(frozen=True)
class Bounds:
    """Which numbers a setting takes: finite ones from `least` on, or `open` only above it, and below `below`."""

    least: float = 0
    open: bool = False
    below: float | None = None
    whole: bool = False

    def words(self, numbers: str = "numbers") -> str:
        """What a message expects, such as `whole numbers of at least 1`."""
        start = f"{'greater than' if self.open else 'of at least'} {self.least:g}"
        end = "" if self.below in (None, EXACT) else f" and below {self.below:g}"
        return f"{'whole' if self.whole else 'finite'} {numbers} {start}{end}"

    def read(self, raw: object) -> Any:
        """The number, an int if it is whole."""
        wanted = f"a {self.words('number')}"
        most = LARGEST if self.below is None else math.ceil(self.below) - 1
        number = whole(raw, math.ceil(self.least), most) if self.whole else finite(raw, wanted)
        if not self._within(number):
            raise unexpected(wanted, raw)
        return number

    def hold(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the numbers may be used."""
        usable: NDArray[np.bool_] = np.isfinite(numbers) & self._within(numbers)
        if self.whole:
            usable &= (numbers == np.floor(numbers)) & (numbers < LARGEST + 1)
        return usable

    def _within(self, numbers: Any) -> Any:
        above = numbers > self.least if self.open else numbers >= self.least
        return above if self.below is None else above & (numbers < self.below)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one number."""
        made = {
            "type": "integer" if self.whole else "number",
            "exclusiveMinimum" if self.open else "minimum": self.least,
        }
        return made if self.below is None else {**made, "exclusiveMaximum": self.below}


POSITIVE = Bounds(open=True)


def name_of(raw: object, names: Sequence[str]) -> str:
    """One of the names."""
    if not isinstance(raw, str) or raw not in names:
        raise not_one_of(raw, names)
    return raw


def layers(raw: object) -> tuple[int, ...]:
    """Units of each layer, inputs first."""
    if not isinstance(raw, list):
        raise unexpected("the units of each layer, such as [2, 2, 1]", raw)
    if len(raw) < 2:
        raise unexpected("at least two layers, inputs and outputs", raw)
    if "auto" in (raw[0], raw[-1]):  # which `auto.filled` has not filled: what is wrong with the data is told
        each(raw[1:-1], lambda item: whole(item, 1, MOST_WEIGHTS))
        return tuple(raw)
    units: tuple[int, ...] = each(raw, lambda item: whole(item, 1, MOST_WEIGHTS))
    weights = sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(units))
    if weights > MOST_WEIGHTS:
        most = f"a network of at most {MOST_WEIGHTS:,} weights"
        raise BadValueError(Note((), Wrong.VALUE, most, f"{weights:,}"))
    return units


def activation(raw: object) -> str | tuple[str, ...]:
    """The hidden layers' function, or a list with one for each of them."""
    if isinstance(raw, list):
        return each(raw, lambda item: name_of(item, ACTIVATIONS))
    return name_of(raw, ACTIVATIONS)


def bias(raw: object) -> str:
    """Whether units have a bias, and whether it learns."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return name_of(raw, BIASES)


def batch_size(raw: object) -> int | str:
    """Samples per update, or all of them."""
    if raw == "full":
        return "full"
    try:
        return whole(raw, 1)
    except BadValueError as bad:
        raise BadValueError(*(replace(note, expected=f"{note.expected} or full") for note in bad.notes)) from None


def switch(raw: object) -> bool:
    """True or false."""
    if not isinstance(raw, bool):
        raise unexpected("true or false", raw)
    return raw


def own_name(raw: object) -> str:
    """A name that the experiment's author chose."""
    if not isinstance(raw, str) or not NAME.fullmatch(raw):
        raise unexpected("1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot", raw)
    return raw


@dataclass(frozen=True)
class Key:
    """What may stand under a key of the file. default: as it would be written, None if it has none.

    schema: the JSON Schema of one value.
    """

    rule: Callable[[Any], Any]
    default: Any
    schema: dict[str, Any]


@dataclass(frozen=True)
class Setting(Key):
    """One setting. column: how its values are stored. bounds: of those values that are numbers, if any are."""

    section: Literal["network", "training", "data", "parameters"]
    column: Literal["float", "int", "object"] = "object"
    bounds: Bounds | None = None


def _number(section: Literal["network", "training", "parameters"], bounds: Bounds) -> Setting:
    return Setting(bounds.read, None, bounds.schema, section, "int" if bounds.whole else "float", bounds)


def _declared(name: str) -> Setting:
    """The setting of one of the `HYPERPARAMETERS`, all of which the engine has as float64."""
    number = HYPERPARAMETERS[name]
    below = EXACT if number.whole and number.below is None else number.below
    section: Literal["network", "training"] = "network" if users(name)[0] in NETWORK else "training"
    return _number(section, Bounds(number.least, below=below, whole=number.whole))


def _names(section: Literal["network", "training", "data"], names: Sequence[str]) -> Setting:
    return Setting(lambda raw: name_of(raw, names), names[0], {"enum": list(names)}, section)


_ACTIVATION = {"anyOf": [{"enum": list(ACTIVATIONS)}, {"type": "array", "items": {"enum": list(ACTIVATIONS)}}]}
_UNITS = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}]}
_LAYERS = {"type": "array", "items": _UNITS, "minItems": 2}
_BATCH = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}

NETWORK: dict[str, Setting] = {
    "layers": Setting(layers, None, _LAYERS, "network"),
    "activation": Setting(activation, "identity", _ACTIVATION, "network"),
    "output": _names("network", ACTIVATIONS),
    "bias": Setting(bias, True, {"enum": [True, False, "fixed"]}, "network"),
}
TRAINING: dict[str, Setting] = {
    "loss": _names("training", LOSSES),
    "optimizer": _names("training", tuple(OPTIMIZERS)),
    "schedule": _names("training", tuple(SCHEDULES)),
    "batch_size": Setting(batch_size, 1, _BATCH, "training", bounds=Bounds(1, whole=True)),
    "reduction": _names("training", REDUCTIONS),
    "shuffle": Setting(switch, False, {"type": "boolean"}, "training"),
    "dtype": _names("training", DTYPES),
    "arithmetic": _names("training", ARITHMETICS),
    "max_loss": _number("training", POSITIVE),
    "weight_decay": _number("training", Bounds()),
    "decay_biases": Setting(switch, True, {"type": "boolean"}, "training"),
    "l1": _number("training", Bounds()),
    "gradient_clip": _number("training", POSITIVE),
}
STANDARDIZED = ("none", "inputs", "targets", "both")
DATA: dict[str, Setting] = {STANDARDIZE: _names("data", STANDARDIZED)}
"""The settings of runs that stand beside the data."""
HYPERPARAMETERS: dict[str, Hyperparameter] = {
    number.name: number
    for choices in KINDS.values()
    for choice in choices.values()
    for number in choice.hyperparameters
}
"""Every number that a value of `KINDS` has; where several have the same, their bounds are the same."""


def users(number: str) -> tuple[str, list[str]]:
    """(which of `KINDS`, the names of those that have a number of this name)."""
    for kind, choices in KINDS.items():
        names = [name for name, choice in choices.items() if number in (own.name for own in choice.hyperparameters)]
        if names:
            return kind, names
    raise KeyError(number)


for _name in HYPERPARAMETERS:
    (NETWORK if users(_name)[0] in NETWORK else TRAINING)[_name] = _declared(_name)
LEARNING_RATE = _number("parameters", Bounds())
EPOCHS = _number("parameters", Bounds(whole=True))


NO_LIMITS = {"max_loss": math.inf, "gradient_clip": math.inf}
"""What limits are where nothing gives them."""


def defaults_of(kind: str, value: str | Sequence[str]) -> dict[str, float]:
    """Each number of a value of `KINDS` where it is not given: NaN if it must be. Penalties are optimizers'.

    Activations of several layers have one slope, and none where theirs differ by default.
    """
    chosen = [KINDS[kind][name] for name in ([value] if isinstance(value, str) else value)]
    numbers = dict.fromkeys(number for choice in chosen for number in choice.hyperparameters)
    if len(chosen) > 1 and len(numbers) > 1:
        return {}
    own = {number.name: math.nan if number.default is None else number.default for number in numbers}
    decay = {one.weight_decay or 0.0 for one in chosen if isinstance(one, Optimizer)}
    return own | ({"weight_decay": decay.pop(), "l1": 0.0} if decay else {})


def layer_of_rate(key: str) -> int | None:
    """Which layer a key `learning_rate_<layer>` is for, else None."""
    match = _RATE_OF_LAYER.fullmatch(key)
    return int(match.group(1)) if match else None
