"""What is wrong with an experiment: where, what was expected, what was found, the nearest valid name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import HarnessError, printable
from harness.experiment.synonyms import NOTHING_LIKE, SYNONYMS

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file down to a value."""

SHOWN = 100
"""How many problems `str(error)` lists; `error.problems` holds them all."""

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


def closest(name: object, names: Iterable[str]) -> str:
    """The valid name that is spelled most like `name`, or nothing."""
    if not isinstance(name, str) or len(name) > 2 * LONGEST:
        return ""
    matches = difflib.get_close_matches(plain(name), list(names), n=1, cutoff=0.6)
    return matches[0] if matches and matches[0] != name else ""


def did_you_mean(name: str) -> str:
    """What a message ends with where this was probably meant."""
    return f"; did you mean {name}?" if name else ""


def nearest(name: object, names: Iterable[str]) -> str:
    """`; did you mean x?` for the valid name that is spelled most like `name`, or nothing."""
    return did_you_mean(closest(name, names))


def synonyms(name: object) -> tuple[str, ...]:
    """What a name that others use is called here, if it is known."""
    return SYNONYMS.get(plain(name), ()) if isinstance(name, str) else ()


def meant(name: object, names: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """What was probably meant by a name that is not valid: by its meaning, or else by its spelling.

    (the valid name, if there is one; a remark, if it is known that there is nothing like it)
    """
    names = list(names)
    if isinstance(name, str) and plain(name) in NOTHING_LIKE:
        return (), NOTHING_LIKE[plain(name)]
    known = synonyms(name)
    found = next((other for other in known if other in names), "") if known else closest(name, names)
    return (found,) if found else (), ""


def none_of(name: str, names: Iterable[str]) -> str:
    """What follows `no column 'x'` or the like: a suggestion, or the names there are."""
    names = list(names)
    guess, remark = meant(name, names)
    return did_you_mean(*guess) if guess else f"; {remark or f'there are {either(names)}'}"


def plain(name: str) -> str:
    """A name as names are written here: `Learning-Rate` as `learning_rate`."""
    return name.lower().replace("-", "_").replace(" ", "_")
