"""Made-up data: small problems, the same on every machine.

Each takes the number of samples S, the noise (a standard deviation) and a generator of random numbers, and
gives inputs (S, I) and targets (S, T).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Generate = Callable[[int, float, np.random.Generator], tuple[Floats, Floats]]


def xor(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The corners (0, 0), (0, 1), (1, 0), (1, 1) in turn, plus noise; 1 where the two inputs differ."""
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    inputs = corners[np.arange(samples) % 4]
    return inputs + noise * random.standard_normal((samples, 2)), (inputs[:, :1] != inputs[:, 1:]).astype(np.float64)


def circle(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """A disc of radius 1/2 (target 1) and a ring from 3/4 to 1 around it (target 0), in turn, plus noise."""
    inside = np.arange(samples) % 2 == 0
    where = random.random((samples, 2))
    radius = np.where(inside, 0.5 * np.sqrt(where[:, 0]), 0.75 + 0.25 * where[:, 0])
    angle = 2.0 * np.pi * where[:, 1]
    inputs = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return inputs + noise * random.standard_normal((samples, 2)), inside[:, None].astype(np.float64)


def spiral(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Two arms of one and a half turns, out to radius 1 (targets 0 and 1, in turn), plus noise."""
    arm = np.arange(samples) % 2
    radius = (np.arange(samples) // 2 + 1) / ((samples + 1) // 2)
    angle = 3.0 * np.pi * radius + np.pi * arm
    inputs = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return inputs + noise * random.standard_normal((samples, 2)), arm[:, None].astype(np.float64)


def gaussian(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Two blobs around (-1, -1) (target 0) and (1, 1) (target 1), in turn; noise: their deviation."""
    blob = (np.arange(samples) % 2)[:, None].astype(np.float64)
    return 2.0 * blob - 1.0 + noise * random.standard_normal((samples, 2)), blob


def linear(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs uniform in [-1, 1], target x1/2 - x2/4 + 1/8 plus noise."""
    inputs = random.uniform(-1.0, 1.0, (samples, 2))
    targets = 0.5 * inputs[:, :1] - 0.25 * inputs[:, 1:] + 0.125
    return inputs, targets + noise * random.standard_normal((samples, 1))


def moons(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Two half circles that reach into each other (targets 0 and 1, in turn), plus noise; scikit-learn's make_moons."""
    moon = (np.arange(samples) % 2)[:, None]
    angle = np.pi * (np.arange(samples) // 2) / max((samples - 1) // 2, 1)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    inputs = np.where(moon == 0, upper, [1.0, 0.5] - upper)
    return inputs + noise * random.standard_normal((samples, 2)), moon.astype(np.float64)


def parity(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The corners (0, 0, 0), (0, 0, 1), .. (1, 1, 1) in turn, plus noise; 1 where an odd number of inputs is 1."""
    bits = np.arange(samples)[:, None] >> np.array([2, 1, 0]) & 1
    targets = (bits.sum(1, keepdims=True) % 2).astype(np.float64)
    return bits + noise * random.standard_normal((samples, 3)), targets


def sine(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """One input uniform in [-1, 1], target sin(pi x) plus noise."""
    inputs = random.uniform(-1.0, 1.0, (samples, 1))
    return inputs, np.sin(np.pi * inputs) + noise * random.standard_normal((samples, 1))


def friedman1(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs uniform in [0, 1], target 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 plus noise.

    J. H. Friedman (1991), Multivariate adaptive regression splines, Annals of Statistics 19(1), 1-67.
    """
    inputs = random.uniform(0.0, 1.0, (samples, 5))
    x1, x2, x3, x4, x5 = inputs.T
    targets = 10.0 * np.sin(np.pi * x1 * x2) + 20.0 * (x3 - 0.5) ** 2 + 10.0 * x4 + 5.0 * x5
    return inputs, targets[:, None] + noise * random.standard_normal((samples, 1))


def checkerboard(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Inputs uniform in [-1, 1], plus noise; 4 x 4 squares have the targets 0 and 1 by turns, that at (-1, -1) 0."""
    inputs = random.uniform(-1.0, 1.0, (samples, 2))
    targets = np.floor(2.0 * inputs).sum(1, keepdims=True) % 2.0
    return inputs + noise * random.standard_normal((samples, 2)), targets


def encoder(samples: int, noise: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """One of 8 inputs is 1, each in turn, plus noise; the 8 targets are the inputs without it."""
    targets = np.eye(8)[np.arange(samples) % 8]
    return targets + noise * random.standard_normal((samples, 8)), targets


GENERATORS: dict[str, Generate] = {
    f.__name__: f
    for f in (xor, circle, spiral, gaussian, linear, moons, parity, sine, friedman1, checkerboard, encoder)
}


def generate(kind: str, samples: int, noise: float, seed: int) -> tuple[Floats, Floats]:
    """Inputs (S, I) and targets (S, T), rounded to float32 so that no libm's last bit can show."""
    key = hashlib.sha256(repr(("data", kind, seed)).encode()).digest()[:16]
    random = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
    inputs, targets = GENERATORS[kind](samples, noise, random)
    with np.errstate(over="ignore"):
        rounded = (inputs.astype(np.float32), targets.astype(np.float32))
    return rounded[0].astype(np.float64), rounded[1].astype(np.float64)
