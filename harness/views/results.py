"""A results folder in hand, in a program or a notebook: its axes and its rows; it shows, draws and explains itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either, none_of
from harness.experiment.grids import geometric
from harness.store import arrays
from harness.store.contents import Contents, StoreError
from harness.store.expressions import among, both, equal
from harness.store.log import EXPERIMENT
from harness.store.place import Place
from harness.store.places import place_of
from harness.store.reading import dataset, distinct, load, pieces, table_of, to_frame
from harness.store.schema import WHOLE, Column, Role
from harness.store.strangers import ATTRIBUTES, WRITTEN
from harness.store.tables import together
from harness.views.scale import TableAxis

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

    from harness.views.explain.page import Explained
    from harness.views.trained.network import TrainedNetwork


class Results:
    """A results folder in hand; a notebook shows a summary of it. Raises `StoreError` if there are no results."""

    def __init__(self, folder: str | os.PathLike[str], place: Place | None = None) -> None:
        self.folder = os.fspath(folder)
        self.place = place or place_of(folder)
        self.runs = dataset(self.place, "runs")

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self._attributes["name"])

    @property
    def layers(self) -> list[int] | None:
        """Units of each layer, or None if networks of several kinds are there."""
        layers: list[int] | None = self._attributes["layers"]
        return layers

    @property
    def source(self) -> str:
        """The experiment as it was written, its description and comments as they are in the folder now."""
        contents = Contents(self.place)
        manifest = contents.manifest()
        if manifest and contents.described(manifest):
            try:
                return str(self.place.read(EXPERIMENT), "utf-8")
            except UnicodeDecodeError:
                raise StoreError(f"{self.place}/{EXPERIMENT}: expected a text in UTF-8, found other bytes") from None
        return str(self.runs.schema.metadata[WRITTEN], "utf-8")

    @property
    def has_curves(self) -> bool:
        """Whether loss curves were recorded."""
        return bool(Contents(self.place).files("curves"))

    @property
    def rows(self) -> int:
        return int(self.runs.count_rows())

    @property
    def swept(self) -> list[str]:
        """The columns of the parameters."""
        return self.of_role(Role.PARAMETER)

    @property
    def weight_columns(self) -> list[str]:
        """The names of the columns of the final weights."""
        return self.of_role(Role.WEIGHT)

    @property
    def metrics(self) -> list[str]:
        """The names of the columns of metrics."""
        return self.of_role(Role.METRIC)

    @cached_property
    def curve_metrics(self) -> list[Column]:
        """The metrics of the loss curves. Raises `StoreError` if none were recorded."""
        return [column for column in dataset(self.place, "curves").columns.values() if column.role == Role.METRIC]

    def of_role(self, role: Role) -> list[str]:
        """The names of the columns of a role, in the order of the table."""
        return [name for name, column in self.runs.columns.items() if column.role == role]

    @cached_property
    def axes(self) -> dict[str, TableAxis]:
        """What varies, by name: parameters of more than one value, and `repeat`."""
        names = [*self.swept, "repeat"]
        values = distinct(self.tables(names), names)
        if not all(len(values[name]) for name in names if name in WHOLE):
            raise StoreError(f"{self.folder}: a table without a row; get the folder anew, or train it anew")
        spaced = self._spaced
        return {
            name: TableAxis(self.column(name), some, spaced.get(name)) for name, some in values.items() if len(some) > 1
        }

    @cached_property
    def pieces(self) -> list[Any]:
        """The table cut into pieces of a million rows at most, in the order of the files. Whoever goes through all of
        it has one of them in memory at a time.
        """
        return pieces(self.runs)

    def piece(self, number: int, columns: Sequence[str], only: Any = None) -> pa.Table:
        """Columns of the rows of a piece, those that meet an expression."""
        return table_of(self.pieces[number], list(columns), only)

    def tables(self, columns: Sequence[str], only: Any = None) -> Iterator[pa.Table]:
        """Columns of the rows that meet an expression, a piece at a time."""
        return (self.piece(number, columns, only) for number in range(len(self.pieces)))

    def parts(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Columns of all rows, a piece at a time."""
        return map(to_frame, self.tables(columns))

    def count(self, only: Any = None) -> int:
        """How many rows meet an expression."""
        return sum(piece.count_rows(filter=only) for piece in self.pieces)

    def first(self, columns: Sequence[str]) -> dict[str, Any]:
        """Columns of the first row."""
        return dict(self.pieces[0].head(1, columns=list(columns)).to_pylist()[0])

    def column(self, name: str) -> Column:
        """What the schema says of a column. Raises `HarnessError` if there is no such one."""
        if name not in (names := self.runs.schema.names):
            raise HarnessError(f"{self.folder}: no column {name!r}{none_of(name, names)}")
        return self.runs.columns[name]

    def frame(self, columns: Sequence[str], where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Columns of the rows that have the values in `where`, in the order of the files. Raises `HarnessError`."""
        for name in columns:
            self.column(name)
        return to_frame(together(self.tables(list(dict.fromkeys(columns)), self.filter(where or {}))))

    def row(self, config: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One row of the table. Raises `HarnessError` if it is not there."""
        found = to_frame(self.runs.to_table(columns=columns, filter=equal("config", config)))
        if found.empty:
            raise HarnessError(f"{self.folder}: config {config}: no such row among the {self.rows:,} that are there")
        if len(found) > 1:
            raise StoreError(f"{self.folder}: config {config}: expected one row, found {len(found):,}; get it anew")
        return found

    def filter(self, where: Mapping[str, Any]) -> Any:
        """The rows that have these values, of an axis the nearest, as an expression; None: that have no value there.

        Raises `HarnessError`.
        """
        return both(*(equal(name, self._wanted(name, value)) for name, value in where.items()))

    def _wanted(self, name: str, value: Any) -> Any:
        """The value of a column that is meant. Raises `HarnessError`."""
        self.column(name)
        if value is None or name == "status":
            return value
        if name not in self.axes:
            raise HarnessError(f"{self.folder}: {name} does not vary; what does: {either([*self.axes, 'status'])}")
        return self.axes[name].nearest(value)

    def curves(self, runs: Sequence[int] | None = None) -> pd.DataFrame:
        """The loss curves, all or of these runs. Raises `StoreError` if none were recorded."""
        chosen = None if runs is None else among("run", runs)
        found = together(table_of(piece, None, chosen) for piece in pieces(dataset(self.place, "curves")))
        return to_frame(found.sort_by([("run", "ascending"), ("epoch", "ascending")]))

    def predictions(self, configs: Sequence[int] | None = None) -> pd.DataFrame:
        """What rows say of samples, all or these rows. Raises `StoreError` if no predictions were recorded."""
        chosen = None if configs is None else among("config", configs)
        found = together(table_of(piece, None, chosen) for piece in pieces(dataset(self.place, "predictions")))
        return to_frame(found.sort_by([("config", "ascending"), ("sample", "ascending")]))

    def table(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The table, in the order of the grid."""
        return to_frame(load(self.place, columns))

    def plot(self, kind: str | None = None, **choices: Any) -> Figure:
        """A picture of the results. kind and choices (x, y, color, where, below, config) as in `harness.plot`.

        Raises `HarnessError` for what cannot be drawn.
        """
        from harness.views import plots

        return plots.plot(self, kind, **choices)

    def best(self, by: str | None = None, top: int = 10, where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The `top` settings by the median of a score over repeats and folds, the best first.

        by: a column of metrics, but none of the test part; if not given validation_accuracy or validation_r2, or
        else validation_loss, and without a validation part loss_mean: the least training loss. where: parameter -> the
        value that rows have. Columns: rank, the parameters that vary, the median, `spread` (of the middle half), n
        rows, how many of these diverged, which count as the worst, and config, the row that is nearest to the median.
        The median, or the spread, is NaN if it is one of rows that diverged. `attrs` has the score as `by`, and as
        `test` the medians of the first setting's scores on the test part. Raises `HarnessError`.
        """
        from harness.views.choosing.best import best

        return best(self, by, top, where)

    def importance(self, by: str | None = None, where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """How much of the variance of a score comes of each parameter and of each pair, the greatest first.

        by, where: as for `best`. The score of a setting is its mean over repeats and folds, and the variance is that
        over settings. Columns: parameter, and its share. On a full grid shares are exact and their sum is 1; `attrs`
        has in `estimated` why they are not: where settings are missing or rows diverged, means are over what is there.
        Raises `HarnessError`.
        """
        from harness.views.choosing.importance import importance

        return importance(self, by, where)

    def weights(self, config: int) -> arrays.Arrays:
        """The final weights of a row, shaped by layer: w1, w2, .. (O, I) and b1, b2, .. (O,) if there are biases.

        A run that diverged has none: the mapping is empty. Raises `HarnessError` if there is no such row.
        """
        row = self.row(config).dropna(axis=1, how="all")
        return {name: array[0] for name, array in arrays.weights(row, self.layers).items()}

    def network(self, config: int) -> TrainedNetwork:
        """The network of a row, to predict with: gaps are filled and numbers scaled as in its training part.

        Raises `HarnessError` if there is no such row, if it diverged, if the table has no weights, or if the data that
        its experiment names are not here.
        """
        from harness.views.explain.configuration import of_row

        return of_row(self, config).trained()

    def explain(self, config: int, epochs: int | str | Sequence[int | str] | None = None) -> Explained:
        """What happened in a row, step by step: its record, as `harness.explain` has it.

        epochs: a number for its first ones, or a list such as `[0, 1, 10, "last"]`; if not given its first ones, as
        many as 100 steps hold, and its last. Raises `HarnessError` if there is no such row, or no such epoch of it, or
        if the data that its experiment names are not here.
        """
        from harness.views.explain.configuration import of_row
        from harness.views.explain.page import explained

        return explained(of_row(self, config), epochs)

    def __repr__(self) -> str:
        from harness.views.report import words

        return f"<{self.folder}: {'; '.join([self.name, *words.facts(self)])}>"

    def _repr_html_(self) -> str:
        from harness.views.pages import render
        from harness.views.report import words
        from harness.views.report.summary import summarise

        summary = summarise(self.place, [name for name in self.axes if name != "repeat"])
        about = words.told(self, summary)
        least = [f"{one.heading}: {one.told}" for one in words.best(self)] or [
            f"Least training loss: {one}" for one in words.least(summary)
        ]
        return render("result", folder=self.folder, name=self.name, **{**about, "least": least})

    @cached_property
    def written(self) -> Mapping[str, Any]:
        """The experiment as plain data, as it was written. Raises `ExperimentError` if it is none any more."""
        return dict(source.read(self.name, self.source).data)

    @property
    def _spaced(self) -> dict[str, bool]:
        """Whether the values of a parameter that are not listed are asked for at equal ratios, by its name."""
        try:
            return geometric(self.written)
        except HarnessError:
            return {}

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        return dict(json.loads(self.runs.schema.metadata[ATTRIBUTES])["harness"])
