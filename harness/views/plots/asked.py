"""What a picture is asked for, and what it says of itself below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.experiment import ExperimentError, load
from harness.experiment.errors import either
from harness.views.results import Axis, Results

TOLD = ("loss", "optimizer", "schedule", "batch_size", "arithmetic", "dtype")
"""Settings that stand in every caption, unless they vary."""
CHARACTERS = 105
"""Of a line of the caption."""


@dataclass(frozen=True)
class Asked:
    """x, y: axes. color: a column. where: axis -> the value that it is held at. below: a loss. None for the usual."""

    results: Results
    x: str | None = None
    y: str | None = None
    color: str | None = None
    where: Mapping[str, Any] | None = None
    below: float | None = None

    def axis(self, name: str) -> Axis:
        """An axis that varies. Raises `HarnessError`."""
        axes = self.results.axes
        if name not in axes:
            self.results.column(name)
            varying = f"what does: {either(axes)}" if axes else "nothing does"
            raise HarnessError(f"{self.results.folder}: {name} does not vary; {varying}")
        return axes[name]

    def free(self, *taken: str) -> list[str]:
        """Axes that are neither held nor taken: learning rates, epochs, the longest; repeats last."""
        left = [name for name in self.results.axes if name not in (*taken, *(self.where or {}))]
        return sorted(left, key=self._rank)

    def pick(self, given: str | None, *taken: str) -> Axis:
        """The axis that is given, or the first that is free. Raises `HarnessError` if there is none."""
        free = self.free(*taken)
        if given is None and not free:
            raise HarnessError(f"{self.results.folder}: too little varies for this picture; give another --kind")
        return self.axis(given or free[0])

    def last_epochs(self, *taken: str | None) -> dict[str, Any]:
        """The epochs held at their most, unless they are held or taken already."""
        axes = self.results.axes
        if "epochs" not in axes or "epochs" in (*taken, *(self.where or {})):
            return {}
        return {"epochs": axes["epochs"].values[-1]}

    def frame(self, columns: Sequence[str], where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """These columns of the rows asked for. Raises `HarnessError` if there are none."""
        frame = self.results.frame(columns, {**(self.where or {}), **(where or {})})
        if frame.empty:
            raise HarnessError(f"{self.results.folder}: no row has {self._held(where)}")
        return frame

    def caption(self, figure: Figure, *more: str, held: Mapping[str, Any] | None = None) -> None:
        """Write below what the picture is of."""
        parts = [self.results.name, *self._settings()]
        if told := self._held(held):
            parts.append(told)
        text = " \N{MIDDLE DOT} ".join([*parts, *more])
        figure.supxlabel("\n".join(textwrap.wrap(text, CHARACTERS)), fontsize=8, color="0.35")

    def _rank(self, name: str) -> tuple[int, int]:
        kind = 0 if name.startswith("learning_rate") else 1 if name == "epochs" else 3 if name == "repeat" else 2
        return kind, -len(self.results.axes[name].values)

    def _held(self, more: Mapping[str, Any] | None) -> str:
        held = {**(self.where or {}), **(more or {})}
        values = {name: axes[name].nearest(held[name]) for name in held if name in (axes := self.results.axes)}
        return ", ".join(f"{name} {shown(value)}" for name, value in {**held, **values}.items())

    def _settings(self) -> list[str]:
        layers = self.results.layers
        told = [f"network {'-'.join(map(str, layers))}"] if layers else []
        try:
            settings = load(self.results.name, self.results.source).settings
        except ExperimentError:  # its data are gone
            return told
        named = [f"{name.replace('_', ' ')} {settings[name]}" for name in TOLD if name in settings]
        activation = [f"{settings['activation']} hidden units"] if "activation" in settings else []
        return [*told, *activation, *named]


def shown(value: Any) -> str:
    """A number to four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
