"""The log of a results folder: a small file for every part that is done, with the size and SHA-256 of its data.

An entry is written under its own name, only if it is not there and never changed, so that many can write at once. Those
of blocks are removed once their part has one, and those of another plan when a sweep begins.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MANIFEST, EXPERIMENT = "manifest.json", "experiment.yaml"
LOG, BLOCKS = "log", "blocks"
KINDS = ("runs", "curves")
"""The tables, each in a folder of its own."""
STEM = r"-\d{6,9}-[0-9a-f]{16}"
DATA = re.compile(rf"(?:runs|curves)/part{STEM}\.parquet|blocks/(?:runs|curves)-block{STEM}\.arrow")
"""The name of a file of data: none lies anywhere else."""
KEPT = re.compile(r"data-[0-9a-f]{16}\.parquet")
"""The name of the data that an experiment read from a file, kept at the top of the folder."""
OURS = re.compile(rf"{DATA.pattern}|{KEPT.pattern}|log/(?:part|block){STEM}\.json")
"""A name that a sweep gives. A file by another name is somebody else's."""
MOST_BLOCKS = 2**27
REQUIRED = {
    **dict.fromkeys(("name", "fingerprint", "experiment_sha256", "state", "started"), str),
    **dict.fromkeys(("schema_version", "blocks"), int),
}
"""The fields that every manifest has, with their types."""


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
    written before they were counted.
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

    @property
    def name(self) -> str:
        return f"{LOG}/{self.stem}.json"

    @property
    def stem(self) -> str:
        """The stem shared by the entry's file and its data files: `part-000003-0123456789abcdef`."""
        return f"{self.kind}-{self.first:06d}-{self.key}"

    def text(self) -> bytes:
        return seal(asdict(self))


def sums(entries: Sequence[Entry]) -> dict[str, Any]:
    """The numbers of an entry, summed over several; None if one of them does not have it."""
    columns = {name: [getattr(entry, name) for entry in entries] for name in ("rows", "seconds", "steps", "asked")}
    return {name: None if None in column else round(sum(column), 3) for name, column in columns.items()}


def parse(text: bytes) -> Entry | None:
    """The entry, or None if it is damaged."""
    found = unseal(text)
    try:
        if found is None:
            return None
        entry = Entry(**found | {"files": tuple(File(**file) for file in found["files"])})
        sound = 0 <= entry.first < entry.stop <= MOST_BLOCKS and all(DATA.fullmatch(file.name) for file in entry.files)
        return entry if sound else None
    except (KeyError, TypeError):
        return None


def parse_manifest(text: bytes) -> dict[str, Any] | None:
    """The manifest, or None if it is damaged."""
    found = unseal(text)
    if found is None or not all(isinstance(found.get(key), kind) for key, kind in REQUIRED.items()):
        return None
    size = found.setdefault("block_size", None)
    sound = size is None or (isinstance(size, int) and size > 0)
    return found if sound and 0 < found["blocks"] <= MOST_BLOCKS else None


def seal(about: Mapping[str, Any]) -> bytes:
    """A mapping as JSON, with a checksum."""
    return (json.dumps({**about, "check": _check(about)}, indent=2) + "\n").encode()


def unseal(text: bytes) -> dict[str, Any] | None:
    """The mapping that was sealed, or None if its text is not what was written."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.pop("check", None) != _check(found) or seal(found) != text:
        return None
    return found


def _check(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
