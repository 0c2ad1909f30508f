"""The log of a results folder: a small file for every part that is done, with the size and SHA-256 of its data.

An entry is written under its own name, only if it is not there and never changed, so that many can write at once. Those
of blocks are removed once their part has one, and those of another plan when a sweep begins.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

MANIFEST, EXPERIMENT = "manifest.json", "experiment.yaml"
LOG, BLOCKS = "log", "blocks"
KINDS = ("runs", "curves", "predictions")
"""The tables, each in a folder of its own."""
TABLES = "|".join(KINDS)
STEM = r"-\d{6,9}-[0-9a-f]{16}"
DATA = re.compile(rf"(?:{TABLES})/part{STEM}\.parquet|blocks/(?:{TABLES})-block{STEM}\.arrow")
"""The name of a file of data: none lies anywhere else."""
KEPT = re.compile(r"data-[0-9a-f]{16}\.parquet")
"""The name of the data that an experiment read from a file, kept at the top of the folder."""
OURS = re.compile(rf"{DATA.pattern}|{KEPT.pattern}|log/(?:part|block){STEM}\.json")
"""A name that a sweep gives. A file by another name is somebody else's."""
MOST_BLOCKS = 2**27
MOST_ROWS, MOST_STEPS, MOST_BYTES, MOST_SECONDS = 2**63 - 1, 2**127, 2**63 - 1, 1e12
SMALL = 2**20
"""Bytes that are read of a manifest, an entry or an experiment; none has more."""
REPLACING = "replacing"
"""The state of a manifest while the results of another experiment make room for those of this one."""
STATES = ("running", "complete", REPLACING)
ONE_LINE = 1000
"""Characters of a text that a manifest may hold."""
IDENTITY = 16
"""Digits of an experiment's fingerprint that tell it from others in a log."""
UNSEALED = "not what was written: its checksum is another"


class LogField(NamedTuple):
    """What a field of a manifest or an entry holds. required: whether it is always there."""

    holds: Callable[[Any], bool]
    expected: str
    required: bool = True


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= ONE_LINE


def _whole(least: int, most: int, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST_SECONDS


def _time(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_text, value.values()))


def _list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _or_none(holds: Callable[[Any], bool], value: Any) -> bool:
    return value is None or holds(value)


def _count(least: int, most: int, required: bool = True) -> LogField:
    return LogField(partial(_whole, least, most), f"a whole number from {least:,} to {most:,}", required)


def _hex(digits: int) -> LogField:
    pattern = re.compile(f"[0-9a-f]{{{digits}}}")
    return LogField(lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)), f"{digits} digits 0-9 a-f")


def _name_of_one(names: Sequence[str]) -> LogField:
    return LogField(lambda value: isinstance(value, str) and value in names, " or ".join(names))


MANIFEST_FIELDS = {
    "name": LogField(_text, "a text"),
    "fingerprint": LogField(_text, "a text"),
    "experiment_sha256": LogField(_text, "a text"),
    "state": _name_of_one(STATES),
    "started": LogField(_time, "a date and time"),
    "schema_version": _count(0, 10**6),
    "blocks": _count(1, MOST_BLOCKS),
    "block_size": LogField(partial(_or_none, partial(_whole, 1, MOST_ROWS)), "a whole number above 0, or null", False),
    "rows": _count(0, MOST_ROWS, False),
    "runs": _count(0, MOST_ROWS, False),
    "steps": _count(0, MOST_STEPS, False),
    "seconds": LogField(partial(_or_none, _seconds), "a number of seconds, or null", False),
    "finished": LogField(_time, "a date and time", False),
    "host": LogField(_text, "a text", False),
    "processor": LogField(_text, "a text", False),
    "versions": LogField(_texts, "a text for each program", False),
    "replaces": LogField(_list, "a list of texts", False),
    "keeps": LogField(_list, "a list of texts", False),
}
"""The fields of a manifest that are looked at. Others are let be."""
STEPS = LogField(partial(_or_none, partial(_whole, 0, MOST_STEPS)), "a whole number of steps, or null", False)
ENTRY_FIELDS = {
    "kind": _name_of_one(("part", "block")),
    "first": _count(0, MOST_BLOCKS),
    "stop": _count(1, MOST_BLOCKS),
    "key": _hex(16),
    "rows": _count(0, MOST_ROWS, False),
    "seconds": LogField(_seconds, "a number of seconds", False),
    "steps": STEPS,
    "asked": STEPS,
    "files": LogField(lambda value: isinstance(value, list) and 0 < len(value) <= len(KINDS), "a file for each table"),
    "experiment": LogField(
        lambda value: value == "" or _hex(IDENTITY).holds(value), "16 digits 0-9 a-f, or none", False
    ),
}
FILE_FIELDS = {"name": LogField(_text, "a text"), "bytes": _count(0, MOST_BYTES), "sha256": _hex(64)}


