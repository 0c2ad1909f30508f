"""What there is to say of an experiment's data before anything is trained: what they are, and what to look out for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.experiment.errors import count, either, shorten
from harness.experiment.measured import Part
from harness.experiment.model import Data, Experiment
from harness.experiment.settings import STANDARDIZE

FAR_APART = 100.0
"""The ratio of two inputs' deviations from which on they should be standardized."""
RARE = 0.05
"""The share of the rows below which a class is rare."""
SHOWN = 5
"""Names that a line gives."""


def described(experiment: Experiment) -> list[str]:
    """The data in lines: rows and columns, how the file was read, classes, and the rows of each part."""
    data = experiment.data
    rows, inputs, targets = len(data.inputs), data.inputs.shape[1], data.targets.shape[1]
    left_out = f", {data.dropped:,} left out" if data.dropped else ""
    read = f", {data.how}" if data.how else ""
    lines = [f"{count(rows, 'row')}{left_out}, {count(inputs, 'input')}, {count(targets, 'target')}{read}"]
    if data.classes:
        many = np.bincount(data.targets[:, 0].astype(np.intp), minlength=len(data.classes))
        told = [f"{shorten(name)} {own:,}" for name, own in zip(data.classes, many.tolist(), strict=True)]
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        lines.append(f"{len(told)} classes: {', '.join(told[:SHOWN])}{more}")
    if data.part is not None:
        parts = {part.label: len(own) for part, own in data.parts(0 if data.folds else None).items()}
        told = [f"{name} {own:,}" for name, own in parts.items()]
        lines.append(", ".join(told) + (f"; {data.folds} folds" if data.folds else ""))
    return lines


def warnings(experiment: Experiment) -> Iterator[str]:
    """What may lead astray, a line each: inputs of unlike scales or constant, rare classes, rows in several parts."""
    data = experiment.data
    standardized = [str(experiment.used({})[STANDARDIZE])]
    for dimension in (dimension for grid in experiment.grids for dimension in grid.dimensions):
        if STANDARDIZE in dimension.keys:
            standardized = [str(value) for value in dimension.values(STANDARDIZE)]
    names = experiment.columns or [f"input {at + 1}" for at in range(data.inputs.shape[1])]
    own = data.inputs[data.parts(0 if data.folds else None)[Part.TRAIN]]
    deviations = np.nanstd(own, axis=0)
    varied = np.flatnonzero(deviations)
    scaled = {"inputs", "both"} & set(standardized)
    if len(varied) and not scaled:
        least, most = (int(varied[find(deviations[varied])]) for find in (np.argmin, np.argmax))
        ratio = deviations[most] / deviations[least]
        if ratio > FAR_APART:
            told = f"{shorten(names[most])} varies {ratio:,.0f} times as much as {shorten(names[least])}"
            yield f"{told}; data.standardize: inputs gives all inputs one scale"
    if scaled and len(varied) < len(deviations):
        constant = [shorten(names[at]) for at in np.flatnonzero(deviations == 0)]
        yield f"the same in every row of the training part, and left so: {either(constant[:SHOWN])}"
    if data.classes:
        many = np.bincount(data.targets[:, 0].astype(np.intp), minlength=len(data.classes))
        rare = [k for k in range(len(many)) if many[k] < RARE * len(data.inputs)]
        if rare:
            told = ", ".join(f"{shorten(data.classes[k])} ({count(int(many[k]), 'row')})" for k in rare[:SHOWN])
            yield f"rare classes, of which accuracy says little: {told}; see balanced_accuracy"
    if twice := _in_several_parts(data):
        yield f"{count(twice, 'row')} of one part {'is' if twice == 1 else 'are'} in another, too"


def _in_several_parts(data: Data) -> int:
    """The rows of validation, test or a fold that are equal to one of another part."""
    if data.part is None:
        return 0
    rows = np.ascontiguousarray(np.hstack([data.inputs, data.targets]))
    _, which = np.unique(rows, axis=0, return_inverse=True)
    part = data.part.astype(np.int64) if data.fold is None else np.where(data.fold >= 0, 3 + data.fold, data.part)
    pairs = np.unique(np.column_stack([which.ravel(), part]), axis=0)
    shared = np.flatnonzero(np.bincount(pairs[:, 0]) > 1)
    return int((np.isin(which, shared) & (part != Part.TRAIN)).sum())
