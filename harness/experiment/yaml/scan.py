"""ruamel.yaml's scanner, made fast for lists of numbers and bounded for everything else."""

from __future__ import annotations

import json
import re
from typing import Any

from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken

from harness.experiment.errors import Path

MOST_CHARACTERS = 256 * 1024
"""Characters outside lists of numbers."""

ADVICE = "write rows as [[1, 2], [3, 4]] or keep them in a CSV file"

NUMBERS = "numbers"
"""The style of the scalar token that stands for a list of numbers; its value is the list."""

_OPENING = re.compile(r"(?:\[[ \t\n]*){1,6}[-0-9]")
_RUN = re.compile(r"[ \t\n0-9+\-.eE,\[\]]*")
_DECODER = json.JSONDecoder()


class YamlTextError(Exception):
    """The text cannot be read as plain YAML. line and column: 1-based."""

    def __init__(self, message: str, line: int = 1, column: int = 1, path: Path = ()) -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.path = message, line, column, path


def _shallow(values: list[Any], depth: int = 1) -> bool:
    return depth <= 6 and all(type(item) is not list or _shallow(item, depth + 1) for item in values)


def _plain_numbers(text: str, start: int) -> tuple[list[Any], int] | None:
    """The list of numbers (or of such lists) that starts at `[`, and where it ends; None if there is none."""
    if not _OPENING.match(text, start):
        return None
    try:
        values, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (values, end) if _RUN.fullmatch(text, start, end) and _shallow(values) else None


class BoundedReader(Reader):
    """ruamel's reader, with a bound on the characters that are read one by one."""

    left = MOST_CHARACTERS

    def forward(self, length: int = 1) -> None:
        self.left -= length
        if self.left < 0:
            raise YamlTextError(
                f"more than {MOST_CHARACTERS // 1024} KiB besides lists of numbers; {ADVICE}",
                self.line + 1,
                self.column + 1,
            )
        self.jump(self.pointer + length)

    def jump(self, end: int) -> None:
        lines = self.buffer.count("\n", self.pointer, end)
        if lines:
            self.line += lines
            self.column = end - self.buffer.rfind("\n", self.pointer, end) - 1
        else:
            self.column += end - self.pointer
        self.index += end - self.pointer
        self.pointer = end


class NumbersScanner(Scanner):
    """ruamel's scanner, which takes a list of plain numbers as one token."""

    def fetch_flow_sequence_start(self) -> None:
        reader = self.reader
        taken = _plain_numbers(reader.buffer, reader.pointer)
        if taken is None:
            super().fetch_flow_sequence_start()
            return
        self.save_possible_simple_key()
        self.allow_simple_key = False
        start = reader.get_mark()
        reader.jump(taken[1])
        self.tokens.append(ScalarToken(taken[0], False, start, reader.get_mark(), NUMBERS))
