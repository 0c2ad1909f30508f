"""What the outputs of a network say: which class a sample is of, and what classes are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data.classes import classes_in
from harness.experiment.model import Data
from harness.formulas.losses import LOSSES
from harness.network.runs import Floats, rounded
from harness.network.structure import Structure


def said(y: Floats, middle: float) -> NDArray[np.intp]:
    """(S,) the number of the class that outputs y (S, O) say: the first of the largest; of a single output the second
    class where it is above the middle.
    """
    above: NDArray[np.bool_] = y[:, 0] > rounded(middle, str(y.dtype))
    return above.astype(np.intp) if y.shape[1] == 1 else np.argmax(y, axis=1)


def classes(data: Data, structure: Structure, targets: Sequence[str]) -> NDArray[Any] | None:
    """(C,) the labels of the classes that a network tells apart, numbers if they are whole ones; None without classes.

    targets: what the columns of the targets are called.
    """
    if data.classes:
        return _labels(data.classes)
    if data.targets.shape[1] > 1:
        told = not LOSSES[structure.loss].estimates and classes_in(data.targets) is not None
        return (_labels(targets) if targets else np.arange(structure.layers[-1])) if told else None
    if structure.loss == "cross_entropy":
        return np.arange(structure.layers[-1])
    values = np.unique(data.targets)
    if LOSSES[structure.loss].estimates or len(values) != 2:
        return None
    return values.astype(np.int64) if (values == np.floor(values)).all() else values


def _labels(names: Sequence[str]) -> NDArray[Any]:
    try:
        numbers = np.array(list(map(int, names)))
    except (ValueError, OverflowError):
        return np.array(names)
    return numbers if tuple(map(str, numbers.tolist())) == tuple(names) else np.array(names)
