"""Where parameters lie and what they are called: for one network by hand, for any by what must hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network.layout import BIAS, WEIGHT, Layout, Parameter, bias, parse, shape, weight
from harness.network.structure import Structure

PLAIN = Structure((2, 2, 1), ("identity",) * 2, "true", "mse", "sgd", 1, "float64", "exact")
NAMES = ["w1_1_1", "w1_1_2", "w1_2_1", "w1_2_2", "b1_1", "b1_2", "w2_1_1", "w2_1_2", "b2_1"]

networks = st.builds(
    lambda layers, bias: replace(PLAIN, layers=tuple(layers), bias=bias),
    st.lists(st.integers(1, 12), min_size=2, max_size=5),
    st.sampled_from(["true", "false", "fixed"]),
)


def test_the_network_of_the_question_by_hand() -> None:
    layout = Layout(PLAIN)
    assert layout.names == NAMES
    assert [name for name in NAMES if name[0] == "w"] == Layout(replace(PLAIN, bias="false")).names
    weights, biases = layout.split(np.arange(9))
    assert [part.tolist() for part in weights] == [[[0, 1], [2, 3]], [[6, 7]]]
    assert [part.tolist() for part in biases] == [[4, 5], [8]]
    assert [(tensor.parameter.name, tensor.slice) for tensor in layout.tensors] == [
        ("w1", slice(0, 4)), ("b1", slice(4, 6)), ("w2", slice(6, 8)), ("b2", slice(8, 9)),
    ]  # fmt: skip
    assert weight(1, 2, 1).meaning == "weight of layer 1, to unit 2 from unit 1 below"
    assert bias(2, 1).meaning == "bias of layer 2, to unit 1"
    assert Parameter(WEIGHT, 1).meaning == "every weight of layer 1, row by row"
    assert Parameter(BIAS, 1).meaning == "every bias of layer 1, in order"


@given(networks)
def test_names_places_and_order_agree(structure: Structure) -> None:
    layout = Layout(structure)
    assert layout.count == len(layout.names) == len(set(layout.names))
    assert [parse(name) for name in layout.names] == layout.parameters == sorted(layout.parameters, key=_order)
    flat = np.arange(layout.count)
    weights, biases = layout.split(flat)
    assert np.array_equal(layout.join(weights, biases), flat)
    for number, one in enumerate(layout.parameters):
        parts = weights if one.kind == WEIGHT else biases
        assert parts[one.layer - 1][one.place] == number
        assert parts[one.layer - 1].shape == shape(one.whole, structure.layers)
    assert [number for tensor in layout.tensors for number in range(layout.count)[tensor.slice]] == flat.tolist()
    assert layout.tensors == [tensor for layer in range(1, len(structure.layers)) for tensor in layout.of_layer(layer)]


def _order(parameter: Parameter) -> tuple[object, ...]:
    return parameter.order


@given(st.sampled_from([WEIGHT, BIAS]), st.integers(1, 10**6), st.lists(st.integers(1, 10**6), max_size=3))
def test_a_name_means_one_parameter(kind: str, layer: int, units: list[int]) -> None:
    made = Parameter(kind, layer, tuple(units))
    assert parse(made.name) == (made if len(units) in (0, 2 if kind == WEIGHT else 1) else None)


@pytest.mark.parametrize(
    "name", ["", "w", "w0", "w01", "w1_0_1", "w1_1", "b1_1_1", "w1_1_1_1", "W1", "w1_1_1 ", "bias"]
)
def test_other_names_mean_none(name: str) -> None:
    assert parse(name) is None


def test_a_layer_that_is_not_there_has_no_shape() -> None:
    assert shape(Parameter(WEIGHT, 2), [3, 1]) == (0, 0)
    assert shape(Parameter(BIAS, 2), [3, 1]) == (0,)
