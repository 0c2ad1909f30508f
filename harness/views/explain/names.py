"""What a network's numbers are, what they are called, and the formulas that connect them.

x1 is an input, z1_2 and a1_2 the pre-activation and the activation of unit 2 in layer 1, y1 an output (the last layer's
activation), t1 its target, delta1_2 = dcost/dz1_2, w1_2_1 the weight to that unit from input 1, b1_2 its bias, lr the
learning rate. Layers and units count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.formulas.activations import ACTIVATIONS, SLOPED, Activation
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.network.layout import BIAS, WEIGHT, Layout, Parameter, bias, weight

if TYPE_CHECKING:
    from harness.network.structure import Structure

MOST_UNITS, MOST_HIDDEN = 8, 3
"""The most units in a layer, and the most hidden layers, of a network that is drawn as a graph and not as maps."""
MOST_TERMS = 8
"""A longer sum is written with its first terms, two dots and its last term."""
BECOMES, CALLED = " <- ", ", g = "
"""What stands between a parameter and the formula of its update, and between that and what it calls g."""


class RowKind(StrEnum):
    """What the number of a row is."""

    INPUT = "input"
    PRE_ACTIVATION = "pre-activation"
    ACTIVATION = "activation"
    TARGET = "target"
    COST = "cost"
    COST_DERIVATIVE = "cost derivative"
    DELTA = "delta"
    RATE = "learning rate"
    SETTING = "setting"
    CLOCK = "clock"
    SLOT = "slot"
    WEIGHT = "weight"
    BIAS = "bias"
    METRIC = "metric"


def kind_of(parameter: Parameter) -> RowKind:
    """What a row about a parameter is of."""
    return RowKind.BIAS if parameter.kind == BIAS else RowKind.WEIGHT


def names_of(layer: int, unit: int, last: int) -> dict[str, str]:
    """What the numbers of a unit are called. last: the number of the last layer.

    name: of its activation, by which it goes itself; sum: of its pre-activation; delta; and of an output also target,
    and derivative: dcost/dy.
    """
    if layer == 0:
        return {"name": f"x{unit}"}
    own = {"sum": f"z{layer}_{unit}", "name": f"a{layer}_{unit}", "delta": f"delta{layer}_{unit}"}
    return own | ({"name": f"y{unit}", "target": f"t{unit}", "derivative": f"dcost/dy{unit}"} if layer == last else {})


def network_of(head: Mapping[Any, Any]) -> list[list[dict[str, Any]]]:
    """The units that a record shows, layer by layer: of each its `names_of`, those of its weights, and of its bias.

    head: what the record says of itself.
    """
    layers = [min(units, head["units"] or units) for units in head["layers"]]
    return [
        [
            {
                **names_of(layer, unit, len(layers) - 1),
                **({"weights": [weight(layer, unit, i + 1).name for i in range(layers[layer - 1])]} if layer else {}),
                **({"bias": bias(layer, unit).name} if layer and head["biases"] else {}),
            }
            for unit in range(1, count + 1)
        ]
        for layer, count in enumerate(layers)
    ]


def large(network: Sequence[Sequence[Any]]) -> bool:
    """Whether a network, as `network_of` has it, is drawn as maps."""
    return max(map(len, network)) > MOST_UNITS or len(network) - 2 > MOST_HIDDEN


class Names:
    """The names and formulas of one structure, and how much of it is shown.

    batch: samples in an update. units: how many units of each layer are named, the first ones; all if not given.
    """

    def __init__(self, structure: Structure, batch: int, units: int | None = None) -> None:
        self.structure, self.batch, self.last = structure, batch, len(structure.layers) - 1
        self.layers = tuple(min(count, units or count) for count in structure.layers)

    def units(self, layer: int) -> range:
        return range(1, self.layers[layer] + 1)

    @cached_property
    def layout(self) -> Layout:
        """The layout of the units that are named."""
        return Layout(replace(self.structure, layers=self.layers))

    @cached_property
    def parameters(self) -> list[Parameter]:
        """Each unit's weights and then its bias, layer by layer."""
        return sorted(self.layout.parameters, key=lambda one: (one.layer, one.units[0], one.kind == BIAS, one.units))

    def gradient(self, parameter: Parameter) -> str:
        """The formula of dcost/dw."""
        delta = self.of(parameter.layer, parameter.units[0])["delta"]
        if parameter.kind == BIAS:
            return delta
        return f"{delta} * {self.activation(parameter.layer - 1, parameter.units[1])}"

    def of(self, layer: int, unit: int) -> dict[str, str]:
        """What the numbers of a unit are called, as `names_of` has it."""
        return names_of(layer, unit, self.last)

    def activation(self, layer: int, unit: int) -> str:
        return self.of(layer, unit)["name"]

    def pre_activation(self, layer: int, unit: int) -> str:
        inputs = range(1, self.structure.layers[layer - 1] + 1)
        terms = [f"{weight(layer, unit, i).name}*{self.activation(layer - 1, i)}" for i in _ends(inputs)]
        return _sum(terms, len(inputs)) + (f" + {bias(layer, unit).name}" if self.layout.biases else "")

    def applied(self, layer: int, unit: int) -> str:
        """The formula of the activation."""
        return self._function(layer).text.format(z=self.of(layer, unit)["sum"], slope=self._slope(layer))

    def _function(self, layer: int) -> Activation:
        """The activation of a layer."""
        name = self.structure.activations[layer - 1]
        return SLOPED[name] if self.structure.sloped[layer - 1] else ACTIVATIONS[name]

    def _slope(self, layer: int) -> str:
        """What the slope of a layer's activation is called."""
        return "slope" if layer < self.last else "output_slope"

    def cost_derivative(self, unit: int) -> str:
        """The formula of dcost/dy."""
        loss = LOSSES[self.structure.loss]
        own = self.of(self.last, unit)
        text = loss.derivative_text.format(t=own["target"], y=own["name"])
        outputs = self.structure.layers[-1]
        return text if outputs == 1 or not loss.mean else f"({text}) / {outputs}"

    def delta(self, layer: int, unit: int) -> str:
        """The formula of dcost/dz: what comes down from above, times the derivative of the activation."""
        own = self.of(layer, unit)
        if layer == self.last:
            above = own["derivative"]
        else:
            units = range(1, self.structure.layers[layer + 1] + 1)
            terms = [f"{self.of(layer + 1, j)['delta']}*{weight(layer + 1, j, unit).name}" for j in _ends(units)]
            above = _sum(terms, len(units))
        derivative = self._function(layer).derivative_text
        if derivative == "1":
            return above
        derivative = derivative.format(z=own["sum"], a=own["name"], slope=self._slope(layer))
        return f"({above}) * {derivative}" if " " in above else f"{above} * {derivative}"

    def updated(self, parameter: Parameter) -> tuple[str, str | None]:
        """The formula of an update's row, and of what it calls g, if it does."""
        structure, name, optimizer = self.structure, parameter.name, OPTIMIZERS[self.structure.optimizer]
        if not self.learns(parameter):
            return f"{name}{BECOMES}{name} (fixed)", None
        g, w = self.gradient(parameter), name
        if self.batch > 1:
            g = f"{structure.reduction}({g})"
        if structure.gradient_clip:
            g = f"clip({g})"
        penalized = parameter.kind == WEIGHT or structure.decay_biases
        terms = [f"l1*sign({name})"] * structure.l1
        if structure.weight_decay and optimizer.decoupled and penalized:
            w = f"(1 - lr*weight_decay)*{w}"
        elif structure.weight_decay:
            terms.insert(0, f"weight_decay*{w}")
        if terms and penalized:
            g = f"({' + '.join([g, *terms])})"
        change = optimizer.text.format(w=w, g="g" if optimizer.slots else g)
        return f"{name}{BECOMES}{change}", g if optimizer.slots else None

    def learns(self, parameter: Parameter) -> bool:
        """Whether training changes it."""
        return parameter.kind == WEIGHT or self.structure.bias == "true"

    def slot(self, slot: str, parameter: Parameter) -> str:
        """What is called that the optimizer keeps of a parameter."""
        return f"{slot} of {parameter.name}"

    def kept(self) -> dict[str, str]:
        """What the optimizer keeps of each parameter that is learnt, with its formula."""
        return {slot: text.format(g="g") for slot, text in OPTIMIZERS[self.structure.optimizer].kept.items()}


def _ends(numbers: range) -> list[int]:
    """The numbers of the terms that a sum shows: all, or of more than `MOST_TERMS` the first three and the last."""
    return [*numbers] if len(numbers) <= MOST_TERMS else [*numbers[:3], numbers[-1]]


def _sum(terms: list[str], count: int) -> str:
    return " + ".join(terms if len(terms) == count else [*terms[:-1], "..", terms[-1]])
