"""The names of a network's numbers, and the formulas that connect them.

x1 is an input, z1_2 and a1_2 the pre-activation and the activation of unit 2 in layer 1, y1 an output (the last layer's
activation), t1 its target, delta1_2 = dcost/dz1_2, w1_2_1 the weight to that unit from input 1, b1_2 its bias, lr the
learning rate. Layers and units count from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from harness.formulas.activations import ACTIVATIONS
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from harness.experiment.model import Structure

MOST_TERMS = 8
"""A longer sum is written with its first terms, two dots and its last term."""


class Parameter(NamedTuple):
    """A weight (group 0) or a bias (group 1); place: where it stands in the array of its layer, counted from 0."""

    name: str
    group: int
    layer: int
    place: tuple[int, ...]
    gradient: str


class Names:
    """The names and formulas of one structure, and how much of it is shown.

    batch: samples in an update. units: how many units of each layer are named, the first ones; all if not given.
    """

    def __init__(self, structure: Structure, batch: int, units: int | None = None) -> None:
        self.structure, self.batch, self.last = structure, batch, len(structure.layers) - 1
        self.learnt = structure.bias == "true"
        self.layers = tuple(min(count, units or count) for count in structure.layers)

    def units(self, layer: int) -> range:
        return range(1, self.layers[layer] + 1)

    def parameters(self) -> Iterator[Parameter]:
        """Each unit's weights and then its bias, layer by layer."""
        for layer in range(1, self.last + 1):
            for j in self.units(layer):
                for i in self.units(layer - 1):
                    yield self.weight(layer, j, i)
                if self.structure.bias != "false":
                    yield Parameter(f"b{layer}_{j}", 1, layer - 1, (j - 1,), f"delta{layer}_{j}")

    def weight(self, layer: int, j: int, i: int) -> Parameter:
        gradient = f"delta{layer}_{j} * {self.activation(layer - 1, i)}"
        return Parameter(f"w{layer}_{j}_{i}", 0, layer - 1, (j - 1, i - 1), gradient)

    def activation(self, layer: int, unit: int) -> str:
        if layer == 0:
            return f"x{unit}"
        return f"y{unit}" if layer == self.last else f"a{layer}_{unit}"

    def pre_activation(self, layer: int, unit: int) -> str:
        inputs = range(1, self.structure.layers[layer - 1] + 1)
        text = _sum([f"w{layer}_{unit}_{i}*{self.activation(layer - 1, i)}" for i in _ends(inputs)], len(inputs))
        return text + (f" + b{layer}_{unit}" if self.structure.bias != "false" else "")

    def applied(self, layer: int, unit: int) -> str:
        """The formula of the activation."""
        text = ACTIVATIONS[self.structure.activations[layer - 1]].text
        return text.format(z=f"z{layer}_{unit}")

    def cost_slope(self, unit: int) -> str:
        """The formula of dcost/dy."""
        loss = LOSSES[self.structure.loss]
        text = loss.slope_text.format(t=f"t{unit}", y=f"y{unit}")
        outputs = self.structure.layers[-1]
        return text if outputs == 1 or not loss.mean else f"({text}) / {outputs}"

    def delta(self, layer: int, unit: int) -> str:
        """The formula of dcost/dz: what comes down from above, times the slope of the activation."""
        if layer == self.last:
            above = f"dcost/dy{unit}"
        else:
            units = range(1, self.structure.layers[layer + 1] + 1)
            above = _sum([f"delta{layer + 1}_{j}*w{layer + 1}_{j}_{unit}" for j in _ends(units)], len(units))
        slope = ACTIVATIONS[self.structure.activations[layer - 1]].slope_text
        if slope == "1":
            return above
        slope = slope.format(z=f"z{layer}_{unit}", a=self.activation(layer, unit))
        return f"({above}) * {slope}" if " " in above else f"{above} * {slope}"

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
        return optimizer.step.format(w=w, g="g") + f", g = {g}" if optimizer.slots else optimizer.step.format(w=w, g=g)

    def updated(self, parameter: Parameter) -> str:
        """The formula of an update's row."""
        name, group, _, _, gradient = parameter
        return f"{name} <- " + (f"{name} (fixed)" if group and not self.learnt else self.update(name, gradient))

    def kept(self) -> dict[str, str]:
        """What the optimizer keeps of each parameter that is learnt, with its formula."""
        return {slot: text.format(g="g") for slot, text in OPTIMIZERS[self.structure.optimizer].kept.items()}


def _ends(numbers: range) -> list[int]:
    """The numbers of the terms that a sum shows: all, or of more than `MOST_TERMS` the first three and the last."""
    return [*numbers] if len(numbers) <= MOST_TERMS else [*numbers[:3], numbers[-1]]


def _sum(terms: list[str], count: int) -> str:
    return " + ".join(terms if len(terms) == count else [*terms[:-1], "..", terms[-1]])
