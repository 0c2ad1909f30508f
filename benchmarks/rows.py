"""What is trained: N networks with different learning rates on the same data, from the same weights; and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Effort
from harness.experiment.axes.spacing import geomspace

LOWEST_RATE, HIGHEST_RATE = 1e-4, 0.02
"""At 0.1, every unit of some relu networks dies, and training ends."""


@dataclass(frozen=True)
class Workload:
    """mse loss, plain SGD, one sample a step or the full batch. activation: of the hidden layers.

    Inputs are small, so that no run diverges, and none settles on a fixed point and is spared its epochs.
    """

    layers: tuple[int, ...]
    activation: str = "identity"
    dtype: str = "float64"
    full_batch: bool = False
    bias: bool = True
    samples: int = 8

    @property
    def network(self) -> str:
        return "-".join(map(str, self.layers))

    @property
    def step(self) -> str:
        return "full batch" if self.full_batch else "one sample"

    @property
    def label(self) -> str:
        return f"{self.network} {self.activation} {self.dtype} {self.step}"

    @property
    def simplest(self) -> bool:
        """Whether it is the workload that C, PyTorch and NumPy have too."""
        return self.layers == (2, 2, 1) and self.activation == "identity" and self.bias and not self.full_batch

    @property
    def parameters(self) -> int:
        return len(self.flat)

    @property
    def flops(self) -> int:
        """Floating-point operations of one sample: forward, gradients and update, activation functions aside."""
        total = 0
        for layer, (inputs, outputs) in enumerate(pairwise(self.layers)):
            total += 4 * inputs * outputs + outputs + (2 * inputs * outputs if layer else 0)
        return total

    @cached_property
    def data(self) -> NDArray[np.floating]:
        """(S, I + O) inputs, then targets."""
        random = np.random.default_rng(1)
        bound = 0.1 / np.sqrt(self.layers[0])
        inputs = random.uniform(-bound, bound, (self.samples, self.layers[0]))
        return np.hstack([inputs, random.uniform(-0.5, 0.5, (self.samples, self.layers[-1]))]).astype(self.dtype)

    @property
    def inputs(self) -> NDArray[np.floating]:
        return np.ascontiguousarray(self.data[:, : self.layers[0]])

    @property
    def targets(self) -> NDArray[np.floating]:
        return np.ascontiguousarray(self.data[:, self.layers[0] :])

    @cached_property
    def weights(self) -> list[tuple[NDArray[np.floating], NDArray[np.floating] | None]]:
        """For each layer W (O, I) and b (O,), or None without biases, before training."""
        random, made = np.random.default_rng(2), []
        for inputs, outputs in pairwise(self.layers):
            w = random.uniform(-1, 1, (outputs, inputs)) / np.sqrt(inputs)
            made.append((w.astype(self.dtype), np.zeros(outputs, self.dtype) if self.bias else None))
        return made

    @property
    def flat(self) -> NDArray[np.floating]:
        """(P,) the same, layer by layer, W row by row and then b."""
        return np.concatenate([part.ravel() for layer in self.weights for part in layer if part is not None])

    def rates(self, networks: int) -> NDArray[np.floating]:
        """(N,) learning rates."""
        return geomspace(LOWEST_RATE, HIGHEST_RATE, networks).astype(self.dtype)


def experiment(workload: Workload, arithmetic: str = "exact", **parameters: Any) -> dict[str, Any]:
    """An experiment on this network and data, as a mapping. parameters: its axes; init is its own if left out."""
    weights, biases = zip(*workload.weights, strict=True)
    values = {"weights": [w.tolist() for w in weights]}
    if workload.bias:
        values["biases"] = [b.tolist() for b in biases]
    batch_size = "full" if workload.full_batch else 1
    return {
        "name": "benchmark",
        "network": {"layers": list(workload.layers), "activation": workload.activation, "bias": workload.bias},
        "data": {"rows": workload.data.tolist()},
        "training": {"batch_size": batch_size, "dtype": workload.dtype, "arithmetic": arithmetic},
        "parameters": {"init": {"values": values}, **parameters},
    }


NETWORKS = ((2, 2, 1), (2, 8, 1), (2, 8, 8, 1), (4, 16, 1), (16, 16, 1))
ACTIVATIONS = ("identity", "relu", "tanh")
DTYPES = ("float64", "float32")


def workloads(effort: Effort) -> list[Workload]:
    """The rows of the table of throughput."""
    if effort.quick:
        return [Workload((2, 2, 1)), Workload((2, 2, 1), "tanh", "float32", full_batch=True)]
    return [Workload(*row) for row in product(NETWORKS, ACTIVATIONS, DTYPES, (False, True))]
