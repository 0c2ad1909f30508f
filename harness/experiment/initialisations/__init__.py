"""Initialisations: where the weights of each layer start.

Every rule comes down to one of six primitives; the engine and the reference know nothing else:

    ("constant", c)    ("uniform", low, high)    ("normal", mean, std)    ("orthogonal",)    ("values", W)
    ("sparse", zeros, std): normal numbers, of which so many in each column are 0

The scaled rules follow `torch.nn.init` (gain 1), with I the fan-in and O the fan-out of the layer.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.experiment.errors import shorten

Primitive = tuple[Any, ...]

Bias = float | tuple[Any, ...]
"""The bias of every unit: a number, the primitive that it is drawn from, or `BY_FAN_IN`."""
BY_FAN_IN = ("fan_in",)
"""Drawn as PyTorch's `Linear` draws weights and biases: evenly from -1/sqrt(I) to 1/sqrt(I)."""
LONGEST_LABEL = 40


@dataclass(frozen=True)
class Rule:
    """One way to start. numbers: its parameters and their defaults, None if they must be given.

    tensor: (fan-in, fan-out, *numbers) -> primitive. bias: of every unit, where none is given.
    """

    random: bool
    numbers: dict[str, float | None]
    tensor: Callable[..., Primitive]
    bias: Bias = 0.0


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
    "sparse": Rule(
        True, {"sparsity": None, "std": 0.01}, lambda i, o, share, std: ("sparse", math.ceil(share * o), std)
    ),
    "pytorch": Rule(True, {}, lambda i, o: _symmetric(1.0 / math.sqrt(i)), BY_FAN_IN),
}
SAME = {"keras": "xavier_uniform"}
"""Another name of a rule: what Keras's `Dense` does by default, with biases of 0."""
NAMES = (*RULES, *SAME, "values")
DRAWN = ("normal", "uniform")
"""The rules by which biases may be drawn."""

Row = tuple[float, ...]
Matrix = tuple[Row, ...]


def _numbers_label(rule: str, numbers: Sequence[float]) -> str:
    """The numbers of a rule as YAML flow text, without defaults."""
    named = zip(RULES[rule].numbers.items(), numbers, strict=True)
    return f"{{{', '.join(f'{name}: {number}' for (name, default), number in named if number != default)}}}"


@dataclass(frozen=True)
class Initialisation:
    """Where weights and biases start. Equal when the meaning is equal, however it was written.

    numbers: the rule's, in the order of `RULES`. bias: as `Bias` has it. weights, bias_rows: of `values`, one
    per layer; bias_rows is empty when `bias` holds for all. name: what `values` are called, which changes no number.
    """

    rule: str
    numbers: tuple[float, ...] = ()
    bias: Bias = 0.0
    weights: tuple[Matrix, ...] = ()
    bias_rows: tuple[Row, ...] = ()
    name: str = field(default="", compare=False)

    @property
    def random(self) -> bool:
        """Whether each repeat draws other numbers."""
        return (self.rule in RULES and RULES[self.rule].random) or isinstance(self.bias, tuple)

    @property
    def label(self) -> str:
        """As `written`, but `values` by their name or a hash."""
        if self.name:
            return self.name
        text = self.written
        if self.rule == "values" and len(text) > LONGEST_LABEL:
            return f"{{values: {self.digest().hex()[:8]}}}"
        return text

    @property
    def written(self) -> str:
        """YAML flow text without defaults: `ones`, `{normal: {std: 0.5}}`."""
        if self.rule == "values":
            biases = f", biases: {json.dumps(self.bias_rows)}" if self.bias_rows else ""
            inner = f"{{weights: {json.dumps(self.weights)}{biases}}}"
        elif self.rule == "constant":
            inner = repr(self.numbers[0])
        else:
            inner = _numbers_label(self.rule, self.numbers)
        own = RULES[self.rule].bias if self.rule in RULES else 0.0
        bias = f", bias: {self.bias}" if self.bias != own else ""
        if isinstance(self.bias, tuple) and self.bias != own:
            bias = f", bias: {{{self.bias[0]}: {_numbers_label(self.bias[0], self.bias[1:])}}}"
        text = self.rule if inner == "{}" and not bias else f"{{{self.rule}: {inner}{bias}}}"
        return re.sub(r"\.0\b", "", text)

    def tensor(self, layer: int, fan_in: int, fan_out: int) -> Primitive:
        """The primitive for the weights (O, I) of a layer, counted from 1."""
        if self.rule == "values":
            return ("values", np.array(self.weights[layer - 1], dtype=np.float64))
        return RULES[self.rule].tensor(fan_in, fan_out, *self.numbers)

    def biases(self, layer: int, fan_in: int) -> Primitive:
        """The primitive for the biases (O,) of a layer, counted from 1."""
        if self.bias_rows:
            return ("values", np.array(self.bias_rows[layer - 1], dtype=np.float64))
        if isinstance(self.bias, tuple):
            return _symmetric(1.0 / math.sqrt(fan_in)) if self.bias == BY_FAN_IN else self.bias
        return ("constant", self.bias)

    def digest(self) -> bytes:
        """SHA-256 of the meaning; random draws are keyed by it."""
        return hashlib.sha256(self.canonical.encode()).digest()

    @property
    def canonical(self) -> str:
        """The meaning as text that is the same for every spelling."""
        return repr((self.rule, self.numbers, self.bias, self.weights, self.bias_rows))

    def problem(self, layers: Sequence[int]) -> tuple[str, str] | None:
        """(what was expected, what was found) where explicit values do not fit a network; None where they do."""
        if self.rule != "values":
            return None
        network = shorten(str(list(layers)))
        if len(self.weights) != len(layers) - 1:
            return f"one matrix a layer, {len(layers) - 1} for {network}", str(len(self.weights))
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(layers)):
            matrix = self.weights[index]
            if (len(matrix), len(matrix[0])) != (fan_out, fan_in):
                wanted = f"{fan_out} rows of {fan_in} for weights[{index}] and layers {network}"
                return wanted, f"{len(matrix)} of {len(matrix[0])}"
        return None
