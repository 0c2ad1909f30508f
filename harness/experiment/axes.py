"""One axis of a grid: what stands in the file, and the values it means.

The numbers are exactly NumPy's. An axis knows its length before it has any values, so that a typo which asks for 1e30
of them is counted and refused, not computed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment import initialisation
from harness.experiment.errors import Bad, either, found, nearest
from harness.experiment.settings import (
    EPOCHS,
    LARGEST,
    LEARNING_RATE,
    NETWORK,
    TRAINING,
    Setting,
    finite,
    layer_of_rate,
    positive,
    whole,
)

Column = NDArray[np.generic] | tuple[Any, ...]
"""Values of one parameter: float64 or int64 for numbers, a tuple for anything else."""

MOST_VALUES = 100_000_000
"""Values that one axis may have, whatever the run_cap."""

INIT = Setting("parameters", "object", initialisation.parse, None, {"$ref": "#/$defs/Initialisation"})
SWEEPABLE: dict[str, Setting] = {
    "learning_rate": LEARNING_RATE,
    "epochs": EPOCHS,
    "init": INIT,
    **NETWORK,
    **TRAINING,
}
FORMS = ("value", "values", "linspace", "geomspace", "logspace", "range", "distribution")
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

    form: one of `FORMS` or `DISTRIBUTIONS`. numbers: its arguments; of `values` the canonical values themselves.
    length: how many values, known without computing them. seed: of the experiment, for random axes.
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
    def column(self) -> str:
        """float, int or object: how the values are stored."""
        setting = setting_of(self.key)
        return setting.column if setting else "object"

    def values(self) -> Column:
        """All values, float64 or int64 for numbers. Raises Bad if one of them cannot be used."""
        if self.explicit:
            raw: Any = self.numbers
        else:
            with np.errstate(all="ignore"):
                raw = _generate(self)
            self.check(raw)
        if self.column == "object":
            return raw if self.explicit else tuple(int(value) for value in raw)
        return np.asarray(raw, dtype=np.float64 if self.column == "float" else np.int64)

    def check(self, numbers: NDArray[Any]) -> None:
        """Raises Bad for the first generated number that is no value of the parameter."""
        usable = np.isfinite(numbers)
        least = np.nextafter(0.0, 1.0)
        what = "finite numbers greater than 0"
        if self.column != "float":
            usable &= (numbers == np.floor(numbers)) & (numbers <= LARGEST - 1024)
            least, what = (0, "whole numbers of at least 0") if self.column == "int" else (1, "whole numbers of at least 1")
        wrong = np.flatnonzero(~(usable & (numbers >= least)))
        if len(wrong):
            value = numbers[wrong[0]].item()
            raise Bad(f"expected {what}, but {self.form} gives {value!r} as value {wrong[0] + 1}")

    def check_ends(self) -> None:
        """The same for the first and last number alone, of an axis too long to be computed."""
        with np.errstate(all="ignore"):
            if self.form == "range":
                start, _, step = self.numbers
                ends = [float(start), float(start) + float(self.length - 1) * float(step)]
            elif self.form in ("linspace", "geomspace"):
                ends = [float(number) for number in self.numbers[:2]]
            elif self.form == "logspace":
                ends = [float(np.power(10.0, number)) for number in self.numbers[:2]]
            else:
                return
        try:
            self.check(np.array(ends))
        except Bad as bad:
            raise Bad(str(bad).partition(" as value")[0]) from None

    def canonical(self) -> list[Any]:
        """What the axis means, as plain data: equal for every spelling, and short however long the axis."""
        return [self.form, *(_plain(number) for number in self.numbers)]


def _plain(value: Any) -> Any:
    return value.canonical if isinstance(value, initialisation.Initialisation) else value


def _generate(axis: Axis) -> NDArray[Any]:
    numbers = axis.numbers
    if axis.form in ("linspace", "geomspace", "logspace"):
        made: NDArray[Any] = getattr(np, axis.form)(*numbers)
        return made
    if axis.form == "range":
        start, stop, step = numbers
        small = all(isinstance(n, int) and abs(n) < 2**62 for n in (start, stop, step))
        kind = np.int64 if small else np.float64
        return np.asarray(start, kind) + np.arange(axis.length, dtype=kind) * np.asarray(step, kind)
    return _draw(axis)


def _draw(axis: Axis) -> NDArray[Any]:
    """Drawn one after the other from a key that leaves the count out, so that a larger n only appends."""
    text = repr((axis.seed, axis.key, axis.form, axis.numbers))
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
    generator = np.random.Generator(np.random.Philox(key=key))
    low, high = axis.numbers
    if axis.form == "normal":
        return generator.normal(low, high, axis.length)
    if axis.form == "int_uniform":
        return generator.integers(low, high, axis.length, endpoint=True)
    if axis.form == "uniform":
        return generator.uniform(low, high, axis.length)
    from harness.formulas.functions import exp, log

    ends = log(np.array([low, high]))
    return np.clip(exp(generator.uniform(ends[0], ends[1], axis.length)), low, high)


def parse(key: str, raw: object, seed: int) -> Axis:
    """The axis that `raw` asks for. Raises Bad, with notes for every value that cannot be used."""
    setting = setting_of(key)
    if setting is None:
        raise KeyError(key)
    if isinstance(raw, dict) and not (key == "init" and _is_initialisation(raw)):
        return _from_form(key, setting, raw, seed)
    if not isinstance(raw, list):
        return _explicit(key, [setting.rule(raw)])
    if key == "layers" and raw and not any(isinstance(item, list) for item in raw):
        raise Bad(
            f"expected a list of networks, such as [[2, 2, 1], [2, 4, 1]], found one; for a single network "
            f"write [{initialisation_text(raw)}], or set network.layers"
        )
    return _list(key, setting, raw)


def initialisation_text(raw: list[Any]) -> str:
    """A short list as YAML."""
    return "[" + ", ".join(found(item).strip("'") for item in raw[:8]) + (", ..]" if len(raw) > 8 else "]")


def _is_initialisation(raw: dict[str, Any]) -> bool:
    return any(key in initialisation.NAMES and key != "values" for key in raw) or (
        isinstance(raw.get("values"), dict) or not any(key in FORMS for key in raw)
    )


def _explicit(key: str, values: list[Any]) -> Axis:
    return Axis(key, "values", tuple(values), len(values))


def _list(key: str, setting: Setting, raw: list[Any], *below: str) -> Axis:
    if not raw:
        raise Bad(notes=[(below, "expected at least one value, found an empty list")])
    values, notes = [], []
    for index, item in enumerate(raw):
        try:
            values.append(setting.rule(item))
        except Bad as bad:
            notes += bad.below(*below, index)
    if notes:
        raise Bad(notes=notes)
    return _explicit(key, values)


def _from_form(key: str, setting: Setting, raw: dict[str, Any], seed: int) -> Axis:
    forms = [form for form in FORMS if form in raw]
    if len(forms) > 1:
        raise Bad(f"expected one of {either(forms)}, found {len(forms)} of them")
    if not forms:
        names = (*FORMS, *DISTRIBUTIONS)
        if not raw:
            raise Bad(f"expected a value, a list or one of {either(FORMS)}, found an empty mapping")
        notes = [((name,), _unknown_form(name, names)) for name in raw]
        raise Bad(notes=notes)
    form = forms[0]
    if form == "distribution":
        return _random(key, setting, raw, seed)
    extra = [((name,), f"unknown key beside {form}{nearest(name, FORMS)}") for name in raw if name != form]
    if extra:
        raise Bad(notes=extra)
    try:
        if form == "value":
            return _explicit(key, [setting.rule(raw[form])])
        if form == "values":
            if not isinstance(raw[form], list):
                raise Bad(f"expected a list of values, found {found(raw[form])}")
            return _list(key, setting, raw[form])
        _needs_numbers(key, setting, form)
        return _RANGES[form](key, raw[form])
    except Bad as bad:
        raise Bad(notes=bad.below(form)) from None


def _unknown_form(name: str, names: tuple[str, ...]) -> str:
    if name in DISTRIBUTIONS:
        return f"write {{distribution: {name}, ..}}"
    return f"unknown key{nearest(name, names) or f'; expected one of {either(FORMS)}'}"


def _needs_numbers(key: str, setting: Setting, form: str) -> None:
    if setting.column == "object" and key != "batch_size":
        raise Bad(f"{form} gives numbers, and {key} is not a number; list its values")


def _three(raw: object, form: str, names: str, last: Callable[[object], Any]) -> tuple[Any, Any, Any]:
    if not isinstance(raw, list) or len(raw) != 3:
        what = f"a list of {len(raw)}" if isinstance(raw, list) else found(raw)
        raise Bad(f"expected {form}: [{names}], found {what}")
    values, notes = [], []
    for index, (item, rule) in enumerate(zip(raw, (finite, finite, last), strict=True)):
        try:
            values.append(rule(item))
        except Bad as bad:
            notes += bad.below(index)
    if notes:
        raise Bad(notes=notes)
    return (values[0], values[1], values[2])


def _count(raw: object) -> int:
    return whole(raw, 1, 10**400)


def _spaced(form: str) -> Callable[[str, object], Axis]:
    def parse_spaced(key: str, raw: object) -> Axis:
        start, stop, count = _three(raw, form, "first, last, how many", _count)
        if form == "geomspace" and start * stop <= 0:
            raise Bad(f"expected end points of one sign and not 0, found {found(start)} and {found(stop)}")
        return Axis(key, form, (start, stop, count), count)

    return parse_spaced


def _range(key: str, raw: object) -> Axis:
    floats = _three(raw, "range", "start, stop, step", finite)
    start, stop, step = numbers = tuple(raw) if all(isinstance(n, int) for n in raw) else floats  # type: ignore[attr-defined,arg-type]
    if step == 0:
        raise Bad(notes=[((2,), "expected a step other than 0, found 0")])
    if all(isinstance(number, int) for number in numbers):
        length = -((start - stop) // step)
    else:
        with np.errstate(all="ignore"):
            steps = (stop - start) / step
        if not math.isfinite(steps):
            raise Bad("expected a countable number of steps, found too many")
        length = math.ceil(steps)
    if length < 1:
        raise Bad(f"expected at least one value, but nothing lies between {found(start)} and {found(stop)}")
    return Axis(key, "range", numbers, length)


_RANGES: dict[str, Callable[[str, object], Axis]] = {
    "linspace": _spaced("linspace"),
    "geomspace": _spaced("geomspace"),
    "logspace": _spaced("logspace"),
    "range": _range,
}


def _random(key: str, setting: Setting, raw: dict[str, Any], seed: int) -> Axis:
    name = raw["distribution"]
    if name == "log_uniform":
        raise Bad(notes=[(("distribution",), "say log_uniform_values: min and max are values, not exponents")])
    if name not in DISTRIBUTIONS:
        names = tuple(DISTRIBUTIONS)
        raise Bad(notes=[(("distribution",), f"expected one of {either(names)}, found {found(name)}{nearest(name, names)}")])
    _needs_numbers(key, setting, name)
    wanted = (*DISTRIBUTIONS[name], "n")
    allowed = ("distribution", *wanted)
    notes = [((k,), f"unknown key for {name}{nearest(k, allowed)}") for k in raw if k not in allowed]
    notes += [((), f"{k} is missing; expected {{distribution: {name}, {', '.join(f'{w}: ..' for w in wanted)}}}") for k in wanted if k not in raw]
    rules: dict[str, Callable[[object], Any]] = {"n": _count, "sigma": positive}
    if name == "int_uniform":
        rules |= {"min": whole, "max": whole}
    elif name == "log_uniform_values":
        rules |= {"min": positive, "max": positive}
    numbers = {}
    for k in wanted:
        try:
            numbers[k] = rules.get(k, finite)(raw.get(k))
        except Bad as bad:
            notes += bad.below(k) if k in raw else []
    if not notes and "min" in numbers and numbers["min"] > numbers["max"]:
        notes.append(((), f"expected min of at most max, found {found(numbers['min'])} and {found(numbers['max'])}"))
    if notes:
        raise Bad(notes=notes)
    first, second, count = (numbers[k] for k in wanted)
    return Axis(key, name, (first, second), count, seed)
