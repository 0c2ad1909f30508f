"""What a picture is asked for, and what it says of itself below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either
from harness.experiment.settings import NETWORK, TRAINING
from harness.views.plots.scales import MOST, shown
from harness.views.results import Axis, Results, title_of

FIRST = ("activation", "loss", "optimizer", "batch_size")
LAST = ("arithmetic", "dtype")
"""Settings that stand in every caption, unless they vary; those of `LAST` without their names."""
LOSS_UNIT = "loss"
PER_INCH = 17
"""Characters of the caption."""


@dataclass(frozen=True)
class Asked:
    """x, y: axes. color: a column. where: axis -> the value that it is held at. below: a loss. None for the usual."""

    results: Results
    x: str | None = None
    y: str | None = None
    color: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    below: float | None = None

    @property
    def colour(self) -> str:
        """The column that is drawn. Raises `HarnessError` if it has no numbers."""
        name = self.color or "loss_mean"
        if not self._number(self.results.column(name).name):
            raise HarnessError(f"{self.results.folder}: {name} is not a column of numbers, such as loss_mean")
        return name

    @property
    def title(self) -> str:
        """Of the column that is drawn."""
        return title_of(self.results.column(self.colour))

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss."""
        return self.results.column(self.colour).unit == LOSS_UNIT

    @cached_property
    def varying(self) -> list[str]:
        """The axes that have several values in the rows asked for."""
        if not self.where:
            return list(self.results.axes)
        rows, chosen = self.results.runs, self.results.filter(self.where)
        names = [name for name in self.results.axes if name not in self.where]
        columns = {name: rows.to_table([name], filter=chosen)[name] for name in names}
        return [name for name, column in columns.items() if len(pc.drop_null(pc.unique(column))) > 1]

    def axis(self, name: str) -> Axis:
        """An axis that varies and is not held. Raises `HarnessError`."""
        axes = self.results.axes
        if name not in axes:
            self.results.column(name)
            varying = f"what does: {either(axes)}" if axes else "nothing does"
            raise HarnessError(f"{self.results.folder}: {name} does not vary; {varying}")
        if name in self.where:
            raise HarnessError(f"{self.results.folder}: {name} cannot be drawn and be held at {self.where[name]}")
        return axes[name]

    def free(self, *taken: str) -> list[str]:
        """Axes that are neither held nor taken: learning rates, epochs, the longest; repeats last."""
        left = [name for name in self.varying if name not in (*taken, *self.where)]
        return sorted(left, key=self._rank)

    def pick(self, given: str | None, *taken: str) -> Axis:
        """The axis that is given, or the first that is free. Raises `HarnessError` if there is none."""
        free = self.free(*taken)
        if given is None and not free:
            raise HarnessError(f"{self.results.folder}: too little varies for this picture")
        if given in taken:
            raise HarnessError(f"{self.results.folder}: x and y are both {given}")
        return self.axis(given or free[0])

    def beside(self, x: str, given: str | None) -> Axis:
        """Another axis: that given, or the first free one that rows have together with x. Raises `HarnessError`."""
        axes = [self.pick(given, x)] if given else [self.axis(name) for name in self.free(x)]
        for axis in axes:
            if self.frame([x, axis.name]).notna().all(axis="columns").any():
                return axis
        raise HarnessError(f"{self.results.folder}: nothing else varies in the rows that have a {x}; expected two axes")

    def at_last_epochs(self) -> Asked:
        """The same with the epochs held at their most, unless they are held or drawn."""
        axes = self.results.axes
        if "epochs" not in axes or "epochs" in (self.x, *self.where) or self.free() == ["epochs"]:
            return self
        return replace(self, where={**self.where, "epochs": axes["epochs"].values[-1]})

    def frame(self, columns: Sequence[str]) -> pd.DataFrame:
        """These columns of the rows asked for. Raises `HarnessError` if there are none."""
        frame = self.results.frame(columns, self.where)
        if frame.empty:
            raise HarnessError(f"{self.results.folder}: no row has {self.held}")
        return frame

    def over(self, *drawn: str) -> list[str]:
        """What the numbers of one place differ in, for the caption."""
        several = self.free(*drawn)
        return [f"over {', '.join(several)}"] if several else []

    def binned(self, *drawn: Axis) -> list[str]:
        """What the caption says of axes with more values than a picture has room for."""
        return [
            f"{len(axis.values):,} values of {axis.name} in {MOST} bins" for axis in drawn if len(axis.values) > MOST
        ]

    def caption(self, figure: Figure, *more: str) -> None:
        """Write below what the picture is of."""
        held = [self.held] if self.held else []
        lines = _lines([self.results.name, *self._settings()], figure)
        lines += _lines([*held, *more], figure)
        figure.supxlabel("\n".join(lines), fontsize=8, color="0.3", x=0.01, ha="left")

    @property
    def held(self) -> str:
        """`learning_rate 0.1, init ones`: the values that the rows have."""
        axes = self.results.axes
        values = {name: axes[name].nearest(value) if name in axes else value for name, value in self.where.items()}
        return ", ".join(f"{name} {shown(value)}" for name, value in values.items())

    def _number(self, name: str) -> bool:
        kind = self.results.runs.schema.field(name).type
        return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))

    def _rank(self, name: str) -> tuple[int, int]:
        kind = 0 if name.startswith("learning_rate") else 1 if name == "epochs" else 3 if name == "repeat" else 2
        return kind, -len(self.results.axes[name].values)

    def _settings(self) -> list[str]:
        """Those that hold for every row: the network, `FIRST`, what else was written, `LAST`."""
        written = source.read(self.results.name, self.results.source).data
        given = {**written.get("network", {}), **written.get("training", {})}
        defaults = {name: setting.default for name, setting in (NETWORK | TRAINING).items()}
        values = {name: value for name, value in {**defaults, **given}.items() if name not in self.results.swept}
        names = [name for name in [*FIRST, *given] if name in values and name not in ("layers", *LAST)]
        told = [f"{name.replace('_', ' ')} {source.describe(values[name])}" for name in dict.fromkeys(names)]
        last = " ".join(str(values[name]) for name in LAST if name in values)
        layers = self.results.layers
        return [*([f"network {'-'.join(map(str, layers))}"] if layers else []), *told, *([last] if last else [])]


def _lines(parts: Sequence[str], figure: Figure) -> list[str]:
    """The parts in lines that fit, broken between parts."""
    width, lines = int(PER_INCH * figure.get_figwidth()), [""]
    for part in parts:
        joined = f"{lines[-1]} \N{MIDDLE DOT} {part}" if lines[-1] else part
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines += textwrap.wrap(part, width)
    return [line for line in lines if line]
