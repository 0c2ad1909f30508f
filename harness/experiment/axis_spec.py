"""The ways to write an axis: a value, a list, `{linspace: [a, b, n]}`, `{distribution: uniform, ..}` and the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from harness.experiment import initialisation
from harness.experiment.axes import DISTRIBUTIONS, FORMS, Axis, setting_of
from harness.experiment.errors import Bad, Path, either, found, nearest
from harness.experiment.settings import Setting, finite, positive, whole


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
        raise Bad(
            notes=[(("distribution",), "say log_uniform_values: min and max are values, not exponents")]
        )
    if name not in DISTRIBUTIONS:
        names = tuple(DISTRIBUTIONS)
        raise Bad(
            notes=[
                (
                    ("distribution",),
                    f"expected one of {either(names)}, found {found(name)}{nearest(name, names)}",
                )
            ]
        )
    _needs_numbers(key, setting, name)
    wanted = (*DISTRIBUTIONS[name], "n")
    allowed = ("distribution", *wanted)
    notes = [((k,), f"unknown key for {name}{nearest(k, allowed)}") for k in raw if k not in allowed]
    notes += [
        ((), f"{k} is missing; expected {{distribution: {name}, {', '.join(f'{w}: ..' for w in wanted)}}}")
        for k in wanted
        if k not in raw
    ]
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
        notes.append(
            ((), f"expected min of at most max, found {found(numbers['min'])} and {found(numbers['max'])}")
        )
    if notes:
        raise Bad(notes=notes)
    first, second, count = (numbers[k] for k in wanted)
    return Axis(key, name, (first, second), count, seed)
