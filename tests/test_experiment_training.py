"""Optimizers, schedules and their numbers: what may be said of them, and what the engine is given of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import harness
from harness.experiment import ExperimentError, load
from harness.experiment.axes import SWEEPABLE
from harness.experiment.settings import HYPERPARAMETERS, KINDS, TRAINING, users
from harness.network.structure import structure
from harness.store.schema import parameter_column
from harness.sweeps.plan import Plan
from tests.support.experiments import GOOD, INIT, NAME, SMALL, changed, complaint, configured, small
from tests.support.hyperparameters import DEFAULTS, FROM_ONE, OPTIMIZERS, SCHEDULES, WHOLE, given_numbers

GIVEN = {
    "momentum": 0.5,
    "alpha": 0.75,
    "beta1": 0.25,
    "beta2": 0.5,
    "eps": 0.125,
    "weight_decay": 0.5,
    "l1": 0.25,
    "step_size": 3,
    "gamma": 0.5,
    "t_max": 7,
    "eta_min": 0.25,
    "warmup_epochs": 2,
    "start_factor": 0.25,
    "gradient_clip": 2.0,
    "rho": 0.5,
    "momentum_decay": 0.5,
    "eta_minus": 0.25,
    "eta_plus": 1.5,
    "step_min": 0.125,
    "step_max": 4.0,
}
"""A value of each hyperparameter that is not its default."""


PENALTIES = ("weight_decay", "l1", "gradient_clip")
"""The hyperparameters that no optimizer has to itself."""


def owner(number: str) -> dict[str, Any]:
    """The optimizer or schedule that a number belongs to, and what else that needs."""
    if number in PENALTIES:
        return {}
    kind, names = users(number)
    needs = {other: GIVEN[other] for other, default in DEFAULTS[names[0]].items() if default is None}
    return {kind: names[0], **needs}


def test_every_number_has_one_owner_and_one_range() -> None:
    assert [list(KINDS[kind]) for kind in ("optimizer", "schedule")] == [OPTIMIZERS, SCHEDULES]
    assert list(KINDS["activation"]) == list(KINDS["output"])
    declared: dict[str, set[Any]] = {}
    kinds: dict[str, set[str]] = {}
    for kind, choices in KINDS.items():
        for choice in choices.values():
            for number in choice.hyperparameters:
                declared.setdefault(number.name, set()).add((number.least, number.below, number.whole))
                kinds.setdefault(number.name, set()).add(kind)
    assert all(len(ranges) == 1 for ranges in declared.values())
    assert all(len(of) == 1 for of in kinds.values())
    assert set(declared) == set(HYPERPARAMETERS) < {*TRAINING, "slope", "output_slope"} < set(SWEEPABLE)
    assert set(declared) - {"slope", "output_slope"} == set(GIVEN) - {*PENALTIES}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_number_that_is_not_given_has_its_owner_s_default(optimizer: str, schedule: str) -> None:
    wanted = {**DEFAULTS[optimizer], **DEFAULTS[schedule]}
    needed = {name: GIVEN[name] for name, default in wanted.items() if default is None}
    training = {"optimizer": optimizer, "schedule": schedule, **needed}
    found = given_numbers(small(training))
    assert found == [wanted | needed] * len(found)
    assert [list(numbers) for numbers in found] == [list(wanted)] * len(found)
    both = {
        **DEFAULTS[optimizer],
        "weight_decay": 0.5,
        "l1": 0.25,
        **DEFAULTS[schedule],
        **needed,
        "gradient_clip": 2.0,
    }
    found = given_numbers(small({**training, "weight_decay": 0.5, "l1": 0.25, "gradient_clip": 2}))
    assert found == [both] * len(found)
    assert [list(numbers) for numbers in found] == [list(both)] * len(found)


@pytest.mark.parametrize("number", GIVEN)
def test_every_number_as_a_constant_and_as_an_axis(number: str) -> None:
    training = owner(number)
    value = GIVEN[number]
    constant = given_numbers(small({**training, number: value}))
    assert {numbers[number] for numbers in constant} == {value}
    training.pop(number, None)
    values = [value, 1 if number in FROM_ONE else value / 2]
    swept = given_numbers(small(training, **{number: values}))
    assert [numbers[number] for numbers in swept] == values * (len(swept) // 2)
    assert given_numbers(configured(small(training, **{number: values}), {number: str(value)}))[0][number] == value
    excluded = {**small(training, **{number: values}), "exclude": [{number: values[0]}]}
    assert {numbers[number] for numbers in given_numbers(excluded)} == {values[1]}
    column = parameter_column(number)
    assert (column.type, column.unit) == ((pa.int64(), "epochs") if number in WHOLE else (pa.float64(), ""))
    assert column.nullable


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("shuffle", [True, False]),
        ("reduction", ["mean", "sum"]),
        ("decay_biases", [True, False]),
    ],
)
def test_what_is_structural_may_be_swept(key: str, values: list[Any]) -> None:
    needed = {number: GIVEN[number] for number in ("step_size", "gamma", "t_max")} if key == "schedule" else {}
    plan = Plan(load(small(needed, **{key: values})))
    assert [getattr(found, key) for found in plan.structures] == values
    for value in values:
        constant = {number: needed[number] for number in needed if number in DEFAULTS[value]}
        (found,) = Plan(load(small({key: value, **constant}))).structures
        assert getattr(found, key) == value
    assert plan.tables().labels[key] == [{True: "true", False: "false"}.get(value, value) for value in values]


def test_what_a_structure_has() -> None:
    def flags(training: dict[str, Any], values: dict[str, Any], **parameters: Any) -> tuple[Any, ...]:
        found = structure(load(small(training, **parameters)), values)
        return found.optimizer, found.schedule, found.weight_decay, found.gradient_clip, found.shuffle

    assert flags({}, {}) == ("sgd", "constant", False, False, False)
    assert flags({"weight_decay": 0}, {}) == ("sgd", "constant", True, False, False)
    assert flags({"optimizer": "adamw"}, {}) == ("adamw", "constant", True, False, False)
    assert flags({"gradient_clip": 1, "shuffle": True}, {}) == ("sgd", "constant", False, True, True)
    assert flags({}, {}, weight_decay=[0, 1], gradient_clip=[1, 2]) == ("sgd", "constant", True, True, False)
    swept = {"optimizer": ["adam", "adamw"], "schedule": ["constant", "warmup"], "shuffle": [False, True]}
    asked = {"optimizer": "adamw", "schedule": "warmup", "shuffle": True}
    assert flags({}, asked, **swept) == ("adamw", "warmup", True, False, True)
    assert flags({}, asked | {"optimizer": "adam"}, **swept) == ("adam", "warmup", False, False, True)


def sloped(network: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return changed(network=network, parameters={"learning_rate": 0.1, "epochs": 1, "init": "ones"} | parameters)


def test_a_slope_is_that_of_the_activations_that_have_one() -> None:
    """Given as a constant, swept, or left out in another grid, where it is the activation's own."""
    assert given_numbers(sloped({"activation": "leaky_relu", "slope": 0.5})) == [{"slope": 0.5}]
    assert given_numbers(sloped({"output": "sigmoid", "output_slope": 3})) == [{"output_slope": 3}]
    both = sloped({"activation": "sigmoid", "output": "leaky_relu"}, slope=[2, 4], output_slope=[0.5])
    assert given_numbers(both) == [{"slope": 2, "output_slope": 0.5}, {"slope": 4, "output_slope": 0.5}]
    swept = sloped({}, activation=["tanh", "leaky_relu", ["sigmoid"]], slope=[0.25, 1])
    assert given_numbers(swept) == [{}, {"slope": 0.25}, {"slope": 1}, {"slope": 0.25}, {"slope": 1}]
    assert [row[0] for row in table_of(swept, "slope")] == [None, 0.25, 1, 0.25, 1]
    rest = {"learning_rate": 0.1, "epochs": 1, "init": "ones"}
    names = ["leaky_relu", "sigmoid"]
    two = [
        {"parameters": rest | {"activation": names}},
        {"parameters": rest | {"activation": names, "slope": [0.01, 1]}},
    ]
    union = {key: SMALL[key] for key in ("name", "network", "data")} | {"grids": two}
    assert [row[0] for row in table_of(union, "slope")] == [0.01, 1, 1, 0.01]  # what is left out equals the default


