"""The experiment file: its sections and keys, and what each may hold.

A file with mistakes is read as far as it goes: what is wrong is noted, and left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from harness.experiment import monitoring
from harness.experiment.data.generators import GENERATORS
from harness.experiment.data.shelf import SHELF
from harness.experiment.data.split import PARTS
from harness.experiment.errors import Path, either, found, plain, synonyms
from harness.experiment.measured import Part
from harness.experiment.notes import Note, Notes, Wrong, each, unexpected, unknown
from harness.experiment.settings import DATA as SETTINGS_OF_DATA
from harness.experiment.settings import NAME, NETWORK, TRAINING, Bounds, Key, finite, name_of, own_name, switch, whole
from harness.formulas.scores import SCORES, SOLVED

MOST_SAMPLES = 1_000_000
MOST_REPEATS = 1_000_000
MOST_SEED = 2**64 - 1
MOST_EPOCHS = 2**63 - 1
MOST_RUNS = 2**62


@dataclass(frozen=True)
class Section:
    """A mapping of the file. keys: what each may hold; None where `grids.py` reads it.

    needed: those that must be given. optional: the section may be left out, or be nothing, and is then None.
    """

    title: str
    about: str
    keys: Mapping[str, Key | Section | None]
    needed: tuple[str, ...] = ()
    optional: bool = False


def _whole(least: int, most: int, default: int) -> Key:
    return Key(lambda raw: whole(raw, least, most), default, {"type": "integer", "minimum": least, "maximum": most})


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise unexpected("text", raw)
    return raw


def _columns(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise unexpected("a list of column names", raw)
    return each(raw, _text)


@dataclass(frozen=True)
class Except:
    """All columns of a file but those that are targets or left out."""

    left_out: tuple[str, ...]


def _inputs(raw: Any) -> tuple[str, ...] | Except:
    if isinstance(raw, dict) and raw.keys() == {"except"}:
        return Except(_columns(raw["except"]) if isinstance(raw["except"], list) else (_text(raw["except"]),))
    if isinstance(raw, list) and raw:
        return _columns(raw)
    raise unexpected("a list of column names, or {except: [id]}", raw)


def _targets(raw: Any) -> tuple[str, ...]:
    return (raw,) if isinstance(raw, str) else _columns(raw)


def _share(raw: Any) -> float | str:
    """The share of a part, or the file that it stands in."""
    if isinstance(raw, dict) and raw.keys() == {"file"}:
        return _text(raw["file"])
    share = raw if isinstance(raw, int | float) and not isinstance(raw, bool) else math.nan
    if not 0 < share < 1:
        raise unexpected("a share of the rows between 0 and 1, such as 0.2, or {file: other.csv}", raw)
    return float(share)


def _parts(raw: Any) -> tuple[Part, ...]:
    names = raw if isinstance(raw, list) and raw else [raw]
    return tuple(sorted({PARTS[name] for name in each(names, lambda item: name_of(item, tuple(PARTS)))}))


def _metrics(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise unexpected(f"a list of {either(METRICS)}", raw)
    return tuple(dict.fromkeys(each(raw, lambda item: name_of(item, METRICS))))


_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SOME = {"type": "object", "properties": {"except": {"anyOf": [_NAMES, {"type": "string"}]}}, "required": ["except"]}
_PART = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]},
    ]
}
METRICS = tuple(name for name in SCORES if name != "loss")
"""What can be recorded of the parts of the data beside their loss."""
_PART_NAME = {"enum": list(PARTS)}
_ROW = {"type": "array", "items": {"type": "number"}, "minItems": 2}
_KINDS = tuple(GENERATORS)

_MISSING = ("refuse", "drop", "mean")
SPLIT = Section(
    "Split",
    "Which rows are validated and tested on: shares, folds, a column that says train, validation or test, or files.",
    {
        "validation": Key(_share, None, _PART),
        "test": Key(_share, None, _PART),
        "folds": Key(lambda raw: whole(raw, 2, MOST_SAMPLES), None, {"type": "integer", "minimum": 2}),
        "column": Key(_text, None, {"type": "string"}),
        "seed": _whole(0, MOST_SEED, 0),
        "stratify": Key(switch, None, {"type": "boolean"}),
    },
    optional=True,
)
STOP = Section(
    "Stop",
    "When a run ends early: after `patience` epochs without a better `monitor`, once that falls to `below`, or once "
    "every training sample is right.",
    {
        "monitor": Key(monitoring.monitor, None, {"enum": list(monitoring.MONITORS)}),
        "patience": Key(lambda raw: whole(raw, 1, MOST_EPOCHS), None, {"type": "integer", "minimum": 1}),
        "min_delta": Key(Bounds().read, 0, Bounds().schema),
        "below": Key(finite, None, {"type": "number"}),
        SOLVED: Key(monitoring.solved, None, {"const": True}),
    },
    optional=True,
)
GRID_KEYS = ("parameters", "zip", "exclude", "when", "random")
"""The keys of one grid, at the top level or in an item of `grids`."""
DATA = Section(
    "DataSection",
    "One of rows, file, load or generate (with samples, noise and seed); inputs and targets name columns, and split, "
    "standardize and missing say what becomes of their rows and numbers.",
    {
        "rows": Key(lambda raw: raw, None, {"type": "array", "items": _ROW, "minItems": 1}),
        "file": Key(_text, None, {"type": "string"}),
        "inputs": Key(_inputs, None, {"anyOf": [_NAMES, _SOME]}),
        "targets": Key(_targets, None, {"anyOf": [_NAMES, {"type": "string"}]}),
        "classes": Key(lambda raw: name_of(raw, ("auto",)), None, {"const": "auto"}),
        "missing": Key(lambda raw: name_of(raw, _MISSING), "refuse", {"enum": list(_MISSING)}),
        **SETTINGS_OF_DATA,
        "split": SPLIT,
        "load": Key(lambda raw: name_of(raw, tuple(SHELF)), None, {"enum": list(SHELF)}),
        "generate": Key(lambda raw: name_of(raw, _KINDS), None, {"enum": list(_KINDS)}),
        "samples": _whole(1, MOST_SAMPLES, 200),
        "noise": Key(Bounds().read, 0.1, Bounds().schema),
        "seed": _whole(0, MOST_SEED, 0),
    },
    optional=True,
)
LOSSES = Section(
    "Losses",
    "The curve of each run: every how many epochs a point of it is kept.",
    {"every": _whole(1, MOST_EPOCHS, 1)},
    optional=True,
)
RECORD = Section(
    "Record",
    "What is kept of each run; metrics: of each part of the data, beside its loss; weights: of which epoch, if any; "
    "epochs_to: numbers whose first epoch is noted; predictions: on which parts of the data.",
    {
        "weights": Key(monitoring.weights, True, {"enum": [True, False, *monitoring.WEIGHTS]}),
        "losses": LOSSES,
        "metrics": Key(_metrics, None, {"type": "array", "items": {"enum": list(METRICS)}}),
        "predictions": Key(_parts, None, {"anyOf": [_PART_NAME, {"type": "array", "items": _PART_NAME}]}),
        "epochs_to": Key(monitoring.epochs_to, None, monitoring.EPOCHS_TO),
    },
)
DOCUMENT = Section(
    "backprop-harness experiment",
    "An experiment: one network, trained under every combination of its parameters.",
    {
        "name": Key(own_name, None, {"type": "string", "pattern": f"^{NAME.pattern}$"}),
        "description": Key(_text, "", {"type": "string"}),
        "seed": _whole(0, MOST_SEED, 0),
        "network": Section(
            "Network", "The network; hidden layers share `activation` unless it lists one for each of them.", NETWORK
        ),
        "data": DATA,
        "training": Section("Training", "How the network learns.", {**TRAINING, "stop": STOP}),
        **dict.fromkeys((*GRID_KEYS, "grids")),
        "repeats": _whole(1, MOST_REPEATS, 1),
        "record": RECORD,
        "run_cap": _whole(1, MOST_RUNS, 50_000_000),
    },
    needed=("name", "data"),
)

TOP = "the top level"
_PLACES = {
    **dict.fromkeys(("learning_rate", "epochs", "init"), "parameters"),
    **dict.fromkeys(NETWORK, "network"),
    **dict.fromkeys((*TRAINING, "stop"), "training"),
    **dict.fromkeys(DATA.keys, "data"),
    **dict.fromkeys(RECORD.keys, "record"),
    **dict.fromkeys(("name", "description", "seed", "repeats", "run_cap", "parameters", "record", "data"), TOP),
}
"""Where a key that stands in the wrong section belongs."""


def read(data: Mapping[str, Any], notes: list[Note]) -> Any:
    """The values of all keys, those of a section as one object, with defaults where nothing (or a bad value) is given.

    The grids are not among them, and the data file is not opened.
    """
    return _read(DOCUMENT, data, (), notes)


def defaults(section: Section) -> SimpleNamespace:
    """The values of a section's keys where it is empty."""
    values: dict[str, Any] = {}
    for key, held in section.keys.items():
        if isinstance(held, Section):
            values[key] = None if held.optional else defaults(held)
        elif held is not None:
            values[key] = None if held.default is None else held.rule(held.default)
    return SimpleNamespace(**values)


