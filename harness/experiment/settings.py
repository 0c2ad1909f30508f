"""The settings a run has: for each the values it may take, its default, and its JSON Schema.

A rule turns one plain value into the canonical, hashable one, or raises `BadValueError`. The same rules serve
a constant under `network` or `training` and the values of an axis.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.experiment.errors import BadValueError, each, found, not_one_of
from harness.formulas import activations, losses

ACTIVATIONS = tuple(activations.ACTIVATIONS)
LOSSES = tuple(losses.LOSSES)
OPTIMIZERS = ("sgd",)
BIASES = ("true", "false", "fixed")
DTYPES = ("float64", "float32")
ARITHMETICS = ("exact", "fast")

LARGEST = 2**63 - 1
MOST_WEIGHTS = 1 << 24
"""The largest whole number a column holds; the most weights a network may have."""

_RATE_OF_LAYER = re.compile(r"learning_rate_([1-9][0-9]{0,3})")


def whole(raw: object, least: int = 0, most: int = LARGEST) -> int:
    """A whole number; `1e3` is one."""
    if isinstance(raw, float) and raw.is_integer() and math.isfinite(raw):
        number = int(raw)
    elif isinstance(raw, int) and not isinstance(raw, bool):
        number = raw
    else:
        raise BadValueError(f"expected a whole number of at least {least}, found {found(raw)}")
    if number < least:
        raise BadValueError(f"expected a whole number of at least {least}, found {found(raw)}")
    if number > most:
        raise BadValueError(f"expected a whole number of at most {most}, found {found(raw)}")
    return number


def finite(raw: object, what: str = "a finite number") -> float:
    """A finite number as float64."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadValueError(f"expected {what}, found {found(raw)}")
    try:
        number = float(raw)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadValueError(f"expected {what}, found {found(raw)}")
    return number + 0.0  # one zero, not two


def positive(raw: object) -> float:
    """A finite number above 0."""
    number = finite(raw, "a finite number greater than 0")
    if number <= 0:
        raise BadValueError(f"expected a finite number greater than 0, found {found(raw)}")
    return number


def name_of(raw: object, names: Sequence[str]) -> str:
    """One of the names."""
    if not isinstance(raw, str) or raw not in names:
        raise BadValueError(not_one_of(raw, names))
    return raw


def layers(raw: object) -> tuple[int, ...]:
    """Units of each layer, inputs first."""
    if not isinstance(raw, list):
        raise BadValueError(f"expected the units of each layer, such as [2, 2, 1], found {found(raw)}")
    if len(raw) < 2:
        raise BadValueError(f"expected at least two layers, inputs and outputs, found {found(raw)}")
    units: tuple[int, ...] = each(raw, lambda item: whole(item, 1, MOST_WEIGHTS))
    weights = sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(units))
    if weights > MOST_WEIGHTS:
        raise BadValueError(f"expected a network of at most {MOST_WEIGHTS:,} weights, found {weights:,}")
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
        raise BadValueError(
            notes=[(path, text.replace(", found", " or full, found")) for path, text in bad.notes]
        ) from None


def _named(names: Sequence[str]) -> Callable[[object], str]:
    return lambda raw: name_of(raw, names)


@dataclass(frozen=True)
class Setting:
    """One setting. column: how its values are stored. default: None if it has none. schema: of one value."""

    section: Literal["network", "training", "parameters"]
    column: Literal["float", "int", "object"]
    rule: Callable[[object], Any]
    default: Any
    schema: dict[str, Any]


def _names(section: Literal["network", "training"], names: Sequence[str]) -> Setting:
    return Setting(section, "object", _named(names), names[0], {"enum": list(names)})


_ACTIVATION = {"anyOf": [{"enum": list(ACTIVATIONS)}, {"type": "array", "items": {"enum": list(ACTIVATIONS)}}]}
_RATE = {"type": "number", "exclusiveMinimum": 0}
_LAYERS = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2}
_BATCH = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}

NETWORK: dict[str, Setting] = {
    "layers": Setting("network", "object", layers, None, _LAYERS),
    "activation": Setting("network", "object", activation, "identity", _ACTIVATION),
    "output": _names("network", ACTIVATIONS),
    "bias": Setting("network", "object", bias, "true", {"enum": [True, False, "fixed"]}),
}
TRAINING: dict[str, Setting] = {
    "loss": _names("training", LOSSES),
    "optimizer": _names("training", OPTIMIZERS),
    "batch_size": Setting("training", "object", batch_size, 1, _BATCH),
    "dtype": _names("training", DTYPES),
    "arithmetic": _names("training", ARITHMETICS),
    "max_loss": Setting("training", "float", positive, None, _RATE),
}
LEARNING_RATE = Setting("parameters", "float", positive, None, _RATE)
EPOCHS = Setting("parameters", "int", whole, None, {"type": "integer", "minimum": 0})


def layer_of_rate(key: str) -> int | None:
    """Which layer a key `learning_rate_<layer>` is for, else None."""
    match = _RATE_OF_LAYER.fullmatch(key)
    return int(match.group(1)) if match else None
