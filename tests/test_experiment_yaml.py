"""YAML text to plain data: YAML 1.2, with positions, and nothing that explodes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from harness.experiment.source import describe, to_yaml
from harness.experiment.yaml_scan import YamlTextError
from harness.experiment.yaml_text import MOST_EXPANDED, parse

MEGABYTE = 1 << 20
WORDS = st.text("ab:-#,[]{}&*!|>'\"%@`?. \n\t0123e+_~\\\u00e9\u2028\U0001f600", max_size=12) | st.text(max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)


def data(text: str) -> Any:
    found, positions = parse(text)
    assert not positions.problems
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1e3),
        (".5", 0.5),
        ("-.5e+2", -50.0),
        ("1.", 1.0),
        ("+1", 1),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("10:30", "10:30"),
        ("yes", "yes"),
        ("off", "off"),
        ("True", True),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("2026-01-01", "2026-01-01"),
        ("'1'", "1"),
        ('"a\\tb"', "a\tb"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[1, 2.5, -3e2]", [1, 2.5, -300.0]),
        ("[[1, 2],\n [3, 4]]", [[1, 2], [3, 4]]),
        ("[01, .5, a]", [1, 0.5, "a"]),
        ("{a: [1], b: {c: }}", {"a": [1], "b": {"c": None}}),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = data(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_nan_and_numbers_of_many_digits() -> None:
    assert math.isnan(data(".nan"))
    assert data("9" * 10_000) == math.inf
    assert data(f"[{'9' * 10_000}]") == [math.inf]


@given(NESTED)
def test_what_is_written_reads_back(value: Any) -> None:
    assert data(f"key: {describe(value)}") == {"key": value}
    if isinstance(value, dict):
        assert (data(to_yaml(value)) or {}) == value


@given(st.lists(st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False))))
def test_lists_of_numbers_read_like_any_other(rows: list[list[float]]) -> None:
    assert data(f"rows: {rows}") == {"rows": rows}
    assert data(f"rows:\n  {rows} # {rows}\nb: {rows}") == {"rows": rows, "b": rows}
    assert YAML(typ="safe", pure=True).load(f"rows: {rows}") == {"rows": rows}


def test_every_key_and_value_has_its_place() -> None:
    text = "a: 1\r\nb:\r\n  - {c: [x, y]}\r\n  -   d: [[1, 2],\r\n       [3, 4]]\r\n"
    found, positions = parse("\ufeff" + text)
    assert found == {"a": 1, "b": [{"c": ["x", "y"]}, {"d": [[1, 2], [3, 4]]}]}
    lines = text.split("\r\n")

    def letter(place: tuple[int, int]) -> str:
        return lines[place[0] - 1][place[1] - 1]

    assert [letter(positions.key(path)) for path in [("a",), ("b",), ("b", 0, "c"), ("b", 1, "d")]] == list("abcd")
    assert letter(positions.value(("b", 0, "c", 1))) == "y"
    for i, j, digit in [(0, 0, "1"), (0, 1, "2"), (1, 0, "3"), (1, 1, "4")]:
        assert letter(positions.value(("b", 1, "d", i, j))) == digit
    assert letter(positions.value(("b", 1, "d", 1))) == "["
    assert positions.key(("b", 1, "missing")) == positions.value(("b", 1)) == (4, 7)
    assert positions.key(("missing",)) == (1, 1)


def test_aliases_stand_for_what_they_name() -> None:
    assert data("a: &x [1, two]\nb: *x\n? &k c\n: *k") == {"a": [1, "two"], "b": [1, "two"], "c": "c"}


BOMB = "".join(
    f"{chr(97 + i)}: &{chr(97 + i)} [{', '.join([f'*{chr(96 + i)}' if i else 'x'] * 9)}]\n" for i in range(12)
)
HOSTILE = {
    "brackets": ("[" * MEGABYTE, "nested more than 32 deep"),
    "lists of lists": ("a: " + "[" * 9999 + "1" + "]" * 9999, "nested more than 32 deep"),
    "dashes": ("- " * (MEGABYTE // 2), "nested more than 32 deep"),
    "braces": ("{" * MEGABYTE, "expected a name as the key, found a mapping"),
    "aliases": (BOMB, f"aliases expand to more than {MOST_EXPANDED:,} values"),
    "recursion": ("a: &a {b: [*a]}", "alias *a stands inside what it refers to"),
    "keys": ("".join(f"k{i}: 1\n" for i in range(20_000)), "more than 12,000 values and lists; write rows as .*"),
    "text": ("a: " + "x" * MEGABYTE, "more than 256 KiB besides lists of numbers; write rows as .*"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused(name: str) -> None:
    text, message = HOSTILE[name]
    with pytest.raises(YamlTextError, match=f"^{message.replace('*a', '[*]a')}$"):
        parse(text)


def test_a_megabyte_of_rows_is_read() -> None:
    rows = [[i, i / 7, -1] for i in range(30_000)]
    text = f"rows: {rows}"
    assert len(text) > MEGABYTE * 3 // 4
    assert data(text) == {"rows": rows}
