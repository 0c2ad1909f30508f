"""The map: two axes of the grid, colour the loss; what settled, what diverged and how soon; unlike settings apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from harness.network.runs import Status
from harness.views.numbers import printed
from harness.views.palette import GREW, STATUS_COLOURS
from harness.views.plots import colours, style
from harness.views.plots.asked import Asked
from harness.views.plots.axes import show_scale
from harness.views.plots.cells import EMPTY, UNUSED, Ending, Map, Panel, opened, outline
from harness.views.plots.colours import Colours
from harness.views.plots.facets import Facets
from harness.views.scale import Scale

BAR = 40
"""The most characters in a line of the titles along the bars beside a row of panels."""
SMALL, THIN = 3.0, 8.0
"""Pixels: cells smaller than the first both ways have no outline, nor have parts thinner than the second."""
FLAT = {
    **{which.label: STATUS_COLOURS[which] for which in (Status.RAN, Status.STOPPED, Status.SETTLED)},
    "grew": GREW,
    UNUSED: "#f7f7f7",
}
"""Colours of cells of which the picture says only how they ended; `diverged` cells have the colour of that status."""
TITLES = {"settled": "settled in epoch", "diverged": "diverged in epoch"}


def draw(found: Map) -> Figure:
    """Colour over x and y, with a bar for each scale of colours."""
    asked, x, y, groups = found.asked, found.x, found.y, found.groups
    drawn = [one for group in groups for one in group]
    labels = [[one.facet.label for one in group] for group in groups]
    heights = [
        style.height(part) if len(groups) == 1 else style.PANEL * -(-len(part) // 3) + style.heading_height(part)
        for part in labels
    ]
    several = (style.WIDE, sum(heights) + 1.2 * (len(groups) > 1))
    question = asked.question or f"Which {x.title} and {y.title} train, and which diverge?"
    shown = _shown(asked, found.facets, drawn)
    made, body = style.sheet(question, shown, *((style.WIDTH, style.HEIGHT) if len(drawn) == 1 else several))
    ended = {name: _ended(name, drawn) for name in TITLES}
    if ended["settled"] is None:  # too few to tell apart: they keep the colour of their loss
        groups = [[replace(one, layers=_merged(one.layers)) for one in group] for group in groups]
    handles: list[Any] = []
    told: list[str] = []
    rows = body.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)
    for part, group, idle in zip(rows[:, 0], groups, found.idle, strict=True):
        scales = [_values(asked, group, idle), *ended.values()]
        handles += _group(part, group, found.scales, {one.kind: one for one in scales if one})
        told += _cut(scales[0], idle, group)
    style.legend(body, _once(handles), "most common status")
    asked.caption(made, *told, *found.absent, *asked.left_out(x.name, y.name), *asked.binned(x, y))
    return made


def _shown(asked: Asked, facets: Facets, drawn: Sequence[Panel]) -> list[str]:
    """What the picture shows, for the line below the title."""
    most = max(one.cells.rows for one in drawn)
    over = asked.over(asked.x or "", asked.y or "", *facets.names)
    rows = " ".join([f"medians of up to {most:,} rows", *over, "with the most common status"])
    many = rows if most > 1 else ""
    valued = any(np.isfinite(one.layers["value"]).any() or one.flat["grew"].any() for one in drawn)
    measured = asked.measured if valued else f"how soon rows ended{asked.after}"
    return [measured, asked.held, many, *facets.told]


def _values(asked: Asked, group: Sequence[Panel], idle: float | None) -> Colours | None:
    values = colours.joined([one.layers["value"] for one in group])
    kind = ", ".join(map(str, group[0].facet.kind))
    title = f"{asked.title} ({kind})" if kind else asked.title
    return colours.of_losses(title, values, idle) if asked.is_loss else colours.of_numbers(asked.title, values)


def _merged(layers: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Layers without one for what settled: a loss of nothing stands in its place."""
    nothing = np.where(np.isnan(layers["settled"]), np.nan, 0.0)
    return layers | {
        "value": np.where(np.isnan(layers["value"]), nothing, layers["value"]),
        "settled": np.full(nothing.shape, np.nan),
    }


def _ended(name: str, drawn: Sequence[Panel]) -> Colours | None:
    return colours.of_epochs(name, TITLES[name], colours.joined([one.layers[name] for one in drawn]))


def _cut(scale: Colours | None, idle: float | None, group: Sequence[Panel]) -> list[str]:
    """What the caption says of the ends of the colours."""
    if scale is None or scale.kind != "loss":
        return []
    low, high = scale.ends
    kind = " ".join(map(str, ("loss", *group[0].facet.kind)))
    why = "the loss of doing nothing (the median of the first epochs)" if idle == high else "98% of the losses are less"
    ends = [f"at {printed(low, 3)} below"] if scale.below else []
    ends += [f"at {printed(high, 3)} above, {why}"] if scale.above or idle == high else []
    return [f"{kind} colours end {' and '.join(ends)}"] if ends else []


