"""What a network says over the plane of its two inputs: the regions of classes, or the surface of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.experiment.measured import Part
from harness.views.palette import CLASSES
from harness.views.plots import marks, style
from harness.views.plots.asked import Asked
from harness.views.plots.axes import linear_ticks
from harness.views.plots.colours import MAPS
from harness.views.plots.moments import Snapshot, Subject, subject_of
from harness.views.ticks import literal
from harness.views.trained.network import TrainedNetwork

Floats = NDArray[np.floating]
POINTS, POINTS_EACH = 240, 120
"""Points of the surface along each axis in a picture of one network, and in each of several."""
ROOM = 0.08
"""How far the plane goes beyond the data, as a share of their extent."""
PALE, DEEP = 0.2, 0.6
"""How much of its colour a class has where it is as likely as any other, and where it is certain."""


@dataclass(frozen=True)
class Plane:
    """A network over its inputs. ends: (2, 2) of each input, low and high. moments: each with its outputs (Y, X, C).

    Of two classes there is a single output, C = 1, and of more one for each: probabilities where the network has them.
    scale: the numbers between which colours differ, and what they are; None of several classes. middle: above it, a
    single output says the second class; None of numbers. shaded: whether outputs are probabilities.
    """

    subject: Subject
    ends: Floats
    moments: list[tuple[Snapshot, Floats]]
    scale: tuple[float, float, str] | None
    middle: float | None
    shaded: bool


def boundary_of(asked: Asked) -> Plane:
    """What the network says, over all of its data and a little further. Raises `HarnessError` if it has no 2 inputs."""
    subject = subject_of(asked)
    network, points = subject.network, subject.points
    if len(subject.names) != 2:
        raise subject.refused(f"a boundary needs a network of 2 inputs, and this one has {len(subject.names)}")
    if network.classes is None and network.layers[-1] > 1:
        raise subject.refused(f"a boundary needs classes or a single output, and here are {network.layers[-1]} numbers")
    if network.classes is not None and len(network.classes) > len(CLASSES):
        told = f"{len(network.classes)} classes, and this picture has colours for {len(CLASSES)}"
        raise subject.refused(f"{told} that everybody tells apart")
    inputs = np.concatenate([own.inputs for own in points.values()])
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    room = np.where(high > low, ROOM * (high - low), 0.5 * np.maximum(1, np.abs(low)))
    ends = np.stack([low - room, high + room], axis=1)
    count = POINTS if len(subject.moments) == 1 or asked.animate else POINTS_EACH
    plane = np.stack(np.meshgrid(*_middles(ends, count)), axis=-1).reshape(-1, 2)
    found = [(one, _said(one.network, plane).reshape(count, count, -1)) for one in subject.moments]
    return Plane(subject, ends, found, *_meaning(subject))


def _middles(ends: Floats, count: int) -> tuple[Floats, Floats]:
    """(`count`,) the middles of the cells of the surface, across and upwards."""
    first, second = (low + (high - low) * (np.arange(count) + 0.5) / count for low, high in ends)
    return first, second


def _two(network: TrainedNetwork) -> bool:
    """Whether a single number says which of two classes it is."""
    return network.single or (network.classes is not None and len(network.classes) == 2 and network.link == "softmax")


def _said(network: TrainedNetwork, inputs: Floats) -> Floats:
    """(S, 1) a number, or what says the second of two classes; (S, C) what says each of several."""
    if network.classes is not None and network.link == "none":
        return network.decision(inputs)
    answers = network.answers(inputs)
    return answers[:, 1:] if _two(network) else answers


def _meaning(subject: Subject) -> tuple[tuple[float, float, str] | None, float | None, bool]:
    """The scale, the middle and the shading of a `Plane`."""
    network = subject.network
    if network.classes is None:
        targets = np.concatenate([own.targets[:, 0] for own in subject.points.values()])
        low, high = float(targets.min()), float(targets.max())
        room = 0.0 if high > low else 0.5 * max(1.0, abs(low))
        return (low - room, high + room, subject.targets[0]), None, False
    if not _two(network):
        return None, None, network.link != "none"
    if network.link == "none":
        said = _said(network, subject.points[Part.TRAIN].inputs)
        away = float(np.abs(said - network.middle).max()) or 1.0
        return (network.middle - away, network.middle + away, "output"), network.middle, False
    return (0.0, 1.0, f"probability of {marks.named(network.classes)[1]}"), 0.5, True


def draw(found: Plane) -> Figure:
    """The surface, a panel for each moment, and the samples on it."""
    subject, asked = found.subject, found.subject.asked
    classes = subject.network.classes
    made, body, places = style.paneled(
        _question(subject), subject.shown, [subject.label(one) for one, _ in found.moments]
    )
    for axes, (_, said) in zip(places, found.moments, strict=True):
        _surface(axes, found, said)
        for part, points in subject.points.items():
            some = marks.some(points)
            values = points.targets[some, 0] if points.classes is None else points.classes[some]
            x, y = points.inputs[some].T
            marks.scatter(axes, part, x, y, _colours(found, values), hollow=classes is not None)
        for axis, (low, high) in zip((axes.xaxis, axes.yaxis), found.ends, strict=True):
            linear_ticks(axis, low, high, 8 if len(places) == 1 else 5)
        axes.set(xlim=found.ends[0], ylim=found.ends[1])
        style.named(axes, *map(literal, subject.names))
        axes.grid(visible=False)
    if found.scale:
        _bar(body, places, found)
    handles = marks.of_parts(subject.points, classes is not None)
    if classes is not None:
        handles = marks.of_classes(classes) + handles
    style.legend(body, handles, literal(" and ".join(subject.targets)) if classes is not None else "")
    stronger = "the stronger a colour, the more probable the class" if found.shaded and not found.scale else ""
    asked.caption(made, *filter(None, [stronger]), *subject.told, *marks.thinned(subject.points))
    return made


def _question(subject: Subject) -> str:
    classes = subject.network.classes
    if classes is None:
        return f"What does the network predict of {subject.targets[0]}?"
    names = marks.named(classes)
    if len(names) == 2:
        return f"Where does the network draw the line between {names[0]} and {names[1]}?"
    return f"Where does the network see which of {len(names)} classes?"


def _surface(axes: Axes, found: Plane, said: Floats) -> None:
    """The colours of the outputs, and lines where the class changes."""
    (left, right), (bottom, top) = found.ends
    look: dict[str, Any] = {"extent": (left, right, bottom, top), "origin": "lower", "aspect": "auto", "gid": "surface"}
    middles = _middles(found.ends, said.shape[0])
    if found.scale:
        axes.imshow(said[..., 0], cmap=_map(found), norm=Normalize(*found.scale[:2]), interpolation="bilinear", **look)
        margins = [said[..., 0] - found.middle] if found.middle is not None else []
    else:
        axes.imshow(_regions(said, found.shaded), interpolation="nearest", **look)
        classes = range(said.shape[-1])
        margins = [said[..., k] - np.delete(said, k, axis=-1).max(axis=-1) for k in classes]
    for margin in margins:
        if margin.min() < 0 < margin.max():
            axes.contour(*middles, margin, levels=[0.0], colors="0.2", linewidths=1.4)


def _regions(said: Floats, shaded: bool) -> Floats:
    """(Y, X, 3) colours: of the class that is said, the stronger the more probable."""
    count = said.shape[-1]
    which, sure = said.argmax(axis=-1), said.max(axis=-1)
    part = np.clip((sure - 1 / count) / (1 - 1 / count), 0, 1) if shaded else np.full(sure.shape, 0.5)
    strength = (PALE + (DEEP - PALE) * part)[..., np.newaxis]
    colours = np.array([to_rgb(colour) for colour in CLASSES[:count]])[which]
    mixed: Floats = 1 - strength * (1 - colours)
    return mixed


def _map(found: Plane) -> Colormap:
    """From numbers to colours: of two classes, from the colour of the first to that of the second over white."""
    if found.middle is None:
        return MAPS["number"]
    ends = [tuple(1 - DEEP * (1 - np.array(to_rgb(colour)))) for colour in CLASSES[:2]]
    return LinearSegmentedColormap.from_list("classes", [ends[0], (1, 1, 1), ends[1]])


def _colours(found: Plane, values: Any) -> Any:
    """(S, ..) the colours of samples: of their class, or of their target on the scale of the surface."""
    if found.subject.network.classes is None and found.scale:
        return _map(found)(Normalize(*found.scale[:2])(values))
    return [CLASSES[which] for which in values]


def _bar(body: Any, places: list[Axes], found: Plane) -> None:
    """A bar that says what the colours of the surface mean."""
    assert found.scale
    low, high, title = found.scale
    said = np.array([[own.min(), own.max()] for _, own in found.moments])
    beyond = {(True, True): "both", (True, False): "min", (False, True): "max"}
    extend = beyond.get((bool(said.min() < low), bool(said.max() > high)), "neither")
    bar = body.colorbar(ScalarMappable(Normalize(low, high), _map(found)), ax=places, extend=extend, pad=0.02)
    bar.ax.set_label("<colorbar>")
    linear_ticks(bar.ax.yaxis, low, high, 7)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(literal(title), fontsize=9)
    if found.middle is not None:
        bar.ax.axhline(found.middle, color="0.2", linewidth=1.4)
