"""Record what PyTorch says of gradients, for machines that do not have it: writes torch_numbers.json beside this file.

pip install torch==2.13.0 && python tests/make_torch_numbers.py
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as f

RECORDED = Path(__file__).with_name("torch_numbers.json")
LAYERS = (3, 4, 2)
FUNCTIONS = {
    "identity": lambda z: z,
    "relu": f.relu,
    "leaky_relu": f.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: f.softplus(z, threshold=1e9),  # PyTorch's own threshold of 20 drops e^-20
}
LOSSES = {
    "mse": f.mse_loss,
    "half_mse": lambda y, t: 0.5 * ((t - y) ** 2).sum() / len(t),
    "bce": f.binary_cross_entropy_with_logits,
    "cross_entropy": f.cross_entropy,
}


def network() -> dict[str, list[Any]]:
    """The network, its data and its targets: three decimals, so that they are the same wherever they are read."""
    rng = np.random.default_rng(2021)
    return {
        "weights": [rng.normal(size=(o, i)).round(3).tolist() for i, o in pairwise(LAYERS)],
        "biases": [rng.normal(size=o).round(3).tolist() for o in LAYERS[1:]],
        "inputs": rng.normal(size=(5, 3)).round(3).tolist(),
        "numbers": rng.normal(size=(5, 2)).round(3).tolist(),
        "classes": [[1, 0], [0, 1], [0, 1], [1, 0], [0, 1]],
    }


def gradients(given: dict[str, list[Any]], activation: str, loss: str) -> dict[str, Any]:
    """The loss over all samples and its gradient for every weight and bias."""
    weights, biases = (
        [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in given[name]]
        for name in ("weights", "biases")
    )
    targets = given["classes" if loss in ("bce", "cross_entropy") else "numbers"]
    a = FUNCTIONS[activation](torch.tensor(given["inputs"], dtype=torch.float64) @ weights[0].T + biases[0])
    value = LOSSES[loss](a @ weights[1].T + biases[1], torch.tensor(targets, dtype=torch.float64))
    value.backward()
    found = [[parameter.grad.tolist() for parameter in each] for each in (weights, biases)]
    return {"activation": activation, "loss": loss, "value": value.item(), "weights": found[0], "biases": found[1]}


def recorded() -> dict[str, Any]:
    given = network()
    cases = [gradients(given, activation, loss) for activation in FUNCTIONS for loss in LOSSES]
    return {"torch": torch.__version__.partition("+")[0], "network": given, "cases": cases}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(recorded(), indent=1) + "\n", "utf-8")
