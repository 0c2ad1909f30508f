"""What is watched of runs while they train, as it is written: when they stop, which epoch is kept, what is reached."""

from __future__ import annotations

from collections.abc import Set
from types import SimpleNamespace
from typing import Any

from harness.experiment.data.split import parts_of
from harness.experiment.data.table import DataTable
from harness.experiment.errors import Path, either, found
from harness.experiment.measured import MEASURES, Goal, Measure, Monitoring, Part
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, each, not_one_of, unexpected, unknown
from harness.experiment.settings import finite, name_of
from harness.formulas.losses import LOSSES
from harness.formulas.scores import SCORES, SOLVED

_TESTS = tuple(name for name, measure in MEASURES.items() if measure.part is Part.TEST)
MONITORS = tuple(name for name in MEASURES if name not in (*_TESTS, SOLVED))
"""What runs can be stopped by."""
WEIGHTS = ("last", "best")
_GOALS = (*MONITORS, SOLVED)
_NUMBERS = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]}
EPOCHS_TO = {
    "type": "object",
    "properties": dict.fromkeys((*_GOALS, *SCORES), _NUMBERS),
    "additionalProperties": False,
    "minProperties": 1,
}
"""The JSON Schema of `record.epochs_to`."""
_STOP, _RECORD = ("training", "stop"), ("record",)


def monitor(raw: Any) -> Measure:
    """What a run is stopped by. Raises BadValueError."""
    if raw in _TESTS:
        by = "what stops by the test part is not tested by it"
        raise BadValueError(Note((), Wrong.VALUE, either(MONITORS), found(raw), hint=by))
    return MEASURES[name_of(raw, MONITORS)]


def solved(raw: Any) -> bool:
    """True. Raises BadValueError for anything else."""
    if raw is not True:
        raise unexpected("true, or no such key", raw)
    return True


def weights(raw: Any) -> bool | str:
    """Whether weights are kept, or which ones: true are the last. Raises BadValueError."""
    if not isinstance(raw, bool | str) or raw not in (True, False, *WEIGHTS):
        raise not_one_of(raw, WEIGHTS, "true, false, last or best")
    return raw


def epochs_to(raw: Any) -> tuple[Goal, ...]:
    """Goals by what is measured, where the bare name of a score is that of the training part. Raises BadValueError."""
    if not isinstance(raw, dict) or not raw:
        raise unexpected("a mapping from measures to numbers, such as {loss_mean: [0.1, 0.01]}", raw)
    goals, notes = list[Goal](), Notes()
    for key, given in raw.items():
        name = key if key in MEASURES else Measure(Part.TRAIN, str(key)).column
        if name not in _GOALS:
            notes.append(unknown(key, _GOALS, (key,)))
            continue
        numbers = given if isinstance(given, list) and given else [given]
        goals += [
            Goal(MEASURES[name], number) for number in notes.read(lambda some: each(some, finite), numbers, key) or ()
        ]
    notes.settle()
    return tuple(dict.fromkeys(goals))


def asked(
    values: Any, table: DataTable | None, losses: Set[str], of_classes: bool
) -> tuple[Monitoring | None, list[Note]]:
    """What a file asks to be watched, None if it is nothing; and what is wrong with that.

    values: of its keys. table: the data, if they could be read. losses: all that networks are trained by. of_classes:
    whether the targets are classes.
    """
    notes: list[Note] = []
    stop, record = values.training.stop, values.record
    best = record.weights == "best"
    if stop is None and not best and not record.epochs_to:
        return None, notes
    given = stop or SimpleNamespace(monitor=None, patience=None, min_delta=0.0, below=None, solved=None)
    validated = table is None or Part.VALIDATION in parts_of(table.split)
    usual = Measure(Part.VALIDATION, "loss") if validated else Measure(None, "loss_mean")
    monitor = given.monitor or usual
    if stop and (given.patience, given.below, given.solved) == (None, None, None):
        notes.append(Note(_STOP, Wrong.VALUE, "patience, below or solved", "none of them"))
    noted = given.patience is not None or best
    if given.monitor and given.solved and not noted and given.below is None:
        notes.append(_unused("monitor", "solved stops by the training part; patience and below have a monitor"))
    if given.min_delta and not noted:
        notes.append(_unused("min_delta", "there is no patience, and no weights of the best epoch are recorded"))
    if given.below is not None and monitor.rising:
        falling = f"no below, as {monitor.column} rises; solved: true stops once all samples are right"
        notes.append(Note((*_STOP, "below"), Wrong.VALUE, falling, found(given.below)))
    ends = [Goal(monitor, given.below)] if given.below is not None else []
    ends += [Goal(MEASURES[SOLVED], 1.0)] if given.solved else []
    reaches = record.epochs_to or ()
    made = Monitoring(monitor if noted else None, best, given.patience, given.min_delta, tuple(ends), reaches)
    places: dict[Measure, Path] = {goal.measure: (*_RECORD, "epochs_to") for goal in reaches}
    places |= {goal.measure: (*_STOP, "below" if goal.measure == monitor else SOLVED) for goal in ends}
    places |= {monitor: (*_STOP, "monitor")} if given.monitor else {}
    for measure, path in places.items():
        if why := _missing(measure, validated, losses, of_classes):
            notes.append(Note(path, Wrong.OTHER, found=f"{measure.column} {why}"))
    return made, notes


def _unused(key: str, why: str) -> Note:
    return Note((*_STOP, key), Wrong.UNUSED, found=why, key=True)


def _missing(measure: Measure, validated: bool, losses: Set[str], of_classes: bool) -> str:
    """Why there is no such number, in words that follow its name; "" if there is."""
    if measure.part is None:
        return ""
    score = SCORES[measure.name]
    if measure.part is Part.VALIDATION and not validated:
        return "needs a validation part; give data.split"
    if score.classes and not of_classes:
        return "needs targets that are classes"
    if score.estimates and not all(LOSSES[loss].estimates for loss in losses):
        return f"needs outputs that estimate the targets, which those of {either(sorted(losses))} do not"
    return ""
