"""What users can get wrong, what can go wrong, and what every layer raises for it, in lines that say what they say."""

from __future__ import annotations

from typing import Any

LONGEST = 10_000
"""Characters of a line that are shown."""
BYTES = range(0xDC80, 0xDD00)
"""What Python makes of the bytes of a file's name that are not UTF-8."""


def printable(text: object) -> str:
    """A stranger's text as part of one line: what would not be seen as it is reads `\\x1b`, `\\n` or `\\u202e`.

    So it can neither end the line, nor steer a terminal, nor turn the order of letters; a byte of a file's name that is
    not UTF-8 reads `\\xff`. Twice is as once. Of a text longer than `LONGEST` the end is left out.
    """
    line = str(text)
    return visible(line if len(line) <= LONGEST else f"{line[: LONGEST - 2]}..")


def visible(text: str) -> str:
    """All of a text, with what cannot be seen written out."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(letter: str) -> str:
    if letter.isprintable():
        return letter
    return f"\\x{ord(letter) - 0xDC00:02x}" if ord(letter) in BYTES else letter.encode("unicode_escape").decode()


class InLines:
    """A message in lines, one for each argument. Nothing in an argument can end its line."""

    args: tuple[Any, ...]

    @property
    def lines(self) -> list[str]:
        return [printable(line) for line in self.args]

    def __str__(self) -> str:
        return "\n".join(self.lines)


class HarnessError(InLines, ValueError):
    """Bad input: each argument is the line of a problem, and says where it is, what was found and what was expected."""

    exit_code = 2


class FailedError(HarnessError):
    """What was asked is right and could not be done: a line says what happened and how to go on."""

    exit_code = 1


class HarnessWarning(InLines, UserWarning):
    """Something that was asked for is done, but not with all that is there: a line says what."""


def in_utf8(path: str) -> str:
    """The path, if it is text. Raises `HarnessError` if it is not: YAML and the readers of Parquet take no other."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise HarnessError(f"{path}: this name is not in UTF-8; expected one that is, so rename it") from None
    return path
