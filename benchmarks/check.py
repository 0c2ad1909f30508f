"""Every contender trains the same thing: a few epochs of each are compared with plain NumPy on whole matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.rows import Workload
from benchmarks.timing import Contender

EPOCHS = 3
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ACTIVATIONS = {
    "identity": (lambda z: z, lambda a: np.ones_like(a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
}
"""f(z), and its derivative by a = f(z)."""


def trained(workload: Workload, rate: Any, epochs: int) -> tuple[Any, Any]:
    """(P,) parameters of one network, and the mean cost of its last epoch."""
    weights = [w.copy() for w, _ in workload.weights]
    biases = [np.zeros(len(w), workload.dtype) if b is None else b.copy() for w, b in workload.weights]
    f, derivative = ACTIVATIONS[workload.activation]
    size = workload.samples if workload.full_batch else 1
    costs = np.zeros(workload.samples)
    for _ in range(epochs):
        for start in range(0, workload.samples, size):
            a = [workload.inputs[start : start + size]]
            for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
                z = a[-1] @ w.T + b
                a.append(z if layer == len(weights) - 1 else f(z))
            error = workload.targets[start : start + size] - a[-1]
            costs[start : start + size] = np.mean(error**2, 1)
            delta = -2 * error / error.size
            for layer in range(len(weights) - 1, -1, -1):
                dw, db = delta.T @ a[layer], delta.sum(0)
                delta = (delta @ weights[layer]) * derivative(a[layer])
                weights[layer] = weights[layer] - rate * dw
                biases[layer] = biases[layer] - rate * db if workload.bias else biases[layer]
    parts = [part for w, b in zip(weights, biases, strict=True) for part in ([w, b] if workload.bias else [w])]
    return np.concatenate([part.ravel() for part in parts]), costs.mean()


def verify(contender: Contender, workload: Workload) -> None:
    """Raise AssertionError unless the first and the last network come out as they should."""
    weights, losses = contender.final(contender.job(EPOCHS)())
    rates, tolerance = workload.rates(contender.networks), TOLERANCE[workload.dtype]
    for network in (0, -1):
        expected, loss = trained(workload, rates[network], EPOCHS)
        message = f"{type(contender).__module__}: {workload.label}, {contender.setting}"
        np.testing.assert_allclose(weights[:, network], expected, tolerance, tolerance, err_msg=message)
        np.testing.assert_allclose(losses[network], loss, tolerance, tolerance, err_msg=message)
