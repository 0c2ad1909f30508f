"""Where in a YAML text every key and value stands, for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.experiment.errors import Path
from harness.experiment.yaml.scan import YamlTextError

_PIECE = re.compile(r"[\[\]]|[^\s,\[\]]+")


@dataclass
class Positions:
    """Where every key and value stands. Of a list of numbers only the start is kept; the rest is looked up.

    merged: the path of a key that `<<` brought in -> the path where it is written. problems: what is wrong without
    keeping the rest from being read (a key given twice, a tag).
    """

    text: str
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    numbers: dict[Path, int] = field(default_factory=dict)
    merged: dict[Path, Path] = field(default_factory=dict)
    problems: list[YamlTextError] = field(default_factory=list)

    def value(self, path: Path) -> tuple[int, int]:
        """(line, column) of a value, or of the nearest thing above it that has a position."""
        path = self.written(path)
        for length in range(len(path), -1, -1):
            above = path[:length]
            if length < len(path) and above in self.numbers:
                return self._inside(self.numbers[above], path[length:])
            if above in self.values:
                return self.values[above]
        return (1, 1)

    def key(self, path: Path) -> tuple[int, int]:
        """(line, column) of the key that a path ends with, or of the nearest key or list item above it."""
        path = self.written(path)
        for length in range(len(path), 0, -1):
            at = self.keys.get(path[:length]) or self.values.get(path[:length])
            if at:
                return at
        return (1, 1)

    def written(self, path: Path) -> Path:
        """The path under which something is written, whatever mappings it was merged into."""
        length = 1
        while length <= len(path):
            if path[:length] in self.merged:
                path, length = (*self.merged[path[:length]], *path[length:]), 0
            length += 1
        return path

    def _inside(self, start: int, indices: Path) -> tuple[int, int]:
        at, best = [0], start
        for piece in _PIECE.finditer(self.text, start + 1):
            if piece.group() == "]":
                at.pop()
                if not at:
                    break
                at[-1] += 1
                continue
            if tuple(at) == indices:
                best = piece.start()
                break
            if piece.group() == "[":
                at.append(0)
            else:
                at[-1] += 1
        return self.line_column(best)

    def line_column(self, offset: int) -> tuple[int, int]:
        """(line, column) of a character."""
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)
