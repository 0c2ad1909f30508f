"""What is wrong with an experiment, as values: gathered from all of it, and worded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from harness.experiment.errors import Path, closest, did_you_mean, either, found, meant

MOST_NOTES = 20
"""Bad items of one list that are told one by one."""


class Wrong(Enum):
    """What sort of thing is wrong, and how its sentence begins."""

    VALUE = "expected {expected}, found {found}"
    RESULT = "expected {expected}, but {found}"
    UNKNOWN = "unknown {found}"
    MISPLACED = "unknown key here"
    MISSING = "missing"
    UNUSED = "not used: {found}"
    UNMATCHED = "matches nothing: {found}"
    OTHER = "{found}"


@dataclass(frozen=True)
class Note:
    """One thing that is wrong.

    path: where, from the value that was looked at down. expected, found: in words. guess: the path that was probably
    meant; of a value, with the other value as its last step. hint: what else helps. key: the key at the path is wrong
    itself, whatever its value. unless: all is well if a misspelt key was meant to be this one.
    """

    path: Path
    kind: Wrong
    expected: str = ""
    found: str = ""
    guess: Path = ()
    hint: str = ""
    key: bool = False
    unless: str = ""

    def below(self, *steps: str | int) -> Note:
        """The note, seen from `steps` further up."""
        guess = self.guess and (*(steps if self.path else steps[:-1]), *self.guess)
        return replace(self, path=(*steps, *self.path), guess=guess)


def words(note: Note) -> str:
    """The sentence of a note, as a user reads it."""
    text = note.kind.value.format(expected=note.expected, found=note.found)
    if note.guess:
        here = note.path[:-1]
        guess = note.guess[len(here) :] if note.guess[:-1][: len(here)] == here else note.guess
        if note.kind is Wrong.MISPLACED:
            return f"{text}; it belongs {f'under {guess[0]}' if len(guess) > 1 else 'at the top level'}"
        return text + did_you_mean(".".join(map(str, guess)))
    told = note.kind in (Wrong.VALUE, Wrong.RESULT)
    more = note.hint or (f"expected {note.expected}" if note.expected and not told else "")
    return f"{text}; {more}" if more else text


class BadValueError(ValueError):
    """A value that cannot be used. notes: each thing that is wrong with it."""

    def __init__(self, *notes: Note) -> None:
        self.notes = notes
        super().__init__("; ".join(map(words, notes)))

    def below(self, *steps: str | int) -> list[Note]:
        """The notes, seen from `steps` further up."""
        return [note.below(*steps) for note in self.notes]


class Notes(list[Note]):
    """What is wrong with the parts of a value, gathered so that all of it is reported at once."""

    def read(self, rule: Callable[[Any], Any], raw: object, *path: str | int) -> Any:
        """What `rule` makes of the part at `path`, or None if it is bad, which is noted."""
        try:
            return rule(raw)
        except BadValueError as bad:
            self += bad.below(*path)
            return None

    def settle(self) -> None:
        """Raise BadValueError if there is anything to report."""
        if self:
            raise BadValueError(*self)

    def shorten(self, *path: str | int) -> None:
        """Tell of the first `MOST_NOTES` alone, and at `path` how many more there are."""
        if len(self) > MOST_NOTES:
            self[MOST_NOTES:] = [Note(path, Wrong.OTHER, found=f"and {len(self) - MOST_NOTES} more like these")]


def each(raw: Iterable[object], rule: Callable[[Any], Any], *below: str | int) -> tuple[Any, ...]:
    """What `rule` makes of every item. Raises BadValueError for all the bad ones, up to `MOST_NOTES`."""
    notes = Notes()
    values = tuple(notes.read(rule, item, *below, index) for index, item in enumerate(raw))
    notes.shorten(*below)
    notes.settle()
    return values


def unexpected(expected: str, *raw: object) -> BadValueError:
    """The refusal of a value, or of several together, in place of which something else was expected."""
    return BadValueError(Note((), Wrong.VALUE, expected, " and ".join(map(found, raw))))


def refused(why: str, expected: str = "") -> BadValueError:
    """The refusal of a value for a reason in words."""
    return BadValueError(Note((), Wrong.OTHER, expected, why))


def not_one_of(raw: object, names: Iterable[str], expected: str = "") -> BadValueError:
    """The refusal of a value that is none of the valid names. expected: all of these in words."""
    names = list(names)
    guess, remark = meant(raw, names)
    return BadValueError(Note((), Wrong.VALUE, expected or either(names), found(raw), guess, remark))


def unknown(name: object, names: Iterable[str], path: Path = (), what: str = "key", told: bool = True) -> Note:
    """A note that a name should not be there. path: ends with it. what: it names. told: the valid names are, too."""
    names = list(names)
    guess, remark = meant(name, names)
    expected = f"one of {either(names)}" if told else ""
    return Note(path, Wrong.UNKNOWN, expected, what, guess and (*path[:-1], *guess), remark, key=True)


def no_column(name: object, names: Iterable[str], path: Path, has: str) -> Note:
    """A note that no column has this name. has: which ones there are, in words."""
    guess = closest(name, names)
    return Note(path, Wrong.OTHER, "", "no such column", (*path[:-1], guess) if guess else (), has)
