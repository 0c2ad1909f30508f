"""The ways to write an initialisation: `ones`, `{normal: {std: 0.5}}`, `{zeros: {}, bias: 1}` and so on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from harness.experiment.errors import either, found
from harness.experiment.initialisations import DRAWN, NAMES, RULES, SAME, Bias, Initialisation, Matrix, Row
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, each, not_one_of, refused, unexpected, unknown
from harness.experiment.settings import POSITIVE, Bounds, finite, own_name

KEYS = (*NAMES, "bias", "name")
EXAMPLES = {
    "constant": "0.3",
    "normal": "{std: 0.5}",
    "uniform": "{low: -1, high: 1}",
    "sparse": "{sparsity: 0.9}",
    "values": "{weights: [[[1, 1], [1, 1]], [[1, 1]]]}",
}
"""An example of each rule that needs numbers."""
BOUNDED = {"std": POSITIVE.read, "sparsity": Bounds(below=1).read}


def parse(raw: object) -> Initialisation:
    """An initialisation from plain data. Raises BadValueError."""
    if isinstance(raw, str) and raw in NAMES:
        if raw in EXAMPLES:
            raise refused(f"'{raw}' needs its numbers, such as {{{raw}: {EXAMPLES[raw]}}}")
        rule = SAME.get(raw, raw)
        return Initialisation(rule, (), RULES[rule].bias)
    if not isinstance(raw, dict):
        raise not_one_of(raw, NAMES, "an initialisation such as ones or {normal: {std: 0.5}}")
    notes = Notes()
    for key in raw:
        if key not in KEYS:
            notes.append(unknown(key, KEYS, (key,), "initialisation", told=False))
    notes.settle()
    rules = [key for key in raw if key in NAMES]
    if len(rules) != 1:
        raise BadValueError(Note((), Wrong.VALUE, f"one of {either(NAMES)}", " and ".join(rules) or "none"))
    written, rule = rules[0], SAME.get(rules[0], rules[0])
    bias = notes.read(_bias, raw["bias"], "bias") if "bias" in raw else RULES[rule].bias if rule in RULES else 0.0
    name = notes.read(_name, raw["name"], "name") if "name" in raw else ""
    if rule == "values":
        if "bias" in raw and isinstance(raw[rule], dict) and "biases" in raw[rule]:
            notes.append(Note(("bias",), Wrong.VALUE, "either biases or bias", "both", key=True))
        weights, biases = notes.read(_values, raw[rule], rule) or ((), ())
        notes.settle()
        return Initialisation("values", (), bias, weights, biases, name)
    if "name" in raw:
        notes.append(Note(("name",), Wrong.OTHER, found=f"goes with values, not with {rule}", key=True))
    numbers = notes.read(lambda given: _numbers(rule, given), raw[written], written)
    notes.settle()
    if rule == "constant" and numbers[0] in (0.0, 1.0):
        rule, numbers = ("ones" if numbers[0] else "zeros"), ()
    return Initialisation(rule, numbers, bias)


def _name(raw: object) -> str:
    name = own_name(raw)
    if name in KEYS:
        raise BadValueError(Note((), Wrong.VALUE, "a name of its own", f"{found(name)}, which has a meaning already"))
    return name


def _bias(raw: object) -> Bias:
    """A number, or a primitive that numbers are drawn from."""
    if not isinstance(raw, dict):
        return finite(raw, "a finite number, {normal: {std: 0.5}} or {uniform: {low: -1, high: 1}}")
    notes = Notes()
    for key in raw:
        if key not in DRAWN:
            notes.append(unknown(key, DRAWN, (key,)))
    if len(raw) != 1:
        notes.append(Note((), Wrong.VALUE, f"one of {either(DRAWN)}", " and ".join(map(str, raw)) or "none"))
    notes.settle()
    ((rule, given),) = raw.items()
    numbers = notes.read(lambda given: _numbers(rule, given), given, rule)
    notes.settle()
    return (rule, *numbers)


def _numbers(rule: str, raw: object) -> tuple[float, ...]:
    if rule == "constant":
        return (finite(raw),)
    wanted, notes = RULES[rule].numbers, Notes()
    if raw is None and rule not in EXAMPLES:
        raw = {}
    if not isinstance(raw, dict):
        raise unexpected(EXAMPLES.get(rule, "nothing, or {}"), raw)
    for key in raw:
        if key not in wanted:
            notes.append(unknown(key, wanted, (key,), told=False))
    for name, default in wanted.items():
        if default is None and name not in raw:
            notes.append(Note((), Wrong.OTHER, EXAMPLES[rule], f"{name} is missing"))
    given = {**wanted, **raw}
    numbers = [
        notes.read(BOUNDED.get(name, finite), given[name], name)
        for name in wanted
        if given[name] is not None or name in raw
    ]
    notes.settle()
    if rule == "uniform" and numbers[0] >= numbers[1]:
        raise unexpected("low below high", *numbers)
    return tuple(numbers)


def _values(raw: object) -> tuple[tuple[Matrix, ...], tuple[Row, ...]]:
    if not isinstance(raw, dict) or "weights" not in raw:
        raise unexpected(EXAMPLES["values"], raw)
    notes = Notes()
    for key in raw:
        if key not in ("weights", "biases"):
            notes.append(unknown(key, ("weights", "biases"), (key,)))
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
            rows = f"rows of {len(below)} numbers, one for each unit below"
            notes.append(Note(("weights", index), Wrong.VALUE, rows, str(len(above[0]))))
    if biases and len(biases) != len(weights):
        lists = f"one list for each of the {len(weights)} layers"
        notes.append(Note(("biases",), Wrong.VALUE, lists, str(len(biases))))
    for index, (matrix, row) in enumerate(zip(weights, biases, strict=False)):
        if len(row) != len(matrix):
            numbers = f"{len(matrix)} numbers, one for each unit"
            notes.append(Note(("biases", index), Wrong.VALUE, numbers, str(len(row))))
    notes.settle()


def _list(raw: object, what: str) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise unexpected(f"a list of {what}", raw)
    return raw


def _row(raw: object) -> Row:
    return each(_list(raw, "numbers"), finite)


def _matrix(raw: object) -> Matrix:
    rows: Matrix = each(_list(raw, "rows, such as [[1, 1], [1, 1]]"), _row)
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise BadValueError(Note((), Wrong.VALUE, "rows of one width", f"{either(map(str, widths))} numbers"))
    return rows
