"""The folder of Parquet files that holds an experiment's tables.

    results/NAME/experiment.yaml      the experiment as it was run
    results/NAME/manifest.json        state, counts, time, host and versions
    results/NAME/runs/*.parquet       a row for every configuration
    results/NAME/curves/*.parquet     the loss curves, if they were recorded

A part is written in `.writing/` beside and renamed when it is whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.errors import HarnessError
from harness.experiment.axes import setting_of
from harness.experiment.model import Experiment
from harness.store.schema import SCHEMA_VERSION

KINDS = ("runs", "curves")
VERSIONS = ("backprop-harness", "numba", "numpy", "pyarrow")


class StoreError(HarnessError):
    """A results folder is not what it should be: one line that names it and says what to do."""


class Folder:
    """One experiment's folder under the results."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, experiment: Experiment, totals: Mapping[str, Any], overwrite: bool) -> bool:
        """Make the folder ready for parts; True if it holds the whole result already.

        totals: the counts that go into the manifest; `parts` among them says how the runs are cut, and parts of
        another cut are dropped. Raises `StoreError` if another experiment's results are there.
        """
        before = self.manifest()
        if before is None and not overwrite and self._holds_something():
            raise StoreError(f"{self.path}: not empty, and not a folder of results; give another name or --results")
        wanted = (experiment.fingerprint, SCHEMA_VERSION)
        same = before is not None and (before["fingerprint"], before["schema_version"]) == wanted
        if before is not None and not same and not overwrite:
            raise StoreError(
                f"{self.path}: holds the results of another experiment ({before['name']}, as it was on "
                f"{before['started'][:10]}); give this one another name, or replace them with --overwrite"
            )
        if before is not None and same and not overwrite and before["state"] == "complete":
            return True
        if overwrite or before is None or before["parts"] != totals["parts"]:
            self._clear()
        self.path.mkdir(parents=True, exist_ok=True)
        about = {"name": experiment.name, "fingerprint": experiment.fingerprint, "schema_version": SCHEMA_VERSION}
        started = {"started": _now(), "host": platform.node(), "processor": platform.machine(), "seconds": None}
        self._put_manifest({**about, "state": "running", **totals, **started, "versions": _versions()})
        self._put("experiment.yaml", experiment.source)
        for name in (".writing", *(KINDS if experiment.losses_every else KINDS[:1])):
            (self.path / name).mkdir(exist_ok=True)
        return False

    def manifest(self) -> dict[str, Any] | None:
        """What the manifest says, or None if there is none to read."""
        try:
            found = json.loads((self.path / "manifest.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "fingerprint" in found else None

    def has(self, number: int) -> bool:
        """Whether a part is there, and therefore whole: its runs are renamed into place last."""
        return self._place("runs", number).exists()

    def write(self, number: int, runs: pa.Table, curves: pa.Table | None) -> None:
        """Write one part of the tables."""
        if curves is not None:
            self._write("curves", number, curves)
        self._write("runs", number, runs)

    def close(self, seconds: float) -> None:
        """Say that every part is there."""
        manifest = self.manifest() or {}
        shutil.rmtree(self.path / ".writing")
        self._put_manifest({**manifest, "state": "complete", "finished": _now(), "seconds": round(seconds, 3)})

    def _holds_something(self) -> bool:
        """Whether there is more than the beginning of a manifest, which a crash may leave."""
        return self.path.exists() and any(path.name != ".manifest.json" for path in self.path.iterdir())

    def _clear(self) -> None:
        """The manifest goes first: whatever happens next, nobody takes what is left for a whole result."""
        (self.path / "manifest.json").unlink(missing_ok=True)
        for name in (".writing", *KINDS):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def _place(self, kind: str, number: int) -> Path:
        return self.path / kind / f"part-{number:06d}.parquet"

    def _write(self, kind: str, number: int, table: pa.Table) -> None:
        place = self._place(kind, number)
        writing = self.path / ".writing" / f"{kind}-{place.name}"
        split = [field.name for field in table.schema if _is_result(field)]
        pq.write_table(
            table,
            writing,
            compression="zstd",
            use_dictionary=[name for name in table.schema.names if name not in split],
            column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
        )
        os.replace(writing, place)

    def _put_manifest(self, manifest: Mapping[str, Any]) -> None:
        self._put("manifest.json", json.dumps(manifest, indent=2) + "\n")

    def _put(self, name: str, text: str) -> None:
        writing = self.path / f".{name}"
        writing.write_text(text, "utf-8")
        os.replace(writing, self.path / name)


def _is_result(field: pa.Field) -> bool:
    """Whether a column holds floats that hardly repeat: losses and weights, not parameters."""
    return bool(pa.types.is_floating(field.type)) and setting_of(field.name) is None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}}


def load(folder: str | os.PathLike[str], columns: Sequence[str] | None = None, kind: str = "runs") -> pa.Table:
    """A table of a folder, in the order of the grid. Raises `StoreError` if there is none, or no such column."""
    path = Path(folder) / kind
    if not path.is_dir() or not any(path.glob("*.parquet")):
        raise StoreError(f"{folder}: no results there (no {kind}/*.parquet)")
    dataset = ds.dataset(path, format="parquet")
    names = dataset.schema.names
    if unknown := [name for name in columns or [] if name not in names]:
        raise StoreError(f"{folder}: no column {unknown[0]!r}; there are {', '.join(names)}")
    wanted = list(names if columns is None else columns)
    order = ["config"] if kind == "runs" else ["run", "epoch"]
    table = dataset.to_table(columns=[*wanted, *(name for name in order if name not in wanted)])
    return in_order(table, order).select(wanted)


def in_order(table: pa.Table, order: Sequence[str] = ("config",)) -> pa.Table:
    """The table sorted by these columns; as it is if it is in order by the one there is."""
    first = table.column(order[0]).to_numpy()
    if len(order) == 1 and bool((first[1:] > first[:-1]).all()):
        return table
    return table.sort_by([(name, "ascending") for name in order])
