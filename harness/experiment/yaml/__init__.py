"""YAML 1.2 text to plain data, with the line and column of every key and value.

ruamel.yaml does the scanning; the data are built here from its events, without recursion, so that nesting,
aliases and sheer length stay bounded. Lists of plain numbers, which is what data look like, are read in one
go: ruamel needs 50 microseconds an event, or 30 s for a megabyte of rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from harness.experiment.errors import Path, found, shorten
from harness.experiment.yaml.positions import Positions
from harness.experiment.yaml.scan import ADVICE, NUMBERS, BoundedReader, NumbersScanner, YamlTextError

MERGE = "\0<<"
"""The key under which what is merged stands until its mapping ends; no key of a file can be that."""
DEEPEST = 32
MOST_EVENTS = 12_000
MOST_EXPANDED = 1_000_000
"""Bounds on nesting; on YAML events, where a list of numbers is one; on values after aliases are expanded."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def scalar(text: str) -> Any:
    """A plain scalar under YAML 1.2's core schema: `1e-3` is a number, `10:30` and `yes` are strings."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
    except ValueError:  # more digits than Python converts
        return float("inf")
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass
class _Open:
    """A list or mapping whose end has not been reached."""

    value: Any
    path: Path
    anchor: str | None
    size: int = 1
    key: str | None = None
    refused: list[str] = field(default_factory=list)


class _Builder:
    """Events in, plain data and positions out."""

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int, Path]] = {}
        self.aliases: dict[Path, Path] = {}
        self.root: Any = None
        self.expanded = 0

    def path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.path, len(top.value) if isinstance(top.value, list) else str(top.key).lstrip("\0"))

    def expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def refuse(self, message: str, line: int, column: int, path: Path) -> None:
        self.positions.problems.append(YamlTextError(message, line, column, path))

    def add_key(self, key: Any, line: int, column: int, merge: bool = False) -> None:
        top = self.stack[-1]
        if merge and MERGE not in top.value:
            self.positions.keys[*top.path, key] = (line, column)
            top.key = MERGE
            return
        path = (*top.path, key if isinstance(key, str) else found(key))
        if not isinstance(key, str):
            self.refuse(f"expected a name as the key, found {found(key)}", line, column, path)
        elif key in top.value or merge:
            first = self.positions.keys[path]
            self.refuse(f"given twice, first in line {first[0]}, column {first[1]}", line, column, path)
        else:
            self.positions.keys[path] = (line, column)
            top.key = key
            return
        top.key = f"\0{len(top.refused)}"  # read on, and leave the value out at the end
        top.refused.append(top.key)

    def add(self, value: Any, line: int, column: int, size: int = 1) -> None:
        self.expanded += size
        if self.expanded > MOST_EXPANDED:
            raise YamlTextError(f"aliases expand to more than {MOST_EXPANDED:,} values", line, column)
        path = self.path()
        self.positions.values[path] = (line, column)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.size += size
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[top.key] = value
            top.key = None

    def alias(self, name: str, line: int, column: int) -> None:
        if any(opened.anchor == name for opened in self.stack):
            raise YamlTextError(f"alias *{shorten(name)} stands inside what it refers to", line, column)
        if name not in self.anchors:
            raise YamlTextError(f"alias *{shorten(name)} refers to nothing", line, column)
        value, size, path = self.anchors[name]
        if self.expects_key():
            self.add_key(value, line, column)
        else:
            self.aliases[self.path()] = path
            self.add(value, line, column, size)

    def scalar(self, event: Any, line: int, column: int) -> None:
        numbers = event.style == NUMBERS
        plain = event.style is None or event.style == ""
        value = scalar(event.value) if plain else event.value
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, _size(value), self.path())
        if self.expects_key():
            self.add_key(value, line, column, merge=plain and value == MERGE.lstrip("\0"))
            return
        if numbers:
            self.positions.numbers[self.path()] = event.start_mark.index
        self.add(value, line, column, _size(value))

    def begin(self, value: Any, anchor: str | None, line: int, column: int) -> None:
        if self.expects_key():
            kind = "mapping" if isinstance(value, dict) else "list"
            raise YamlTextError(f"expected a name as the key, found a {kind}", line, column, self.stack[-1].path)
        if len(self.stack) >= DEEPEST:
            raise YamlTextError(f"nested more than {DEEPEST} deep", line, column)
        self.stack.append(_Open(value, self.path(), anchor))
        self.positions.values[self.stack[-1].path] = (line, column)

    def end(self) -> None:
        done = self.stack.pop()
        for key in done.refused:
            del done.value[key]
        if isinstance(done.value, dict) and MERGE in done.value:
            done.value = self.merged(done.value, done.path)
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, done.size, done.path)
        line, column = self.positions.values[done.path]
        self.expanded -= done.size - 1
        self.add(done.value, line, column, done.size)

    def merged(self, own: dict[str, Any], path: Path) -> dict[str, Any]:
        """A mapping with the keys that `<<` brings in: they come first, and of two the first; its own values win."""
        bases = own.pop(MERGE)
        place = (*path, MERGE.lstrip("\0"))
        place = self.aliases.get(place, place)
        found_there = [(bases, place)]
        if isinstance(bases, list):
            places = [(*place, index) for index in range(len(bases))]
            found_there = [(base, self.aliases.get(at, at)) for base, at in zip(bases, places, strict=True)]
        everything: dict[str, Any] = {}
        for base, at in found_there:
            if not isinstance(base, dict):
                wanted = "expected a mapping to merge, such as *base, or a list of them"
                self.refuse(f"{wanted}, found {found(base)}", *self.positions.value(at), (*path, "<<"))
                continue
            for key in base.keys() - everything.keys() - own.keys():
                self.positions.merged[*path, key] = self.positions.written((*at, key))
            everything |= {key: value for key, value in base.items() if key not in everything}
        return {**everything, **own}


def _size(value: Any) -> int:
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def _feed(builder: _Builder, event: Any, line: int, column: int) -> None:
    """One event after the other; the kinds by name, as ruamel names them."""
    kind = type(event).__name__
    tag = getattr(event, "ctag", None)
    if tag is not None:
        written = shorten(str(tag).replace("tag:yaml.org,2002:", "!!"))
        builder.refuse(f"tags such as {written} are not allowed", line, column, builder.path())
    if kind == "DocumentStartEvent":
        if "" in builder.anchors:
            raise YamlTextError("expected one document, found a second one", line, column)
        builder.anchors[""] = (None, 1, ())
        if event.version not in (None, (1, 2)):
            raise YamlTextError("experiments are read as YAML 1.2; remove the %YAML line", line, column)
    elif kind == "AliasEvent":
        builder.alias(event.anchor, line, column)
    elif kind == "ScalarEvent":
        builder.scalar(event, line, column)
    elif kind == "SequenceStartEvent":
        builder.begin([], event.anchor, line, column)
    elif kind == "MappingStartEvent":
        builder.begin({}, event.anchor, line, column)
    elif kind in ("SequenceEndEvent", "MappingEndEvent"):
        builder.end()


def parse(text: str) -> tuple[Any, Positions]:
    """Plain data and positions of one YAML document. Raises YamlTextError if it is not one, or too much."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    positions = Positions(text)
    builder = _Builder(positions)
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner = BoundedReader, NumbersScanner
    try:
        for count, event in enumerate(yaml.parse(text)):
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if count > MOST_EVENTS:
                raise YamlTextError(f"more than {MOST_EVENTS:,} values and lists; {ADVICE}", line, column)
            _feed(builder, event, line, column)
    except ReaderError as error:
        line, column = positions.line_column(min(int(error.position), len(text)))
        raise YamlTextError(f"the character U+{ord(text[error.position]):04X} is not allowed", line, column) from None
    except MarkedYAMLError as error:
        raise _as_problem(error) from None
    except YAMLError as error:
        raise YamlTextError(f"not valid YAML: {shorten(str(error))}") from None
    return builder.root, positions


def _as_problem(error: MarkedYAMLError) -> YamlTextError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    said = " ".join(str(error.problem or error.context).split())
    return YamlTextError(f"not valid YAML: {said}", line, column)
