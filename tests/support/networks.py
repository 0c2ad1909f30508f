"""Structures, data and runs at random, for tests that compare engines with each other and with the reference."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from harness.experiment.initialisations.written import parse as initialisation
from harness.experiment.model import Samples
from harness.formulas.activations import ACTIVATIONS, SLOPED
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES
from harness.formulas.scores import About, classes_of
from harness.network.parts import NetworkSamples
from harness.network.runs import Runs
from harness.network.structure import Structure

INITS = tuple(
    initialisation(raw)
    for raw in (
        "ones",
        "zeros",
        {"constant": 0.3},
        {"normal": {"std": 0.7}},
        "xavier_uniform",
        "orthogonal",
        {"he_normal": None, "bias": 0.1},
        {"ones": None, "bias": {"normal": {"std": 0.5}}},
        {"orthogonal": None, "bias": {"uniform": {"low": -0.5, "high": 1}}},
        "pytorch",
        {"sparse": {"sparsity": 0.5, "std": 1}},
        {"sparse": {"sparsity": 0.4}, "bias": {"normal": {"mean": 1, "std": 0.1}}},
    )
)
STOPS = (0, 1, 2, 5, 30)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    hidden = draw(st.lists(st.integers(1, 9), max_size=3))
    loss = draw(st.sampled_from(list(LOSSES)))
    outputs = draw(st.integers(2 if loss == "cross_entropy" else 1, 4))
    layers = (draw(st.integers(1, 9)), *hidden, outputs)
    activations = tuple(draw(st.sampled_from(list(ACTIVATIONS))) for _ in hidden)
    output = "identity" if LOSSES[loss].logits else draw(st.sampled_from(list(ACTIVATIONS)))
    bias = draw(st.sampled_from(["true", "false", "fixed"]))
    return Structure(
        layers,
        (*activations, output),
        bias,
        loss,
        draw(st.sampled_from(list(OPTIMIZERS))),
        draw(st.integers(1, 5)),
        draw(st.sampled_from(["float64", "float32"])),
        "exact",
        draw(st.sampled_from(list(SCHEDULES))),
        weight_decay=draw(st.booleans()),
        gradient_clip=draw(st.booleans()),
        shuffle=draw(st.booleans()),
        reduction=draw(st.sampled_from(["mean", "sum"])),
        l1=draw(st.booleans()),
        decay_biases=draw(st.booleans()),
        slope=any(name in SLOPED for name in activations) and draw(st.booleans()),
        output_slope=output in SLOPED and draw(st.booleans()),
        frozen=draw(st.booleans()),
    )


def data_for(structure: Structure, samples: int, rng: np.random.Generator) -> Samples:
    outputs = structure.layers[-1]
    targets = {
        "bce": lambda: rng.integers(0, 2, (samples, outputs)).astype(float),
        "cross_entropy": lambda: np.eye(outputs)[rng.integers(0, outputs, samples)],
    }.get(structure.loss, lambda: rng.normal(size=(samples, outputs)))()
    return Samples(rng.normal(size=(samples, structure.layers[0])), targets)


def part_for(structure: Structure, samples: int, random: np.random.Generator) -> NetworkSamples:
    """Samples of all kinds: of classes or not, the targets in any units."""
    given, outputs = data_for(structure, samples, random), structure.layers[-1]
    answers = np.zeros((samples, classes_of(outputs)))
    classes: tuple[float, ...] = ()
    if random.random() < 0.7:
        own = random.integers(classes_of(outputs), size=samples)
        answers[np.arange(samples), own] = 1.0
        classes = tuple(np.bincount(own, minlength=classes_of(outputs)).astype(float).tolist())
    spread = tuple((random.random(outputs) * (random.random() < 0.8)).tolist())
    scale = tuple(random.lognormal(size=outputs).tolist())
    about = About(samples, classes, spread, scale, LOSSES[structure.loss].estimates)
    return NetworkSamples(given, answers, float(random.normal()), about)


RANGES = {
    "step_size": (1, 9),
    "eta_plus": (1, 2),
    "step_min": (1e-7, 1e-3),
    "step_max": (0.1, 9),
    "t_max": (1, 20),
    "warmup_epochs": (1, 9),
    "eps": (1e-9, 1e-7),
    "gamma": (0.3, 1.2),
}
"""The ranges of those numbers of optimizers and schedules that are not drawn between 0 and 1."""


def numbers_for(structure: Structure, runs: int, rng: np.random.Generator) -> np.ndarray:
    drawn = [rng.uniform(*RANGES.get(name, (0.0, 0.99)), runs) for name in structure.hyperparameters]
    whole = {number.name for schedule in SCHEDULES.values() for number in schedule.hyperparameters if number.whole}
    rows = [np.floor(row) if name in whole else row for name, row in zip(structure.hyperparameters, drawn, strict=True)]
    return np.array(rows).reshape(len(rows), runs)


def runs_for(structure: Structure, runs: int, rng: np.random.Generator, every: int) -> Runs:
    """Runs with rates from harmless to hopeless, two thirds of the stops each, rows in a random order."""
    layers = len(structure.layers) - 1 if rng.random() < 0.5 else 1
    stops = [sorted(rng.choice(STOPS, rng.integers(1, len(STOPS) + 1), replace=False)) for _ in range(runs)]
    count = sum(map(len, stops))
    return Runs(
        structure,
        seed=3,
        initialisations=INITS,
        initialisation=rng.integers(0, len(INITS), runs),
        repeat=rng.integers(0, 3, runs),
        rates=10.0 ** rng.uniform(-3, 2, (layers, runs))
        * (rng.random((layers, runs)) < (0.6 if structure.frozen else 1)),
        hyperparameters=numbers_for(structure, runs, rng),
        max_loss=np.where(rng.random(runs) < 0.3, 2.0, np.inf),
        first_recorded=np.concatenate([[0], np.cumsum([len(s) for s in stops])]),
        recorded=np.concatenate(stops),
        place=rng.permutation(count),
        every=every,
    )
