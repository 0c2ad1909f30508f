"""The names of a network's numbers, and the formulas that connect them.

x1 is an input, z1_2 and a1_2 the pre-activation and the activation of unit 2 in layer 1, y1 an output (the last layer's
activation), t1 its target, delta1_2 = dcost/dz1_2, w1_2_1 the weight to that unit from input 1, b1_2 its bias, lr the
learning rate. Layers and units count from 1.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from harness.formulas.activations import ACTIVATIONS
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.network.layout import BIAS, WEIGHT, Layout, Parameter, bias, weight

if TYPE_CHECKING:
    from harness.network.structure import Structure

MOST_TERMS = 8
"""A longer sum is written with its first terms, two dots and its last term."""


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
        delta = f"delta{parameter.layer}_{parameter.units[0]}"
        if parameter.kind == BIAS:
            return delta
        return f"{delta} * {self.activation(parameter.layer - 1, parameter.units[1])}"

    def activation(self, layer: int, unit: int) -> str:
        if layer == 0:
            return f"x{unit}"
        return f"y{unit}" if layer == self.last else f"a{layer}_{unit}"

    def pre_activation(self, layer: int, unit: int) -> str:
        inputs = range(1, self.structure.layers[layer - 1] + 1)
        terms = [f"{weight(layer, unit, i).name}*{self.activation(layer - 1, i)}" for i in _ends(inputs)]
        return _sum(terms, len(inputs)) + (f" + {bias(layer, unit).name}" if self.layout.biases else "")

    def applied(self, layer: int, unit: int) -> str:
        """The formula of the activation."""
        text = ACTIVATIONS[self.structure.activations[layer - 1]].text
        return text.format(z=f"z{layer}_{unit}")

    def cost_derivative(self, unit: int) -> str:
        """The formula of dcost/dy."""
        loss = LOSSES[self.structure.loss]
        text = loss.derivative_text.format(t=f"t{unit}", y=f"y{unit}")
        outputs = self.structure.layers[-1]
        return text if outputs == 1 or not loss.mean else f"({text}) / {outputs}"

    def delta(self, layer: int, unit: int) -> str:
        """The formula of dcost/dz: what comes down from above, times the derivative of the activation."""
        if layer == self.last:
            above = f"dcost/dy{unit}"
        else:
            units = range(1, self.structure.layers[layer + 1] + 1)
            terms = [f"delta{layer + 1}_{j}*{weight(layer + 1, j, unit).name}" for j in _ends(units)]
            above = _sum(terms, len(units))
        derivative = ACTIVATIONS[self.structure.activations[layer - 1]].derivative_text
        if derivative == "1":
            return above
        derivative = derivative.format(z=f"z{layer}_{unit}", a=self.activation(layer, unit))
        return f"({above}) * {derivative}" if " " in above else f"{above} * {derivative}"

    def update(self, name: str, gradient: str) -> str:
        """What the optimizer makes of a parameter."""
        structure, g, w = self.structure, gradient, name
        optimizer = OPTIMIZERS[structure.optimizer]
        if self.batch > 1:
            g = f"mean({g})"
        if structure.gradient_clip:
            g = f"clip({g})"
        if structure.weight_decay and optimizer.decoupled:
            w = f"(1 - lr*weight_decay)*{w}"
        elif structure.weight_decay:
            g = f"({g} + weight_decay*{w})"
        return optimizer.text.format(w=w, g="g") + f", g = {g}" if optimizer.slots else optimizer.text.format(w=w, g=g)

    def updated(self, parameter: Parameter) -> str:
        """The formula of an update's row."""
        name = parameter.name
        change = self.update(name, self.gradient(parameter)) if self.learns(parameter) else f"{name} (fixed)"
        return f"{name} <- {change}"

    def learns(self, parameter: Parameter) -> bool:
        """Whether training changes it."""
        return parameter.kind == WEIGHT or self.structure.bias == "true"

    def kept(self) -> dict[str, str]:
        """What the optimizer keeps of each parameter that is learnt, with its formula."""
        return {slot: text.format(g="g") for slot, text in OPTIMIZERS[self.structure.optimizer].kept.items()}


def _ends(numbers: range) -> list[int]:
    """The numbers of the terms that a sum shows: all, or of more than `MOST_TERMS` the first three and the last."""
    return [*numbers] if len(numbers) <= MOST_TERMS else [*numbers[:3], numbers[-1]]


def _sum(terms: list[str], count: int) -> str:
    return " + ".join(terms if len(terms) == count else [*terms[:-1], "..", terms[-1]])
