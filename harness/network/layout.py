"""Where each parameter of a network lies, layer by layer, W row by row and then b; and what each is called."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.network.structure import Structure

WEIGHT, BIAS = "w", "b"
_NUMBER = r"[1-9]\d*"
_NAME = re.compile(rf"(?P<kind>[wb])(?P<layer>{_NUMBER})(?P<units>(?:_{_NUMBER}){{0,2}})")


class Parameter(NamedTuple):
    """A weight or a bias, or all of a layer. kind: `WEIGHT` or `BIAS`. layer: from 1.

    units: from 1, the one that it leads to and, of a weight, the one below that it comes from; () for all of the layer.
    """

    kind: str
    layer: int
    units: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """w1_2_3: in layer 1, to unit 2, from unit 3 below. b1_2: the bias of unit 2. w1, b1: all of layer 1."""
        return "_".join([f"{self.kind}{self.layer}", *map(str, self.units)])

    @property
    def whole(self) -> Parameter:
        """All weights, or all biases, of its layer."""
        return self._replace(units=())

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the array of its layer, counted from 0."""
        return tuple(unit - 1 for unit in self.units)

    @property
    def order(self) -> tuple[int, bool, tuple[int, ...]]:
        """By what parameters of one network, or of several, are sorted: the order in which they lie."""
        return self.layer, self.kind == BIAS, self.units

    @property
    def meaning(self) -> str:
        """What it is, in words."""
        what = "weight" if self.kind == WEIGHT else "bias"
        if not self.units:
            return f"every {what} of layer {self.layer}, " + ("row by row" if self.kind == WEIGHT else "in order")
        below = f" from unit {self.units[1]} below" if self.kind == WEIGHT else ""
        return f"{what} of layer {self.layer}, to unit {self.units[0]}{below}"


def weight(layer: int, to: int, of: int) -> Parameter:
    """The weight of a layer to one of its units from one below, all counted from 1."""
    return Parameter(WEIGHT, layer, (to, of))


def bias(layer: int, to: int) -> Parameter:
    """The bias of a layer's unit, both counted from 1."""
    return Parameter(BIAS, layer, (to,))


def parse(name: str) -> Parameter | None:
    """The parameter, or all those of a layer, with this name; None for any other name."""
    if not (found := _NAME.fullmatch(name)):
        return None
    units = tuple(map(int, found["units"].split("_")[1:]))
    if len(units) not in (0, 2 if found["kind"] == WEIGHT else 1):
        return None
    return Parameter(found["kind"], int(found["layer"]), units)


def shape(parameter: Parameter, layers: Sequence[int]) -> tuple[int, ...]:
    """The shape of the array in which a parameter stands: (O, I) or (O,); of a layer that is not there zeros.

    layers: units of each layer, inputs first.
    """
    outputs, inputs = (layers[parameter.layer - k] if parameter.layer < len(layers) else 0 for k in (0, 1))
    return (outputs, inputs) if parameter.kind == WEIGHT else (outputs,)


class Tensor(NamedTuple):
    """All weights, or all biases, of a layer: which, their shape, and the numbers [start, stop) of the parameters."""

    parameter: Parameter
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many they are."""
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        """Where they lie among the P."""
        return slice(self.start, self.stop)

    def parameters(self) -> Iterator[Parameter]:
        """Each of them, in order."""
        kind, layer, _ = self.parameter
        return (Parameter(kind, layer, tuple(unit + 1 for unit in place)) for place in np.ndindex(self.shape))


class Layout:
    """The P parameters of a network. weights, biases: their tensors, layer by layer; no biases if it has none."""

    def __init__(self, structure: Structure) -> None:
        self.weights: list[Tensor] = []
        self.biases: list[Tensor] = []
        self.count = 0
        for layer, (inputs, outputs) in enumerate(pairwise(structure.layers), start=1):
            self.weights.append(self._next(Parameter(WEIGHT, layer), (outputs, inputs)))
            if structure.bias != "false":
                self.biases.append(self._next(Parameter(BIAS, layer), (outputs,)))

    def _next(self, parameter: Parameter, shape: tuple[int, ...]) -> Tensor:
        start, self.count = self.count, self.count + math.prod(shape)
        return Tensor(parameter, shape, start, self.count)

    @cached_property
    def tensors(self) -> list[Tensor]:
        """Weights and biases in the order in which they lie."""
        return sorted([*self.weights, *self.biases], key=lambda tensor: tensor.start)

    def of_layer(self, layer: int) -> list[Tensor]:
        """The weights and the biases of a layer, counted from 1."""
        return [tensor for tensor in self.tensors if tensor.parameter.layer == layer]

    @cached_property
    def parameters(self) -> list[Parameter]:
        """All P, in order."""
        return [parameter for tensor in self.tensors for parameter in tensor.parameters()]

    @property
    def names(self) -> list[str]:
        """The (P,) names of all parameters."""
        return [parameter.name for parameter in self.parameters]

    def split(self, flat: NDArray[Any]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Parameters (P,) as those of each layer, weights (O, I) and biases (O,): views of them."""
        weights, biases = (
            [flat[tensor.slice].reshape(tensor.shape) for tensor in some] for some in (self.weights, self.biases)
        )
        return weights, biases

    def join(self, weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The (P,) parameters of which `split` makes these."""
        pairs = [*zip(self.weights, weights, strict=True), *zip(self.biases, biases, strict=True)]
        return np.concatenate([part.ravel() for _, part in sorted(pairs, key=lambda pair: pair[0].start)])
