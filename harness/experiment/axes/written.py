"""The ways to write an axis: a value, a list, `{linspace: [a, b, n]}`, `{distribution: uniform, ..}`, .."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from harness.experiment.axes import DISTRIBUTIONS, FORMS, Axis, setting_of
from harness.experiment.errors import either, found
from harness.experiment.initialisations import NAMES
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, each, refused, unexpected, unknown
from harness.experiment.settings import POSITIVE, Setting, finite, name_of, whole


def parse(key: str, raw: object, seed: int) -> Axis:
    """The axis that `raw` asks for. Raises BadValueError, with notes for every value that cannot be used."""
    setting = setting_of(key)
    if setting is None:
        raise KeyError(key)
    if isinstance(raw, dict) and not (key == "init" and _is_initialisation(raw)):
        return _from_form(key, setting, raw, seed)
    if not isinstance(raw, list):
        return _explicit(key, (setting.rule(raw),))
    if key == "layers" and raw and not any(isinstance(item, list) for item in raw):
        networks, hint = (
            "a list of networks, such as [[2, 2, 1], [2, 4, 1]]",
            "put them in another [ ], or under network",
        )
        raise BadValueError(Note((), Wrong.VALUE, networks, "the layers of one", hint=hint))
    return _list(key, setting, raw)


def _is_initialisation(raw: dict[str, Any]) -> bool:
    """`{values: {weights: ..}}` is one; `{values: [ones, zeros]}` and `{value: ones}` are axes."""
    if "values" in raw:
        return not isinstance(raw["values"], list)
    return any(key in NAMES for key in raw) or not any(key in FORMS for key in raw)


def _explicit(key: str, values: tuple[Any, ...]) -> Axis:
    return Axis(key, "values", values, len(values))


def _list(key: str, setting: Setting, raw: object) -> Axis:
    if not isinstance(raw, list):
        raise unexpected("a list of values", raw)
    if not raw:
        raise unexpected("at least one value", raw)
    return _explicit(key, each(raw, setting.rule))


def _from_form(key: str, setting: Setting, raw: dict[str, Any], seed: int) -> Axis:
    forms = [form for form in FORMS if form in raw]
    if len(forms) > 1:
        raise BadValueError(Note((), Wrong.VALUE, f"one of {either(forms)}", f"{len(forms)} of them"))
    if not raw:
        raise unexpected(f"a value, a list or one of {either(FORMS)}", raw)
    notes = Notes()
    if not forms:
        for name in raw:
            write = Note((name,), Wrong.OTHER, found=f"write {{distribution: {name}, ..}}", key=True)
            notes.append(write if name in DISTRIBUTIONS else unknown(name, FORMS, (name,)))
        notes.settle()
    form = forms[0]
    if form == "distribution":
        return _random(key, setting, raw, seed)
    for name in raw:
        if name != form:
            notes.append(Note((name,), Wrong.UNKNOWN, found=f"key beside {form}", key=True))
    readers: dict[str, Callable[[Any], Axis]] = {
        "value": lambda value: _explicit(key, (setting.rule(value),)),
        "values": lambda values: _list(key, setting, values),
        "range": lambda numbers: _range(key, setting, numbers),
    }
    axis: Axis = notes.read(readers.get(form, lambda numbers: _spaced(key, setting, form, numbers)), raw[form], form)
    notes.settle()
    return axis


def _needs_numbers(key: str, setting: Setting, form: str) -> None:
    if setting.bounds is None:
        raise refused(f"{form} gives numbers, and {key} is not a number; list its values")


def _three(raw: object, form: str, names: str, last: Callable[[object], Any]) -> tuple[Any, Any, Any]:
    if not isinstance(raw, list) or len(raw) != 3:
        raise unexpected(f"{form}: [{names}]", raw)
    notes = Notes()
    first, second = notes.read(finite, raw[0], 0), notes.read(finite, raw[1], 1)
    third = notes.read(last, raw[2], 2)
    notes.settle()
    return first, second, third


def _count(raw: object) -> int:
    return whole(raw, 1, 10**400)


def _spaced(key: str, setting: Setting, form: str, raw: object) -> Axis:
    _needs_numbers(key, setting, form)
    start, stop, count = _three(raw, form, "first, last, how many", _count)
    if form == "geomspace" and (0.0 in (start, stop) or (start < 0) != (stop < 0)):
        raise unexpected("end points of one sign and not 0", start, stop)
    return Axis(key, form, (start, stop, count), count)


def _range(key: str, setting: Setting, raw: object) -> Axis:
    _needs_numbers(key, setting, "range")
    numbers = _three(raw, "range", "start, stop, step", finite)
    if isinstance(raw, list) and all(isinstance(number, int) for number in raw):
        numbers = (raw[0], raw[1], raw[2])
    start, stop, step = numbers
    if step == 0:
        raise BadValueError(Note((2,), Wrong.VALUE, "a step other than 0", "0"))
    if isinstance(start, int):
        length = -((start - stop) // step)
    else:
        steps = (stop - start) / step
        if not math.isfinite(steps):
            raise BadValueError(Note((), Wrong.VALUE, "a countable number of steps", "too many"))
        length = math.ceil(steps)
    if length < 1:
        none = f"no step leads from {found(start)} to {found(stop)}"
        raise BadValueError(Note((), Wrong.RESULT, "at least one value", none))
    return Axis(key, "range", numbers, length)


def _random(key: str, setting: Setting, raw: dict[str, Any], seed: int) -> Axis:
    name, notes = raw["distribution"], Notes()
    if name == "log_uniform":
        meant = "log_uniform_values, whose min and max are values, not exponents"
        raise BadValueError(Note(("distribution",), Wrong.VALUE, meant, found(name)))
    notes.read(lambda name: name_of(name, (*DISTRIBUTIONS,)), name, "distribution")
    notes.settle()
    _needs_numbers(key, setting, name)
    wanted = (*DISTRIBUTIONS[name], "n")
    for other in raw:
        if other not in ("distribution", *wanted):
            notes.append(unknown(other, wanted, (other,), f"key for {name}", told=False))
    for number in wanted:
        if number not in raw:
            form = f"{{distribution: {name}, {', '.join(f'{other}: ..' for other in wanted)}}}"
            notes.append(Note((), Wrong.OTHER, form, f"{number} is missing"))
    rules = {"int_uniform": whole, "log_uniform_values": POSITIVE.read}
    special = {"n": _count, "sigma": POSITIVE.read}
    read = {
        number: notes.read(special.get(number, rules.get(name, finite)), raw[number], number)
        for number in wanted
        if number in raw
    }
    notes.settle()
    first, second, count = read.values()
    if "min" in wanted and first > second:
        raise unexpected("min of at most max", first, second)
    if name == "uniform" and not math.isfinite(second - first):
        raise unexpected("min and max less far apart", first, second)
    return Axis(key, name, (first, second), count, seed)
