"""From what was written to what is meant: a checked `Experiment`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from harness.experiment import auto, data, document, monitoring, source
from harness.experiment.axes import SWEEPABLE, Axis
from harness.experiment.changes import changed, read
from harness.experiment.check import Checker, unused
from harness.experiment.data.classes import classes_in
from harness.experiment.data.split import parts_of
from harness.experiment.errors import Path, either
from harness.experiment.grids import GridReader, GridReading
from harness.experiment.idle import idle as idle_of
from harness.experiment.initialisations.elsewhere import RowWeights, filled
from harness.experiment.meaning import fingerprint as fingerprint_of
from harness.experiment.measured import Part
from harness.experiment.model import FOLD, Dimension, Experiment, Value
from harness.experiment.notes import BadValueError, Note, Wrong
from harness.experiment.settings import DATA, HYPERPARAMETERS, NETWORK, TRAINING, layer_of_rate
from harness.experiment.source import Source

Origin = str | os.PathLike[str] | Mapping[str, Any]


def load(
    origin: Origin,
    text: str | None = None,
    settings: Mapping[str, str] | None = None,
    kept: bytes | data.DataTable | None = None,
    row_weights: RowWeights | None = None,
) -> Experiment:
    """The experiment in a YAML file or a mapping of the same shape. Raises ExperimentError.

    text: what stood in the file at another time. settings: parameter -> its one value as YAML, in place of what stands
    there; or `name`. What is wrong with a setting has the place `--set learning_rate`. kept: a Parquet file in place of
    the data file that the experiment names, or the table of one that names no data. row_weights: what reads the weights
    of a row of earlier results.
    """
    given = filled(replace(source.read(origin, text), kept=kept), row_weights)
    experiment = _finish(_read(given))  # what is wrong without the settings has its place in the file
    return _finish(_read(changed(given, settings))) if settings else experiment


def override(
    origin: Origin, settings: Mapping[str, str], row_weights: RowWeights | None = None
) -> tuple[Experiment, Experiment]:
    """An experiment, and one configuration of it: the first value of every axis, but for these, given as YAML.

    Raises ExperimentError; what is wrong with a setting has the place `--set learning_rate`.
    """
    reading = _read(filled(source.read(origin), row_weights))
    whole = _finish(reading)
    axes = {key: axis.head() for dimension in reading.grids[0].dimensions for key, axis in dimension.axes.items()}
    paths = dict(reading.grids[0].paths)
    notes: list[Note] = []
    damaged: set[str] = set()
    for key in sorted(settings, key=lambda key: key != "learning_rate"):
        place: Path = (f"--set {key}",)
        try:
            axes_of_key = Axis(key, "values", (read(key, settings[key], reading.source.data)[1],), 1)
        except BadValueError as bad:
            notes += bad.below(*place)
            damaged.add(key)
            continue
        if key == "learning_rate":
            axes = {other: axis for other, axis in axes.items() if not layer_of_rate(other)}
        axes[key], paths[key] = axes_of_key, place
    heads = {key: axis.numbers[0] for key, axis in axes.items() if axis.explicit}
    idle = (
        idle_of({**_settings(reading, [GridReading(())]), **heads}, axes.keys() | HYPERPARAMETERS.keys())
        - settings.keys()
    )
    grid = GridReading((), [Dimension({key: axis}) for key, axis in axes.items() if key not in idle])
    grid.paths, grid.damaged = {key: paths[key] for key in axes if key not in idle}, damaged
    sections = {
        name: SimpleNamespace(**vars(section) | dict.fromkeys(idle & HYPERPARAMETERS.keys() & vars(section).keys()))
        for name, section in (("network", reading.values.network), ("training", reading.values.training))
    }
    one = replace(
        reading,
        source=replace(reading.source, positions=None),
        values=SimpleNamespace(**vars(reading.values) | {"repeats": 1} | sections),
        grids=[grid],
        notes=notes,
    )
    return whole, _finish(one)


@dataclass(frozen=True)
class _Reading:
    """What could be read, and in `notes` what is wrong with the rest.

    values: of the keys outside of the grids, as `document.read` has them. damaged: the paths of those that are wrong,
    two steps deep.
    """

    source: Source
    values: Any
    damaged: set[Path]
    table: data.DataTable | None
    grids: list[GridReading]
    notes: list[Note]


def _read(given: Source) -> _Reading:
    notes: list[Note] = []
    values = document.read(given.data, notes)
    table = _table(given, values, notes)
    filling: list[Note] = []
    if table is not None and (meant := auto.filled(given.data, table, filling)) != given.data:
        notes, given = filling, replace(given, data=meant)
        values = document.read(meant, notes)
    damaged = {note.path[:2] for note in notes}
    grids = list(GridReader(values.seed, values.run_cap, notes).read(given.data))
    if table is not None and table.split is not None and table.split.fold is not None:
        folds = tuple(range(int(table.split.fold.max()) + 1))
        for grid in grids:
            grid.dimensions.append(Dimension({FOLD: Axis(FOLD, "values", folds, len(folds))}))
            grid.paths[FOLD] = ("data", "split", "folds")
    if "name" not in given.data:
        name = "a name, such as xor, for the folder of the results"
        notes.append(Note(("name",), Wrong.MISSING, name, key=True))
    if values.data is None and ("data",) not in damaged:
        rows = "data, such as {rows: [[1, 1, 1]]}: two inputs and a target"
        notes.append(Note(("data",), Wrong.MISSING, rows, key=True))
    reading = _Reading(given, values, damaged, table, grids, notes)
    known = "layers" in _settings(reading, [GridReading(())]) or damaged & {("network",), ("network", "layers")}
    if not known and not all("layers" in grid.paths for grid in grids):
        units = "the units of each layer, such as [2, 2, 1]"
        notes.append(Note(("network", "layers"), Wrong.MISSING, units, key=True))
    return reading


def _table(given: Source, values: Any, notes: list[Note]) -> data.DataTable | None:
    """The data, if they could be read."""
    if values.data is not None and not any(note.path[:1] == ("data",) for note in notes):
        try:
            return data.read(vars(values.data), given.data["data"], given.folder, given.kept)
        except BadValueError as bad:
            notes += bad.below("data")
    return None


def _of_classes(table: data.DataTable, losses: Set[str]) -> bool:
    """Whether the targets are classes, for networks that are trained by these losses."""
    targets = table.numbers[:, -1 if table.inputs is None else table.inputs :]
    return bool(table.classes) or losses <= {"cross_entropy"} or classes_in(targets) is not None


def _settings(reading: _Reading, grids: list[GridReading]) -> dict[str, Value]:
    """The constants that were readable and that some grid needs."""
    settings: dict[str, Value] = {}
    for section, keys in (("network", NETWORK), ("training", TRAINING), ("data", DATA)):
        for key in keys:
            value = getattr(getattr(reading.values, section), key, None)
            if section == "data" and value == DATA[key].default:
                continue  # as good as nothing: data that are taken as they are mean what they always did
            known = value is not None and not reading.damaged & {(section,), (section, key)}
            if known and not all(key in grid.paths for grid in grids):
                settings[key] = value
    return settings


def _finish(reading: _Reading) -> Experiment:
    """The experiment, if all is well with it and it fits together."""
    values, notes = reading.values, list(reading.notes)
    settings = _settings(reading, reading.grids)
    damaged = {str(path[-1]) for path in reading.damaged}
    checkers = [Checker(grid, settings, reading.table, damaged) for grid in reading.grids]
    notes += dict.fromkeys(note for checker in checkers for note in checker.notes())
    for key in filter(settings.__contains__, HYPERPARAMETERS):
        notes += unused(key, [one for one in checkers if key not in one.grid.paths], (SWEEPABLE[key].section, key))
    inputs: set[int] = set()
    for checker in checkers:
        inputs |= checker.inputs()
        if len(inputs) > 1 and reading.table and reading.table.inputs is None:
            same = "networks with the same number of inputs"
            notes.append(Note(checker.where("layers"), Wrong.VALUE, same, either(map(str, sorted(inputs)))))
            break
    if not notes and (not inputs or all(checker.nothing_left() for checker in checkers)):
        nothing = "leaves nothing to train"
        notes.append(Note((*reading.grids[0].where, "exclude"), Wrong.OTHER, found=nothing, key=True))
    losses = {str(value) for checker in checkers for value in checker.names("loss")}
    table = reading.table
    classes = table is not None and _of_classes(table, losses)
    monitored, wrong = monitoring.asked(values, table, losses, classes)
    notes += wrong if ("training", "stop") not in reading.damaged else []
    notes += _predicted(values.record, table)
    early = reading.source.positions.problems if reading.source.positions else []
    if notes or early or table is None:
        raise reading.source.error(_without_guessed(notes, reading.source.data))
    numbers = table.data(max(inputs))
    metrics: tuple[str, ...] | None = values.record.metrics
    if metrics is None and table.split is not None:
        metrics = ("accuracy",) if classes else ("r2",)
    experiment = Experiment(
        label=reading.source.label,
        name=values.name,
        description=values.description,
        seed=values.seed,
        settings=settings,
        data=numbers,
        grids=tuple(grid.written() for grid in reading.grids),
        swept=_swept(reading.grids),
        repeats=values.repeats,
        run_cap=values.run_cap,
        record_weights=values.record.weights is not False,
        losses_every=values.record.losses.every if values.record.losses else None,
        source=reading.source.text,
        fingerprint="",
        columns=table.names,
        from_file=table.key == "file",
        metrics=metrics,
        monitoring=monitored,
        predictions=values.record.predictions or (),
    )
    return replace(experiment, fingerprint=fingerprint_of(experiment))


def _swept(grids: Sequence[GridReading]) -> tuple[str, ...]:
    """What any grid sweeps, in the order in which it stands in the file."""
    there = dict.fromkeys(key for grid in grids for dimension in grid.dimensions for key in dimension.keys)
    declared = dict.fromkeys(key for grid in grids for key in grid.declared if key in there)
    return tuple(declared | there)


def _predicted(record: Any, table: data.DataTable | None) -> Iterator[Note]:
    """What is wrong with the parts whose predictions are asked for."""
    asked, there = record.predictions or (), set(Part) if table is None else parts_of(table.split)
    for part in (part for part in asked if part not in there):
        yield Note(
            ("record", "predictions"), Wrong.OTHER, found=f"there is no {part.label} part; give data.split.{part.label}"
        )
    if asked and record.weights is False:
        yield Note(("record", "predictions"), Wrong.OTHER, found="needs weights, which record.weights leaves out")


def _without_guessed(notes: list[Note], data: Mapping[str, Any]) -> list[Note]:
    """The notes without those that follow from a misspelt or misplaced key: they go away when that key is put right."""
    guesses = {note.guess for note in notes if note.kind in (Wrong.UNKNOWN, Wrong.MISPLACED) and note.guess}
    guesses -= {(section,) for section in data}  # what is there is not what was meant
    names = {path[-1] for path in guesses}
    return [
        note
        for note in notes
        if note.unless not in names
        and not (note.kind is Wrong.MISSING and any(note.path[:n] in guesses for n in range(1, len(note.path) + 1)))
    ]
