"""The engine equals the reference bit for bit in `exact`, whatever the network, the data and the rates."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import cfunc, types

from harness import engine, reference
from harness.engine.cpu import epochs, network_of, random, workspace
from harness.engine.cpu.initial import initial_weights
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.loops import ShapeType
from harness.engine.cpu.processor import native_width
from harness.experiment.initialisations.written import parse as initialisation
from harness.experiment.model import Samples
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.losses import LOSSES
from harness.formulas.metrics import METRICS
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES
from harness.network.layout import Layout
from harness.network.runs import Outcome, Runs, Status
from harness.network.structure import Structure
from tests.support import ROOT
from tests.support.networks import INITS, data_for, runs_for, structures

NONE = np.empty((0, 1))
UNWATCHED = {*Status} - {Status.STOPPED}
"""How runs end that nothing stops."""


def train(given: Runs, data: Samples, own_kernel: bool = False) -> Outcome:
    """What the engine makes of runs, by a kernel of their own or by the one for any network."""
    return engine.prepare(given.structure, common=len(given.rates) == 1, own_kernel=own_kernel).train(given, data)


def assert_equals_reference(given: Runs, data: Samples, own_kernel: bool = False, cycles: bool = True) -> set[Status]:
    """cycles: whether runs may come back to an earlier state, and skip what follows from there."""
    outcome = train(given, data, own_kernel)
    seen, gone, asked = set(), 0, 0
    for run in range(given.count):
        stops = given.recorded[given.first_recorded[run] : given.first_recorded[run + 1]]
        expected = reference.trajectory(training_of(given, run), data, stops.tolist(), given.max_loss[run])
        for stop, row in zip(stops, given.place[given.first_recorded[run] :], strict=False):
            assert_row(outcome, row, expected.rows[stop], f"run {run}, {stop} epochs of {given.structure}")
            seen.add(expected.rows[stop].status)
        gone += epochs_until_it_ends(expected.rows[stops[-1]], stops[-1])
        asked += stops[-1]
        points = outcome.curves.run == run
        kept = [
            one
            for one in expected.metrics
            if given.every and (one.epoch in (1, stops[-1]) or one.epoch % given.every == 0)
        ]
        assert outcome.curves.epoch[points].tolist() == [one.epoch for one in kept]
        curve = np.array([[*one.values.values()] for one in kept]).reshape(-1, len(METRICS))
        assert np.array_equal(outcome.curves.metrics[:, points].T, curve)
    assert outcome.asked == asked * len(data.inputs)
    assert outcome.steps <= gone * len(data.inputs)
    assert cycles or outcome.steps == gone * len(data.inputs)
    return seen


def comes_back(given: Runs, data: Samples, run: int) -> bool:
    """Whether a run that does not settle has the same state after two of its epochs."""
    stop = given.recorded[given.first_recorded[run + 1] - 1]
    training = training_of(given, run)
    with np.errstate(all="ignore"):
        states = [training.carried() for _ in islice(reference.epoch_metrics(training, data), int(stop))]
    rest = states[: 1 + next((e for e, (a, b) in enumerate(pairwise(states)) if a == b), len(states))]
    finite = [state for state in rest if np.isfinite(np.frombuffer(state, given.structure.dtype)).all()]
    return not given.structure.shuffle and len(set(finite)) < len(finite)


def training_of(given: Runs, run: int) -> reference.Training:
    init = given.initialisations[given.initialisation[run]]
    network = reference.initial_network(given.structure, init, given.seed, int(given.repeat[run]))
    return reference.Training(network, given.rates[:, run], given.hyperparameters[:, run], given.seed)


def epochs_until_it_ends(last: reference.Row, stop: int) -> int:
    return last.settled_epoch or last.diverged_epoch or stop


def assert_row(outcome: Any, row: int, expected: reference.Row, what: str) -> None:
    assert outcome.status[row] == expected.status, what
    assert outcome.settled_epoch[row] == (expected.settled_epoch or 0), what
    assert outcome.diverged_epoch[row] == (expected.diverged_epoch or 0), what
    nothing = np.array(np.nan, outcome.metrics.dtype)
    metrics = [nothing] * len(METRICS) if expected.metrics is None else [*expected.metrics.values.values()]
    assert np.array_equal(outcome.metrics[:, row], np.array(metrics), equal_nan=True), what
    first = nothing if expected.first_loss is None else expected.first_loss
    assert np.array_equal(outcome.first_loss[row], first, equal_nan=True), what
    last = nothing if expected.last_finite_loss is None else expected.last_finite_loss
    assert np.array_equal(outcome.last_finite_loss[row], last, equal_nan=True), what
    if expected.weights is None:
        assert np.isnan(outcome.weights[:, row]).all(), what
    else:
        assert outcome.weights[:, row].tobytes() == expected.weights.tobytes(), what


@settings(max_examples=50)
@given(structures(), st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([0, 1, 4]))
def test_every_number_is_the_reference_s(structure: Structure, seed: int, samples: int, every: int) -> None:
    rng = np.random.default_rng(seed)
    runs = int(rng.integers(1, 14))
    assert_equals_reference(runs_for(structure, runs, rng, every), data_for(structure, samples, rng))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_with_every_loss(activation: str, loss: str, dtype: Any) -> None:
    """By the kernel for any network, and for each activation, each loss and each dtype by one of their own."""
    output = "identity" if LOSSES[loss].logits else activation
    structure = Structure((2, 3, 2), (activation, output), "true", loss, "sgd", 2, dtype, "exact")
    pairs = [(one, other) for other in ("float64", "float32") for one in LOSSES]
    diagonal = list(ACTIVATIONS).index(activation) % len(pairs) == pairs.index((loss, dtype))
    for own_kernel in (False, True)[: 1 + diagonal]:
        rng = np.random.default_rng(11)
        assert_equals_reference(runs_for(structure, 4, rng, every=3), data_for(structure, 3, rng), own_kernel)


@pytest.mark.parametrize("changes", [
    *({"optimizer": name, "weight_decay": True, "batch_size": 1} for name in OPTIMIZERS),
    *({"optimizer": name} for name in ("sgd", "momentum", "adam")),
    *({"optimizer": o, "l1": True, "decay_biases": False, "batch_size": n} for o in ("sgd", "lion") for n in (1, 2)),
    {"weight_decay": True, "l1": True, "decay_biases": False, "gradient_clip": True},
    *({"activations": names, "slope": True, "output_slope": True, "schedule": "cosine", "gradient_clip": True}
      for names in (("leaky_relu", "sigmoid"), ("sigmoid", "leaky_relu"))),
    {"activations": ("leaky_relu", "sigmoid"), "slope": True, "batch_size": 1},
    *({"frozen": True, "optimizer": o, "weight_decay": True, "batch_size": n}
      for o, n in (("sgd", 1), ("rprop", 2), ("adamw", 1))),
    {"frozen": True, "schedule": "cosine", "gradient_clip": True},
    *({"schedule": name, "optimizer": "momentum", "gradient_clip": True} for name in SCHEDULES),
    {"shuffle": True, "batch_size": 3, "bias": "fixed"},
    {"reduction": "sum", "batch_size": 3, "gradient_clip": True},
    {"layers": (3, 8, 8, 2), "activations": ("relu", "tanh", "identity"), "bias": "false", "batch_size": 1},
    {"layers": (16, 16, 1), "activations": ("leaky_relu", "sigmoid"), "batch_size": 1},
    {"layers": (5, 1), "activations": ("softplus",), "batch_size": 4, "optimizer": "adam"},
], ids=lambda changes: "-".join(str(value) for value in changes.values()))  # fmt: skip
def test_a_kernel_of_its_own_gives_the_same_bits(changes: dict[str, Any]) -> None:
    plain = Structure((2, 3, 1), ("tanh", "identity"), "true", "mse", "sgd", 2, "float64", "exact")
    structure = replace(plain, **changes)
    rng = np.random.default_rng(4)
    assert_equals_reference(runs_for(structure, 18, rng, every=0), data_for(structure, 5, rng), own_kernel=True)


@pytest.mark.parametrize(("samples", "changes"), [
    (1, {}), (1, {"schedule": "warmup"}), (3, {"batch_size": 3}), (3, {"shuffle": True}),
], ids=["plain", "schedule", "batch", "shuffle"])  # fmt: skip
def test_the_steps_that_were_run_are_counted(samples: int, changes: dict[str, Any]) -> None:
    """Steps count until a run settles or diverges: neither the rest of a stretch counts, nor its repetition."""
    plain = Structure((2, 2, 1), ("identity", "identity"), "true", "mse", "sgd", 1, "float64", "exact")
    structure, rng = replace(plain, **changes), np.random.default_rng(15)
    data, drawn = data_for(structure, samples, rng), runs_for(structure, 24, rng, every=0)
    drawn = replace(drawn, recorded=np.where(drawn.recorded == 30, 500 if samples == 1 else 200, drawn.recorded))
    straight = [run for run in range(drawn.count) if not comes_back(drawn, data, run)]
    given, _ = drawn.subset(np.array(straight))
    assert given.count > 12
    for own_kernel in (False, True):
        seen = assert_equals_reference(given, data, own_kernel, cycles=False)
        assert seen == (UNWATCHED if samples == 1 else {Status.RAN, Status.DIVERGED})


def test_the_cases_meet_every_status() -> None:
    structure = Structure((2, 2, 1), ("identity", "identity"), "true", "mse", "sgd", 1, "float64", "exact")
    rng = np.random.default_rng(2)
    given = runs_for(structure, 60, rng, every=0)
    assert assert_equals_reference(given, data_for(structure, 1, rng)) == UNWATCHED


@pytest.mark.parametrize("arithmetic", ["exact", "fast"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_does_not_depend_on_its_neighbours(dtype: Any, arithmetic: Any) -> None:
    """A run gives the same bits on any lane, among any number of other runs, and whichever rows are asked for."""
    structure = Structure((2, 3, 1), ("tanh", "identity"), "true", "mse", "sgd", 2, dtype, arithmetic)
    rng = np.random.default_rng(5)
    data, given = data_for(structure, 3, rng), runs_for(structure, 37, rng, every=0)
    together = train(given, data)
    for run in range(given.count):
        stops = slice(given.first_recorded[run], given.first_recorded[run + 1])
        alone = Runs(
            structure, given.seed, INITS, given.initialisation[[run]], given.repeat[[run]], given.rates[:, [run]],
            given.hyperparameters[:, [run]], given.max_loss[[run]], np.array([0, stops.stop - stops.start]),
            given.recorded[stops], np.arange(stops.stop - stops.start),
        )  # fmt: skip
        assert np.array_equal(train(alone, data).weights, together.weights[:, given.place[stops]], equal_nan=True)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_fast_is_close_to_exact(dtype: Any) -> None:
    rng = np.random.default_rng(6)
    outcomes = []
    for arithmetic in ("exact", "fast"):
        structure = Structure((3, 4, 1), ("tanh", "identity"), "true", "mse", "sgd", 2, dtype, arithmetic)
        rng = np.random.default_rng(6)
        data, given = data_for(structure, 5, rng), runs_for(structure, 16, rng, every=0)
        outcomes.append(train(given, data))
    gentle = given.rates.max(axis=0)[np.repeat(np.arange(16), np.diff(given.first_recorded))] < 0.1
    rows = given.place[gentle]
    exact, fast = (outcome.weights[:, rows] for outcome in outcomes)
    assert len(rows) > 5
    assert np.allclose(exact, fast, rtol=0, atol=1e3 * np.finfo(dtype).eps, equal_nan=True)


@pytest.mark.parametrize(("dtype", "tiny"), [("float64", 1e-310), ("float32", 1e-40)])
@pytest.mark.parametrize("own_kernel", [True, False])
def test_fast_takes_subnormal_numbers_for_zeros_and_leaves_no_trace(dtype: Any, tiny: float, own_kernel: bool) -> None:
    one = np.zeros(1, np.int64)
    for arithmetic, weight in (("exact", np.dtype(dtype).type(tiny)), ("fast", 0.0)):
        given = Runs(
            Structure((1, 1), ("identity",), "false", "mse", "sgd", 1, dtype, arithmetic),
            0, (initialisation({"constant": tiny}),), one, one, np.zeros((1, 1)), NONE, np.array([np.inf]),
            np.array([0, 1]), np.array([3]), one,
        )  # fmt: skip
        outcome = train(given, Samples(np.ones((1, 1)), np.ones((1, 1))), own_kernel)
        assert outcome.weights.item() == weight
        assert np.array([tiny], dtype) * np.ones(1, dtype) != 0, "this thread still takes subnormal numbers for zeros"


def test_epochs_of_one_run_share_a_trajectory() -> None:
    """Rows asked for together are bit for bit the rows of runs of their own."""
    structure = Structure((2, 2, 1), ("identity", "identity"), "true", "mse", "sgd", 1, "float64", "exact")
    rng = np.random.default_rng(8)
    data, rates = data_for(structure, 2, rng), 10.0 ** rng.uniform(-3, 0.5, 40)
    stops = np.array([1, 10, 100, 1000])
    nothing, none = np.zeros(40, np.int64), np.full(40, np.inf)

    def rows_at(asked: np.ndarray) -> Outcome:
        rows = np.arange(40 * len(asked))
        first = np.arange(41) * len(asked)
        given = Runs(
            structure,
            0,
            INITS[:1],
            nothing,
            nothing,
            np.array([rates, rates]),
            np.empty((0, 40)),
            none,
            first,
            np.tile(asked, 40),
            rows,
        )
        return train(given, data, own_kernel=True)

    together = rows_at(stops)
    for at, stop in enumerate(stops):
        alone = rows_at(np.array([stop]))
        assert np.array_equal(alone.weights, together.weights[:, at::4], equal_nan=True)
        assert np.array_equal(alone.metrics, together.metrics[:, at::4], equal_nan=True)
        assert np.array_equal(alone.status, together.status[at::4])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("own_kernel", [False, True])
def test_runs_that_go_in_circles_are_finished(dtype: Any, own_kernel: bool) -> None:
    """The last bits of some runs flip for ever. Their rows are those of the plain loop, and a billion epochs do end."""
    structure = Structure((2, 2, 1), ("tanh", "identity"), "true", "mse", "momentum", 1, dtype, "exact")
    rng = np.random.default_rng(1)
    data, runs = data_for(structure, 2, rng), 9
    rates = 10.0 ** rng.uniform(-1.5, -0.6, (1, runs))

    def given(stops: list[int], every: int) -> Runs:
        return Runs(
            structure, 3, INITS[3:4], np.zeros(runs, np.int64), np.arange(runs), rates, np.full((1, runs), 0.5),
            np.full(runs, np.inf), np.arange(runs + 1) * len(stops), np.tile(stops, runs),
            np.arange(runs * len(stops)), every,
        )  # fmt: skip

    assert_equals_reference(given([90, 301, 302, 303, 304, 350], every=7), data, own_kernel)
    stops = [10**9, 10**9 + 1, 10**9 + 2, 10**9 + 6]
    outcome = train(given(stops, every=0), data, own_kernel)
    periods, least = set(), 0
    for run in range(runs):
        network = reference.initial_network(structure, INITS[3], 3, run)
        training = reference.Training(network, rates[:, run], [0.5], 3)
        seen, weights = {training.carried(): 0}, [network.flat()]
        for event in reference.epochs(training, data):
            if isinstance(event, reference.EpochMetrics):
                state = training.carried()
                if state in seen:
                    break
                seen[state] = event.epoch
                weights.append(network.flat())
        first, period = seen[state], event.epoch - seen[state]
        periods.add(period)
        least += first + period
        for k, stop in enumerate(stops):
            row = run * len(stops) + k
            assert outcome.weights[:, row].tobytes() == weights[first + (stop - first) % period].tobytes()
            assert outcome.status[row] == (Status.SETTLED if period == 1 else Status.RAN)
    assert {1, 2} < periods
    assert outcome.asked == runs * stops[-1] * len(data.inputs)
    # Brent's way finds a cycle at the latest 3 times as late, and looks only at the end of a stretch.
    assert least <= outcome.steps / len(data.inputs) < 3 * least + 2 * runs * workspace.LONGEST


def test_a_hundred_thousand_weights() -> None:
    structure = Structure((300, 320, 10), ("relu", "identity"), "true", "cross_entropy", "sgd", 4, "float32", "exact")
    assert Layout(structure).count == 99_530
    rng = np.random.default_rng(1)
    run = np.arange(3)
    rates, bounds, ends = np.full((2, 3), 0.01), np.full(3, np.inf), np.full(3, 2)
    given = Runs(
        structure,
        1,
        (initialisation("he_uniform"),),
        0 * run,
        run,
        rates,
        np.empty((0, 3)),
        bounds,
        np.arange(4),
        ends,
        run,
    )
    assert_equals_reference(given, data_for(structure, 6, rng))


def test_initial_weights_are_drawn_by_what_they_are_for() -> None:
    """Other initialisations, runs and layers beside a weight do not change what is drawn for it."""
    structure = Structure((2, 3, 1), ("tanh", "identity"), "true", "mse", "sgd", 1, "float64", "exact")
    one = np.zeros(1, np.int64)

    def drawn(inits: Any, which: int, repeat: int) -> np.ndarray:
        given = Runs(
            structure, 9, inits, one + which, one + repeat, np.ones((2, 1)), NONE, np.ones(1), np.arange(2), one, one
        )
        return initial_weights(given)[:, 0]

    for which, init in enumerate(INITS):
        assert np.array_equal(drawn(INITS, which, 2), drawn((init,), 0, 2))
        assert np.array_equal(drawn(INITS, which, 2), drawn(INITS, which, 0)) == (not init.random)


def test_initial_weights_come_from_the_seed() -> None:
    structure = Structure((2, 3, 1), ("tanh", "identity"), "true", "mse", "sgd", 1, "float64", "exact")
    one, random = np.zeros(1, np.int64), INITS[3:4]
    drawn = {
        initial_weights(
            Runs(structure, seed, random, one, one, np.ones((2, 1)), NONE, np.ones(1), np.arange(2), one, one)
        ).tobytes()
        for seed in (0, 1, 2**64 - 1)
    }
    assert len(drawn) == 3


def test_random_initial_weights_have_the_distribution_they_should() -> None:
    structure = Structure((40, 50, 30), ("tanh", "identity"), "false", "mse", "sgd", 1, "float64", "exact")
    one = np.zeros(1, np.int64)
    for raw, mean, std in (
        ({"normal": {"mean": 2, "std": 0.5}}, 2.0, 0.5),
        ({"uniform": {"low": -1, "high": 2}}, 0.5, 3 / 12**0.5),
        ("he_normal", 0.0, (2 / 40) ** 0.5),
        ("xavier_uniform", 0.0, (2 / 90) ** 0.5),
        ("lecun_normal", 0.0, (1 / 40) ** 0.5),
    ):
        given = Runs(
            structure, 4, (initialisation(raw),), one, one, np.ones((2, 1)), NONE, np.ones(1), np.arange(2), one, one
        )
        w1 = initial_weights(given)[:2000, 0]
        assert abs(w1.mean() - mean) < 5 * std / 2000**0.5
        assert abs(w1.std() - std) < 5 * std / 2000**0.5
        assert len(np.unique(w1)) == 2000
    structure = replace(structure, bias="true")
    raw = {"ones": None, "bias": {"normal": {"mean": 2, "std": 0.5}}}
    many = np.arange(100)
    given = Runs(
        structure, 4, (initialisation(raw),), 0 * many, many, np.ones((2, 100)), np.empty((0, 100)), np.ones(100),
        np.arange(101), many, many,
    )  # fmt: skip
    drawn = initial_weights(given)[Layout(structure).biases[0].slice]
    assert len(np.unique(drawn)) == 50 * 100
    assert abs(drawn.mean() - 2) < 5 * 0.5 / 5000**0.5
    assert abs(drawn.std() - 0.5) < 5 * 0.5 / 5000**0.5
    structure = replace(structure, bias="false")
    given = Runs(
        structure,
        4,
        (initialisation("orthogonal"),),
        one,
        one,
        np.ones((2, 1)),
        NONE,
        np.ones(1),
        np.arange(2),
        one,
        one,
    )
    w = initial_weights(given)[:, 0]
    w1, w2 = w[:2000].reshape(50, 40), w[2000:].reshape(30, 50)
    assert np.allclose(w1.T @ w1, np.eye(40), atol=1e-14)
    assert np.allclose(w2 @ w2.T, np.eye(30), atol=1e-14)


def assembly(structure: Structure) -> str:
    """The machine code of the epochs of a structure."""
    lanes = Kind(native_width(structure.dtype), structure.dtype, structure.arithmetic)
    network = network_of(structure, common=True)
    signature = types.void(ShapeType(lanes.lanes, network), epochs.work_type(lanes), *[types.int64] * 4)
    return str(cfunc(signature, error_model="numpy")(epochs.advance)._library.get_asm_str())


PACKED = [
    Structure((2, 2, 1), ("identity", "identity"), "true", "mse", "sgd", 1, dtype, arithmetic)
    for arithmetic in ("exact", "fast")
    for dtype in ("float64", "float32")
]
SPILLED = Structure((4, 16, 1), ("tanh", "identity"), "true", "mse", "sgd", 1, "float64", "fast")


@pytest.mark.parametrize("bits", [256, 512])
def test_the_machine_code_is_packed_and_aligned(bits: int) -> None:
    """For processors with AVX2 and with AVX-512, which this one need not be."""
    if platform.machine() != "x86_64":
        pytest.skip("this processor is no x86-64: what is looked for are its instructions")
    program = (
        "import json; from tests.test_engine import PACKED, SPILLED, assembly; "
        "print(json.dumps([assembly(structure) for structure in (*PACKED, SPILLED)]))"
    )
    features = "+avx,+avx2,+fma" + ",+avx512f,+avx512dq,+avx512vl" * (bits == 512)
    command, pinned = [sys.executable, "-c", program], {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features}
    made = subprocess.run(
        command, env=os.environ | pinned, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    *packed, spilled = json.loads(made)
    for structure, text in zip(PACKED, packed, strict=True):
        assert_packed(structure, text, {512: "zmm", 256: "ymm"}[bits])
    # What does not fit the registers lies on an aligned stack.
    hot = max(re.split(r"^\.LBB\w+:", spilled, flags=re.MULTILINE), key=lambda loop: loop.count("vfn"))
    assert re.search(r"vmovap[sd][^\n]*\(%rsp\)", hot)
    assert not re.search(r"vmovup[sd][^\n]*\(%rsp\)", hot)


def assert_packed(structure: Structure, text: str, register: str) -> None:
    """The hot loop does whole vectors, fused in `fast` alone: none of the arithmetic is done number by number."""
    suffix = "d" if structure.dtype == "float64" else "s"
    loops = [loop for loop in re.split(r"^\.LBB\w+:", text, flags=re.MULTILINE) if f"vsubp{suffix}" in loop]
    hot = max(loops, key=lambda loop: loop.count(register))
    packed = re.findall(rf"v(?:add|sub|mul|fn?m(?:add|sub)\d+)p{suffix}\b[^\n]*%{register}", hot)
    fused = [line for line in packed if line.startswith("vf")]
    scalar = re.findall(rf"v(?:add|sub|mul|div|fn?m(?:add|sub)\d+)s{suffix}\b", hot)
    assert not scalar
    # Of one vector: forward 12 operations (6 when fused), backward 29 (15), the cost 2.
    assert (len(fused) >= 12) if structure.arithmetic == "fast" else (len(packed) >= 40 and not fused)


def test_nothing_is_drawn_where_no_initialisation_is_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """What draws is then not compiled for the first result."""
    monkeypatch.setattr(random, "fill", lambda *_: pytest.fail("drawn"))
    made = Structure((2, 2, 1), ("identity",) * 2, "true", "mse", "sgd", 1, "float64", "exact")
    rng = np.random.default_rng(3)
    given = runs_for(made, 5, rng, 0)
    weights = initial_weights(replace(given, initialisation=np.array([0, 1, 2, 0, 1])[: given.count]))
    assert weights[:, :3].T.tolist() == [
        [1] * 4 + [0] * 2 + [1] * 2 + [0],
        [0] * 9,
        [0.3] * 4 + [0] * 2 + [0.3] * 2 + [0],
    ]
