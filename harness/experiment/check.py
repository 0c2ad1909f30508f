"""What must fit together: networks and data, losses and outputs, initial values and layers, rates and layers, and
the numbers of optimizers and schedules with those that have them.

Each check concerns one or two keys, and runs over the combinations of their values that a grid has: the axes
of a zip group move together, and what `exclude` leaves out does not count. The first misfit of each is
reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.axes import SWEEPABLE
from harness.experiment.data import DataTable, too_many
from harness.experiment.errors import Path, count, either, found, shorten
from harness.experiment.grids import GridReading
from harness.experiment.idle import DECIDERS
from harness.experiment.initialisations import Initialisation
from harness.experiment.model import Dimension, Value, label
from harness.experiment.notes import Note, Wrong
from harness.experiment.settings import HYPERPARAMETERS, KINDS, layer_of_rate, users
from harness.formulas.losses import LOSSES

MOST_COMBINATIONS = 200_000

Values = dict[str, Any]
Check = Callable[..., Note | None]


class Checker:
    """Checks one grid of the file. settings: the constants that could be read. table: the data, if they could be.

    damaged: the constants that could not be read.
    """

    def __init__(
        self, grid: GridReading, settings: dict[str, Value], table: DataTable | None, damaged: Set[str] = frozenset()
    ) -> None:
        self.grid, self.settings, self.table = grid, settings, table
        self.given = {*settings, *grid.paths, *damaged}
        self.swept = {key: dimension for dimension in grid.dimensions for key in dimension.keys}

    def notes(self) -> Iterator[Note]:
        """All that is wrong."""
        yield from self._check(self._activation, "layers", "activation")
        yield from self._check(self._output, "loss", "output")
        yield from self._check(self._standardized, "standardize", "loss")
        if any(values["init"].rule == "values" for values in self._combinations("init")):
            yield from self._check(self._initial_values, "layers", "init")
        if self.table is not None:
            fits = cache(partial(self._data, self.table))
            yield from self._check(lambda layers, loss: fits(layers[0], layers[-1], loss), "layers", "loss")
        yield from self._rates()
        yield from self._numbers()

    def inputs(self) -> set[int]:
        """The different numbers of inputs of this grid's networks."""
        return {values["layers"][0] for values in self._combinations("layers")}

    def names(self, kind: str) -> list[str]:
        """The different optimizers, schedules or activations of this grid; none if they are not known."""
        found = dict.fromkeys(values[kind] for values in self._combinations(kind))
        return list(dict.fromkeys(name for one in found for name in ([one] if isinstance(one, str) else one)))

    def where(self, key: str) -> Path:
        """The path of the value of a key."""
        return self.grid.paths.get(key, (SWEEPABLE[key].section, key))

    def _check(self, check: Check, *keys: str) -> Iterator[Note]:
        dimensions = self._dimensions(keys)
        combinations = math.prod(dimension.length for dimension in dimensions)
        if combinations > MOST_COMBINATIONS and not any(dimension.lazy for dimension in dimensions):
            most = f"at most {MOST_COMBINATIONS:,} combinations of {' and '.join(keys)}"
            yield Note(self.where(keys[0]), Wrong.VALUE, most, f"{combinations:,}")
            return
        for values in self._combinations(*keys, wrong=check):
            note = check(*(values[key] for key in keys))
            if note:
                yield note
                return

    def _dimensions(self, keys: tuple[str, ...]) -> list[Dimension]:
        """The dimensions that sweep any of these keys, each once."""
        return list({id(self.swept[key]): self.swept[key] for key in keys if key in self.swept}.values())

    def _combinations(self, *keys: str, wrong: Check | None = None) -> Iterator[Values]:
        """The combinations of values of these keys; none if one is not known. wrong: only those it minds."""
        if any(key in self.grid.damaged or key not in {**self.settings, **self.swept} for key in keys):
            return
        constants = {key: self.settings[key] for key in keys if key not in self.swept}
        dimensions = self._dimensions(keys)
        if any(dimension.lazy for dimension in dimensions):
            return
        here = {key for dimension in dimensions for key in dimension.keys}
        excluded = self._excluded(here)
        needed = set(keys).union(*(names for names, _ in excluded), DECIDERS if excluded else ())
        columns = [[key for key in dimension.keys if key in needed] for dimension in dimensions]
        points = [
            dict.fromkeys(zip(*(_plain(d.values(key)) for key in names), strict=True))
            for d, names in zip(dimensions, columns, strict=True)
        ]
        names = [key for column in columns for key in column]
        for choice in product(*points):
            values = constants | dict(zip(names, (v for point in choice for v in point), strict=True))
            if wrong and not wrong(*(values[key] for key in keys)):
                continue
            if not any(
                tuple(values[key] for key in names) in them and not self._idle(entry, values)
                for (names, entry), them in excluded.items()
            ):
                yield values

    def _idle(self, entry: Set[str], values: Values) -> bool:
        """Whether a configuration with these values may not use one of an entry's keys, so that it does not match."""
        return any(
            rule(value, entry, self.swept.keys())
            for key, rule in DECIDERS.items()
            for value in ([values[key]] if key in values else self._values(key))
        )

    def _values(self, key: str) -> Sequence[Value]:
        """The values of a key, as far as they are known."""
        if key in self.swept:
            return [] if self.swept[key].lazy else tuple(_plain(self.swept[key].values(key)))
        return [self.settings[key]] if key in self.settings else []

    def _excluded(self, here: set[str]) -> dict[tuple[tuple[str, ...], frozenset[str]], set[tuple[Any, ...]]]:
        """What the entries that concern only the keys `here` leave out, besides keys of a single value.

        (those of its keys that have several values, all keys of an entry) -> the values of the former.
        """
        excluded: dict[tuple[tuple[str, ...], frozenset[str]], set[tuple[Any, ...]]] = {}
        for entry in self.grid.exclude:
            constant = {key for key in entry if key in self.swept and self.swept[key].length == 1}
            names = tuple(sorted(entry.keys() - (constant - here)))
            if here.issuperset(names):
                excluded.setdefault((names, frozenset(entry)), set()).add(tuple(entry[key] for key in names))
        return excluded

    def nothing_left(self) -> bool:
        """Whether the entries of `exclude` that concern only one key leave out all of its values."""
        out: dict[str, set[Value]] = {}
        for entry in self.grid.exclude:
            keys = [key for key in entry if self.swept[key].length > 1]
            if self._idle(entry.keys(), {}):
                continue
            if not keys:
                return True
            if len(keys) == 1:
                out.setdefault(keys[0], set()).add(entry[keys[0]])
        dimensions = {key: self.swept[key] for key in out if not self.swept[key].lazy}
        return any(all(value in out[key] for value in d.values(key)) for key, d in dimensions.items())

    def _activation(self, layers: tuple[int, ...], activation: str | tuple[str, ...]) -> Note | None:
        hidden = len(layers) - 2
        sloped = [name for name in users("slope")[1] if name in activation and name != activation]
        if "slope" in self.given and len(sloped) > 1:
            wanted = f"{either(sloped)} alone, as slope is given"
            return Note(self.where("activation"), Wrong.VALUE, wanted, " and ".join(sloped))
        if isinstance(activation, str) or len(activation) == hidden:
            return None
        wanted = f"one name for all, or {hidden} for the hidden layers of {shorten(label(layers))}"
        return Note(self.where("activation"), Wrong.VALUE, wanted, found(activation))

    def _output(self, loss: str, output: str) -> Note | None:
        if not LOSSES[loss].logits or output == "identity":
            return None
        return Note(self.where("output"), Wrong.VALUE, f"identity, as {loss} takes logits", found(output))

    def _standardized(self, standardize: str, loss: str) -> Note | None:
        classes = self.table is not None and self.table.classes
        if standardize not in ("targets", "both") or (LOSSES[loss].estimates and not classes):
            return None
        why = "the targets are classes" if classes else f"{loss} takes targets as they are"
        return Note(self.where("standardize"), Wrong.VALUE, f"none or inputs, as {why}", found(standardize))

    def _initial_values(self, layers: tuple[int, ...], init: Initialisation) -> Note | None:
        problem = init.problem(layers)
        return Note(self.where("init"), Wrong.VALUE, *problem) if problem else None

    def _data(self, table: DataTable, inputs: int, outputs: int, loss: str) -> Note | None:
        width = table.numbers.shape[1]
        targets = width - (inputs if table.inputs is None else table.inputs)
        classes = len(table.classes)
        by_class = loss == "cross_entropy" or classes > 0
        if loss == "cross_entropy" and outputs < 2:
            least = "at least 2 outputs for cross_entropy, one for each class"
            return Note(self.where("layers"), Wrong.VALUE, least, str(outputs))
        if classes and outputs != classes and not (classes == 2 and outputs == 1):
            some = f"{classes} outputs, one for each class of the targets"
            return Note(self.where("layers"), Wrong.VALUE, some, str(outputs), hint="auto gives as many")
        places = {"inputs": "inputs", "targets": "targets"} if table.names else {}
        fits = f"to fit {'.'.join(map(str, self.where('layers')))}"
        if table.inputs not in (None, inputs):
            place = ("data", places.get("inputs", table.key))
            return Note(place, Wrong.VALUE, f"{count(inputs, 'input')}, {fits}", str(table.inputs))
        place = ("data", places.get("targets", table.key))
        if targets != outputs and not (by_class and targets == 1):
            wanted = count(outputs, "target") + " (or 1, the class)" * by_class
            if table.inputs is None:
                rows = f"rows of {count(inputs, 'input')} and {wanted}"
                return Note(place, Wrong.VALUE, f"{rows}, {fits}", count(width, "number"))
            return Note(place, Wrong.VALUE, f"{wanted}, {fits}", str(targets))
        why = f"{loss} has a column of targets for each class"
        if by_class and (many := too_many(len(table.numbers), outputs, place, why)):
            return many
        problem = None if classes else _bad_target(table.numbers[:, width - targets :], outputs, loss)
        return Note(place, Wrong.VALUE, *problem) if problem else None

    def _rates(self) -> Iterator[Note]:
        """Every layer has one learning rate, and every rate a layer."""
        depths = {len(values["layers"]) - 1 for values in self._combinations("layers")}
        own = {layer_of_rate(key): key for key in self.grid.paths if layer_of_rate(key)}
        if not depths or not own:
            return
        deepest = max(depths)
        for layer, key in own.items():
            if layer is not None and layer > deepest:
                none = f"there is no layer {layer}: layers are numbered 1 to {deepest}"
                yield Note(self.grid.paths[key], Wrong.OTHER, found=none, key=True)
        missing = [layer for layer in range(1, deepest + 1) if layer not in own]
        if "learning_rate" not in self.grid.paths and missing:
            path = (*self.grid.where, "parameters", "learning_rate")
            hint = f"layer {missing[0]} has no rate; give learning_rate, or learning_rate_{missing[0]}"
            yield Note(path, Wrong.MISSING, hint=hint, key=True)
        if "learning_rate" in self.grid.paths and not missing:
            why = "every layer has a rate of its own"
            yield Note(self.grid.paths["learning_rate"], Wrong.UNUSED, found=why, key=True)

    def _numbers(self) -> Iterator[Note]:
        """Every optimizer and schedule has its numbers, and every number one that has it."""
        for kind, choices in KINDS.items():
            for name in self.names(kind):
                for number in choices[name].hyperparameters:
                    if number.default is None and number.name not in self.given and self.grid.whole:
                        needs = f"{kind} {name} needs {number.name}; give training.{number.name}"
                        yield Note(self.where(kind), Wrong.OTHER, found=needs, unless=number.name)
        for key in filter(self.grid.paths.__contains__, HYPERPARAMETERS):
            yield from unused(key, [self], self.grid.paths[key])


