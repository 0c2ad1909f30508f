"""Activations: a = f(z), each with its derivative beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import sigmoid, softplus, tanh
from harness.formulas.primitives import constant, select

Values = Any


class Activation(NamedTuple):
    """f(z) -> a. derivative(z, a) -> da/dz, from whichever of the two is cheaper. text: f in print."""

    f: Callable[[Values], Values]
    derivative: Callable[[Values, Values], Values]
    text: str
    derivative_text: str


def identity(z: Values) -> Values:
    return z


def identity_derivative(z: Values, a: Values) -> Values:
    return constant(z, 1.0)


def relu(z: Values) -> Values:
    """max(z, 0), written so that NaN stays NaN: one instruction of most processors."""
    return select(z < 0.0, 0.0, z)


def relu_derivative(z: Values, a: Values) -> Values:
    return select(a > 0.0, constant(a, 1.0), 0.0)


def leaky_relu(z: Values) -> Values:
    return select(z > 0.0, z, z * 0.01)


def leaky_relu_derivative(z: Values, a: Values) -> Values:
    return select(z > 0.0, constant(z, 1.0), 0.01)


def tanh_derivative(z: Values, a: Values) -> Values:
    return 1.0 - a * a


def sigmoid_derivative(z: Values, a: Values) -> Values:
    return a * (1.0 - a)


def softplus_derivative(z: Values, a: Values) -> Values:
    return sigmoid(z)


ACTIVATIONS = {
    "identity": Activation(identity, identity_derivative, "{z}", "1"),
    "relu": Activation(relu, relu_derivative, "max({z}, 0)", "({z} > 0)"),
    "leaky_relu": Activation(leaky_relu, leaky_relu_derivative, "max({z}, 0.01*{z})", "({z} > 0 ? 1 : 0.01)"),
    "tanh": Activation(tanh, tanh_derivative, "tanh({z})", "(1 - {a}*{a})"),
    "sigmoid": Activation(sigmoid, sigmoid_derivative, "sigmoid({z})", "{a}*(1 - {a})"),
    "softplus": Activation(softplus, softplus_derivative, "softplus({z})", "sigmoid({z})"),
}
