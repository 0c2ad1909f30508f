"""Initialisations: one meaning for every spelling, and PyTorch's definitions of the scaled ones."""

from __future__ import annotations

import itertools
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness import reference
from harness.experiment import load
from harness.experiment.initialisations import RULES, Initialisation
from harness.experiment.initialisations.written import parse
from harness.experiment.source import fragment
from harness.network.structure import Structure
from tests.support.experiments import GOOD, INIT, complaint

VALUES = {"weights": [[[1, 2], [3, 4]], [[5, 6]]], "biases": [[7, 8], [9]]}
SPELLINGS = [
    ("ones", ["ones", {"ones": None}, {"ones": {}}, {"ones": {}, "bias": 0}, {"constant": 1}, {"constant": 1.0}]),
    ("zeros", ["zeros", {"constant": 0}, {"constant": -0.0}]),
    ("{ones: {}, bias: 0.5}", [{"ones": None, "bias": 0.5}, {"constant": 1, "bias": 0.5}]),
    ("{constant: 0.3}", [{"constant": 0.3}]),
    ("{constant: 2, bias: 1}", [{"constant": 2, "bias": 1.0}]),
    ("{normal: {std: 0.5}}", [{"normal": {"std": 0.5}}, {"normal": {"std": 0.5, "mean": 0}}]),
    ("{normal: {mean: 1, std: 2}}", [{"normal": {"std": 2, "mean": 1}}]),
    ("{uniform: {low: -1, high: 1.05}}", [{"uniform": {"high": 1.05, "low": -1}}]),
    ("xavier_uniform", ["xavier_uniform", {"xavier_uniform": {}}, "keras", {"keras": None}]),
    ("pytorch", ["pytorch", {"pytorch": None}]),
    ("{pytorch: {}, bias: 0}", [{"pytorch": {}, "bias": 0}]),
    ("{sparse: {sparsity: 0.9}}", [{"sparse": {"sparsity": 0.9}}, {"sparse": {"std": 0.01, "sparsity": 0.9}}]),
    (
        "{he_normal: {}, bias: {uniform: {low: -1, high: 0.5}}}",
        [{"he_normal": None, "bias": {"uniform": {"low": -1, "high": 0.5}}}],
    ),
    ("{ones: {}, bias: {normal: {std: 0.5}}}", [{"constant": 1, "bias": {"normal": {"std": 0.5, "mean": 0}}}]),
    ("{he_normal: {}, bias: 1e-05}", [{"he_normal": {}, "bias": 1e-5}]),
    (
        "{values: {weights: [[[1, 2.5]]]}}",
        [{"values": {"weights": [[[1, 2.5]]]}}, {"values": {"weights": [[[1, 2.5]]], "biases": [[0]]}}],
    ),
]


@pytest.mark.parametrize(("label", "spellings"), SPELLINGS)
def test_spellings_of_the_same_are_equal(label: str, spellings: list[Any]) -> None:
    meant = [parse(raw) for raw in spellings]
    assert {init.label for init in meant} == {label}
    assert len(set(meant)) == len({init.digest() for init in meant}) == 1
    assert parse(fragment(label)) == meant[0]


def test_different_things_differ() -> None:
    everything = [parse(spellings[0]) for _, spellings in SPELLINGS]
    for one, other in itertools.combinations(everything, 2):
        assert one != other
        assert one.digest() != other.digest()


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("ones", ("constant", 1.0)),
        ("zeros", ("constant", 0.0)),
        ({"constant": 3}, ("constant", 3.0)),
        ({"normal": {"std": 2}}, ("normal", 0.0, 2.0)),
        ({"uniform": {"low": -1, "high": 2}}, ("uniform", -1.0, 2.0)),
        ("xavier_uniform", ("uniform", -sqrt(6 / 8), sqrt(6 / 8))),
        ("xavier_normal", ("normal", 0.0, sqrt(2 / 8))),
        ("he_uniform", ("uniform", -sqrt(6 / 3), sqrt(6 / 3))),
        ("he_normal", ("normal", 0.0, sqrt(2 / 3))),
        ("lecun_normal", ("normal", 0.0, sqrt(1 / 3))),
        ("orthogonal", ("orthogonal",)),
        ("keras", ("uniform", -sqrt(6 / 8), sqrt(6 / 8))),
        ({"pytorch": {}, "bias": 0}, ("uniform", -1 / sqrt(3), 1 / sqrt(3))),
        ({"sparse": {"sparsity": 0.5}}, ("sparse", 3, 0.01)),
    ],
)
def test_every_rule_is_one_of_six_primitives(rule: Any, wanted: tuple[Any, ...]) -> None:
    init = parse(rule)
    assert init.tensor(1, 3, 5) == wanted
    assert init.random == (wanted[0] != "constant")
    assert init.problem([3, 5]) is None
    assert init.biases(1, 3) == ("constant", 0.0)


