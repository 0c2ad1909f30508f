"""Write `recorded.json`: what `exact` arithmetic gave once, which every machine and every version must give again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

import harness

FILE = Path(__file__).with_name("recorded.json")
START: dict[str, Any] = {
    "name": "recorded",
    "seed": 11,
    "network": {"layers": [2, 3, 1], "activation": "tanh"},
    "data": {"generate": "circle", "samples": 24, "noise": 0.1},
    "parameters": {
        "init": ["xavier_normal", "he_uniform", {"normal": {"std": 0.3}}],
        "learning_rate": {"geomspace": [1e-3, 1, 5]},
        "epochs": [0, 1, 7, 40],
    },
    "repeats": 2,
}
CHANGES: dict[str, dict[str, Any]] = {
    "tanh": {},
    "float32": {"training": {"dtype": "float32", "batch_size": 5}},
    "sigmoid and softplus": {"network": {"layers": [2, 4, 3, 1], "activation": ["sigmoid", "softplus"]}},
    "relu, in batches": {"network": {"layers": [2, 5, 1], "activation": "relu"}, "training": {"batch_size": 7}},
    "leaky_relu and momentum": {
        "network": {"layers": [2, 3, 1], "activation": "leaky_relu"},
        "training": {"optimizer": "momentum", "shuffle": True},
    },
    "adam, cosine": {"training": {"optimizer": "adam", "schedule": "cosine", "t_max": 40, "batch_size": "full"}},
    "rmsprop, clipped": {"training": {"optimizer": "rmsprop", "gradient_clip": 0.5, "weight_decay": 0.01}},
    "drawn axes": {
        "parameters": {
            "init": "ones",
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 1, "n": 9},
            "epochs": [3, 20],
        }
    },
}


def digest(change: dict[str, Any]) -> str:
    """SHA-256 of the numbers of a table: rates, losses and weights, NULL as NaN, and how each run ended."""
    table = harness.train(START | change)
    hashed = hashlib.sha256("\n".join(table["status"].astype(str)).encode())
    for name in ("learning_rate", "loss_min", "loss_mean", "loss_max", "last_finite_loss"):
        hashed.update(table[name].to_numpy(np.float64).tobytes())
    for array in harness.weights(table).values():
        hashed.update(array.astype(np.float64).tobytes())
    return hashed.hexdigest()


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: digest(change) for name, change in CHANGES.items()}, indent=2) + "\n", "utf-8")
