"""Losses over epochs, over an axis, over starts; and the share of rows that came to each end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.scales import MOST, Scale, codes, grouped, nearest, present, scale_of, steps_of
from harness.views.results import Axis

QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
RUNS = 2000
"""Whose curves are read at most, at equal distances."""
FEW = 12
"""So many values or fewer have a box or a bar each; more have areas."""
BANDS = "bands: the middle half and the middle nine tenths"


def curves(asked: Asked) -> Figure:
    """Least, mean and greatest loss against the epoch: of one run; or the medians of many, with bands of the mean.

    Raises `HarnessError` if no curves were recorded.
    """
    results = asked.results
    if not results.place.sizes("curves"):
        raise HarnessError(
            f"{results.folder}: no loss curves there; an experiment with record: {{losses: {{every: 1}}}} keeps them"
        )
    runs = np.sort(asked.frame(["run"])["run"].unique())
    chosen = runs[np.unique(np.linspace(0, len(runs) - 1, min(RUNS, len(runs))).round().astype(int))]
    points = results.curves(chosen.tolist())
    if points.empty:
        raise HarnessError(f"{results.folder}: every run diverged in its first epoch, so there are no loss curves")
    made = style.figure()
    axes = made.subplots()
    where = np.sort(points["epoch"].unique())
    where = where[np.unique(np.linspace(0, len(where) - 1, min(MOST, len(where))).round().astype(int))]
    at = codes(where, points["epoch"])
    drawn, many = [], []
    if len(chosen) > 1:
        found = quantiles(grouped(points["loss_mean"], at))
        bands(axes, found, style.LINES[1], where)
        drawn.append(found.to_numpy().ravel())
        sample = f" of {len(runs):,}" if len(runs) > len(chosen) else ""
        several = " ".join([f"medians of {len(chosen):,}{sample} runs", *asked.over("epochs")])
        many = [several, "a run that diverges counts until it does", f"{BANDS} of the mean loss"]
    for name, colour, dash in zip(("loss_min", "loss_mean", "loss_max"), style.LINES, ("--", "-", ":"), strict=False):
        median = grouped(points[name], at).median()
        mark = "o" if len(where) <= style.MARKED else None
        label = name.replace("_", " ")
        axes.plot(where[median.index], median, color=colour, linestyle=dash, marker=mark, markersize=4, label=label)
        drawn.append(median.to_numpy())
    style.loss_scale(axes, np.concatenate(drawn))
    axes.set(xlabel="epoch", ylabel="loss")
    style.plain(axes)
    style.legend(made, axes.lines)
    asked.caption(made, *many)
    return made


def spread(asked: Asked) -> Figure:
    """The distribution of the loss over initialisations and repeats, for each value of an axis.

    All in one if nothing but the repeat varies; of one row a value, the losses.
    """
    asked = asked.at_last_epochs()
    x = asked.pick(asked.x or ("init" if "init" in asked.free() else None))
    frame = asked.frame([x.name, asked.colour])
    there = frame[frame[asked.colour].notna()]
    if there.empty:
        raise HarnessError(f"{asked.results.folder}: no row has a {asked.title}")
    axis, together = present(x, there[x.name]), asked.x is None and x.name == "repeat"
    at = np.zeros(len(there), np.int64) if together else nearest(axis, there[x.name])
    if together:
        axis = replace(axis, values=np.array([f"all {len(there):,}"]))
    groups = grouped(there[asked.colour], at)
    one_each, found = groups.size().max() == 1, quantiles(groups)
    scale = scale_of(axis) if one_each else _scale(axis)
    made = style.figure()
    axes = made.subplots()
    told = []
    if one_each:
        look: dict[str, Any] = {
            "linestyle": "-" if axis.numeric else "",
            "marker": "o" if len(found) <= style.MARKED else "",
        }
        axes.plot(scale.at[found.index], found[0.5], color=style.LINES[0], **look)
    elif scale.kind == "steps":
        _boxes(axes, found)
        told = ["boxes: the middle half, whiskers: the middle nine tenths"]
    else:
        bands(axes, found, style.LINES[0], scale.at)
        axes.plot(scale.at[found.index], found[0.5], color=style.LINES[0], label="median")
        style.legend(made, axes.lines)
        told = [BANDS]
    if asked.is_loss:
        style.loss_scale(axes, found)
    scale.show(axes, "x")
    axes.set_ylabel(asked.title)
    style.plain(axes)
    without = 1 - len(there) / len(frame)
    left_out = [f"without the {without:.1%} of rows that have no {asked.title}"] if without else []
    over = asked.over() if together else asked.over(x.name)
    asked.caption(made, *over, *told, *left_out, *asked.binned(x))
    return made


def share(asked: Asked) -> Figure:
    """The share of rows that ran, settled and diverged against an axis; and of those whose loss is below a bound."""
    if asked.below is not None and not asked.below > 0:
        raise HarnessError(f"below: expected a loss above 0, found {asked.below}")
    asked = asked.at_last_epochs()
    x = asked.pick(asked.x)
    frame = asked.frame([x.name, "status", *(["loss_mean"] if asked.below is not None else [])])
    scale = _scale(present(x, frame[x.name]))
    at = nearest(scale.axis, frame[x.name])
    status = codes([one.label for one in style.STATUSES], frame["status"])
    shares = [_share(at, status == number, len(scale.at)) for number in range(len(style.STATUSES))]
    made = style.figure()
    axes = made.subplots()
    _areas(axes, scale, shares)
    handles: list[Any] = [style.patch(one) for one in style.STATUSES]
    if asked.below is not None:
        below = _share(at, (frame["loss_mean"] < asked.below).to_numpy(bool), len(scale.at))
        handles.append(_bound(axes, scale, below, f"loss mean below {asked.below:g}"))
    scale.show(axes, "x")
    axes.set(ylabel="share of rows", ylim=(0, 1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    style.legend(made, handles)
    asked.caption(made, *asked.over(x.name), *asked.binned(x))
    return made


def bands(axes: Axes, found: pd.DataFrame, colour: str, where: NDArray[Any]) -> None:
    """The middle half of each group's numbers, and the middle nine tenths. where: (V,) the places of the groups."""
    for low, high, alpha in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.25)):
        axes.fill_between(where[found.index], found[low], found[high], color=colour, alpha=alpha, linewidth=0)