def _group(part: Any, group: Sequence[Panel], scales: tuple[Scale, Scale], found: dict[str, Colours]) -> list[Any]:
    """Draw panels whose colours mean the same, with a bar for each scale; return what the legend says of them."""
    columns = style.across(len(group))
    rows = -(-len(group) // columns)
    bars = max(len(found), 1)  # a grid of both, for constrained layout knows no grid within another here
    grid = part.add_gridspec(rows * bars, columns + 1, width_ratios=[1] * columns + [0.035 * columns])
    handles: list[Any] = []
    first: Axes | None = None
    headings = style.headings([one.facet.label for one in group])
    for at, (one, heading) in enumerate(zip(group, headings, strict=True)):
        row = at // columns * bars
        axes = part.add_subplot(grid[row : row + bars, at % columns], sharex=first, sharey=first)
        first = first or axes
        handles += _draw(axes, one, scales, found)
        for scale, which in zip(scales, "xy", strict=True):
            show_scale(scale, axes, which, 10 if columns == 1 else 5)
        lowest = at + columns >= len(group)
        axes.tick_params(labelbottom=lowest, labelleft=at % columns == 0)
        axes.set(xlabel=axes.get_xlabel() if lowest else "", ylabel=axes.get_ylabel() if at % columns == 0 else "")
        axes.set_title(heading, fontsize=9)
    for at, colour in enumerate(found.values()):
        colour.bar(
            part,
            part.add_subplot(grid[at * rows : (at + 1) * rows, -1]),
            7 if len(found) * columns == 1 or rows > 1 else 5,
            rows * BAR // len(found),
        )
    return handles


def _draw(axes: Axes, one: Panel, scales: tuple[Scale, Scale], found: dict[str, Colours]) -> list[Any]:
    """Draw one panel; return what the legend says of it."""
    axes.set_facecolor(style.NONE)
    edges, handles = [scale.edges for scale in scales], []
    flat = dict(one.flat)
    for name, numbers in one.layers.items():
        kind = next((kind for kind in found if kind == name or (name == "value" and kind in ("loss", "number"))), None)
        if kind is None:
            flat[name] = flat.get(name, np.zeros(numbers.shape, bool)) | ~np.isnan(numbers)
        else:
            shown, scale = colours.shades(numbers, found[kind]), found[kind]
            axes.pcolormesh(*edges, shown, cmap=scale.map, norm=scale.norm, rasterized=True, gid=name)
    for name, mask in flat.items():
        if mask.any():
            colour = FLAT.get(name, STATUS_COLOURS[Status.DIVERGED])
            only = np.ma.masked_where(~mask, np.zeros(mask.shape))
            axes.pcolormesh(*edges, only, cmap=ListedColormap([colour]), rasterized=True, gid=f"flat {name}")
            handles.append(Patch(facecolor=colour, label=_phrase(name)))
    if ((one.cells.outcome == EMPTY) & ~one.cells.unused).any():
        handles.append(Patch(facecolor=style.NONE, label="no rows with this combination"))
    return handles + _outlines(axes, one, edges)


def _phrase(name: str) -> str:
    if name == UNUSED:
        return UNUSED
    if name == "grew":
        return "ran, but grew: loss above that of the first epoch"
    return Status[name.upper()].phrase


def _outlines(axes: Axes, one: Panel, edges: Sequence[NDArray[np.float64]]) -> list[Any]:
    """Lines along the cells that diverged, and along those that settled at a loss with a colour of its own."""
    extent, (up, across) = axes.get_window_extent(), one.cells.outcome.shape  # before the layout, so about
    sizes = (extent.height / up, extent.width / across)
    if max(sizes) < SMALL:
        return []
    least = (int(np.ceil(THIN / sizes[0])), int(np.ceil(THIN / sizes[1])))
    lines = {
        "boundary of divergence": (one.cells.had(Ending.DIVERGED), "black"),
        Status.SETTLED.phrase: (one.cells.had(Ending.SETTLED) & ~np.isnan(one.layers["value"]), FLAT["settled"]),
    }
    handles = []
    for label, (mask, colour) in lines.items():
        along = [_segments(edge, edges, flip) for flip, edge in enumerate(outline(opened(mask, least)))]
        segments = np.concatenate(along)
        if len(segments):
            axes.add_collection(LineCollection(list(segments), colors="white", linewidths=3, capstyle="projecting"))
            drawn = LineCollection(list(segments), colors=colour, linewidths=1.6, capstyle="projecting", gid=label)
            axes.add_collection(drawn)
            handles.append(Line2D([], [], color=colour, linewidth=1.6, label=label))
    return handles


def _segments(edge: NDArray[np.int64], edges: Sequence[NDArray[np.float64]], flip: int) -> NDArray[np.float64]:
    """(A, 2, 2) lines of the picture along borders of cells. flip: 0 for vertical ones, 1 for horizontal ones."""
    along, across = edges[1 - flip], edges[flip]
    fixed, start, stop = across[edge[:, 0]], along[edge[:, 1]], along[edge[:, 2]]
    ends = [np.column_stack([fixed, end] if not flip else [end, fixed]) for end in (start, stop)]
    return np.stack(ends, axis=1)


def _once(handles: Sequence[Any]) -> list[Any]:
    """One handle for each label, in order."""
    return list({handle.get_label(): handle for handle in handles}.values())
