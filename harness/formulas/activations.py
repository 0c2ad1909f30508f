"""Activations: a = f(z), each with its derivative beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import exp, exp_minus_one, sigmoid, softplus, tanh
from harness.formulas.normal import normal_cdf
from harness.formulas.optimizers import Hyperparameter
from harness.formulas.primitives import absolute, constant, multiply_add, select
from harness.formulas.trigonometry import cosine, sine

Values = Any
NORMAL_DENSITY = 0.3989422804014327
"""1/sqrt(2 pi): the standard normal density at 0."""
GELU_SCALE, GELU_CUBIC = 0.7978845608028654, 0.044715
"""sqrt(2/pi); and how much `gelu_tanh` takes of z^3."""
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class Activation(NamedTuple):
    """f(z) -> a. derivative(z, a) -> da/dz, from whichever of the two is cheaper. text: f in print.

    hyperparameters: its slope, if it has one; `SLOPED` has the same function of it.
    """

    f: Callable[..., Values]
    derivative: Callable[..., Values]
    text: str
    derivative_text: str
    hyperparameters: tuple[Hyperparameter, ...] = ()


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


def sloped_leaky_relu(z: Values, slope: Values) -> Values:
    return select(z > 0.0, z, z * slope)


def sloped_leaky_relu_derivative(z: Values, a: Values, slope: Values) -> Values:
    return select(z > 0.0, constant(z, 1.0), slope)


def sloped_sigmoid(z: Values, slope: Values) -> Values:
    return sigmoid(slope * z)


def sloped_sigmoid_derivative(z: Values, a: Values, slope: Values) -> Values:
    return slope * a * (1.0 - a)


def tanh_derivative(z: Values, a: Values) -> Values:
    return 1.0 - a * a


def sigmoid_derivative(z: Values, a: Values) -> Values:
    return a * (1.0 - a)


def softplus_derivative(z: Values, a: Values) -> Values:
    return sigmoid(z)


def gelu(z: Values) -> Values:
    """Z Phi(z) (Hendrycks and Gimpel, 2016)."""
    return z * normal_cdf(z)


def gelu_derivative(z: Values, a: Values) -> Values:
    return multiply_add(z, NORMAL_DENSITY * exp(-0.5 * z * z), normal_cdf(z))


def gelu_tanh(z: Values) -> Values:
    """Z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))/2, close to `gelu`."""
    return 0.5 * z * (1.0 + tanh(GELU_SCALE * multiply_add(GELU_CUBIC * z * z, z, z)))


def gelu_tanh_derivative(z: Values, a: Values) -> Values:
    t = tanh(GELU_SCALE * multiply_add(GELU_CUBIC * z * z, z, z))
    inner = GELU_SCALE * multiply_add(3.0 * GELU_CUBIC * z, z, 1.0)
    return multiply_add(0.5 * z * (1.0 - t * t), inner, 0.5 * (1.0 + t))


def silu(z: Values) -> Values:
    return z * sigmoid(z)


def silu_derivative(z: Values, a: Values) -> Values:
    s = sigmoid(z)
    return multiply_add(a, 1.0 - s, s)


def elu(z: Values) -> Values:
    return select(z > 0.0, z, exp_minus_one(z))


def elu_derivative(z: Values, a: Values) -> Values:
    return select(z > 0.0, constant(z, 1.0), a + 1.0)


def selu(z: Values) -> Values:
    """`elu` scaled so that layers keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    return select(z > 0.0, SELU_SCALE * z, SELU_SCALE * SELU_ALPHA * exp_minus_one(z))


def selu_derivative(z: Values, a: Values) -> Values:
    return select(z > 0.0, constant(z, SELU_SCALE), a + SELU_SCALE * SELU_ALPHA)


def softsign(z: Values) -> Values:
    return z / (1.0 + absolute(z))


def softsign_derivative(z: Values, a: Values) -> Values:
    share = 1.0 / (1.0 + absolute(z))
    return share * share


def hardtanh(z: Values) -> Values:
    return select(z > 1.0, 1.0, select(z < -1.0, -1.0, z))


def hardtanh_derivative(z: Values, a: Values) -> Values:
    return select(absolute(z) < 1.0, constant(z, 1.0), 0.0)


def sin_derivative(z: Values, a: Values) -> Values:
    return cosine(z)


def square(z: Values) -> Values:
    return z * z


def square_derivative(z: Values, a: Values) -> Values:
    return 2.0 * z


ACTIVATIONS = {
    "identity": Activation(identity, identity_derivative, "{z}", "1"),
    "relu": Activation(relu, relu_derivative, "max({z}, 0)", "({z} > 0)"),
    "leaky_relu": Activation(
        leaky_relu,
        leaky_relu_derivative,
        "max({z}, 0.01*{z})",
        "({z} > 0 ? 1 : 0.01)",
        (Hyperparameter("slope", 0.01),),
    ),
    "tanh": Activation(tanh, tanh_derivative, "tanh({z})", "(1 - {a}*{a})"),
    "sigmoid": Activation(
        sigmoid, sigmoid_derivative, "sigmoid({z})", "{a}*(1 - {a})", (Hyperparameter("slope", 1.0),)
    ),
    "softplus": Activation(softplus, softplus_derivative, "softplus({z})", "sigmoid({z})"),
    "gelu": Activation(gelu, gelu_derivative, "{z}*Phi({z})", "(Phi({z}) + {z}*phi({z}))"),
    "gelu_tanh": Activation(gelu_tanh, gelu_tanh_derivative, "gelu_tanh({z})", "gelu_tanh'({z})"),
    "silu": Activation(silu, silu_derivative, "{z}*sigmoid({z})", "(sigmoid({z}) + {a}*(1 - sigmoid({z})))"),
    "elu": Activation(elu, elu_derivative, "({z} > 0 ? {z} : exp({z}) - 1)", "({z} > 0 ? 1 : {a} + 1)"),
    "selu": Activation(
        selu,
        selu_derivative,
        "1.0507*({z} > 0 ? {z} : 1.6733*(exp({z}) - 1))",
        "({z} > 0 ? 1.0507 : {a} + 1.0507*1.6733)",
    ),
    "softsign": Activation(softsign, softsign_derivative, "{z}/(1 + abs({z}))", "1/(1 + abs({z}))^2"),
    "hardtanh": Activation(hardtanh, hardtanh_derivative, "min(max({z}, -1), 1)", "(abs({z}) < 1)"),
    "sin": Activation(sine, sin_derivative, "sin({z})", "cos({z})"),
    "square": Activation(square, square_derivative, "{z}^2", "2*{z}"),
}
SLOPED = {
    "leaky_relu": Activation(
        sloped_leaky_relu,
        sloped_leaky_relu_derivative,
        "({z} > 0 ? {z} : {slope}*{z})",
        "({z} > 0 ? 1 : {slope})",
    ),
    "sigmoid": Activation(sloped_sigmoid, sloped_sigmoid_derivative, "sigmoid({slope}*{z})", "({slope}*{a}*(1 - {a}))"),
}
"""f(z, slope) and derivative(z, a, slope), where the slope is the run's own."""
