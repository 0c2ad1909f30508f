"""A results folder as one page for a browser: what was asked, what came of it, pictures to play with, provenance."""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from plotly.offline import get_plotlyjs

from harness.block import Status
from harness.errors import HarnessError
from harness.experiment import ExperimentError, load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.views.curves import Curve, some_curves
from harness.views.files import put
from harness.views.notable import Notable, notable
from harness.views.page import render
from harness.views.results import Axis, Results
from harness.views.summary import summarise
from harness.views.thin import thinned

NAME = "report.html"
NUMBERS = 360_000
"""In the page, which bounds its size: compressed and in base64, each takes 4 bytes or 5, and plotly takes 2 MB."""
MOST_WEIGHTS = 40
"""Of larger networks the pictures show losses and epochs only."""
LOSSES = ("loss_mean", "loss_min", "loss_max", "last_finite_loss")
EPOCHS = ("settled_epoch", "diverged_epoch")
DIGITS = 6


def write(folder: str | os.PathLike[str], save: str | None = None) -> str:
    """Write the page, to FOLDER/report.html if nowhere else; return where. Raises `StoreError`, `FailedError`."""
    results = Results(folder)
    if save is None and not isinstance(results.place, Disk):
        raise HarnessError(f"{results.place}: say where on this machine the page shall go, with --save")
    path = save or str(Path(folder, NAME))
    put(path, report(results).encode())
    return path


def report(results: Results) -> str:
    """The page, self-contained: it asks for nothing from any host. Raises `StoreError`."""
    manifest = Folder(results.place).manifest() or {}
    weights = [name for name in results.weights if pa.types.is_floating(results.runs.schema.field(name).type)]
    weights = weights if len(weights) <= MOST_WEIGHTS else []
    columns = ["config", "run", *results.axes, "status", *LOSSES, *EPOCHS, *weights]
    rows = thinned(results, columns, NUMBERS // len(columns))
    axes = {name: _of(axis, rows[name]) for name, axis in results.axes.items()}
    data = {
        "folder": results.folder,
        "axes": [_axis(axis) for axis in axes.values()],
        "columns": {name: _column(rows[name], axes.get(name)) for name in columns},
        "statuses": [status.label for status in Status],
        "losses": list(LOSSES),
        "epochs": list(EPOCHS),
        "weights": weights,
        "curves": [_curve(curve) for curve in some_curves(results)],
    }
    counts = summarise(results.place, ()).statuses
    return render(
        "report",
        experiment=results.name,
        description=_description(results),
        facts=_facts(results),
        statuses=[_status(status, counts[status.label], results.rows) for status in Status],
        thinned=_note(results, len(rows)),
        notable=[_printed(table) for table in notable(results)],
        axes=[_described(axis) for axis in results.axes.values()],
        source=results.source,
        load=LOAD.format(folder=results.folder),
        provenance=_provenance(results, manifest),
        data=_packed(json.dumps(data, separators=(",", ":"), allow_nan=False).encode()),
        plotly=_packed(get_plotlyjs().encode()),
    )


LOAD = """import harness

table = harness.load({folder!r})       # every row, a pandas DataFrame
harness.plot({folder!r})               # a map; or "curves", "weights", "paths", "spread", "share"

# or with any reader of Parquet:
#   pandas.read_parquet("{folder}/runs")
#   duckdb.sql("SELECT * FROM '{folder}/runs/*.parquet' ORDER BY loss_mean LIMIT 5")"""


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _of(axis: Axis, column: pd.Series) -> Axis:
    """Those of its values that these rows have."""
    return replace(axis, values=axis.values[np.isin(axis.values, column if axis.numeric else column.astype(str))])


def _axis(axis: Axis) -> dict[str, Any]:
    values = [_number(value) if axis.numeric else str(value) for value in axis.values.tolist()]
    return {"name": axis.name, "title": axis.title, "values": values, "log": bool(axis.geometric)}


def _column(column: pd.Series, axis: Axis | None) -> list[Any]:
    """Numbers to six digits, null for none; of an axis and of the statuses, positions."""
    if axis is not None:
        index = pd.Index(axis.values)
        return [int(at) for at in index.get_indexer(column.astype(str) if not axis.numeric else column)]
    if column.name == "status":
        labels = {status.label: int(status) for status in Status}
        return [labels[label] for label in column]
    return [_number(value) for value in column.tolist()]


def _number(value: Any) -> Any:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.{DIGITS}g}")


def _curve(curve: Curve) -> dict[str, Any]:
    losses = {name: [_number(value) for value in values] for name, values in curve.losses.items()}
    return {"config": curve.config, "label": curve.label, "epoch": list(curve.epochs), **losses}


def _description(results: Results) -> str:
    """The experiment's own words; none if it cannot be read any more, as when its data are gone."""
    try:
        return load(results.name, results.source).description or ""
    except ExperimentError:
        return ""


def _facts(results: Results) -> list[str]:
    layers = results.layers
    network = f"network {'-'.join(map(str, layers))}" if layers else "networks of several shapes"
    return [network, f"{results.rows:,} configurations", *_axes_in_words(results.axes.values())]


def _axes_in_words(axes: Iterable[Axis]) -> list[str]:
    return [f"{len(axis.values):,} x {axis.name}" for axis in axes]


def _status(status: Status, count: int, rows: int) -> dict[str, Any]:
    share = f"({count / max(rows, 1):.1%})"
    return {
        "label": status.label,
        "count": count,
        "text": f"{count:,}",
        "share": share,
        "sentence": status.sentence,
    }


def _note(results: Results, shown: int) -> str:
    if shown >= results.rows:
        return ""
    return f"They show {shown:,} of the {results.rows:,} rows, at evenly spaced values of the longest axes."


def _printed(table: Notable) -> dict[str, Any]:
    rows = [[shown(value) for value in row] for row in table.rows.itertuples(index=False)]
    return {"title": table.title, "columns": list(table.rows.columns), "rows": rows}


def shown(value: Any) -> str:
    """A value of the table for a reader; nothing for NULL."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.{DIGITS}g}"


def _described(axis: Axis) -> dict[str, str]:
    first, last = axis.values[0], axis.values[-1]
    return {
        "name": axis.name,
        "count": f"{len(axis.values):,}",
        "first": shown(first.item() if axis.numeric else str(first)),
        "last": shown(last.item() if axis.numeric else str(last)),
        "meaning": axis.column.meaning.replace("`", ""),
    }


def _provenance(results: Results, manifest: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    keys = ("state", "started", "finished", "seconds", "host", "processor", "fingerprint")
    found = [(key, str(manifest[key])) for key in keys if manifest.get(key) is not None]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())
    return [("folder", results.folder), *found, ("versions", versions or "not known")]
