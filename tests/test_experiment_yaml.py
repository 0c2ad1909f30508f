"""YAML text to plain data: YAML 1.2, with positions, and nothing that explodes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from harness.experiment.source import describe, to_yaml
from harness.experiment.yaml import MOST_EXPANDED, parse
from harness.experiment.yaml.scan import YamlTextError

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


MERGES = [
    "b: &b {x: 1, y: 2}\nc: {<<: *b, x: 3, z: 4}",
    "b: &b {x: 1, y: 2}\nc: {x: 3, <<: *b}",
    "b: &b {x: 1, y: 2}\nd: &d {y: 5, w: 6}\nc: {a: 0, <<: [*b, *d], x: 3}",
    "b: &b {x: &x {q: [1, 2]}}\nc: &c {<<: *b, y: 1}\nd: {<<: *c}\ne: {<<: *x, q: {r: *c}}",
    "c: {<<: {a: 1, b: 3}, b: 2}",
    "c: {<<: [], b: 2}",
    "b: &b {x: 1}\nl: &l [*b, {z: 2}]\nc: {<<: *l}",
    "a:\n  - &b\n    x: 1\n    y: [a, b]\n  - <<: *b\n    y: 3\n",
    "{<<: {x: 1}, y: 2}",
    'c: {"<<": {a: 1}, b: 2}',
]


@pytest.mark.parametrize("text", MERGES)
def test_merge_keys_are_ruamels(text: str) -> None:
    assert data(text) == YAML(typ="safe", pure=True).load(text)


@given(st.data())
def test_any_merges_are_ruamels(chance: st.DataObject) -> None:
    """Mappings, each of a few keys and of merges of those before it."""
    text = ""
    for number in range(chance.draw(st.integers(1, 5))):
        keys = chance.draw(st.lists(st.sampled_from("pqrs"), unique=True, max_size=3))
        items = [f"{key}: {number}" for key in keys]
        if number and chance.draw(st.booleans()):
            bases = [f"*m{base}" for base in chance.draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=3))]
            merge = bases[0] if len(bases) == 1 else f"[{', '.join(bases)}]"
            items.insert(chance.draw(st.integers(0, len(items))), f"<<: {merge}")
        text += f"m{number}: &m{number} {{{', '.join(items)}}}\n"
    assert data(text) == YAML(typ="safe", pure=True).load(text)


def test_only_a_plain_key_merges() -> None:
    assert data("a: <<\nb: [<<, {c: <<}]") == {"a": "<<", "b": ["<<", {"c": "<<"}]}
    assert data(to_yaml({"<<": {"a": "<<"}})) == {"<<": {"a": "<<"}}


def test_what_is_merged_comes_first_and_in_its_order() -> None:
    text = "b: &b {y: 1, x: 2}\nd: &d {w: 3, y: 4}\nc: {z: 0, x: 9, <<: [*b, *d]}"
    assert list(data(text)["c"].items()) == [("y", 1), ("x", 9), ("w", 3), ("z", 0)]


def test_what_is_merged_has_the_place_where_it_is_written() -> None:
    text = "b: &b\n  x: 1\n  n: {<<: &q {k: [5, 6]}}\nc:\n  <<: *b\n  y: 2\nd: {<<: [*b, *q], x: 7}\n"
    _, positions = parse(text)
    assert (positions.key(("c", "x")), positions.value(("c", "x"))) == ((2, 3), (2, 6))
    assert positions.value(("c", "n", "k", 1)) == positions.value(("d", "k", 1)) == (3, 22)
    assert (positions.key(("d", "k")), positions.key(("d", "x")), positions.key(("c", "y"))) == (
        (3, 15),
        (7, 19),
        (6, 3),
    )


BAD_MERGES = [
    ("c: {<<: 3}", [(1, 9, "expected a mapping to merge, such as *base, or a list of them, found 3")]),
    ("c: {<<: }", [(1, 8, "expected a mapping to merge, such as *base, or a list of them, found nothing")]),
    (
        "c: {<<: [{a: 1}, [2]]}",
        [(1, 18, "expected a mapping to merge, such as *base, or a list of them, found a list of 1")],
    ),
    ("b: &b x\nc: {<<: *b}", [(1, 4, "expected a mapping to merge, such as *base, or a list of them, found 'x'")]),
    ("c: {<<: {a: 1}, <<: {b: 1}}", [(1, 17, "given twice, first in line 1, column 5")]),
]


@pytest.mark.parametrize(("text", "problems"), BAD_MERGES)
def test_a_bad_merge_is_one_line(text: str, problems: list[tuple[int, int, str]]) -> None:
    _, positions = parse(text)
    assert [(problem.line, problem.column, problem.message) for problem in positions.problems] == problems
    assert {problem.path for problem in positions.problems} == {("c", "<<")}


BOMB = "".join(
    f"{chr(97 + i)}: &{chr(97 + i)} [{', '.join([f'*{chr(96 + i)}' if i else 'x'] * 9)}]\n" for i in range(12)
)
MERGED = "a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n"
MERGED += "".join(f"a{i}: &a{i} {{<<: *a{i - 1}}}\n" for i in range(1, 2000))
HOSTILE = {
    "brackets": ("[" * MEGABYTE, "nested more than 32 deep"),
    "lists of lists": ("a: " + "[" * 9999 + "1" + "]" * 9999, "nested more than 32 deep"),
    "dashes": ("- " * (MEGABYTE // 2), "nested more than 32 deep"),
    "braces": ("{" * MEGABYTE, "expected a name as the key, found a mapping"),
    "aliases": (BOMB, f"aliases expand to more than {MOST_EXPANDED:,} values"),
    "merges": (MERGED, f"aliases expand to more than {MOST_EXPANDED:,} values"),
    "merged into itself": ("a: &a {<<: *a}", "alias *a stands inside what it refers to"),
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
