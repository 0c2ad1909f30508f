"""The memory in which runs are trained: every array and number that the kernel has, declared in one table.

The life of a run in a lane, by what `harness.engine.cpu.train` calls:

    initial, rates, ..                                  group                            status, row_weights, ..
    [run 0 | run 1 | .. ]  --load-->  [ lane 0 | lane 1 | .. ]  --epochs--> look --record-->  [ row | row | .. ]
         waiting             fill          ^    seats of v vectors         |  |                 at `place`
                                           |                               |  ended: again, epoch by epoch, from
                                           +---- pack: gaps are closed <---+  `saved`; then the seat is free

`saved` is what a vector carried at the start of the stretch of epochs, `before` what it carried before the last one
(equal to it: settled), and `anchor` what it carried some time ago (equal to it: it goes round in circles).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.engine.cpu import loops
from harness.engine.cpu.bundle import Bundle
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.monitoring import NEVER, Monitored
from harness.engine.cpu.positions import CARRIED, COSTS, GRADIENT, PARTS, STRIDE, describe, offsets, vector_bytes
from harness.engine.cpu.rows import Rows, aligned
from harness.experiment.model import Samples
from harness.formulas.metrics import COUNT
from harness.formulas.schedules import SCHEDULES
from harness.formulas.step import MINUS_ZERO, OWN, SCRATCH
from harness.network.runs import Curves, Outcome, Runs, rounded, shuffle_key

MOST_VECTORS = 16
STRETCH = 128
"""Samples between two looks at how the runs are. A look costs about a sample; where a run ended, its vector goes
through the stretch again."""
LONGEST = 1024
"""The longest stretch: it doubles from STRETCH to this while no run ends."""


@dataclass(frozen=True)
class Field:
    """shape: the names of its dimensions, none for a number. element: `float` is the structure's dtype; int; byte. of:
    who writes it, `python` before the kernel starts, or the `kernel`.
    """

    shape: str
    element: str
    of: str
    meaning: str

    @cached_property
    def dimensions(self) -> list[str]:
        return self.shape.split()

    @cached_property
    def vectors(self) -> bool:
        """Whether the kernel also sees it as vectors, as NAME_vectors."""
        return self.element == "float" and self.dimensions[-1:] == ["width"]

    @cached_property
    def lanes(self) -> bool:
        """Whether each vector has its own, which goes where the vector goes."""
        return self.dimensions[:1] == ["seats"]


FIELDS = {
    "kernel": Field("", "int", "python", "address of the compiled epochs"),
    "work": Field("", "int", "python", "address of the bundle that the epochs are given"),
    "vectors": Field("", "int", "python", "vectors of the group"),
    "width": Field("", "int", "python", "lanes of a vector"),
    "stride": Field("", "int", "python", "rows that a vector takes"),
    "parameters": Field("", "int", "python", "rows of weights: the first ones"),
    "carried": Field("", "int", "python", "rows that are carried from epoch to epoch: the first ones"),
    **{f"{name}_at": Field("", "int", "python", f"row of a vector at which its {name} start") for name in PARTS},
    "layers": Field("", "int", "python", "layers of weights"),
    "runs": Field("", "int", "python", "runs to be trained"),
    "rows": Field("", "int", "python", "rows of the table"),
    "every": Field("", "int", "python", "epochs between two points of a curve, or 0"),
    "stretch": Field("", "int", "python", "epochs between two looks, at first"),
    "longest": Field("", "int", "python", "epochs between two looks, at most"),
    "scheduled": Field("", "int", "python", "whether rates change from epoch to epoch"),
    "together": Field("", "int", "python", "whether all runs begin at once: the samples' order is that of the epoch"),
    "pairs": Field("", "int", "python", "whether vectors are trained two at a time"),
    "adder": Field("", "int", "python", "address of what adds samples up"),
    "finisher": Field("", "int", "python", "address of what makes scores of that"),
    "monitored": Field("", "int", "python", "whether the first value is monitored"),
    "patience": Field("", "int", "python", "epochs without a better value after which a run stops"),
    "values": Field("", "int", "python", "how many values are watched"),
    "goals": Field("", "int", "python", "how many goals there are"),
    "kept_best": Field("", "int", "python", "rows of weights that are kept of the best epoch: all or none"),
    "ends": Field("", "int", "python", "how many goals, the first ones, end a run"),
    "initial": Field("parameters runs", "float", "python", "weights before the first epoch"),
    "rates": Field("layers runs", "float", "python", "learning rate of each layer"),
    "hyperparameters": Field("hyperparameters runs", "float", "python", "in the structure's order"),
    "max_loss": Field("runs", "float", "python", "loss above which a run has diverged"),
    "steady": Field("runs", "int", "python", "epoch, from 0, from which on every epoch is like the one before"),
    "first_recorded": Field("runs+1", "int", "python", "where the recorded epochs of a run start"),
    "recorded": Field("rows", "int", "python", "recorded epochs, run by run"),
    "place": Field("rows", "int", "python", "row of the table for each recorded epoch"),
    "first_point": Field("runs+1", "int", "python", "where the points of a run's curve start"),
    "works": Field("monitored_parts", "int", "python", "addresses of the bundles that scores are made of"),
    "metric_of": Field("values", "int", "python", "which metric a value is; of a score -1"),
    "sign": Field("values", "float", "python", "1, or -1 of a value of which more is better"),
    "min_delta": Field("1", "float", "python", "by how much more than that a value is better than another"),
    "goal_value": Field("goals", "int", "python", "which value has a goal"),
    "goal_number": Field("goals", "float", "python", "the goal, with the sign of the value"),
    "status": Field("rows", "byte", "kernel", "a `Status`"),
    "settled_epoch": Field("rows", "int", "kernel", "or 0"),
    "diverged_epoch": Field("rows", "int", "kernel", "or 0"),
    "stopped_epoch": Field("rows", "int", "kernel", "or 0"),
    "row_best_epoch": Field("rows", "int", "kernel", "or 0"),
    "row_best": Field("rows", "float", "kernel", "the value that was monitored in that epoch, or NaN"),
    "row_reached": Field("goals rows", "int", "kernel", "in which epoch each goal was reached, or 0"),
    "row_metrics": Field("metrics rows", "float", "kernel", "of the last epoch"),
    "first_loss": Field("rows", "float", "kernel", "mean loss of the first epoch, or NaN"),
    "last_finite_loss": Field("rows", "float", "kernel", "last mean loss that was finite, or NaN"),
    "row_weights": Field("parameters rows", "float", "kernel", "weights after the last epoch"),
    "curve_epoch": Field("points", "int", "kernel", "epoch of a curve's point; 0 where there is none"),
    "curve_metrics": Field("metrics points", "float", "kernel", "of that epoch"),
    "curve_weights": Field("kept points", "float", "kernel", "after that epoch, if they are kept"),
    "epochs_run": Field("1", "int", "kernel", "epochs that all runs took until they ended"),
    "group": Field("seats stride width", "float", "kernel", "what is trained"),
    "again": Field("2 stride width", "float", "kernel", "a vector, with an idle neighbour, in a stretch once more"),
    "before": Field("vectors carried width", "float", "kernel", "what was carried before the last epoch"),
    "saved": Field("vectors carried width", "float", "kernel", "what was carried at the start of the stretch"),
    "anchor": Field("seats carried width", "float", "kernel", "what was carried in the epoch `anchored`"),
    "mean": Field("seats width", "float", "kernel", "last finite mean loss"),
    "first": Field("seats width", "float", "kernel", "mean loss of the first epoch, NaN before it"),
    "bound": Field("seats width", "float", "kernel", "loss that none may pass"),
    "value": Field("vectors values width", "float", "kernel", "what is watched, after the last epoch"),
    "best": Field("seats width", "float", "kernel", "the best value that was monitored, with its sign"),
    "best_weights": Field("seats kept_best width", "float", "kernel", "weights of that epoch, if kept"),
    "best_epoch": Field("seats width", "int", "kernel", "in which epoch that was, or 0"),
    "reached": Field("seats goals width", "int", "kernel", "in which epoch each goal was reached, or 0"),
    "run": Field("seats width", "int", "kernel", "run in the seat, or FREE"),
    "start": Field("seats width", "int", "kernel", "when its epochs began, less the periods that it skipped"),
    "seated": Field("seats width", "int", "kernel", "when it took its seat"),
    "next_recorded": Field("seats width", "int", "kernel", "the next recorded epoch"),
    "next_point": Field("seats width", "int", "kernel", "the next point of its curve"),
    "due": Field("seats width", "int", "kernel", "when it writes the next of these"),
    "anchored": Field("seats width", "int", "kernel", "epoch of its anchor, or -1"),
    "period": Field("seats width", "int", "kernel", "period of its states once it is known, or 0"),
    "running": Field("seats", "int", "kernel", "set of the lanes that have a run"),
    "next_due": Field("seats", "int", "kernel", "when the first of them is due"),
    "wake": Field("seats", "int", "kernel", "when one of them needs to be looked at"),
}
"""Everything that the kernel works on, by name, in the order in which it has them."""
RESULTS = ("status", "settled_epoch", "diverged_epoch", "stopped_epoch", "first_loss", "last_finite_loss")
ROWS = ("metrics", "weights", "best_epoch", "best", "reached")
"""What an `Outcome` has of the fields: by the same names, and by names that begin with row_ here."""


class Workspace:
    """The memory for some runs of one network, and what the kernel is given.

    initial: (P, N) their first weights. monitored: what is watched of them.
    """

    def __init__(self, monitored: Monitored, pairs: bool, runs: Runs, data: Samples, initial: NDArray[Any]) -> None:
        network, kind = monitored.network, monitored.kind
        self.network, self.kind, self.runs, self.samples = network, kind, runs, len(data.inputs)
        at, points = offsets(network), curve_points(runs)
        vectors = self._vectors(pairs)
        self.sizes = {
            "1": 1,
            "2": 2,
            "vectors": vectors,
            "seats": vectors,
            "width": kind.width,
            "stride": at[STRIDE],
            "carried": at[CARRIED],
            "parameters": network.parameters,
            "layers": len(network.activations),
            "hyperparameters": len(runs.structure.hyperparameters),
            "runs": runs.count,
            "runs+1": runs.count + 1,
            "rows": len(runs.recorded),
            "points": int(points.sum()),
            "metrics": COUNT,
            "kept": network.parameters * runs.curve_weights,
            **monitored.sizes,
        }
        self.arrays = {
            name: self._zeros(field) for name, field in FIELDS.items() if field.shape and field.of == "kernel"
        }
        for name in ("group", "again"):
            for rows in (slice(at[GRADIENT], at[GRADIENT + 1]), at[COSTS] + OWN):
                self.arrays[name][:, rows] = MINUS_ZERO
        self.arrays |= {"initial": initial} | self._given(points) | monitored.arrays(self.arrays["value"])
        self.work, self.monitored = self._work(data), monitored
        self.numbers = self._numbers(pairs) | monitored.numbers | {f"{name}_at": at[k] for k, name in enumerate(PARTS)}

    def bundle(self, kernel: int, adder: int = 0, finisher: int = 0) -> Bundle:
        """What the kernel is given: the addresses of the compiled epochs and, if scores are watched, of `scoring`."""
        numbers = self.numbers | {"kernel": kernel, "adder": adder, "finisher": finisher}
        exact = Kind(self.kind.width, self.kind.dtype, "exact")
        fields: dict[str, Rows | int] = {}
        for name, field in FIELDS.items():
            fields[name] = Rows(self.arrays[name]) if field.shape else int(numbers[name])
            if field.vectors:
                fields[f"{name}_vectors"] = Rows(self.arrays[name], exact)
        return Bundle(**fields)

    def outcome(self) -> Outcome:
        """What came of the runs, once the kernel has trained them."""
        found = self.arrays
        there = np.flatnonzero(found["curve_epoch"])
        run = np.repeat(np.arange(self.runs.count), np.diff(found["first_point"]))[there]
        curves = Curves(run, *(found[f"curve_{name}"][..., there] for name in ("epoch", "metrics", "weights")))
        steps, asked = (int(epochs) * self.samples for epochs in (found["epochs_run"][0], self.runs.last.sum()))
        rows = {name: found[name] for name in RESULTS} | {name: found[f"row_{name}"] for name in ROWS}
        return Outcome(**rows, curves=curves, steps=steps, asked=asked)

    def _zeros(self, field: Field) -> NDArray[Any]:
        shape = tuple(self.sizes[name] for name in field.dimensions)
        if field.vectors:
            return aligned(shape, self.kind.dtype)
        dtypes = {"float": self.kind.dtype, "int": "int64", "byte": "uint8"}
        return np.zeros(shape, dtypes[field.element])

    def _given(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The arrays that Python writes."""
        runs, dtype = self.runs, self.kind.dtype
        given = {
            "rates": rounded(np.broadcast_to(runs.rates, (self.sizes["layers"], runs.count)), dtype),
            "hyperparameters": rounded(runs.hyperparameters, dtype),
            "max_loss": rounded(runs.max_loss, dtype),
            "steady": steady_epochs(runs),
            "first_recorded": runs.first_recorded,
            "recorded": runs.recorded,
            "place": runs.place,
            "first_point": np.concatenate([[0], np.cumsum(points)]),
        }
        return {name: np.ascontiguousarray(array) for name, array in given.items()}

    def _work(self, data: Samples) -> Bundle:
        """What the epochs are given."""
        dtype, units = self.kind.dtype, sum(self.network.layers) * len(SCRATCH)
        return Bundle(
            network=Rows(describe(self.network)),
            scratch=Rows(aligned((units, self.kind.width), dtype), self.kind),
            inputs=Rows(np.ascontiguousarray(rounded(data.inputs, dtype))),
            targets=Rows(np.ascontiguousarray(rounded(data.targets, dtype))),
            order=Rows(np.arange(self.samples)),
            key=shuffle_key(self.runs.seed),
        )

    def _numbers(self, pairs: bool) -> dict[str, int]:
        """The numbers that are no sizes of arrays, and those that are."""
        scheduled = self.runs.structure.schedule != "constant"
        each = scheduled or self.runs.monitoring is not None
        sizes = (
            *("vectors", "width", "stride", "parameters", "carried", "layers", "runs", "rows"),
            *("values", "goals", "kept_best"),
        )
        return {name: self.sizes[name] for name in sizes} | {
            "work": self.work.address,
            "every": self.runs.every,
            "stretch": 1 if each else max(1, STRETCH // self.samples),
            "longest": 1 if each else max(1, LONGEST // self.samples),
            "scheduled": scheduled,
            "together": self.network.shuffle,
            "pairs": pairs,
        }

    def _vectors(self, pairs: bool) -> int:
        """How many vectors the group has."""
        needed = -(-self.runs.count // self.kind.width)
        most = loops.CACHE // vector_bytes(self.network, self.kind.lanes)
        vectors = max(min(most - most % (1 + pairs), MOST_VECTORS, needed), 1)
        return vectors + vectors % (1 + pairs)


def curve_points(runs: Runs) -> NDArray[np.int64]:
    """(N,) how many points the loss curve of each run can have: epochs 1, every, 2*every, .., last."""
    if not runs.every:
        return np.zeros(runs.count, np.int64)
    points = runs.last // runs.every + (runs.last % runs.every != 0)
    found: NDArray[np.int64] = points + ((runs.every > 1) & (runs.last > 1))
    return found


def steady_epochs(runs: Runs) -> NDArray[np.int64]:
    """(N,) the epoch, from 0, from which on every epoch is like the one before."""
    schedule, names = SCHEDULES[runs.structure.schedule], runs.structure.hyperparameters
    own = tuple(runs.hyperparameters[names.index(one.name)] for one in schedule.hyperparameters)
    steady = np.broadcast_to(schedule.steady(own), runs.count)
    if runs.structure.shuffle:
        steady = np.full(runs.count, np.inf)
    return np.where(steady < NEVER, steady, NEVER).astype(np.int64)
