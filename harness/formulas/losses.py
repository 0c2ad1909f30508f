"""Losses: the cost of one sample, and its derivative with respect to each output.

Each takes the targets t (O,), the outputs y (O,) and a place for dcost/dy (O,), which it fills, and returns the cost.
The sums run over the outputs in order, left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import exp, log, sigmoid, sign, softplus
from harness.formulas.primitives import absolute, constant, select

Values = Any


class Loss(NamedTuple):
    """cost(t, y, derivative) -> cost, filling derivative; text, derivative_text: both in print.

    logits: y goes through a sigmoid or softmax in here, so the network must not have one. mean: over the outputs.
    estimates: y is to be the target itself, not its odds or its side.
    """

    cost: Callable[[Values, Values, Values], Values]
    logits: bool
    mean: bool
    text: str
    derivative_text: str
    estimates: bool = True


def mse(t: Values, y: Values, derivative: Values) -> Values:
    """Mean over the outputs of (t - y)^2."""
    n = len(y)
    error = t[0] - y[0]
    total = error * error
    derivative[0] = -2.0 * error / n
    for k in range(1, n):
        error = t[k] - y[k]
        total = total + error * error
        derivative[k] = -2.0 * error / n
    return total / n


def half_mse(t: Values, y: Values, derivative: Values) -> Values:
    """Half the sum over the outputs of (t - y)^2."""
    error = t[0] - y[0]
    total = error * error
    derivative[0] = -error
    for k in range(1, len(y)):
        error = t[k] - y[k]
        total = total + error * error
        derivative[k] = -error
    return 0.5 * total


def bce(t: Values, y: Values, derivative: Values) -> Values:
    """Mean over the outputs of -(t log p + (1 - t) log(1 - p)), p = sigmoid(y).

    Written as (1 - t) y + log(1 + e^-y), which does not overflow (PyTorch's binary_cross_entropy_with_logits).
    """
    n = len(y)
    total = (1.0 - t[0]) * y[0] + softplus(-y[0])
    derivative[0] = (sigmoid(y[0]) - t[0]) / n
    for k in range(1, n):
        total = total + ((1.0 - t[k]) * y[k] + softplus(-y[k]))
        derivative[k] = (sigmoid(y[k]) - t[k]) / n
    return total / n


def cross_entropy(t: Values, y: Values, derivative: Values) -> Values:
    """Sum over the outputs of -t log p, p = softmax(y), t one-hot; the largest y is subtracted first."""
    n = len(y)
    top = y[0]
    for k in range(1, n):
        top = select(y[k] > top, y[k], top)
    derivative[0] = exp(y[0] - top)
    total = derivative[0]
    for k in range(1, n):
        derivative[k] = exp(y[k] - top)
        total = total + derivative[k]
    spread = log(total)
    cost = t[0] * (spread - (y[0] - top))
    derivative[0] = derivative[0] / total - t[0]
    for k in range(1, n):
        cost = cost + t[k] * (spread - (y[k] - top))
        derivative[k] = derivative[k] / total - t[k]
    return cost


def mae(t: Values, y: Values, derivative: Values) -> Values:
    """Mean over the outputs of |t - y|."""
    n = len(y)
    error = y[0] - t[0]
    total = absolute(error)
    derivative[0] = sign(error) / n
    for k in range(1, n):
        error = y[k] - t[k]
        total = total + absolute(error)
        derivative[k] = sign(error) / n
    return total / n


def huber(t: Values, y: Values, derivative: Values) -> Values:
    """Mean over the outputs of (t - y)^2/2, or of |t - y| - 1/2 where |t - y| is above 1."""
    n = len(y)
    error = y[0] - t[0]
    size = absolute(error)
    total = select(size > 1.0, size - 0.5, 0.5 * error * error)
    derivative[0] = select(size > 1.0, sign(error), error) / n
    for k in range(1, n):
        error = y[k] - t[k]
        size = absolute(error)
        total = total + select(size > 1.0, size - 0.5, 0.5 * error * error)
        derivative[k] = select(size > 1.0, sign(error), error) / n
    return total / n


def hinge(t: Values, y: Values, derivative: Values) -> Values:
    """Mean over the outputs of max(0, 1 - t y), for targets of -1 and 1."""
    n = len(y)
    margin = 1.0 - t[0] * y[0]
    total = select(margin < 0.0, 0.0, margin)
    derivative[0] = select(margin < 0.0, constant(margin, 0.0), 1.0) * -t[0] / n
    for k in range(1, n):
        margin = 1.0 - t[k] * y[k]
        total = total + select(margin < 0.0, 0.0, margin)
        derivative[k] = select(margin < 0.0, constant(margin, 0.0), 1.0) * -t[k] / n
    return total / n


LOSSES = {
    "mse": Loss(mse, False, True, "mean of (t - y)^2", "-2*({t} - {y})"),
    "mae": Loss(mae, False, True, "mean of abs(t - y)", "sign({y} - {t})"),
    "huber": Loss(
        huber,
        False,
        True,
        "mean of (t - y)^2/2, or of abs(t - y) - 1/2 beyond 1",
        "min(max({y} - {t}, -1), 1)",
    ),
    "hinge": Loss(hinge, False, True, "mean of max(0, 1 - t*y)", "({t}*{y} <= 1 ? -{t} : 0)", False),
    "half_mse": Loss(half_mse, False, False, "half the sum of (t - y)^2", "-({t} - {y})"),
    "bce": Loss(
        bce, True, True, "mean of -(t*log(sigmoid(y)) + (1 - t)*log(1 - sigmoid(y)))", "sigmoid({y}) - {t}", False
    ),
    "cross_entropy": Loss(cross_entropy, True, False, "-sum of t*log(softmax(y))", "softmax({y}) - {t}", False),
}
