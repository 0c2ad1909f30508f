"""Activations: a = f(z), each with its derivative beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import sigmoid, softplus, tanh
from harness.formulas.primitives import constant, select

Values = Any


class Activation(NamedTuple):
    """f(z) -> a. slope(z, a) -> da/dz, from whichever of the two is cheaper. text: f in print."""

    f: Callable[[Values], Values]
    slope: Callable[[Values, Values], Values]
    text: str
    slope_text: str


def identity(z: Values) -> Values:
    return z


def identity_slope(z: Values, a: Values) -> Values:
    return constant(z, 1.0)


def relu(z: Values) -> Values:
    """max(z, 0), written so that NaN stays NaN: one instruction of most processors."""
    return select(z < 0.0, 0.0, z)


def relu_slope(z: Values, a: Values) -> Values:
    return select(a > 0.0, constant(a, 1.0), 0.0)


def leaky_relu(z: Values) -> Values:
    return select(z > 0.0, z, z * 0.01)


def leaky_relu_slope(z: Values, a: Values) -> Values:
    return select(z > 0.0, constant(z, 1.0), 0.01)


def tanh_slope(z: Values, a: Values) -> Values:
    return 1.0 - a * a


def sigmoid_slope(z: Values, a: Values) -> Values:
    return a * (1.0 - a)


def softplus_slope(z: Values, a: Values) -> Values:
    return sigmoid(z)


ACTIVATIONS = {
    "identity": Activation(identity, identity_slope, "{z}", "1"),
    "relu": Activation(relu, relu_slope, "max({z}, 0)", "({z} > 0)"),
    "leaky_relu": Activation(leaky_relu, leaky_relu_slope, "max({z}, 0.01*{z})", "({z} > 0 ? 1 : 0.01)"),
    "tanh": Activation(tanh, tanh_slope, "tanh({z})", "(1 - {a}*{a})"),
    "sigmoid": Activation(sigmoid, sigmoid_slope, "sigmoid({z})", "{a}*(1 - {a})"),
    "softplus": Activation(softplus, softplus_slope, "softplus({z})", "sigmoid({z})"),
}
