"""Initialisations: where the weights of each layer start.

Every rule comes down to one of five primitives; the engine and the reference know nothing else:

    ("constant", c)    ("uniform", low, high)    ("normal", mean, std)    ("orthogonal",)    ("values", W)

The scaled rules follow `torch.nn.init` (gain 1), with I the fan-in and O the fan-out of the layer.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.errors import Bad, Path, either, found, nearest
from harness.experiment.settings import finite, positive

Primitive = tuple[Any, ...]

LONGEST_LABEL = 40


@dataclass(frozen=True)
class Rule:
    """One way to start. numbers: its parameters with their defaults (None: must be given). tensor: fan-in, fan-out, *numbers."""

    random: bool
    numbers: dict[str, float | None]
    tensor: Callable[..., Primitive]


def _symmetric(bound: float) -> Primitive:
    return ("uniform", -bound, bound)


RULES: dict[str, Rule] = {
    "ones": Rule(False, {}, lambda i, o: ("constant", 1.0)),
    "zeros": Rule(False, {}, lambda i, o: ("constant", 0.0)),
    "constant": Rule(False, {"value": None}, lambda i, o, c: ("constant", c)),
    "normal": Rule(True, {"mean": 0.0, "std": None}, lambda i, o, mean, std: ("normal", mean, std)),
    "uniform": Rule(True, {"low": None, "high": None}, lambda i, o, low, high: ("uniform", low, high)),
    "xavier_uniform": Rule(True, {}, lambda i, o: _symmetric(math.sqrt(6.0 / (i + o)))),
    "xavier_normal": Rule(True, {}, lambda i, o: ("normal", 0.0, math.sqrt(2.0 / (i + o)))),
    "he_uniform": Rule(True, {}, lambda i, o: _symmetric(math.sqrt(6.0 / i))),
    "he_normal": Rule(True, {}, lambda i, o: ("normal", 0.0, math.sqrt(2.0 / i))),
    "lecun_normal": Rule(True, {}, lambda i, o: ("normal", 0.0, math.sqrt(1.0 / i))),
    "orthogonal": Rule(True, {}, lambda i, o: ("orthogonal",)),
}
NAMES = (*RULES, "values")

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Initialisation:
    """Where weights and biases start. Equal when the meaning is equal, however it was written.

    numbers: the rule's, in the order of `RULES`. bias: of every unit. weights, bias_rows: of the rule `values`, one
    per layer; bias_rows is empty when `bias` holds for all.
    """

    rule: str
    numbers: tuple[float, ...] = ()
    bias: float = 0.0
    weights: tuple[Matrix, ...] = ()
    bias_rows: tuple[tuple[float, ...], ...] = ()

    @property
    def random(self) -> bool:
        """Whether repeats differ."""
        return self.rule in RULES and RULES[self.rule].random

    @property
    def label(self) -> str:
        """YAML flow text without defaults: `ones`, `{normal: {std: 0.5}}`; long `values` by their hash."""
        if self.rule == "values":
            text = self._values_text()
            if len(text) > LONGEST_LABEL:
                text = f"{{values: {self.digest().hex()[:8]}}}"
            return text
        given = [
            f"{name}: {_short(number)}"
            for (name, default), number in zip(RULES[self.rule].numbers.items(), self.numbers, strict=True)
            if number != default
        ]
        inner = _short(self.numbers[0]) if self.rule == "constant" else "{" + ", ".join(given) + "}"
        if self.bias:
            return f"{{{self.rule}: {inner}, bias: {_short(self.bias)}}}"
        return f"{{{self.rule}: {inner}}}" if self.numbers else self.rule

    def tensor(self, layer: int, fan_in: int, fan_out: int) -> Primitive:
        """The primitive for the weights (O, I) of a layer, counted from 1."""
        if self.rule == "values":
            return ("values", np.array(self.weights[layer - 1], dtype=np.float64))
        return RULES[self.rule].tensor(fan_in, fan_out, *self.numbers)

    def biases(self, layer: int, fan_out: int) -> NDArray[np.float64]:
        """The biases (O,) of a layer, counted from 1."""
        if self.bias_rows:
            return np.array(self.bias_rows[layer - 1], dtype=np.float64)
        return np.full(fan_out, self.bias, dtype=np.float64)

    def digest(self) -> bytes:
        """SHA-256 of the meaning; random draws are keyed by it."""
        return hashlib.sha256(self.canonical.encode()).digest()

    @property
    def canonical(self) -> str:
        """The meaning as text that is the same for every spelling."""
        return repr((self.rule, self.numbers, self.bias, self.weights, self.bias_rows))

    def problem(self, layers: Sequence[int]) -> str | None:
        """Why explicit values do not fit a network, or None."""
        if self.rule != "values":
            return None
        if len(self.weights) != len(layers) - 1:
            return f"{len(self.weights)} weight matrices do not fit layers {list(layers)}: expected {len(layers) - 1}"
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(layers)):
            matrix = self.weights[index]
            if (len(matrix), len(matrix[0])) != (fan_out, fan_in):
                return (
                    f"weights[{index}] is {len(matrix)} x {len(matrix[0])}, but layers {list(layers)} need "
                    f"{fan_out} x {fan_in} (units x inputs)"
                )
        return None

    def _values_text(self) -> str:
        weights = [[[_Number(w) for w in row] for row in matrix] for matrix in self.weights]
        text = f"weights: {weights}"
        if self.bias_rows:
            text += f", biases: {[[_Number(b) for b in row] for row in self.bias_rows]}"
        return f"{{values: {{{text}}}" + (f", bias: {_short(self.bias)}}}" if self.bias else "}")


class _Number(float):
    def __repr__(self) -> str:
        return _short(self)


def _short(number: float) -> str:
    text = float.__repr__(number)
    return text.removesuffix(".0")


def parse(raw: object) -> Initialisation:
    """`ones`, `{normal: {std: 0.5}}`, `{ones: , bias: 1}` and so on. Raises Bad."""
    if isinstance(raw, str):
        if (
            raw in NAMES
            and all(default is not None for default in _numbers(raw).values())
            and raw != "values"
        ):
            return _make(raw, ())
        if raw in NAMES:
            raise Bad(f"'{raw}' needs its numbers, such as {{{raw}: {_example(raw)}}}")
        raise Bad(
            f"expected an initialisation such as ones or xavier_uniform, found {found(raw)}{nearest(raw, NAMES)}"
        )
    if not isinstance(raw, dict):
        raise Bad(f"expected an initialisation such as ones or {{normal: {{std: 0.5}}}}, found {found(raw)}")
    rules = [key for key in raw if key in NAMES]
    unknown = [key for key in raw if key not in NAMES and key != "bias"]
    if unknown:
        names = (*NAMES, "bias")
        raise Bad(notes=[((key,), f"unknown initialisation{nearest(key, names)}") for key in unknown])
    if len(rules) != 1:
        names = either(rules) if rules else "none"
        raise Bad(f"expected one of {either(NAMES)}, found {names.replace(' or ', ' and ')}")
    rule, notes = rules[0], []
    offset, numbers = 0.0, ()
    if "bias" in raw:
        try:
            offset = finite(raw["bias"])
        except Bad as bad:
            notes += bad.below("bias")
    try:
        made = _values(raw[rule], offset, "bias" in raw) if rule == "values" else None
        numbers = () if made else _read_numbers(rule, raw[rule])
    except Bad as bad:
        raise Bad(notes=notes + bad.below(rule)) from None
    if notes:
        raise Bad(notes=notes)
    return made or _make(rule, numbers, offset)


def _numbers(rule: str) -> dict[str, float | None]:
    return RULES[rule].numbers if rule in RULES else {}


def _example(rule: str) -> str:
    return {
        "constant": "0.3",
        "normal": "{std: 0.5}",
        "uniform": "{low: -1, high: 1}",
        "values": "{weights: [[[1, 1], [1, 1]], [[1, 1]]]}",
    }.get(rule, "{}")


def _make(rule: str, numbers: tuple[float, ...], offset: float = 0.0) -> Initialisation:
    if rule == "constant" and numbers[0] in (0.0, 1.0):
        return Initialisation("ones" if numbers[0] else "zeros", (), offset)
    return Initialisation(rule, numbers, offset)


def _read_numbers(rule: str, raw: object) -> tuple[float, ...]:
    wanted = RULES[rule].numbers
    if rule == "constant":
        return (finite(raw),)
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise Bad(f"expected {_example(rule)}, found {found(raw)}")
    notes = [((key,), f"unknown key{nearest(key, wanted)}") for key in raw if key not in wanted]
    notes += [
        ((), f"{name} is missing") for name, default in wanted.items() if default is None and name not in raw
    ]
    numbers = []
    for name, default in wanted.items():
        try:
            numbers.append((positive if name == "std" else finite)(raw.get(name, default)))
        except Bad as bad:
            notes += bad.below(name) if name in raw else []
    if not notes and rule == "uniform" and numbers[0] >= numbers[1]:
        notes.append(
            ((), f"expected low below high, found low {_short(numbers[0])} and high {_short(numbers[1])}")
        )
    if notes:
        raise Bad(notes=notes)
    return tuple(numbers)


def _values(raw: object, offset: float, has_offset: bool) -> Initialisation:
    if not isinstance(raw, dict) or "weights" not in raw:
        raise Bad(f"expected {_example('values')}, found {found(raw)}")
    notes = [
        ((key,), f"unknown key{nearest(key, ('weights', 'biases'))}")
        for key in raw
        if key not in ("weights", "biases")
    ]
    if has_offset and "biases" in raw:
        notes.append((("biases",), "expected either biases or bias, found both"))
    weights, biases = [], []
    for key, into, read in (("weights", weights, _matrix), ("biases", biases, _row)):
        entries = raw.get(key, [])
        if not isinstance(entries, list) or (key in raw and not entries):
            notes.append(((key,), f"expected a list with one entry a layer, found {found(entries)}"))
            continue
        for index, entry in enumerate(entries):
            try:
                into.append(read(entry))
            except Bad as bad:
                notes += bad.below(key, index)
    if not notes:
        notes += _misfits(weights, biases)
    if notes:
        raise Bad(notes=notes)
    if all(number == 0.0 for row in biases for number in row):
        biases = []
    return Initialisation("values", (), offset, tuple(weights), tuple(biases))


def _misfits(weights: Sequence[Matrix], biases: Sequence[tuple[float, ...]]) -> Iterator[tuple[Path, str]]:
    """What does not fit together within explicit values, whatever the network."""
    for index, (below, above) in enumerate(itertools.pairwise(weights), 1):
        if len(above[0]) != len(below):
            yield (
                ("weights", index),
                f"expected rows of {len(below)} numbers, one for each unit below, found {len(above[0])}",
            )
    if biases and len(biases) != len(weights):
        yield ("biases",), f"expected one list for each of the {len(weights)} layers, found {len(biases)}"
        return
    for index, row in enumerate(biases):
        if len(row) != len(weights[index]):
            yield (
                ("biases", index),
                f"expected {len(weights[index])} numbers, one for each unit, found {len(row)}",
            )


def _row(raw: object) -> tuple[float, ...]:
    if not isinstance(raw, list) or not raw:
        raise Bad(f"expected a list of numbers, found {found(raw)}")
    return tuple(finite(number) for number in raw)


def _matrix(raw: object) -> Matrix:
    if not isinstance(raw, list) or not raw:
        raise Bad(f"expected a matrix such as [[1, 1], [1, 1]], found {found(raw)}")
    rows = tuple(_row(row) for row in raw)
    if len({len(row) for row in rows}) != 1:
        raise Bad(
            f"expected rows of one width, found {either(map(str, sorted({len(row) for row in rows})))} numbers"
        )
    return rows
