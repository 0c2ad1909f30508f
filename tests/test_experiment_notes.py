"""What is wrong with an experiment, as values."""

from __future__ import annotations

import pytest

from harness.experiment.notes import BadValueError, Note, Notes, Wrong, each, unknown, words
from harness.experiment.settings import batch_size, name_of

BELOW = Note(("zip", "a", "lr"), Wrong.UNKNOWN, found="key", guess=("zip", "a", "learning_rate"))
WORDS = [
    (Note((), Wrong.VALUE, "true", "1"), "expected true, found 1"),
    (Note((), Wrong.VALUE, "true", "1", ("false",)), "expected true, found 1; did you mean false?"),
    (Note((), Wrong.VALUE, "true", "1", hint="write true"), "expected true, found 1; write true"),
    (Note((), Wrong.RESULT, "2", "there are {3}"), "expected 2, but there are {3}"),
    (Note(("lr",), Wrong.UNKNOWN, "one of a, b", "key"), "unknown key; expected one of a, b"),
    (Note(("lr",), Wrong.UNKNOWN, "one of a, b", "key", hint="there is none"), "unknown key; there is none"),
    (Note(("lr",), Wrong.UNKNOWN, "one of a, b", "key", ("rate",)), "unknown key; did you mean rate?"),
    (BELOW, "unknown key; did you mean learning_rate?"),
    (Note(("lr",), Wrong.UNKNOWN, found="key", guess=("p", "rate")), "unknown key; did you mean p.rate?"),
    (Note(("p", "x"), Wrong.UNKNOWN, found="key", guess=("p",)), "unknown key; did you mean p?"),
    (Note(("x", "loss"), Wrong.MISPLACED, guess=("p", "loss")), "unknown key here; it belongs under p"),
    (Note(("x", "seed"), Wrong.MISPLACED, guess=("seed",)), "unknown key here; it belongs at the top level"),
    (Note((), Wrong.MISSING, "a name"), "missing; expected a name"),
    (Note((), Wrong.MISSING, hint="give one"), "missing; give one"),
    (Note((), Wrong.UNUSED, found="x is y"), "not used: x is y"),
    (Note((), Wrong.UNMATCHED, found="x is y"), "matches nothing: x is y"),
    (Note((), Wrong.OTHER, "another", "this is one"), "this is one; expected another"),
]


@pytest.mark.parametrize(("note", "text"), WORDS)
def test_a_note_is_worded_by_its_kind(note: Note, text: str) -> None:
    assert words(note) == text
    assert str(BadValueError(note, note)) == f"{text}; {text}"


def test_a_note_is_seen_from_further_up() -> None:
    (note,) = BadValueError(unknown("lr", ["learning_rate"], ("lr",))).below("grids", 0)
    assert (note.path, note.guess) == (("grids", 0, "lr"), ("grids", 0, "learning_rate"))
    with pytest.raises(BadValueError) as caught:
        each(["relu", "rleu"], lambda raw: name_of(raw, ["relu", "tanh"]))
    (note,) = caught.value.below("network", "activation")
    assert (note.path, note.expected, note.found) == (("network", "activation", 1), "relu or tanh", "'rleu'")
    assert (note.guess, words(note)) == (
        ("network", "activation", "relu"),
        "expected relu or tanh, found 'rleu'; did you mean relu?",
    )


def test_a_rule_says_more_of_what_another_expects() -> None:
    with pytest.raises(BadValueError) as caught:
        batch_size(", found")
    (note,) = caught.value.notes
    assert (note.expected, note.found) == ("a whole number of at least 1 or full", "', found'")


def test_notes_are_gathered() -> None:
    notes = Notes()
    notes.settle()
    assert notes.read(batch_size, 3, "a") == 3
    assert notes.read(batch_size, 0, "a", 1) is None
    with pytest.raises(BadValueError) as caught:
        notes.settle()
    assert [note.path for note in caught.value.notes] == [("a", 1)]
