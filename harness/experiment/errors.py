"""What is wrong with an experiment: where, what was expected, what was found, the nearest valid name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError, printable
from harness.experiment.synonyms import NOTHING_LIKE, SYNONYMS

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file down to a value."""


class Key(str):
    """The last step of a path to a key that is wrong itself, whatever its value."""

    __slots__ = ()


SHOWN = 100
"""How many problems `str(error)` lists; `error.problems` holds them all."""

MOST_NOTES = 20
"""Bad items of one list that are told one by one."""

MOST_NAMES = 8
"""Valid names that a message lists."""

LONGEST = 40
"""Characters of a value that a message repeats."""


@dataclass(frozen=True)
class Problem:
    """One line of complaint. line, column: 1-based, or None without a position. where: a dotted path."""

    file: str
    line: int | None
    column: int | None
    where: str
    message: str

    def __str__(self) -> str:
        position = "" if self.line is None else f":{self.line}:{self.column}"
        where = f"{self.where}: " if self.where else ""
        return f"{self.file}{position}: {where}{self.message}"


class ExperimentError(HarnessError):
    """The experiment cannot be run. problems: all that is wrong with it, in order of position."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    @property
    def lines(self) -> list[str]:
        lines = [printable(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(printable(f"{self.problems[0].file}: and {len(self.problems) - SHOWN} more problems"))
        return lines


class BadValueError(ValueError):
    """A value that cannot be used. notes: (path below it, message) for each thing that is wrong with it."""

    def __init__(self, message: str = "", *, notes: Iterable[tuple[Path, str]] = ()) -> None:
        self.notes: list[tuple[Path, str]] = [((), message)] if message else list(notes)
        super().__init__("; ".join(text for _, text in self.notes))

    def below(self, *steps: str | int) -> list[tuple[Path, str]]:
        """The notes, seen from `steps` further up."""
        return [((*steps, *path), text) for path, text in self.notes]


class Notes(list[tuple[Path, str]]):
    """What is wrong with the parts of a value, gathered so that all of it is reported at once."""

    def read(self, rule: Callable[[Any], Any], raw: object, *path: str | int) -> Any:
        """What `rule` makes of the part at `path`, or None if it is bad, which is noted."""
        try:
            return rule(raw)
        except BadValueError as bad:
            self += bad.below(*path)
            return None

    def add(self, message: str, *path: str | int) -> None:
        """Note a message about the part at `path`."""
        self.append((path, message))

    def add_key(self, message: str, key: str) -> None:
        """Note that a key should not be there."""
        self.append(((Key(key),), message))

    def settle(self) -> None:
        """Raise BadValueError if there is anything to report."""
        if self:
            raise BadValueError(notes=self)


def each(raw: Iterable[object], rule: Callable[[Any], Any], *below: str | int) -> tuple[Any, ...]:
    """What `rule` makes of every item. Raises BadValueError for all the bad ones, up to `MOST_NOTES`."""
    notes = Notes()
    values = tuple(notes.read(rule, item, *below, index) for index, item in enumerate(raw))
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [(below, f"and {len(notes) - MOST_NOTES} more like these")]
    notes.settle()
    return values


def unknown(key: object, names: Iterable[str]) -> str:
    """The message for a key that should not be there."""
    names = list(names)
    return f"unknown key{suggestion(key, names) or f'; expected one of {either(names)}'}"


def dotted(path: Path) -> str:
    """`("data", "rows", 3)` as `data.rows[3]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shorten(step)}" if text else shorten(step)
    return text


def shorten(text: str, most: int = LONGEST) -> str:
    """One printable line of at most that many characters."""
    text = printable(text[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."


def found(value: object) -> str:
    """How a message names the value that stands in the file."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{shorten(value)}'"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST else "a number of many digits"
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() and math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    return f"a Python object of type {type(value).__name__}"


def count(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {thing}" + "s" * (number != 1)


def either(names: Iterable[str]) -> str:
    """`a, b or c`; of many names the first, `a, b, .. and 5 more`."""
    most = [*names]
    if len(most) > MOST_NAMES:
        return f"{', '.join(most[:MOST_NAMES])} and {len(most) - MOST_NAMES:,} more"
    last = most.pop()
    return f"{', '.join(most)} or {last}" if most else last


def nearest(name: object, names: Iterable[str]) -> str:
    """`; did you mean x?` for the valid name that is spelled most like `name`, or nothing."""
    if not isinstance(name, str) or len(name) > 2 * LONGEST:
        return ""
    matches = difflib.get_close_matches(plain(name), list(names), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]}?" if matches and matches[0] != name else ""


def synonyms(name: object) -> tuple[str, ...]:
    """What a name that others use is called here, if it is known."""
    return SYNONYMS.get(plain(name), ()) if isinstance(name, str) else ()


def suggestion(name: object, names: Iterable[str]) -> str:
    """What was probably meant by a name that is not valid: by its meaning, or else by its spelling.

    `; did you mean x?`, or a remark that there is nothing like it, or nothing.
    """
    names = list(names)
    if isinstance(name, str) and plain(name) in NOTHING_LIKE:
        return f"; {NOTHING_LIKE[plain(name)]}"
    known = synonyms(name)
    meant = [other for other in known if other in names]
    return f"; did you mean {meant[0]}?" if meant else "" if known else nearest(name, names)


def not_one_of(value: object, names: Sequence[str]) -> str:
    """The message for a value that is none of the valid names."""
    return f"expected {either(names)}, found {found(value)}{suggestion(value, names)}"


def none_of(name: str, names: Iterable[str]) -> str:
    """What follows `no column 'x'` or the like: a suggestion, or the names there are."""
    names = list(names)
    return suggestion(name, names) or f"; there are {either(names)}"


def plain(name: str) -> str:
    """A name as names are written here: `Learning-Rate` as `learning_rate`."""
    return name.lower().replace("-", "_").replace(" ", "_")
