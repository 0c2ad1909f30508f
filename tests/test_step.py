"""The step, run as it is on NumPy numbers: the definition, which the engine compiles and the reference tells again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import engine, reference
from harness.engine.cpu import network_of
from harness.engine.cpu.positions import PARTS, offsets
from harness.experiment.model import Samples
from harness.formulas import metrics, step
from harness.formulas.step import MINUS_ZERO, OWN, SCRATCH, State
from harness.network.runs import Runs, rounded
from harness.network.structure import Structure
from harness.reference.draws import permutation
from tests.support.networks import data_for, runs_for, structures


def epochs(runs: Runs, run: int, data: Samples) -> Iterator[State]:
    """The state of one run after each of its epochs, for ever: one network, one number at a time."""
    structure, dtype = runs.structure, runs.structure.dtype
    network = network_of(structure, common=len(runs.rates) == 1)
    at, units = offsets(network), sum(structure.layers)
    memory, scratch = np.zeros(at[-1], dtype), [np.zeros(units, dtype) for _ in SCRATCH]
    state = State(*(memory[first:stop] for first, stop in pairwise(at)), *scratch)
    init = runs.initialisations[runs.initialisation[run]]
    state.weights[:] = reference.initial_network(structure, init, runs.seed, int(runs.repeat[run])).flat()
    state.clock[:] = 1.0
    state.rates[:] = rounded(runs.rates[:, run], dtype)
    state.base[:] = state.rates[: len(state.base)]
    start = at[PARTS.index("hyperparameters")]
    memory[start : start + len(runs.hyperparameters)] = rounded(runs.hyperparameters[:, run], dtype)
    state.gradient[:] = MINUS_ZERO
    inputs, targets = rounded(data.inputs, dtype), rounded(data.targets, dtype)
    epoch, samples = 0, len(inputs)
    while True:
        if structure.schedule != "constant":
            step.begin(network, state)
        order = permutation(runs.seed, epoch, samples) if structure.shuffle else range(samples)
        for first in range(0, samples, structure.batch_size):
            batch = order[first : first + structure.batch_size]
            for number, sample in enumerate(batch, start=first):
                state.costs[OWN] = MINUS_ZERO
                step.forward(network, state, inputs[sample])
                step.backward(network, state, targets[sample], OWN)
                (metrics.fold if number else metrics.begin)(state.metrics, state.costs[OWN])
            if structure.reduction == "mean":
                state.gradient[:] = state.gradient / len(batch)
            step.update(network, state, 1.0)
        metrics.finish(state.metrics, float(samples))
        epoch += 1
        yield state


@settings(max_examples=25)
@given(structures(), st.integers(0, 2**32), st.integers(1, 4))
def test_the_step_on_numpy_numbers_is_the_engine_and_the_reference(
    structure: Structure, seed: int, samples: int
) -> None:
    rng = np.random.default_rng(seed)
    runs, data = runs_for(structure, 2, rng, every=0), data_for(structure, samples, rng)
    outcome = engine.prepare(structure, common=len(runs.rates) == 1, own_kernel=False).train(runs, data)
    for run in range(runs.count):
        init = runs.initialisations[runs.initialisation[run]]
        network = reference.initial_network(structure, init, runs.seed, int(runs.repeat[run]))
        training = reference.Training(network, runs.rates[:, run], runs.hyperparameters[:, run], runs.seed)
        here = slice(runs.first_recorded[run], runs.first_recorded[run + 1])
        rows = dict(zip(runs.recorded[here].tolist(), runs.place[here].tolist(), strict=True))
        with np.errstate(all="ignore"):
            told = reference.epoch_metrics(training, data)
            for epoch, (state, expected) in enumerate(zip(epochs(runs, run, data), told, strict=False), start=1):
                if not (np.isfinite(state.weights).all() and np.isfinite(expected.mean)) or epoch > runs.last[run]:
                    break
                assert state.weights.tobytes() == training.network.flat().tobytes()
                assert state.metrics.tolist() == [*expected.values.values()]
                if epoch in rows and np.isfinite(outcome.weights[:, rows[epoch]]).all():
                    assert outcome.weights[:, rows[epoch]].tobytes() == state.weights.tobytes()
                    assert outcome.metrics[:, rows[epoch]].tolist() == state.metrics.tolist()
