"""The data of an experiment, kept with its results where they come from a file: a folder explains itself anywhere.

    results/NAME/data-0123456789abcdef.parquet      the columns that were used, inputs first, with every bit

The file is named by the digest of its numbers, so that no two sweeps write different data under one name, and a file
of the user's hardly ever has it. The manifest names it with its size and SHA-256.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from harness.experiment import ExperimentError, load
from harness.experiment.data import kept_columns
from harness.experiment.data.about import warnings
from harness.experiment.model import Experiment
from harness.network.parts import told
from harness.store.contents import Contents, StoreError, flaw_of
from harness.store.files import FINGERPRINT, check_parquet, digest, experiment_of, parquet
from harness.store.log import IDENTITY, KEPT, File
from harness.store.place import Place

WARNINGS = "data_warnings"
"""What may lead astray in the data: the key of the manifest, whose value is a list of lines."""
MOST_BYTES = 2**24
"""The most bytes that the numbers of data take which are kept; of more there is only the digest."""


class Kept:
    """The data of an experiment as they are kept. file: the name, size and SHA-256 of theirs; None if they are not."""

    def __init__(self, experiment: Experiment) -> None:
        data, self.file = experiment.data, None
        self.digest, self._told, self._warnings = data.digest(), told(experiment), list(warnings(experiment))
        if experiment.from_file and data.inputs.nbytes + data.targets.nbytes <= MOST_BYTES:
            columns, about = kept_columns(data, experiment.columns)
            made = pa.table({name: pa.array(column) for name, column in columns.items()})
            self._data = parquet(made.replace_schema_metadata({**about, FINGERPRINT: experiment.fingerprint}))
            self._check = partial(check_parquet, len(made))
            self.file = File(f"data-{self.digest[:16]}.parquet", *digest(self._data))

    def about(self) -> dict[str, Any]:
        """What the manifest says of the data."""
        about = {"data": self._told, WARNINGS: self._warnings}
        named = {"data_sha256": self.digest, "data_file": self.file and asdict(self.file)}
        return named | {key: value for key, value in about.items() if value}

    def write(self, place: Place, owners: Collection[str]) -> None:
        """Keep the data, and remove those of the experiments whose results lay there. owners: as of `made_for`."""
        if self.file and place.digest(self.file.name) != (self.file.bytes, self.file.sha256):
            place.write(self.file.name, self._data, self._check)
        others = [name for name in place.sizes("") if KEPT.fullmatch(name) and name != (self.file and self.file.name)]
        place.remove([name for name in others if made_for(place, name, owners)])


def warned(manifest: Mapping[str, Any]) -> list[str]:
    """What the manifest says may lead astray in the data; nothing if it is of an earlier version."""
    lines = manifest.get(WARNINGS)
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


def kept_file(manifest: Mapping[str, Any]) -> File | None:
    """The file of data that a manifest names, if it names one."""
    try:
        file = File(**manifest["data_file"])
        sound = KEPT.fullmatch(file.name)
    except (KeyError, TypeError):
        return None
    return file if sound else None


def problem(contents: Contents, manifest: Mapping[str, Any], deep: bool = True) -> tuple[str, str] | None:
    """(the file of data that a manifest names, what is wrong with it), or None. deep: read it, beside its size."""
    file = kept_file(manifest)
    return flaw_of(contents.place, file, contents.place.sizes(""), deep) if file else None


def as_it_was(contents: Contents, text: str, fingerprint: str, labels: Iterable[str]) -> Experiment:
    """The experiment whose results are there, with the data that it had.

    text: as it was written. labels: files from which the data file that it names is looked for, where its data were not
    kept. Raises `StoreError` with the reason if its data are nowhere as they were.
    """
    manifest, why = contents.manifest() or {}, list[str]()
    kept = None if problem(contents, manifest) else kept_file(manifest)
    data = contents.place.read(kept.name) if kept else None
    for label in labels:
        try:
            experiment = load(label, text, kept=data)
        except ExperimentError as error:
            why.append(f"its experiment cannot be read from this folder: {error.lines[0]}")
            continue
        if experiment.fingerprint == fingerprint:
            return experiment
        changed = "its data have changed since it was trained, or another version trained it"
        why.append(f"its experiment no longer means these rows: {changed}")
    raise StoreError(f"{contents}: {why[0]}{_not_kept(manifest, contents)}")


def _not_kept(manifest: Mapping[str, Any], contents: Contents) -> str:
    if wrong := problem(contents, manifest):
        return f"; {' '.join(wrong)}"
    large = "data_sha256" in manifest and kept_file(manifest) is None
    return f"; data of over {MOST_BYTES // 2**20} MiB are not kept with the results" if large else ""


def made_for(place: Place, name: str, owners: Collection[str]) -> bool:
    """Whether a file that no entry names was written by a sweep of one of these experiments, as its content tells.

    owners: the beginnings of their fingerprints.
    """
    try:
        return experiment_of(place.read(name))[:IDENTITY] in owners
    except OSError:
        return False
