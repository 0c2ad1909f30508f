"""What a picture says, read from the figure: its title, caption, legend, panels and the arrays that are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def title(made: Figure) -> str:
    return made._suptitle.get_text().replace("\n", " ")


def shown(made: Figure) -> str:
    """The line below the title."""
    return made.subfigs[0]._suptitle.get_text().replace("\n", " ")


def caption(made: Figure) -> str:
    return made._supxlabel.get_text().replace("\n", " \N{MIDDLE DOT} ")


def legend(made: Figure) -> list[str]:
    """Its entries; none if there is no legend."""
    return [text.get_text() for one in _legends(made) for text in one.get_texts()]


def legend_title(made: Figure) -> str:
    (one,) = _legends(made)
    return one.get_title().get_text()


def panels(made: Figure) -> list[Axes]:
    return [axes for axes in made.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]


def bars(made: Figure) -> dict[str, Axes]:
    """The colour bars, by their titles."""
    return {axes.get_ylabel().replace("\n", " "): axes for axes in made.axes if axes.get_label() == "<colorbar>"}


def layer(axes: Axes, name: str) -> np.ndarray:
    """What a map draws under a name, NaN where it draws nothing."""
    (mesh,) = [mesh for mesh in axes.collections if mesh.get_gid() == name]
    return np.ma.filled(mesh.get_array().astype(float), np.nan)


def layers(axes: Axes) -> set[str]:
    return {str(mesh.get_gid()) for mesh in axes.collections if mesh.get_gid()}


def ticks(labels: Any) -> list[str]:
    return [label.get_text() for label in labels]


def _legends(made: Figure) -> list[Any]:
    return made.subfigs[0].subfigs[0].legends
