"""A results folder in hand, in a program or a notebook: it shows itself, draws itself and explains its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.network.runs import Status
from harness.store import arrays
from harness.views import plots
from harness.views.explain.configuration import of_row
from harness.views.explain.page import Explained, explained
from harness.views.pages import render
from harness.views.report import words
from harness.views.report.summary import summarise
from harness.views.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Opened(Results):
    """A results folder in hand; a notebook shows a summary of it. Raises `StoreError` if there are no results."""

    def plot(self, kind: str | None = None, **choices: Any) -> Figure:
        """A picture of the results. kind and choices (x, y, color, where, below) as in `harness.plot`.

        Raises `HarnessError` for what cannot be drawn.
        """
        return plots.plot(self, kind, **choices)

    def weights(self, config: int) -> arrays.Arrays:
        """The final weights of a row, shaped by layer: w1, w2, .. (O, I) and b1, b2, .. (O,) if there are biases.

        A run that diverged has none: the mapping is empty. Raises `HarnessError` if there is no such row.
        """
        row = self.row(config).dropna(axis=1, how="all")
        return {name: array[0] for name, array in arrays.weights(row, self.layers).items()}

    def explain(self, config: int, epochs: int | str | Sequence[int | str] | None = None) -> Explained:
        """What happened in a row, step by step: its record, as `harness.explain` has it.

        epochs: a number for its first ones, or a list such as `[0, 1, 10, "last"]`; if not given its first ones, as
        many as 100 steps hold, and its last. Raises `HarnessError` if there is no such row, or no such epoch of it, or
        if the data that its experiment names are not here.
        """
        return explained(of_row(self, config), epochs)

    def __repr__(self) -> str:
        return f"<{self.folder}: {'; '.join([self.name, *words.facts(self)])}>"

    def _repr_html_(self) -> str:
        axes = [name for name in self.axes if name != "repeat"]
        summary = summarise(self.place, axes)
        return render(
            "result",
            folder=self.folder,
            name=self.name,
            description=words.description(self),
            setup=words.setup(self),
            facts=[*words.facts(self), words.steps(self)],
            statuses=[words.status(status, summary.statuses[status.label], self.rows) for status in Status],
            grew=words.grew(summary, self.rows),
            axes=words.axes(self.axes.values()),
            least=words.least(summary, self.axes),
        )
