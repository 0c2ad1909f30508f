"""Ticks are round, at least three, and no two read alike."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.views import numbers, ticks

POWER = "1e{power}"
positive = st.floats(1e-290, 1e290)


def read(text: str) -> float:
    return float(text.replace(" x 1e", "e"))


@given(low=positive, ratio=st.floats(1.0001, 1e9), most=st.integers(4, 10))
def test_a_logarithmic_axis_has_three_round_ticks_or_more(low: float, ratio: float, most: int) -> None:
    found = ticks.logarithmic(low, low * ratio, most)
    assert ticks.FEWEST <= len(found) <= max(most, 6)
    assert found == sorted(set(found))
    assert all(low * (1 - 1e-6) <= value <= low * ratio * (1 + 1e-6) for value in found)
    said = numbers.tick_texts(found, POWER)
    assert len(set(said)) == len(found)
    assert [read(text) for text in said] == pytest.approx(found, rel=1e-3)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), most=st.integers(4, 10))
def test_a_linear_axis_has_three_round_ticks_or_more(low: float, span: float, most: int) -> None:
    found = ticks.linear(low, low + span, most)
    assert ticks.FEWEST <= len(found) <= most
    steps = {round((b - a) / (found[1] - found[0]), 3) for a, b in itertools.pairwise(found)}
    assert steps == {1.0}
    digits = f"{found[1] - found[0]:.4e}"[:6]
    assert digits in {"1.0000", "2.0000", "2.5000", "5.0000"}


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1e-3, 1, ["0.001", "0.01", "0.1", "1"]),
        (0.03, 30, ["0.1", "1", "10"]),
        (2, 90, ["2", "5", "10", "20", "50"]),
        (0.19, 0.21, ["0.19", "0.195", "0.2", "0.205", "0.21"]),
        (1, 301, ["1", "2", "5", "10", "20", "50", "100", "200"]),
        (1e-12, 2, ["1e-12", "1e-10", "1e-8", "1e-6", "1e-4", "1e-2", "1e0"]),
        (3e-7, 2e-5, ["5 x 1e-7", "1e-6", "2 x 1e-6", "5 x 1e-6", "1e-5", "2 x 1e-5"]),
    ],
)
def test_decades_with_2_and_5(low: float, high: float, said: list[str]) -> None:
    assert numbers.tick_texts(ticks.logarithmic(low, high), POWER) == said


def test_whole_numbers_stay_whole() -> None:
    assert ticks.linear(1, 3, 8, whole=True) == [1, 2, 3]
    assert all(value.is_integer() for value in ticks.linear(1, 1000, 5, whole=True))


def test_labels_that_hardly_differ_get_the_digits_that_tell_them_apart() -> None:
    assert numbers.distinct([300, 301]) == ["300", "301"]
    assert numbers.distinct([0.00242, 0.00243]) == ["0.00242", "0.00243"]
    assert numbers.distinct([0.1, 1 / 3, 1 / 3 + 1e-9]) == ["0.1", "0.333333333", "0.333333334"]
    assert numbers.distinct([]) == []


def test_no_axis_of_one_number_is_divided() -> None:
    assert ticks.linear(5, 5) == [5]
    assert math.isfinite(ticks.linear(5, math.nextafter(5, 6))[0])