def _read(section: Section, data: Mapping[str, Any], path: Path, notes: list[Note]) -> SimpleNamespace:
    values = defaults(section)
    for key, raw in data.items():
        at, wrong = (*path, key), Notes()
        held = section.keys.get(key)
        if key not in section.keys:
            notes.append(unknown_key(key, section.keys, str(path[-1]) if path else TOP, at))
        elif isinstance(held, Key):
            made = wrong.read(held.rule, raw, *at)
            if not wrong:
                setattr(values, key, made)
        elif isinstance(held, Section) and isinstance(raw, dict):
            setattr(values, key, _read(held, raw, at, wrong))
        elif isinstance(held, Section) and not (raw is None and held.optional):
            notes.append(Note(at, Wrong.VALUE, "a mapping", found(raw)))
        notes += wrong
    return values


def misplaced(key: str, here: str, path: Path = ()) -> Note | None:
    """What is wrong with a key that belongs elsewhere, whatever it is called, or None. here: where it stands."""
    for name in (plain(key), *synonyms(key)):
        place = _PLACES.get(name)
        if place is None or place == here:
            continue
        kind = Wrong.MISPLACED if name == key.lower() else Wrong.UNKNOWN
        guess = (name,) if place == TOP else (place, name)
        return Note(path, kind, found="key", guess=guess, key=True)
    return None


def unknown_key(key: str, names: Iterable[str], here: str, path: Path = ()) -> Note:
    """What is wrong with a key that nothing has here. names: of those that may stand here."""
    names = list(names)
    own = any(name in names for name in synonyms(key))
    return (None if own else misplaced(key, here, path)) or unknown(key, names, path)
