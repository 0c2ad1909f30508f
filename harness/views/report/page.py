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
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from plotly.offline import get_plotlyjs

from harness.errors import HarnessError, printable
from harness.experiment.model import REPEATING
from harness.formulas.metrics import LOSS, METRICS
from harness.network.runs import Status
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.kept import warned
from harness.store.schema import Role
from harness.views.choosing.beside import beside
from harness.views.files import put
from harness.views.losses import NOTHING, idle_loss, kinds, unlike, what_of
from harness.views.numbers import printed, to_digits
from harness.views.pages import render
from harness.views.palette import GREW, LINES, SCALES, STATUS_COLOURS
from harness.views.report import words
from harness.views.report.notable import notable
from harness.views.report.opening import opening, ranked
from harness.views.report.sample import Curve, some_curves, thinned
from harness.views.report.summary import summarise
from harness.views.results import Results
from harness.views.scale import TableAxis, codes

NAME = "report.html"
NUMBERS = 360_000
"""How many numbers of the table the page holds at most: in it each takes 4 to 5 bytes, beside 2 MB of plotly."""
MOST_WEIGHTS = 40
"""Networks of more weights than this have pictures of losses and epochs only."""
WORDS = {
    **{name: f"{metric.title} in the last epoch" for name, metric in METRICS.items()},
    "first_loss": "mean loss of the first epoch",
    "last_finite_loss": "last finite mean loss",
    "settled_epoch": "epoch since which weights no longer change",
    "diverged_epoch": "epoch of divergence",
}
"""What titles call the columns that a picture can show; others have their own names."""


def write(folder: str | os.PathLike[str], save: str | None = None) -> str:
    """Write the report of a results folder and return its path. save: where, if not to FOLDER/report.html.

    Raises `StoreError` if there are no results, and `FailedError` if the page cannot be written.
    """
    results = Results(folder)
    if save is None and not isinstance(results.place, Disk):
        raise HarnessError(f"{results.place}: say where on this machine the page shall go, with --save")
    path = save or str(Path(folder, NAME))
    put(path, report(results).encode(), chosen=save is not None)
    return path


def report(results: Results) -> str:
    """The report as HTML: one page that asks no host for anything. Raises `StoreError`."""
    manifest = Folder(results.place).manifest() or {}
    data = _data(results)
    shown = len(data["columns"]["config"])
    return render(
        "report",
        experiment=results.name,
        **words.told(results, summarise(results.place)),
        signs={status.label: STATUS_COLOURS[status] for status in Status} | {"grew": GREW},
        thinned=_note(results, shown),
        warnings=warned(manifest),
        decides=words.decides(results),
        pictures=data["opening"]["order"],
        best=[(one.heading, one.told, _printed(one.table)) for one in words.best(results)],
        importance=words.importance(results),
        notable=_printed(notable(results)),
        source=results.source,
        load=_load(results.folder),
        provenance=_provenance(results, manifest),
        data=_packed(json.dumps(data, separators=(",", ":"), allow_nan=False).encode()),
        plotly=_plotly(),
    )


