"""What a picture is asked for: its rows, axes and column, and what it says of them above and below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either
from harness.experiment.model import REPEATING
from harness.experiment.settings import NETWORK, TRAINING
from harness.formulas.metrics import LOSS
from harness.store.expressions import both, equal, has
from harness.views.losses import unlike
from harness.views.numbers import printed
from harness.views.plots.gather import LISTED, Parts
from harness.views.results import Results
from harness.views.scale import MOST, TableAxis, title_of
from harness.views.spaced import some_runs
from harness.views.ticks import literal

FIRST = ("activation", "loss", "optimizer", "batch_size")
LAST = ("arithmetic", "dtype")
"""Settings that stand in every caption, unless they vary; those of `LAST` without their names."""
PER_INCH = 17
"""Characters of the caption that fit into one inch."""
DOT = " \N{MIDDLE DOT} "


@dataclass(frozen=True)
class Asked:
    """x, y: axes. color: a column. where: axis -> the value that it is held at. below: a loss. config: a row. None for
    the usual. animate: whether moments follow one another in time, not side by side.
    """

    results: Results
    x: str | None = None
    y: str | None = None
    color: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    below: float | None = None
    config: int | None = None
    animate: bool = False

    @property
    def colour(self) -> str:
        """The column that is drawn. Raises `HarnessError` if it has no numbers."""
        name = self.color or "loss_mean"
        if not self.results.column(name).numeric:
            raise HarnessError(f"{self.results.folder}: {name} is not a column of numbers, such as loss_mean")
        return name

    @property
    def title(self) -> str:
        """What a picture calls the column that is drawn: `loss mean`, `settled epoch`."""
        return title_of(self.results.column(self.colour))

    @property
    def is_loss(self) -> bool:
        """Whether the column that is drawn is a loss."""
        return self.results.column(self.colour).unit == LOSS

    @cached_property
    def varying(self) -> list[str]:
        """The axes that have several values in the rows asked for."""
        if not self.where:
            return list(self.results.axes)
        names = [name for name in self.results.axes if name not in self.where]
        return [name for name in names if len(self._values(name)) > 1]

    def axis(self, name: str) -> TableAxis:
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
        """Axes that are neither held nor taken: learning rates, epochs, other numbers, labels; repeats last."""
        left = [name for name in self.varying if name not in (*taken, *self.where)]
        return sorted(left, key=lambda name: self.results.axes[name].rank)

    def usual(self, *taken: str) -> list[str]:
        """The free axes that a picture picks by itself: all but those that only repeat a setting."""
        return [name for name in self.free(*taken) if name not in REPEATING]

    def pick(self, given: str | None, *taken: str) -> TableAxis:
        """The axis that is given, or the first that is usual. Raises `HarnessError` if there is none."""
        usual = self.usual(*taken)
        if given is None and not usual:
            raise HarnessError(f"{self.results.folder}: too little varies for this picture")
        if given in taken:
            raise HarnessError(f"{self.results.folder}: x and y are both {given}")
        return self.axis(given or usual[0])

    def beside(self, x: str, given: str | None) -> TableAxis:
        """Another axis: that given, or the first usual one that rows have together with x. Raises `HarnessError`."""
        axes = [self.pick(given, x)] if given else [self.axis(name) for name in self.usual(x)]
        for axis in axes:
            if any(len(part) for part in Parts(self.results, [axis.name], self.where, has(x, axis.name))):
                return axis
        raise HarnessError(
            f"{self.results.folder}: the rows that have {x} vary in nothing else; "
            "a map needs two axes that do, another kind of picture needs one"
        )

    def pair(self) -> tuple[TableAxis, TableAxis]:
        """Two axes to draw: those given, and else the first that leave out no row, if there are such.

        Raises `HarnessError`.
        """
        entire = self.entire()
        if not self.x and not self.y and len(entire) > 1:
            return self.axis(entire[0]), self.axis(entire[1])
        x = self.pick(self.x, *([self.y] if self.y and not self.x else []))
        return x, self.beside(x.name, self.y or next(iter(self.entire(x.name)), None))

    def entire(self, *drawn: str) -> list[str]:
        """The usual axes of which every row has a value; every row that has all of the drawn axes, if there are any."""
        return [name for name in self.usual(*drawn) if not self._count(both(*map(has, drawn), ~has(name)))]

    def left_out(self, *drawn: str) -> list[str]:
        """What the caption says of rows without a value of these axes: how many, and which labels are only theirs."""
        lost = self._count(~has(*drawn)) if drawn else 0
        if not lost:
            return []
        lacking = [name for name in drawn if self._count(~has(name))]
        labels = [name for name in self.varying if not self.results.axes[name].numeric and name not in lacking]
        without = self._labels(labels, ~has(*drawn))
        others = self._labels(labels, has(*drawn))
        only = {name: [value for value in without[name] if value not in others[name]] for name in labels}
        told = [f"{name} {', '.join(values)}" for name, values in only.items() if 0 < len(values) <= LISTED]
        which = f": {'; '.join(told)}" if told else ""
        rows = f"{lost:,} of {self._count():,}"
        return [f"rows without {' or '.join(lacking)} are not drawn{which} ({rows})"]

    def comparable(self, *drawn: str) -> None:
        """Raise `HarnessError` if losses that measure differently would stand on one axis or have one colour."""
        if self.is_loss and (names := unlike(drawn)):
            values = ", ".join(map(str, self.results.axes[names[0]].values))
            raise HarnessError(
                f"{self.results.folder}: {names[0]}: losses of {values} cannot be compared in one picture; "
                f"leave the axis out for a picture of each, or hold it, as with --where {names[0]}=.."
            )

    def holding(self, more: Mapping[str, Any]) -> Asked:
        """A copy of this request that holds more axes at a value."""
        return replace(self, where={**self.where, **more})

    def row(self, config: int) -> dict[str, Any]:
        """The run, the epochs and the value of each axis of a row, None where it has none.

        Raises `HarnessError` if there is no such row among those asked for.
        """
        names = dict.fromkeys(["run", "epochs", *self.results.axes])
        row = self.results.row(config, list(names)).astype(object)
        if self.where and not self._count(equal("config", config)):
            asked = ", ".join(f"{name} {value}" for name, value in self.where.items())
            raise HarnessError(f"{self.results.folder}: config {config} is not among the rows of {asked}")
        return {name: None if pd.isna(value) else value for name, value in zip(names, row.iloc[0], strict=True)}

    def of_run(self, config: int) -> Asked:
        """A copy for the run that a row is of alone. Raises as `row` does."""
        row = self.row(config)
        return self.holding({name: row[name] for name in self.results.axes if name != "epochs"})

    def at_last_epochs(self, *drawn: str) -> Asked:
        """A copy that holds the epochs, unless held or drawn already, at the most that rows with these axes have."""
        if "epochs" not in self.results.axes or "epochs" in (*drawn, *self.where) or self.free() == ["epochs"]:
            return self
        together = has(*drawn) if drawn else None
        most = [part["epochs"].max() for part in Parts(self.results, ["epochs"], self.where, together) if len(part)]
        return self.holding({"epochs": max(most)}) if most else self

    def runs(self, most: int) -> tuple[NDArray[np.int64], int]:
        """The numbers of at most so many of the runs asked for, at equal distances, and how many there are.

        Raises `HarnessError` if there are none.
        """
        chosen, every = some_runs(self.results, most, self.results.filter(self.where))
        if not every:
            raise HarnessError(f"{self.results.folder}: no row has {self.held or self.after.strip()}")
        return chosen, every

    def over(self, *drawn: str) -> list[str]:
        """The axes over which the numbers in one place of a picture vary, in words: `over momentum, repeat`."""
        several = self.free(*drawn)
        return [f"over {', '.join(several)}"] if several else []

    @property
    def question(self) -> str:
        """What the experiment asks, in its own words; nothing if it has none."""
        return str(self.results.written.get("description") or "").strip()

    def binned(self, *drawn: TableAxis) -> list[str]:
        """What the caption says of axes with more values than a picture has room for."""
        return [
            f"{len(axis.values):,} values of {axis.name} in {MOST} bins" for axis in drawn if len(axis.values) > MOST
        ]

    def caption(self, figure: Figure, *more: str) -> None:
        """Write below what was trained, and how to read the picture."""
        lines = _lines([self.results.name, *self._settings()], figure)
        lines += _lines(more, figure)
        figure.supxlabel(literal("\n".join(lines)), fontsize=8, color="0.3", x=0.01, ha="left")

    @property
    def measured(self) -> str:
        """What is drawn and when it was measured: `loss mean after 1,000 epochs`."""
        return f"{self.title}{self.after}"

    @property
    def after(self) -> str:
        """` after 1,000 epochs`, if all rows have as many; else nothing."""
        axes = self.results.axes
        if "epochs" in axes and "epochs" not in self.where:
            return ""
        epochs = int(axes["epochs"].nearest(self.where["epochs"])) if "epochs" in axes else self._epochs
        return f" after {epochs:,} epoch{'s' * (epochs != 1)}"

    @cached_property
    def _epochs(self) -> int:
        """The epochs of every row, where they do not vary."""
        return int(self.results.first(["epochs"])["epochs"])

    @property
    def held(self) -> str:
        """`learning rate 0.1, init ones`: the values that the rows have, beside the epochs."""
        axes, where = self.results.axes, {name: value for name, value in self.where.items() if name != "epochs"}
        there = {name: value for name, value in where.items() if value is not None}
        values = {name: axes[name].nearest(value) if name in axes else value for name, value in there.items()}
        return ", ".join(f"{name.replace('_', ' ')} {printed(value, 4)}" for name, value in values.items())

    def _values(self, name: str) -> set[Any]:
        """The values of an axis in the rows asked for."""
        found = (part[name].dropna().unique() for part in Parts(self.results, [name], self.where))
        return {value for values in found for value in values}

    def _labels(self, names: Sequence[str], only: Any) -> dict[str, list[str]]:
        """The values of labelled axes in some of the rows asked for, in the order of the grid."""
        found: dict[str, set[str]] = {name: set() for name in names}
        for part in Parts(self.results, names, self.where, only) if names else ():
            for name in names:
                found[name] |= set(map(str, part[name].dropna().unique()))
        order = {name: [str(value) for value in self.results.axes[name].values] for name in names}
        return {name: [value for value in order[name] if value in found[name]] for name in names}

    def _count(self, only: Any = None) -> int:
        """How many of the rows asked for meet an expression."""
        return self.results.count(both(self.results.filter(self.where), only))

    def _settings(self) -> list[str]:
        """Settings that hold for every row: the network, `FIRST`, what else was written, `LAST`."""
        written = self.results.written
        sections = [written.get(name) for name in ("network", "training")]
        given = {name: value for section in sections if isinstance(section, dict) for name, value in section.items()}
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
        joined = f"{lines[-1]}{DOT}{part}" if lines[-1] else part
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines += textwrap.wrap(part, width)
    return [line for line in lines if line]
