"""A trained network as a program of PyTorch, which `torch.export.load` reads."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from harness.views.trained.export import plain
from harness.views.trained.network import TrainedNetwork

FUNCTIONS: dict[str, Any] = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": partial(functional.softplus, threshold=1e9),  # PyTorch's own threshold of 20 drops e^-20
    "gelu": functional.gelu,
    "gelu_tanh": partial(functional.gelu, approximate="tanh"),
    "silu": functional.silu,
    "elu": functional.elu,
    "selu": functional.selu,
    "softsign": functional.softsign,
    "hardtanh": functional.hardtanh,
    "sin": torch.sin,
    "square": torch.square,
}
EXTRA = "harness.json"
"""The name under which the file has the names of columns and classes, with all else that the JSON format has."""


class TorchNetwork(torch.nn.Module):
    """Inputs (S, I) float64, NaN where one is missing, to what `TrainedNetwork.answers` has."""

    def __init__(self, network: TrainedNetwork) -> None:
        super().__init__()
        self.activations, self.link, self.single = network.network.structure.activations, network.link, network.single
        scales = {"fill": network.fill, "mean": network.inputs.mean, "deviation": network.inputs.deviation}
        targets = {"target_mean": network.outputs.mean, "target_deviation": network.outputs.deviation}
        for name, array in {**scales, **targets, **network.weights}.items():
            self.register_buffer(name, torch.tensor(array))

    def forward(self, x: Any) -> Any:
        """The answers to inputs."""
        given = vars(self)["_buffers"]
        filled = torch.where(torch.isnan(x), given["fill"], x)
        a = ((filled - given["mean"]) / given["deviation"]).to(given["w1"].dtype)
        for layer, activation in enumerate(self.activations, start=1):
            a = FUNCTIONS[activation](functional.linear(a, given[f"w{layer}"], given.get(f"b{layer}")))
        if self.link == "softmax":
            return torch.softmax(a, dim=1)
        if self.link == "sigmoid":
            return torch.sigmoid(torch.hstack([-a, a]) if self.single else a)
        return a * given["target_deviation"] + given["target_mean"]


def model(network: TrainedNetwork) -> bytes:
    """The file of a program that takes any number of samples."""
    some = torch.zeros((2, network.layers[0]), dtype=torch.float64)
    program = torch.export.export(TorchNetwork(network), (some,), dynamic_shapes={"x": {0: torch.export.Dim.AUTO}})
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={EXTRA: json.dumps(plain(network))})
    return file.getvalue()