def unused(number: str, checkers: Sequence[Checker], path: Path) -> Iterator[Note]:
    """Whether a number belongs to no optimizer or schedule of these grids, as far as they are known."""
    kind, owners = users(number)
    names = [checker.names(kind) for checker in checkers]
    chosen = list(dict.fromkeys(name for some in names for name in some))
    if all(names) and not set(chosen) & set(owners):
        use = f"{owners[0]} uses" if len(owners) == 1 else f"{', '.join(owners[:-1])} and {owners[-1]} use"
        why = f"{kind} is {either(chosen)}; {use} it"
        yield Note(path, Wrong.UNUSED, found=why, key=True, unless=kind)


def _bad_target(targets: NDArray[np.float64], outputs: int, loss: str) -> tuple[str, str] | None:
    """(what a loss expects, what the first row has that it cannot take) of targets (S, T); None if all is well."""
    if loss == "bce":
        wrong, what = (targets < 0) | (targets > 1), "numbers from 0 to 1"
    elif loss == "hinge":
        wrong, what = np.abs(targets) != 1, "-1 or 1"
    elif loss != "cross_entropy":
        return None
    elif targets.shape[1] == 1:
        wrong = (targets < 0) | (targets >= outputs) | (targets != np.floor(targets))
        what = f"classes, whole numbers from 0 to {outputs - 1}"
    else:
        wrong = ((targets != 0) & (targets != 1)) | (targets.sum(axis=1, keepdims=True) != 1)
        what = "one 1 and otherwise 0 in each row"
    rows = np.flatnonzero(wrong.any(axis=1))
    if not len(rows):
        return None
    row = [found(float(target)) for target in targets[rows[0]]]
    told = row[0] if len(row) == 1 else f"[{', '.join(row[:8])}{', ..' if len(row) > 8 else ''}]"
    return f"targets that are {what}, for {loss}", f"{told} in row {rows[0] + 1}"


def _plain(column: Any) -> Any:
    return column.tolist() if isinstance(column, np.ndarray) else column
