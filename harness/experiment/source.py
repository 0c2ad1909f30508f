"""Where an experiment comes from: a YAML file or a Python mapping, as plain data with positions."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from harness.experiment import shipped
from harness.experiment.errors import ExperimentError, Path, Problem, dotted, found, shorten
from harness.experiment.mapping import MOST_BYTES, TOO_LARGE, plain, plain_mapping
from harness.experiment.notes import Note, Wrong, refused, words
from harness.experiment.yaml import parse, scalar
from harness.experiment.yaml.positions import Positions
from harness.experiment.yaml.scan import YamlTextError

if TYPE_CHECKING:
    from harness.experiment.data import DataTable

_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*(?: [A-Za-z0-9_.-]+)*")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Source:
    """Plain data and where they came from.

    label: what messages call it. folder: what relative file names start from. text: the file, or the mapping
    as YAML. places: path -> what messages call it, where that is another place. kept: a Parquet file in place of the
    data file that is named, or a table where none is, or None.
    """

    label: str
    data: dict[str, Any]
    text: str
    folder: FilePath
    positions: Positions | None = None
    places: Mapping[Path, Path] = field(default_factory=dict)
    kept: bytes | DataTable | None = None

    def error(self, notes: Iterable[Note]) -> ExperimentError:
        """All notes, with those the YAML reader left, as one error in order of position."""
        if self.positions is None:
            return ExperimentError([Problem(self.label, None, None, self._place(n.path), words(n)) for n in notes])
        early = self.positions.problems
        problems = [Problem(self.label, p.line, p.column, dotted(p.path), p.message) for p in early]
        for note in notes:
            line, column = (self.positions.key if note.key else self.positions.value)(note.path)
            problems.append(Problem(self.label, line, column, dotted(note.path), words(note)))
        return ExperimentError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))

    def _place(self, path: Path) -> str:
        """What messages call a path."""
        above = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.places), ())
        return dotted((*self.places.get(above, ()), *path[len(above) :]))


def read(source: str | os.PathLike[str] | Mapping[str, Any], text: str | None = None) -> Source:
    """The plain data of a YAML file, of a shipped experiment named alone, or of a mapping.

    text: what stood in the file at another time. Raises ExperimentError if there are no such data.
    """
    if isinstance(source, Mapping):
        return _from_mapping(source)
    label = os.fspath(source)
    path = shipped.resolved(label)
    text = _text(label, path) if text is None else text
    try:
        data, positions = parse(text)
    except YamlTextError as problem:
        where = dotted(problem.path)
        raise ExperimentError([Problem(label, problem.line, problem.column, where, problem.message)]) from None
    if not isinstance(data, dict):
        what = "the file is empty" if data is None else f"expected a mapping such as `name: xor`, found {found(data)}"
        raise ExperimentError([Problem(label, *positions.value(()), "", what)])
    return Source(label, data, text, path.parent, positions)


def fragment(text: str) -> Any:
    """The plain data of a piece of YAML such as `0.1` or `{normal: {std: 0.5}}`. Raises BadValueError."""
    try:
        data, positions = parse(text)
    except YamlTextError as problem:
        raise refused(problem.message) from None
    if positions.problems:
        raise refused(positions.problems[0].message)
    return data


def _text(label: str, path: FilePath) -> str:
    def fail(message: str) -> ExperimentError:
        return ExperimentError([Problem(label, None, None, "", message)])

    try:
        with open(path, "rb", opener=_open) as file:
            os.set_blocking(file.fileno(), True)
            large = os.fstat(file.fileno()).st_size > MOST_BYTES
            content = b"" if large else file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise fail(f"no such file{shipped.hint(label)}") from None
    except IsADirectoryError:
        raise fail("this is a directory, not an experiment file") from None
    except (OSError, ValueError) as error:
        raise fail(f"cannot be read: {getattr(error, 'strerror', None) or shorten(str(error))}") from None
    if large or len(content) > MOST_BYTES:
        raise fail("the file is over 1 MiB; keep large data in a CSV or Parquet file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ExperimentError([Problem(label, line, column, "", "the file is not UTF-8 text")]) from None


def _open(path: str, flags: int) -> int:
    """Do not wait for somebody to write into a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)


def _from_mapping(mapping: Mapping[str, Any]) -> Source:
    wrong: list[Note] = []
    data = plain_mapping(mapping, wrong)
    source = Source("experiment", data, "", FilePath("."))
    if wrong:
        raise source.error(wrong)
    text = to_yaml(data)
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise source.error([Note((), Wrong.OTHER, found=TOO_LARGE)])
    return Source("experiment", data, text, FilePath("."))


def to_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML that reads back equal: in block style two levels deep, in flow style below."""
    return "".join(_block(data, ""))


def _block(data: Mapping[str, Any], indent: str) -> Iterable[str]:
    for key, value in data.items():
        if isinstance(value, dict) and value and len(indent) < 2:
            yield f"{indent}{_flow(key)}:\n"
            yield from _block(value, indent + "  ")
        else:
            yield f"{indent}{_flow(key)}: {_flow(value)}\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, bool | int | float) or value is None:
        return json.dumps(value)
    text = str(value)
    if _PLAIN_WORD.fullmatch(text) and len(text) < 1000 and isinstance(scalar(text), str):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\U{ord(match.group()):08x}", quoted)


def written(value: Any) -> str:
    """A value of a program as an experiment's author would write it; text is written already."""
    return value if isinstance(value, str) else describe(plain(value, (), []))


def describe(value: Any) -> str:
    """Plain data as YAML flow text, for labels and messages."""
    return _flow(value)