def test_every_rule_has_a_name_and_no_other_is_random() -> None:
    assert {name for name, rule in RULES.items() if not rule.random} == {"ones", "zeros", "constant"}


def test_explicit_values_are_those_of_their_layer() -> None:
    init = parse({"values": VALUES})
    assert not init.random
    for layer in (1, 2):
        kind, weights = init.tensor(layer, 2, 3 - layer)
        assert kind == "values"
        np.testing.assert_array_equal(weights, np.array(VALUES["weights"][layer - 1], float), strict=True)
        kind, biases = init.biases(layer, 2)
        assert kind == "values"
        np.testing.assert_array_equal(biases, np.array(VALUES["biases"][layer - 1], float), strict=True)
    assert init.problem([2, 2, 1]) is None
    assert init.problem([2, 2, 2]) == ("2 rows of 2 for weights[1] and layers [2, 2, 2]", "1 of 2")
    assert init.problem([2, 1]) == ("one matrix a layer, 1 for [2, 1]", "2")
    assert init.label == f"{{values: {init.digest().hex()[:8]}}}"


def test_one_bias_for_every_unit() -> None:
    assert parse({"zeros": {}, "bias": 2}).biases(3, 4) == ("constant", 2.0)


def test_biases_are_drawn() -> None:
    drawn = parse({"ones": {}, "bias": {"normal": {"std": 2}}})
    assert (drawn.biases(1, 3), drawn.random) == (("normal", 0.0, 2.0), True)
    assert parse("pytorch").biases(2, 16) == ("uniform", -0.25, 0.25)
    weights = {"weights": [[[1, 2], [3, 4]], [[5, 6]]]}
    inits = [{"values": weights, "bias": {"uniform": {"low": 1, "high": 2}}}, "pytorch", {"ones": None, "bias": 3}]
    mapping = source(repeats=3)
    mapping["parameters"] |= {"init": inits, "epochs": 0}
    table = harness.train(mapping)
    assert table["repeat"].tolist() == [0, 1, 2, 0, 1, 2, 0]
    biases = table[["b1_1", "b1_2", "b2_1"]].to_numpy()
    assert len(np.unique(biases[:6])) == 18
    assert ((biases[:3] >= 1) & (biases[:3] < 2)).all()
    assert (np.abs(biases[3:6]) < sqrt(1 / 2)).all()
    assert (biases[6] == 3).all()
    assert (table["w1_2_1"][:3] == 3).all()


BAD_BIASES = [
    ("{ones: , bias: x}", "24: parameters.init.bias: expected a finite number, {normal: {std: 0.5}} or {uniform: "
     "{low: -1, high: 1}}, found 'x'"),
    ("{ones: , bias: {he_normal: }}", "25: parameters.init.bias.he_normal: unknown key; did you mean normal?"),
    ("{ones: , bias: {}}", "24: parameters.init.bias: expected one of normal or uniform, found none"),
    ("{ones: , bias: {normal: {}}}", "33: parameters.init.bias.normal: std is missing; expected {std: 0.5}"),
    ("{ones: , bias: {uniform: {low: 1, high: 0}}}",
     "34: parameters.init.bias.uniform: expected low below high, found 1 and 0"),
    ("sparse", "9: parameters.init: 'sparse' needs its numbers, such as {sparse: {sparsity: 0.9}}"),
    ("{sparse: {sparsity: 1}}",
     "29: parameters.init.sparse.sparsity: expected a finite number of at least 0 and below 1, found 1"),
]  # fmt: skip


