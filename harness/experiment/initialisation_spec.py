"""The ways to write an initialisation: `ones`, `{normal: {std: 0.5}}`, `{zeros: {}, bias: 1}` and so on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from harness.experiment.errors import BadValueError, Notes, each, either, found, suggestion, unknown
from harness.experiment.initialisation import NAMES, RULES, Initialisation, Matrix, Row
from harness.experiment.settings import finite, own_name, positive

KEYS = (*NAMES, "bias", "name")
EXAMPLES = {
    "constant": "0.3",
    "normal": "{std: 0.5}",
    "uniform": "{low: -1, high: 1}",
    "values": "{weights: [[[1, 1], [1, 1]], [[1, 1]]]}",
}
"""An example of each rule that needs numbers."""


def parse(raw: object) -> Initialisation:
    """An initialisation from plain data. Raises BadValueError."""
    if isinstance(raw, str) and raw in NAMES:
        if raw in EXAMPLES:
            raise BadValueError(f"'{raw}' needs its numbers, such as {{{raw}: {EXAMPLES[raw]}}}")
        return Initialisation(raw)
    if not isinstance(raw, dict):
        such = "expected an initialisation such as ones or {normal: {std: 0.5}}"
        raise BadValueError(f"{such}, found {found(raw)}{suggestion(raw, NAMES)}")
    notes = Notes()
    for key in raw:
        if key not in KEYS:
            notes.add_key(f"unknown initialisation{suggestion(key, KEYS)}", key)
    notes.settle()
    rules = [key for key in raw if key in NAMES]
    if len(rules) != 1:
        raise BadValueError(f"expected one of {either(NAMES)}, found {' and '.join(rules) or 'none'}")
    rule = rules[0]
    bias = notes.read(finite, raw.get("bias", 0), "bias")
    name = notes.read(_name, raw["name"], "name") if "name" in raw else ""
    if rule == "values":
        if "bias" in raw and isinstance(raw[rule], dict) and "biases" in raw[rule]:
            notes.add_key("expected either biases or bias, found both", "bias")
        weights, biases = notes.read(_values, raw[rule], rule) or ((), ())
        notes.settle()
        return Initialisation("values", (), bias, weights, biases, name)
    if "name" in raw:
        notes.add_key(f"goes with values, not with {rule}", "name")
    numbers = notes.read(lambda given: _numbers(rule, given), raw[rule], rule)
    notes.settle()
    if rule == "constant" and numbers[0] in (0.0, 1.0):
        rule, numbers = ("ones" if numbers[0] else "zeros"), ()
    return Initialisation(rule, numbers, bias)


def _name(raw: object) -> str:
    name = own_name(raw)
    if name in KEYS:
        raise BadValueError(f"expected a name of its own, found {found(name)}, which has a meaning already")
    return name


def _numbers(rule: str, raw: object) -> tuple[float, ...]:
    if rule == "constant":
        return (finite(raw),)
    wanted, notes = RULES[rule].numbers, Notes()
    if raw is None and rule not in EXAMPLES:
        raw = {}
    if not isinstance(raw, dict):
        raise BadValueError(f"expected {EXAMPLES.get(rule, 'nothing, or {}')}, found {found(raw)}")
    for key in raw:
        if key not in wanted:
            notes.add_key(f"unknown key{suggestion(key, wanted)}", key)
    for name, default in wanted.items():
        if default is None and name not in raw:
            notes.add(f"{name} is missing; expected {EXAMPLES[rule]}")
    given = {**wanted, **raw}
    numbers = [
        notes.read(positive if name == "std" else finite, given[name], name)
        for name in wanted
        if given[name] is not None or name in raw
    ]
    notes.settle()
    if rule == "uniform" and numbers[0] >= numbers[1]:
        raise BadValueError(f"expected low below high, found {found(numbers[0])} and {found(numbers[1])}")
    return tuple(numbers)


def _values(raw: object) -> tuple[tuple[Matrix, ...], tuple[Row, ...]]:
    if not isinstance(raw, dict) or "weights" not in raw:
        raise BadValueError(f"expected {EXAMPLES['values']}, found {found(raw)}")
    notes = Notes()
    for key in raw:
        if key not in ("weights", "biases"):
            notes.add_key(unknown(key, ("weights", "biases")), key)
    weights = notes.read(lambda given: each(_list(given, "matrices"), _matrix), raw["weights"], "weights")
    biases = ()
    if "biases" in raw:
        biases = notes.read(lambda given: each(_list(given, "lists"), _row), raw["biases"], "biases")
    notes.settle()
    _check_shapes(weights, biases)
    return weights, (biases if any(itertools.chain(*biases)) else ())


def _check_shapes(weights: Sequence[Matrix], biases: Sequence[Row]) -> None:
    """Check that layers fit on one another, whatever the network. Raises BadValueError."""
    notes = Notes()
    for index, (below, above) in enumerate(itertools.pairwise(weights), 1):
        if len(above[0]) != len(below):
            message = f"expected rows of {len(below)} numbers, one for each unit below, found {len(above[0])}"
            notes.add(message, "weights", index)
    if biases and len(biases) != len(weights):
        notes.add(f"expected one list for each of the {len(weights)} layers, found {len(biases)}", "biases")
    for index, (matrix, row) in enumerate(zip(weights, biases, strict=False)):
        if len(row) != len(matrix):
            message = f"expected {len(matrix)} numbers, one for each unit, found {len(row)}"
            notes.add(message, "biases", index)
    notes.settle()


def _list(raw: object, what: str) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise BadValueError(f"expected a list of {what}, found {found(raw)}")
    return raw


def _row(raw: object) -> Row:
    return each(_list(raw, "numbers"), finite)


def _matrix(raw: object) -> Matrix:
    rows: Matrix = each(_list(raw, "rows, such as [[1, 1], [1, 1]]"), _row)
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise BadValueError(f"expected rows of one width, found {either(map(str, widths))} numbers")
    return rows
