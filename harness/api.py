"""What a program calls: the same jobs as the commands', on DataFrames.

Imports stay inside the functions, so that `harness --help` is instant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.types import ExperimentLike

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from harness.views.explain.page import Explained
    from harness.views.results import Results


def train(
    experiment: ExperimentLike,
    *,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    block_size: int | None = None,
) -> pd.DataFrame:
    """Train every configuration and return the table, a row for each, in the order of the grid; no file is written.

    experiment: the path of an experiment file, or the name of a shipped experiment where there is no such file; or a
    mapping of the same shape. settings: parameter -> its one value, such as {"learning_rate": 0.1}, in place of its
    axis or constant. threads: all processors if None. block_size: runs in a block, chosen by their cost if None.
    Neither changes a bit of the result.
    Raises `ExperimentError`, whose text has one line for each problem.
    """
    from harness.experiment import load as read
    from harness.store import reading
    from harness.sweeps import run
    from harness.views.rows import row_weights

    return reading.to_frame(
        run.train(read(experiment, settings=_written(settings), row_weights=row_weights), threads, block_size)
    )


def sweep(
    experiment: ExperimentLike,
    results: str | os.PathLike[str] = "results",
    *,
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    block_size: int | None = None,
) -> Path | str:
    """Train every configuration into Parquet files and return their folder, results/NAME.

    results: a folder; or s3://BUCKET/PREFIX in an object store, and then what is returned is a string. settings: as for
    `train`, and {"name": NAME} for another folder. Runs that are there already are not trained again. Raises
    `ExperimentError` for a bad experiment, `StoreError` for a folder that holds something else, unless told to
    overwrite it, and `FailedError` if it cannot be written.
    """
    from harness.experiment import load as read
    from harness.store.disk import Disk
    from harness.sweeps import run
    from harness.views.rows import row_weights

    options = run.Options(overwrite=overwrite, block_size=block_size, threads=threads)
    given = read(experiment, settings=_written(settings), row_weights=row_weights)
    ran = run.sweep(given, results, options)
    return ran.folder.place.root if isinstance(ran.folder.place, Disk) else str(ran.folder)


def load(
    folder: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    *,
    curves: bool = False,
    predictions: bool = False,
) -> pd.DataFrame:
    """The table of a results folder, in the order of the grid; or its loss curves, or its predictions.

    columns: which ones, all if not given. Raises `StoreError` if there are no results, or no such column.
    """
    from harness.store import reading
    from harness.store.places import place_of

    return reading.to_frame(
        reading.load(place_of(folder), columns, "predictions" if predictions else "curves" if curves else "runs")
    )


def weights(table: pd.DataFrame, layers: Sequence[int] | None = None) -> dict[str, NDArray[np.floating]]:
    """The weights of a table as arrays: w1, w2, .. (rows, O, I) and b1, b2, .. (rows, O), NaN where a row has none.

    layers: units of each layer, inputs first; only needed for list columns of a table that does not say so itself.
    Raises ValueError if they are needed and not given.
    """
    from harness.store import arrays

    return arrays.weights(table, layers)


def open(folder: str | os.PathLike[str]) -> Results:
    """A results folder in hand: `table`, `plot`, `curves`, and of a row its `weights` and `explain`.

    In a notebook it shows a summary of itself. Raises `StoreError` if there are no results.
    """
    from harness.views.results import Results

    return Results(folder)


def explain(
    experiment: ExperimentLike,
    *,
    epochs: int | str | Sequence[int | str] | None = None,
    settings: Mapping[str, Any] | None = None,
    config: int | None = None,
) -> Explained:
    """Record what back-propagation does in one configuration: a DataFrame with a row for every number of every step.

    In a notebook it shows itself as the page to step through, which `.save("steps.html")` writes.

    experiment: a file or a mapping; or, with config, a results folder, of which it is the row of this number. epochs: a
    number for the first ones, or a list such as `[0, 1, 10, "last"]`, 0 being the network before training; if not
    given the first one, and of a row its first ones and its last. settings: parameter -> value, such as
    {"learning_rate": 0.1, "init": "ones"}; the others take their axis's first value. For the columns see
    `harness.views.explain.record.record_of`. As much is recorded as a page of 5 MB holds and about half a minute of
    training reaches; `attrs["notes"]` says what is not shown, and `harness explain --csv` gives what the page has no
    room for. Always in `exact` arithmetic. Raises `ExperimentError`; for a
    row `StoreError` if there are no results, and `HarnessError` if it is none of them or has no such epoch.
    """
    from harness.views.explain.configuration import chosen
    from harness.views.explain.page import explained

    return explained(chosen(experiment, _written(settings), config), epochs)


def plot(
    folder: str | os.PathLike[str],
    kind: str | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    color: str | None = None,
    where: Mapping[str, Any] | None = None,
    below: float | None = None,
    config: int | None = None,
) -> Figure:
    """A picture of a results folder, as a matplotlib figure; what is left open is picked from what varies.

    kind: map (colour over two axes), curves (losses and scores against the epoch), weights (each against an axis),
    paths (each against the epochs, run by run), spread (of the loss, over initialisations), share (of the rows of each
    status) or importance (of parameters for a score); and of one network, boundary (its classes or numbers over two
    inputs), fit (its curve over one), confusion (which classes it takes for which) or calibration (whether its
    probabilities come true). x, y: parameters that vary. color: the column of a map, a spread or an importance, or the
    one that `below` is about; loss_mean, or the score of `best`, if not given. where: parameter -> the value it is held
    at, of numbers the nearest there is. below: a number; a share then also shows how many rows have less. config: the
    row whose network is shown, or whose run the curves are of; if not given the first that `best` has, and the curves
    of all runs. A boundary and a fit have a panel for each number of epochs that the table has of the run. Settings
    that are not numbers, such as `init`, are not merged: each has a panel, or a line, and of more than six the six with
    the least loss are drawn. Raises `StoreError` if there are no results, and `HarnessError` for what cannot be drawn.
    """
    return open(folder).plot(kind, x=x, y=y, color=color, where=where, below=below, config=config)


def _written(settings: Mapping[str, Any] | None) -> dict[str, str]:
    """Settings as YAML."""
    from harness.experiment import source

    return {key: source.written(value) for key, value in (settings or {}).items()}
