"""A results folder as one page for a browser: what was asked, what came of it, pictures to play with, provenance."""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from plotly.offline import get_plotlyjs

from harness.block import Status
from harness.errors import HarnessError
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.views import about
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
    weights = [name for name in results.weight_columns if pa.types.is_floating(results.runs.schema.field(name).type)]
    weights = weights if len(weights) <= MOST_WEIGHTS else []
    columns = ["config", "run", *results.axes, "status", *LOSSES, *EPOCHS, *weights]
    rows = thinned(results, columns, NUMBERS // len(columns))
    axes = {name: _of(axis, rows[name]) for name, axis in results.axes.items()}
    data = {
        "explain": f"harness explain {shlex.quote(results.folder)}",
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
        description=about.description(results),
        facts=about.facts(results),
        statuses=[about.status(status, counts[status.label], results.rows) for status in Status],
        thinned=_note(results, len(rows)),
        notable=[_printed(table) for table in notable(results)],
        axes=about.axes(results.axes.values()),
        source=results.source,
        load=LOAD.format(folder=results.folder),
        provenance=_provenance(results, manifest),
        data=_packed(json.dumps(data, separators=(",", ":"), allow_nan=False).encode()),
        plotly=_packed(get_plotlyjs().encode()),
    )


LOAD = """import harness

results = harness.open({folder!r})
results.table()               # every row, a pandas DataFrame
results.plot()                # a map; or "curves", "weights", "paths", "spread", "share"
results.weights(0)            # of a row: an array for each layer
results.explain(0)            # what happened to each weight, step by step

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
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.{about.DIGITS}g}")


def _curve(curve: Curve) -> dict[str, Any]:
    losses = {name: [_number(value) for value in values] for name, values in curve.losses.items()}
    return {"config": curve.config, "label": curve.label, "epoch": list(curve.epochs), **losses}


def _note(results: Results, shown: int) -> str:
    if shown >= results.rows:
        return ""
    return f"They show {shown:,} of the {results.rows:,} rows, at evenly spaced values of the longest axes."


def _printed(table: Notable) -> dict[str, Any]:
    rows = [[about.shown(value) for value in row] for row in table.rows.itertuples(index=False)]
    return {"title": table.title, "columns": list(table.rows.columns), "rows": rows}


def _provenance(results: Results, manifest: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    keys = ("state", "started", "finished", "seconds", "host", "processor", "fingerprint")
    found = [(key, str(manifest[key])) for key in keys if manifest.get(key) is not None]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())
    return [("folder", results.folder), *found, ("versions", versions or "not known")]