def table_of(source: dict[str, Any], *columns: str) -> list[list[Any]]:
    table = harness.train(source)
    found = table[list(columns)].astype(object)
    return found.where(found.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(("activation", "slope"), [("leaky_relu", 0.01), ("sigmoid", 1)])
def test_the_slope_that_an_activation_has_by_default_changes_no_bit(activation: str, slope: float) -> None:
    rest = {"learning_rate": [0.1, 0.3], "epochs": 50, "init": {"normal": {"std": 1}}}
    plain = harness.train(sloped({"activation": activation, "output": activation}, **rest))
    given = {"slope": slope, "output_slope": slope}
    told = harness.train(sloped({"activation": activation, "output": activation} | given, **rest))
    weights = [tensor for table in (plain, told) for tensor in harness.weights(table).values()]
    half = len(weights) // 2
    assert all(a.tobytes() == b.tobytes() for a, b in zip(weights[:half], weights[half:], strict=True))


def test_one_configuration_leaves_out_a_slope_that_it_does_not_use() -> None:
    source = sloped({"slope": 0.5}, activation=["leaky_relu", "tanh"])
    assert given_numbers(configured(source, {})) == [{"slope": 0.5}]
    assert given_numbers(configured(source, {"activation": "tanh"})) == [{}]
    assert given_numbers(load(source, settings={"activation": "tanh"})) == [{}]


@pytest.mark.parametrize(("network", "lines"), [
    ({"slope": 0.5}, ["network.slope: not used: activation is identity; leaky_relu and sigmoid use it"]),
    ({"activation": "sigmoid", "output_slope": 0.5},
     ["network.output_slope: not used: output is identity; leaky_relu and sigmoid use it"]),
    ({"activation": "sigmoid", "slope": -1}, ["network.slope: expected a finite number of at least 0, found -1"]),
    ({"layers": [2, 2, 2, 1], "activation": ["sigmoid", "leaky_relu"], "slope": 1},
     ["network.activation: expected leaky_relu or sigmoid alone, as slope is given, found leaky_relu and sigmoid"]),
])  # fmt: skip
def test_a_slope_that_nothing_has_is_refused(network: dict[str, Any], lines: list[str]) -> None:
    assert complaint(sloped(network)) == [f"experiment: {line}" for line in lines]


SCHEDULED = "expected a whole number of at least 1, found"
ERRORS = [
    ("{momentum: 0.5}", "", "2:12: training.momentum: not used: optimizer is sgd; momentum and nesterov use it"),
    ("{optimizer: adam, alpha: 0.5}", "", "2:29: training.alpha: not used: optimizer is adam; rmsprop uses it"),
    ("{optimizer: sgd, eps: 1}", "",
     "2:28: training.eps: not used: optimizer is sgd; rmsprop, adam, adamw, adagrad, adadelta, adamax and nadam use "
     "it"),
    ("{gamma: 1}", "", "2:12: training.gamma: not used: schedule is constant; step and exponential use it"),
    ("{gamma: 1}", "  schedule: [warmup, constant]",
     "2:12: training.gamma: not used: schedule is warmup or constant; step and exponential use it"),
    ("{}", "  t_max: [1, 2]", "11:3: parameters.t_max: not used: schedule is constant; cosine uses it"),
    ("{}", "zip: {a: {beta1: [0.5, 0.6], optimizer: [sgd, momentum]}}",
     "11:11: zip.a.beta1: not used: optimizer is sgd or momentum; adam, adamw, adamax, nadam and lion use it"),
    ("{schedule: exponential}", "", "2:22: training.schedule: schedule exponential needs gamma; give training.gamma"),
    ("{}", "  schedule: [step, cosine, exponential, warmup]",
     "11:13: parameters.schedule: schedule step needs step_size; give training.step_size",
     "11:13: parameters.schedule: schedule cosine needs t_max; give training.t_max",
     "11:13: parameters.schedule: schedule exponential needs gamma; give training.gamma"),
    ("{schedule: exponential, gama: 0.5}", "", "2:35: training.gama: unknown key; did you mean gamma?"),
    ("{schedule: exponential}", "  gama: 0.5", "11:3: parameters.gama: unknown key; did you mean gamma?"),
    ("{schedul: exponential, gamma: 0.5}", "", "2:12: training.schedul: unknown key; did you mean schedule?"),
    ("{schedule: exponential, gamma: -1}", "",
     "2:42: training.gamma: expected a finite number of at least 0, found -1"),
    ("{schedule: exponential}", "  gamma: [x]",
     "11:11: parameters.gamma[0]: expected a finite number of at least 0, found 'x'"),
    ("{optimizer: adm, beta1: 0.5}", "",
     f"2:23: training.optimizer: expected {', '.join(OPTIMIZERS[:8])} and 4 more, found 'adm'; did you mean adam?"),
    ("{schedule: cosin, t_max: 5}", "",
     f"2:22: training.schedule: expected {', '.join(SCHEDULES[:-1])} or warmup, found 'cosin'; did you mean cosine?"),
    ("{optimizer: momentum, momentum: 1}", "",
     "2:43: training.momentum: expected a finite number of at least 0 and below 1, found 1"),
    ("{optimizer: adam}", "  beta2: {linspace: [0, 1, 3]}",
     "11:10: parameters.beta2: expected finite numbers of at least 0 and below 1, but linspace gives 1.0 as value 3"),
    ("{schedule: step, step_size: 0.5}", "", f"2:39: training.step_size: {SCHEDULED} 0.5"),
    ("{schedule: cosine, t_max: 0}", "", f"2:37: training.t_max: {SCHEDULED} 0"),
    ("{schedule: cosine, t_max: 1e16}", "",
     "2:37: training.t_max: expected a whole number of at most 9007199254740991, found 1e+16"),
    ("{schedule: warmup}", "  warmup_epochs: {linspace: [1, 2, 3]}",
     "11:18: parameters.warmup_epochs: expected whole numbers of at least 1, but linspace gives 1.5 as value 2"),
    ("{reduction: average}", "", "2:23: training.reduction: expected mean or sum, found 'average'"),
    ("{shuffle: yes}", "", "2:21: training.shuffle: expected true or false, found 'yes'"),
    ("{}", "  shuffle: {range: [0, 2, 1]}",
     "11:20: parameters.shuffle.range: range gives numbers, and shuffle is not a number; list its values"),
    ("{l1: -1, decay_biases: 1}", "",
     "2:16: training.l1: expected a finite number of at least 0, found -1",
     "2:34: training.decay_biases: expected true or false, found 1"),
    ("{weight_decay: -0.1, gradient_clip: 0}", "",
     "2:26: training.weight_decay: expected a finite number of at least 0, found -0.1",
     "2:47: training.gradient_clip: expected a finite number greater than 0, found 0"),
    ("{}", "  weight_decay: {linspace: [-1, 1, 3]}",
     "11:17: parameters.weight_decay: expected finite numbers of at least 0, but linspace gives -1.0 as value 1"),
    ("{}", "momentum: 0.5", "11:1: momentum: unknown key here; it belongs under training"),
    ("{lr: 1, shufle: true}", "\nexclude: [{gamma: 1}]",
     "2:12: training.lr: unknown key; did you mean parameters.learning_rate?",
     "2:19: training.shufle: unknown key; did you mean shuffle?",
     "12:12: exclude[0].gamma: matches nothing: this key is not swept here"),
]  # fmt: skip


@pytest.mark.parametrize(("training", "more", "lines"), [(training, more, lines) for training, more, *lines in ERRORS])
def test_the_lines_a_user_reads(training: str, more: str, lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    text = GOOD.replace(NAME, f"{NAME}\ntraining: {training}").replace(INIT, f"{INIT}\n{more}")
    path.write_text(text)
    assert complaint(path) == [f"{path}:{line}" for line in lines]


def test_a_number_that_some_optimizer_or_schedule_has_is_fine() -> None:
    assert load(small({"momentum": 0.5}, optimizer=["sgd", "momentum"]))
    assert load(small({"optimizer": "nesterov"}, momentum=[0.5, 0.9]))
    assert load(small({"gamma": 0.5}, schedule=["constant", "exponential"]))
    rest = SMALL["parameters"]
    one = {key: SMALL[key] for key in ("name", "network", "data")}
    plain, other = {"parameters": rest}, {"parameters": {**rest, "optimizer": "momentum"}}
    assert load({**one, "training": {"momentum": 0.5}, "grids": [plain, other]})
    with pytest.raises(ExperimentError, match=r"^experiment: training\.alpha: not used: optimizer is sgd or momentum;"):
        load({**one, "training": {"alpha": 0.5}, "grids": [plain, other]})
    own = {"parameters": {**rest, "momentum": [0.5, 0.9]}}
    with pytest.raises(ExperimentError, match=r"^experiment: grids\[0\]\.parameters\.momentum: not used: optimizer is"):
        load({**one, "grids": [own, other]})
    with pytest.raises(ExperimentError, match=r"grids\[1\]\.parameters\.schedule: schedule cosine needs t_max"):
        load({**one, "grids": [plain, {"parameters": {**rest, "schedule": "cosine"}}]})
    with pytest.raises(ExperimentError, match="schedule exponential needs gamma"):
        load(small({}, schedule=["constant", "exponential"]))
    assert load({**small({}, schedule=["constant", "exponential"]), "exclude": [{"schedule": "exponential"}]})


@pytest.mark.parametrize("number", GIVEN)
@examples(max_examples=40)
@given(value=st.one_of(st.floats(), st.integers(-1, 3), st.floats(-0.5, 1.5)))
def test_numbers_are_taken_within_their_bounds(number: str, value: float) -> None:
    fits = math.isfinite(value) and (value > 0 if number == "gradient_clip" else value >= 0)
    if number in ("momentum", "alpha", "beta1", "beta2", "rho", "eta_minus"):
        fits &= value < 1
    if number == "eta_plus":
        fits &= value >= 1
    if number in WHOLE:
        fits = fits and value >= 1 and value == math.floor(value) and value < 2**53
    for source in (small({**owner(number), number: value}), small(owner(number), **{number: [value]})):
        if fits:
            assert {numbers[number] for numbers in given_numbers(source)} == {value}
        else:
            with pytest.raises(ExperimentError, match=rf"{number}(\[0\])?: expected a (finite|whole) number"):
                load(source)


def test_one_configuration_leaves_out_what_it_does_not_use() -> None:
    source = small({"alpha": 0.5, "gamma": 0.25}, optimizer=["sgd", "momentum", "rmsprop"], momentum=[0.5, 0.6])
    source["parameters"]["schedule"] = ["constant", "exponential"]
    assert given_numbers(configured(source, {})) == [{}]
    assert given_numbers(configured(source, {"optimizer": "momentum"})) == [{"momentum": 0.5}]
    assert given_numbers(configured(source, {"optimizer": "rmsprop"})) == [{"alpha": 0.5, "eps": 1e-8}]
    assert given_numbers(configured(source, {"schedule": "exponential", "weight_decay": "1"})) == [
        {"weight_decay": 1, "gamma": 0.25}
    ]
    assert [key for dimension in configured(source, {}).grids[0].dimensions for key in dimension.keys] == [
        *("learning_rate", "epochs", "init", "optimizer", "schedule")
    ]
    for settings, line in [
        ({"momentum": "0.5"}, "--set momentum: not used: optimizer is sgd; momentum and nesterov use it"),
        ({"schedule": "cosine"}, "--set schedule: schedule cosine needs t_max; give training.t_max"),
        (
            {"optimizer": "adm", "beta1": "0.5"},
            f"--set optimizer: expected {', '.join(OPTIMIZERS[:8])} and 4 more, found 'adm'; did you mean adam?",
        ),
        ({"shuffle": "1"}, "--set shuffle: expected true or false, found 1"),
    ]:
        with pytest.raises(ExperimentError) as caught:
            configured(source, settings)
        assert str(caught.value) == f"experiment: {line}"
