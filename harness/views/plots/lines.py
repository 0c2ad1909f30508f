"""Losses over epochs, over an axis, over starts; and the share of rows that came to each end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.block import Status
from harness.errors import HarnessError
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.scales import Scale, codes, scale_of

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
RUNS = 2000
"""Whose curves are read at most, at equal distances."""
FEW = 12
"""So many values or fewer have a box each; more have bands."""


def curves(asked: Asked) -> Figure:
    """Least, mean and greatest loss against the epoch: of one run; or the medians of many, with bands of the mean.

    Raises `HarnessError` if no curves were recorded.
    """
    if not asked.results.place.sizes("curves"):
        raise HarnessError(
            f"{asked.results.folder}: no loss curves there; record: {{losses: {{every: 1}}}} keeps those of a sweep"
        )
    runs = np.unique(asked.frame(["run"])["run"])
    chosen = runs[np.unique(np.linspace(0, len(runs) - 1, min(RUNS, len(runs))).round().astype(int))]
    points = asked.results.curves(chosen.tolist())
    if points.empty:
        raise HarnessError(f"{asked.results.folder}: the curves of these runs have no points")
    made = style.figure()
    axes = made.subplots()
    by_epoch = points.groupby("epoch")
    for name, colour, dash in zip(("loss_min", "loss_mean", "loss_max"), style.LINES, ("--", "-", ":"), strict=False):
        median = by_epoch[name].median()
        axes.plot(median.index, positive(median), color=colour, linestyle=dash, label=name.replace("_", " "))
    many = []
    if len(chosen) > 1:
        bands(axes, by_epoch["loss_mean"], style.LINES[1])
        many = [f"medians of {len(chosen):,} runs"] + ([f"of {len(runs):,}"] if len(runs) > len(chosen) else [])
        many += ["bands of the mean loss: half of the runs, and nine tenths"]
    _finish(asked, made, axes, ("epoch", "loss"), many)
    return made


def spread(asked: Asked) -> Figure:
    """The distribution of the loss over initialisations and repeats, for each value of an axis."""
    held = asked.last_epochs(asked.x)
    x = asked.pick(asked.x or ("init" if "init" in asked.free() else None), *held)
    colour = asked.color or "loss_mean"
    asked.results.column(colour)
    frame = asked.frame([x.name, colour], held).dropna(subset=[colour])
    scale = scale_of(x)
    at = codes(x, frame[x.name])
    groups = frame[colour].astype(float).groupby(at)
    made = style.figure()
    axes = made.subplots()
    if len(x.values) <= FEW:
        scale = Scale(x, "steps", np.arange(len(x.values), dtype=float))
        _boxes(axes, groups)
    else:
        bands(axes, groups, style.LINES[0], scale.at)
        median = groups.median()
        axes.plot(scale.at[median.index], positive(median), color=style.LINES[0], label="median")
    scale.show(axes, "x")
    told = (
        ["boxes: half of the rows, whiskers nine tenths"] if len(x.values) <= FEW else ["bands: half, and nine tenths"]
    )
    over = ", ".join(asked.free(x.name, *held))
    _finish(asked, made, axes, (None, colour.replace("_", " ")), [*told, *([f"over {over}"] if over else [])], held)
    return made


def share(asked: Asked) -> Figure:
    """The share of rows that ran, settled and diverged against an axis; and of those whose loss is below a bound."""
    x = asked.pick(asked.x)
    columns = [x.name, "status", *(["loss_mean"] if asked.below is not None else [])]
    frame = asked.frame(columns)
    scale, at = scale_of(x), codes(x, frame[x.name])
    counts = np.bincount(at[at >= 0], minlength=len(x.values))
    status = frame["status"].astype(str).to_numpy()
    labels = [Status.RAN.label, Status.SETTLED.label, Status.DIVERGED.label]
    shares = [_share(at, status == label, counts) for label in labels]
    made = style.figure()
    axes = made.subplots()
    drawn = axes.stackplot(scale.at, shares, colors=[style.COLOURS[label] for label in labels])
    for area, label in zip(drawn, labels, strict=True):
        area.set(hatch=style.HATCHES[label], edgecolor="white", linewidth=0)
    handles: list[Any] = [style.patch(label) for label in labels]
    if asked.below is not None:
        below = _share(at, (frame["loss_mean"] <= asked.below).to_numpy(bool), counts)
        text = f"loss mean at most {asked.below:g}"
        handles += axes.plot(scale.at, below, color="white", linewidth=4.5)
        handles = handles[:-1] + axes.plot(scale.at, below, color="black", linewidth=2, label=text)
    scale.show(axes, "x")
    axes.set(ylabel="share of rows", ylim=(0, 1), xlim=(scale.at[0], scale.at[-1]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    style.legend(made, handles)
    over = ", ".join(asked.free(x.name))
    asked.caption(made, *([f"over {over}"] if over else []))
    return made


def positive(numbers: Any) -> NDArray[np.float64]:
    """Losses for a logarithmic scale: none at 0."""
    values = np.asarray(numbers, float)
    return np.where(values > 0, values, np.nan)


def bands(axes: Axes, groups: Any, colour: str, at: Any = None, drawn: Callable[[Any], Any] = positive) -> None:
    """Half of each group's numbers, and nine tenths. at: where each group lies, if not at its own number."""
    found = groups.quantile(list(QUANTILES)).unstack()
    where = found.index if at is None else at[found.index]
    for low, high, alpha in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.25)):
        axes.fill_between(where, drawn(found[low]), drawn(found[high]), color=colour, alpha=alpha, linewidth=0)


def _boxes(axes: Axes, groups: Any) -> None:
    for at, numbers in groups:
        low, q1, median, q3, high = np.quantile(numbers, QUANTILES)
        stats = {"whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high, "fliers": []}
        look = {"facecolor": "#cfe3f1", "edgecolor": style.LINES[0]}
        middle = {"color": style.LINES[1], "linewidth": 2}
        axes.bxp([stats], positions=[at], widths=0.5, patch_artist=True, boxprops=look, medianprops=middle)


def _share(at: NDArray[np.int64], chosen: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    there = np.bincount(at[chosen & (at >= 0)], minlength=len(counts))
    return there / np.maximum(counts, 1)


def _finish(
    asked: Asked, made: Figure, axes: Axes, labels: tuple[str | None, str], told: Sequence[str], held: Any = None
) -> None:
    x, y = labels
    if x:
        axes.set_xlabel(x)
    axes.set_ylabel(y)
    lines = [np.asarray(line.get_ydata(), float) for line in axes.lines]
    if "loss" in y and any((line > 0).any() for line in lines):
        axes.set_yscale("log")
    style.plain(axes)
    style.legend(made, [line for line in axes.lines if not str(line.get_label()).startswith("_")])
    asked.caption(made, *told, held=held)