def _data(results: Results) -> dict[str, Any]:
    """What the page's scripts draw: some rows, their axes, loss curves, and which picture comes first."""
    weights = results.weight_columns
    if len(weights) > MOST_WEIGHTS or not all(results.column(name).numeric for name in weights):
        weights = []
    metrics = sorted(results.metrics, key=lambda name: name != "loss_mean")
    epochs = [name for name in results.of_role(Role.STATUS) if results.column(name).unit == "epochs"]
    columns = ["config", "run", *results.axes, "status", *metrics, *epochs, *weights]
    rows = thinned(results, columns, NUMBERS // len(columns))
    axes = {name: _of(axis, rows[name]) for name, axis in results.axes.items()}
    order, curves = ranked(axes, rows), some_curves(results)
    return {
        "explain": f"harness explain {shlex.quote(results.folder)}",
        "axes": [_axis(axis) | {"total": len(results.axes[axis.name].values)} for axis in order],
        "columns": {name: _column(rows[name], axes.get(name)) for name in columns},
        "statuses": [status.label for status in Status],
        "meanings": [status.words for status in Status],
        "repeating": REPEATING,
        "metrics": metrics,
        "losses": [name for name in metrics if results.column(name).unit == LOSS],
        "epochs": epochs,
        "weights": weights,
        "words": WORDS | {name: f"final weight {name}" for name in weights},
        "unlike": list(unlike(results.axes)),
        "idle": _idle(results),
        "nothing": NOTHING,
        "colours": SCALES | {"lines": LINES},
        "curves": [_curve(curve) for curve in curves],
        "curveLosses": [[name, what_of(name)] for name in (curves[0].losses if curves else ())],
        "parallel": (parallel := _parallel(results)),
        "opening": opening(order, rows, bool(curves), parallel is not None),
    }


def _parallel(results: Results) -> dict[str, Any] | None:
    """Settings as lines over their parameters and their score; None where there is nothing to draw so."""
    found = beside(results)
    if found is None:
        return None
    columns = {name: pd.Series(values, dtype=object) for name, values in found.values.items()}
    axes = {name: _of(results.axes[name], column.dropna()) for name, column in columns.items()}
    order = sorted(axes.values(), key=lambda axis: axis.rank)
    return {
        "score": found.score,
        "rising": found.rising,
        "loss": results.column(found.score).unit == LOSS,
        "axes": [_axis(axis) | {"total": len(axis.values)} for axis in order],
        "columns": {axis.name: _places(axis, columns[axis.name]) for axis in order},
        "medians": [_number(median) for median in found.medians],
        "told": found.told,
    }


def _places(axis: TableAxis, column: pd.Series) -> list[int]:
    """The positions of values on an axis, -1 for None."""
    at = {value: place for place, value in enumerate(axis.values.tolist())}
    return [at.get(value, -1) for value in column]


def _idle(results: Results) -> list[dict[str, Any]]:
    """The loss of doing nothing for each kind of loss: the values of the axes that make it one, and the number."""
    found = [
        ({name: printable(value) for name, value in kind.items()}, idle_loss(results, kind)) for kind in kinds(results)
    ]
    return [{"kind": kind, "loss": _number(loss)} for kind, loss in found if loss is not None]


LOAD = """import harness

results = harness.open({folder!r})
results.table()               # every row, a pandas DataFrame
results.plot()                # a map; or "curves", "weights", "paths", "spread", "share", "importance"; of one network
                              # "boundary", "fit", "confusion", "calibration"
results.weights(0)            # of a row: an array for each layer
results.explain(0)            # what happened to each weight, step by step

# or with any reader of Parquet:
#   pandas.read_parquet({runs})
#   duckdb.sql({query})"""


def _load(folder: str) -> str:
    """How a program reads the table, whatever quotes the folder's name has."""
    query = f"SELECT * FROM '{folder.replace(chr(39), 2 * chr(39))}/runs/*.parquet' ORDER BY loss_mean LIMIT 5"
    runs, query = (json.dumps(text, ensure_ascii=False) for text in (f"{folder}/runs", query))
    return LOAD.format(folder=folder, runs=runs, query=query)


@cache
def _plotly() -> str:
    return _packed(get_plotlyjs().encode())


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _of(axis: TableAxis, column: pd.Series) -> TableAxis:
    """The axis with those of its values that a column of some rows has."""
    return replace(axis, values=axis.values[np.isin(axis.values, column if axis.numeric else column.astype(str))])


def _axis(axis: TableAxis) -> dict[str, Any]:
    values = [_number(value) if axis.numeric else printable(value) for value in axis.values.tolist()]
    return {"name": axis.name, "title": axis.title, "values": values, "log": bool(axis.geometric)}


def _column(column: pd.Series, axis: TableAxis | None) -> list[Any]:
    """A column as JSON: numbers to six digits, None for NULL; of an axis or the status, positions of values."""
    if axis is not None:
        return list(codes(axis.values, column).tolist())
    if column.name == "status":
        return list(codes([status.label for status in Status], column).tolist())
    return [_number(value) for value in column.tolist()]


def _number(value: Any) -> Any:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else to_digits(value)


def _curve(curve: Curve) -> dict[str, Any]:
    losses = {name: [_number(value) for value in values] for name, values in curve.losses.items()}
    return {
        "config": curve.config,
        "label": printable(curve.label),
        "kind": printable(curve.kind),
        "epoch": list(curve.epochs),
        **losses,
    }


def _note(results: Results, shown: int) -> str:
    if shown >= results.rows:
        return ""
    return f"The pictures show {shown:,} of the {results.rows:,} rows, at evenly spaced values of the longest axes."


def _printed(table: pd.DataFrame) -> dict[str, Any]:
    rows = [["" if pd.isna(value) else printed(value) for value in row] for row in table.itertuples(index=False)]
    return {"columns": list(table.columns), "rows": rows}


def _provenance(results: Results, manifest: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    keys = ("state", "started", "finished", "seconds", "host", "processor", "fingerprint")
    found = [(key, str(manifest[key])) for key in keys if manifest.get(key) is not None]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())
    return [("folder", results.folder), *found, ("versions", versions or "not known")]