@pytest.mark.parametrize(("init", "line"), BAD_BIASES)
def test_a_bias_that_cannot_be_drawn_is_refused(init: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD.replace(INIT, f"init: {init}"))
    assert complaint(path) == [f"{path}:9:{line}"]


def test_a_sparse_column_has_as_many_zeros_as_pytorch_s() -> None:
    """Each column of its own: ceil(sparsity*O) zeros, anywhere alike; what is left is normal, as is drawn without."""
    for outputs, share in ((10, 0.1), (10, 0.35), (7, 0.5), (30, 0.9)):
        inputs = 400
        structure = Structure((inputs, outputs), ("identity",), "true", "mse", "sgd", 1, "float64", "exact")
        init = parse({"sparse": {"sparsity": share, "std": 2}})
        w = reference.initial_network(structure, init, 1).weights[0]
        zeros = (w == 0).sum(axis=0)
        assert set(zeros) == {ceil(share * outputs)}
        rows = (w == 0).mean(axis=1)
        assert np.abs(rows - ceil(share * outputs) / outputs).max() < 5 * sqrt(0.25 / inputs)
        left = w[w != 0]
        assert abs(left.std() - 2) < 5 * 2 / sqrt(2 * len(left))


def test_pytorch_says_how_many_zeros_and_how_wide() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[oracle]'")
    for rows, share in ((10, 0.1), (10, 0.35), (7, 0.5), (30, 0.9)):
        tensor = torch.nn.init.sparse_(torch.empty(rows, 5), share)
        assert set((tensor == 0).sum(0).tolist()) == {parse({"sparse": {"sparsity": share}}).tensor(1, 5, rows)[1]}
    torch.manual_seed(0)
    linear, (_, low, high) = torch.nn.Linear(9, 20_000), parse("pytorch").tensor(1, 9, 20_000)
    for drawn in (linear.weight, linear.bias):
        found = drawn.detach().numpy()
        assert low <= found.min() < 0.99 * low
        assert 0.99 * high < found.max() <= high
        assert abs(found.std() - high / sqrt(3)) < 0.01
    assert parse("pytorch").biases(1, 9) == ("uniform", low, high)


def test_digests_never_change() -> None:
    """They key the random draws: another digest would be another table."""
    assert Initialisation("he_normal").digest().hex()[:16] == "96471aceed09b49e"
    assert parse({"normal": {"std": 0.5}}).digest().hex()[:16] == "db82c796f1e9d2b6"


def test_a_name_is_a_label_and_nothing_else() -> None:
    named, plain = parse({"values": VALUES, "name": "mazur"}), parse({"values": VALUES})
    assert (named.label, named.name) == ("mazur", "mazur")
    assert (named.digest(), named.canonical) == (plain.digest(), plain.canonical)
    assert named == plain
    assert len({named, plain, parse({"values": VALUES, "name": "other"})}) == 1


def source(*inits: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "network": {"layers": [2, 2, 1]},
        "data": {"rows": [[0.05, 0.1, 0.01]]},
        "parameters": {"learning_rate": 0.5, "init": [{"values": VALUES, "name": "mazur"}, *inits], "epochs": [1, 2]},
        **more,
    }


def test_a_name_stands_in_the_table_in_messages_and_in_what_is_left_out() -> None:
    table = harness.train(source("ones"))
    assert table["init"].tolist() == ["mazur"] * 2 + ["ones"] * 2
    unnamed = harness.train(source("ones") | {"parameters": source()["parameters"] | {"init": [{"values": VALUES}]}})
    weights = [name for name in table.columns if name[0] in "wb" and name[1:2].isdigit()]
    assert table[weights][:2].equals(unnamed[weights])
    left = harness.train(source("ones", exclude=[{"init": "mazur", "epochs": 1}]))
    assert left["init"].tolist() == ["mazur", "ones", "ones"]
    recorded = harness.explain(source("zeros"), settings={"init": "mazur"})
    assert recorded["before"][recorded["name"] == "w2_1_2"].tolist() == [6.0]
    fingerprints = {
        load(made).fingerprint
        for made in (source(), source() | {"parameters": source()["parameters"] | {"init": {"values": VALUES}}})
    }
    assert len(fingerprints) == 2