def _flaw(about: Any, fields: Mapping[str, LogField], closed: bool = True) -> str:
    """What is wrong with the fields of a mapping, or nothing. closed: whether it has no others."""
    from harness.experiment.errors import found  # loads what the command line does without

    if not isinstance(about, dict):
        return f"expected a mapping, found {found(about)}"
    for name, field in fields.items():
        if (name in about and not field.holds(about[name])) or (name not in about and field.required):
            return f"{name}: expected {field.expected}, found {found(about.get(name))}"
    others = [name for name in about if name not in fields] if closed else []
    return f"{found(others[0])}: no such field" if others else ""


@dataclass(frozen=True)
class File:
    """One file of data: its name in the folder, its size and SHA-256."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """Blocks [first, stop) of the plan are done and lie in these files.

    kind: `part`, a file of the table; or `block`, a piece of a part whose other blocks are not all there yet. key: hash
    of what determines the numbers. seconds: one thread's, of training and writing. asked: steps asked of the runs that
    were trained for it; steps: those that were run, fewer where runs ended early. Both are None in entries that were
    written before they were counted. experiment: the beginning of its experiment's fingerprint, "" in entries that were
    written before it was there.
    """

    kind: str
    first: int
    stop: int
    key: str
    rows: int = 0
    seconds: float = 0.0
    steps: int | None = None
    asked: int | None = None
    files: tuple[File, ...] = ()
    experiment: str = ""

    @property
    def name(self) -> str:
        return f"{LOG}/{self.stem}.json"

    @property
    def stem(self) -> str:
        """The stem shared by the entry's file and its data files: `part-000003-0123456789abcdef`."""
        return f"{self.kind}-{self.first:06d}-{self.key}"

    def path(self, table: str) -> str:
        """The name of its file of a table, one of `KINDS`; it has no file elsewhere."""
        return f"{table}/{self.stem}.parquet" if self.kind == "part" else f"{BLOCKS}/{table}-{self.stem}.arrow"

    def text(self) -> bytes:
        return seal(asdict(self))


def sums(entries: Sequence[Entry]) -> dict[str, Any]:
    """The numbers of an entry, summed over several; None if one of them does not have it."""
    columns = {name: [getattr(entry, name) for entry in entries] for name in ("rows", "seconds", "steps", "asked")}
    return {name: None if None in column else round(sum(column), 3) for name, column in columns.items()}


def parse(text: bytes) -> Entry | None:
    """The entry, or None if it is damaged."""
    about = unseal(text)
    return None if about is None or _entry_flaw(about) else _entry(about)


def entry_flaw(text: bytes) -> str:
    """What is wrong with an entry, or nothing."""
    about = unseal(text)
    return UNSEALED if about is None else _entry_flaw(about)


def _entry(about: Mapping[str, Any]) -> Entry:
    return Entry(**{**about, "files": tuple(File(**file) for file in about["files"])})


def _entry_flaw(about: dict[str, Any]) -> str:
    from harness.experiment.errors import found

    if flaw := _flaw(about, ENTRY_FIELDS):
        return flaw
    for at, file in enumerate(about["files"]):
        if flaw := _flaw(file, FILE_FIELDS):
            return f"files[{at}]: {flaw}"
    entry = _entry(about)
    if entry.first >= entry.stop:
        return f"stop: expected a number above {entry.first:,}, found {entry.stop:,}"
    if entry.steps is not None and entry.asked is not None and entry.steps > entry.asked:
        return f"steps: expected at most the {entry.asked:,} asked for, found {entry.steps:,}"
    names, own = [file.name for file in entry.files], [entry.path(table) for table in KINDS]
    strange = [name for name in names if name not in own]
    if strange or own[0] not in names or len(set(names)) < len(names):
        return f"files: expected {' and '.join(own[:2])}, found {found(strange[0] if strange else names[-1])}"
    return ""


def parse_manifest(text: bytes) -> dict[str, Any] | None:
    """The manifest, or None if it is damaged."""
    found = unseal(text)
    return None if found is None or _flaw(found, MANIFEST_FIELDS, closed=False) else {"block_size": None, **found}


def manifest_flaw(text: bytes) -> str:
    """What is wrong with a manifest, or nothing."""
    found = unseal(text)
    return UNSEALED if found is None else _flaw(found, MANIFEST_FIELDS, closed=False)


def seal(about: Mapping[str, Any]) -> bytes:
    """A mapping as JSON, with a checksum."""
    return (json.dumps({**about, "check": _check(about)}, indent=2) + "\n").encode()


def unseal(text: bytes) -> dict[str, Any] | None:
    """The mapping that was sealed, or None if its text is not what was written."""
    try:
        found = json.loads(text) if len(text) <= SMALL else None
        sealed = isinstance(found, dict) and found.pop("check", None) == _check(found) and seal(found) == text
    except (ValueError, RecursionError):  # lists within lists to no end
        return None
    return found if sealed else None


def _check(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