def quantiles(groups: Any) -> pd.DataFrame:
    """(groups, `QUANTILES`) of each group's numbers."""
    found: pd.DataFrame = groups.quantile(QUANTILES).unstack()
    return found


def _scale(axis: Axis) -> Scale:
    return steps_of(axis) if len(axis.values) <= FEW else scale_of(axis)


def _boxes(axes: Axes, found: Any) -> None:
    names = ("whislo", "q1", "med", "q3", "whishi")
    stats = [{**dict(zip(names, row, strict=True)), "fliers": []} for row in found.to_numpy()]
    look = {"facecolor": "#cfe3f1", "edgecolor": style.LINES[0]}
    middle = {"color": style.LINES[1], "linewidth": 2}
    axes.bxp(stats, positions=found.index, widths=0.5, patch_artist=True, boxprops=look, medianprops=middle)


def _areas(axes: Axes, scale: Scale, shares: list[NDArray[np.float64]]) -> None:
    """Upon one another: bars for equal steps, else areas."""
    bottom = np.zeros(len(scale.at))
    for status, part in zip(style.STATUSES, shares, strict=True):
        look: dict[str, Any] = {
            "facecolor": style.COLOURS[status],
            "hatch": style.HATCHES[status],
            "edgecolor": "white",
            "linewidth": 0,
        }
        if scale.kind == "steps":
            axes.bar(scale.at, part, 0.7, bottom, label=status.label, **look)
        else:
            axes.fill_between(scale.at, bottom, bottom + part, label=status.label, **look)
        bottom = bottom + part
    if scale.kind != "steps":
        axes.set_xlim(scale.at[0], scale.at[-1])


def _bound(axes: Axes, scale: Scale, below: NDArray[np.float64], label: str) -> Any:
    """A line over the areas, or a mark on each bar, with a white rim to stand out."""
    mark = ("D", "none") if scale.kind == "steps" else ("", "-")
    axes.plot(scale.at, below, color="white", marker=mark[0], linestyle=mark[1], linewidth=4.5, markersize=11)
    (line,) = axes.plot(scale.at, below, color="black", marker=mark[0], linestyle=mark[1], markersize=7, label=label)
    return line


def _share(at: NDArray[np.int64], chosen: NDArray[np.bool_], values: int) -> NDArray[np.float64]:
    """(values,) of the rows of each value, the share that is chosen."""
    there = np.bincount(at[chosen & (at >= 0)], minlength=values)
    return np.asarray(there / np.bincount(at[at >= 0], minlength=values))
