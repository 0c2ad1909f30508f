"""Initialisations: one meaning for every spelling, and PyTorch's definitions of the scaled ones."""

from __future__ import annotations

import itertools
from math import sqrt
from typing import Any

import numpy as np
import pytest

import harness
from harness.experiment import load
from harness.experiment.initialisations import RULES, Initialisation
from harness.experiment.initialisations.written import parse
from harness.experiment.source import fragment

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
    ("xavier_uniform", ["xavier_uniform", {"xavier_uniform": {}}]),
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
    ],
)
def test_every_rule_is_one_of_five_primitives(rule: Any, wanted: tuple[Any, ...]) -> None:
    init = parse(rule)
    assert init.tensor(1, 3, 5) == wanted
    assert init.random == (wanted[0] != "constant")
    assert init.problem([3, 5]) is None
    np.testing.assert_array_equal(init.biases(1, 5), np.zeros(5), strict=True)


def test_every_rule_has_a_name_and_no_other_is_random() -> None:
    assert {name for name, rule in RULES.items() if not rule.random} == {"ones", "zeros", "constant"}


def test_explicit_values_are_those_of_their_layer() -> None:
    init = parse({"values": VALUES})
    assert not init.random
    for layer in (1, 2):
        kind, weights = init.tensor(layer, 2, 3 - layer)
        assert kind == "values"
        np.testing.assert_array_equal(weights, np.array(VALUES["weights"][layer - 1], float), strict=True)
        np.testing.assert_array_equal(
            init.biases(layer, 3 - layer), np.array(VALUES["biases"][layer - 1], float), strict=True
        )
    assert init.problem([2, 2, 1]) is None
    assert init.problem([2, 2, 2]) == ("2 rows of 2 for weights[1] and layers [2, 2, 2]", "1 of 2")
    assert init.problem([2, 1]) == ("one matrix a layer, 1 for [2, 1]", "2")
    assert init.label == f"{{values: {init.digest().hex()[:8]}}}"


def test_one_bias_for_every_unit() -> None:
    np.testing.assert_array_equal(parse({"zeros": {}, "bias": 2}).biases(3, 4), np.full(4, 2.0), strict=True)


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
