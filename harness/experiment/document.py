"""The experiment file as pydantic models: which keys there are, what each may hold, and the JSON Schema of it all.

Every field has a default, so that a file with mistakes can still be read as far as it goes; what must be given is
checked by `check.py`, and listed in the schema here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from harness.experiment import schema
from harness.experiment.errors import Bad, Path, found, nearest
from harness.experiment.generators import GENERATORS
from harness.experiment.settings import NETWORK, TRAINING, Setting, finite, name_of, whole
from harness.experiment.source import Note

MOST_SAMPLES = 1_000_000
MOST_RUNS = 2**62

_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}")


def _field(rule: Callable[[Any], Any], json: dict[str, Any]) -> Any:
    """A field whose value is what `rule` makes of it."""

    def validate(raw: Any) -> Any:
        try:
            return rule(raw)
        except Bad as bad:
            raise PydanticCustomError("notes", "notes", {"notes": bad.notes}) from None

    return Annotated[Any, PlainValidator(validate), WithJsonSchema(json)]


def _setting(setting: Setting) -> Any:
    json = setting.schema if setting.default is None else {**setting.schema, "default": _json(setting)}
    return _field(setting.rule, json)


def _json(setting: Setting) -> Any:
    return True if setting.default == "true" else setting.default


def _anything(name: str) -> Any:
    """A field that is read elsewhere; only its schema is given here."""
    return Annotated[Any, WithJsonSchema({"$ref": f"#/$defs/{name}"})]


def _number(rule: Callable[..., int], least: int, most: int, default: int) -> Any:
    json = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return _field(lambda raw: rule(raw, least, most), json)


def _experiment_name(raw: Any) -> str:
    if not isinstance(raw, str) or not _NAME.fullmatch(raw):
        raise Bad(f"expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found {found(raw)}")
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Bad(f"expected text, found {found(raw)}")
    return raw


def _switch(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise Bad(f"expected true or false, found {found(raw)}")
    return raw


def _noise(raw: Any) -> float:
    number = finite(raw, "a finite number of at least 0")
    if number < 0:
        raise Bad(f"expected a finite number of at least 0, found {found(raw)}")
    return number


def _columns(raw: Any) -> list[str]:
    if not isinstance(raw, list) or not raw:
        raise Bad(f"expected a list of column names, found {found(raw)}")
    notes = [((i,), f"expected a column name, found {found(c)}") for i, c in enumerate(raw) if not isinstance(c, str)]
    if notes:
        raise Bad(notes=notes)
    return raw


_COLUMNS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_ROWS = {"type": "array", "items": {"type": "array", "items": {"type": "number"}, "minItems": 2}, "minItems": 1}
_KINDS = tuple(GENERATORS)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Network(Section):
    """The network; hidden layers share `activation` unless it lists one for each of them."""

    layers: _setting(NETWORK["layers"]) = None  # type: ignore[valid-type]
    activation: _setting(NETWORK["activation"]) = NETWORK["activation"].default  # type: ignore[valid-type]
    output: _setting(NETWORK["output"]) = NETWORK["output"].default  # type: ignore[valid-type]
    bias: _setting(NETWORK["bias"]) = NETWORK["bias"].default  # type: ignore[valid-type]


class Training(Section):
    """How the network learns."""

    loss: _setting(TRAINING["loss"]) = TRAINING["loss"].default  # type: ignore[valid-type]
    optimizer: _setting(TRAINING["optimizer"]) = TRAINING["optimizer"].default  # type: ignore[valid-type]
    batch_size: _setting(TRAINING["batch_size"]) = TRAINING["batch_size"].default  # type: ignore[valid-type]
    dtype: _setting(TRAINING["dtype"]) = TRAINING["dtype"].default  # type: ignore[valid-type]
    arithmetic: _setting(TRAINING["arithmetic"]) = TRAINING["arithmetic"].default  # type: ignore[valid-type]
    max_loss: _setting(TRAINING["max_loss"]) = None  # type: ignore[valid-type]


class DataSection(Section):
    """One of rows, file (with inputs and targets) or generate (with samples, noise and seed)."""

    rows: Annotated[Any, WithJsonSchema(_ROWS)] = None
    file: _field(_text, {"type": "string"}) = None  # type: ignore[valid-type]
    inputs: _field(_columns, _COLUMNS) = None  # type: ignore[valid-type]
    targets: _field(_columns, _COLUMNS) = None  # type: ignore[valid-type]
    generate: _field(lambda raw: name_of(raw, _KINDS), {"enum": list(_KINDS)}) = None  # type: ignore[valid-type]
    samples: _number(whole, 1, MOST_SAMPLES, 200) = 200  # type: ignore[valid-type]
    noise: _field(_noise, {"type": "number", "minimum": 0, "default": 0.1}) = 0.1  # type: ignore[valid-type]
    seed: _number(whole, 0, 2**64 - 1, 0) = 0  # type: ignore[valid-type]


class Losses(Section):
    """The curve of each run: every how many epochs a point of it is kept."""

    every: _number(whole, 1, 2**63 - 1, 1) = 1  # type: ignore[valid-type]


class Record(Section):
    """What is kept of each run."""

    weights: _field(_switch, {"type": "boolean", "default": True}) = True  # type: ignore[valid-type]
    losses: Losses | None = None


class Document(Section):
    """An experiment: one network, trained under every combination of its parameters."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "data", "network"]})

    name: _field(_experiment_name, {"type": "string", "pattern": rf"^{_NAME.pattern}$"}) = None  # type: ignore[valid-type]
    description: _field(_text, {"type": "string", "default": ""}) = ""  # type: ignore[valid-type]
    seed: _number(whole, 0, 2**64 - 1, 0) = 0  # type: ignore[valid-type]
    network: Network = Network()
    data: DataSection | None = None
    training: Training = Training()
    parameters: _anything("Parameters") = None  # type: ignore[valid-type]
    zip: _anything("Zip") = None  # type: ignore[valid-type]
    exclude: _anything("Exclude") = None  # type: ignore[valid-type]
    grids: _anything("Grids") = None  # type: ignore[valid-type]
    repeats: _number(whole, 1, 1_000_000_000, 1) = 1  # type: ignore[valid-type]
    record: Record = Record()
    run_cap: _number(whole, 1, MOST_RUNS, 50_000_000) = 50_000_000  # type: ignore[valid-type]


_PLACES = {
    **dict.fromkeys(("learning_rate", "epochs", "init"), "parameters"),
    **dict.fromkeys(NETWORK, "network"),
    **dict.fromkeys(TRAINING, "training"),
    **dict.fromkeys(("rows", "file", "generate", "samples", "noise"), "data"),
    **dict.fromkeys(("weights", "losses"), "record"),
    **dict.fromkeys(("seed", "repeats", "run_cap", "parameters", "record"), "the top level"),
}
"""Where a key that stands in the wrong section belongs."""


def read(data: dict[str, Any], notes: list[Note]) -> tuple[Document, set[Path]]:
    """The document, and the paths of what had to be left out of it because it is wrong, which notes then say."""
    damaged: set[Path] = set()
    data = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    while True:
        try:
            return Document.model_validate(data), damaged
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                path = tuple(detail["loc"])
                notes += _notes(path, detail)
                damaged.add(path[:2])
                _remove(data, path)


def _notes(path: Path, detail: Any) -> list[Note]:
    if detail["type"] == "notes":
        return [Note((*path, *below), text) for below, text in detail["ctx"]["notes"]]
    if detail["type"] == "extra_forbidden":
        return [Note(path, _unknown(path), key=True)]
    return [Note(path, f"expected a mapping, found {found(detail['input'])}")]


def _unknown(path: Path) -> str:
    key, names = str(path[-1]), list(_fields(path[:-1]))
    place = _PLACES.get(key)
    if place and place != (path[-2] if len(path) > 1 else "the top level"):
        return f"unknown key here; it belongs {'at' if place == 'the top level' else 'under'} {place}"
    return f"unknown key{nearest(key, names) or '; expected one of ' + ', '.join(names)}"


def _fields(path: Path) -> tuple[str, ...]:
    models: dict[Path, type[BaseModel]] = {
        (): Document,
        ("network",): Network,
        ("training",): Training,
        ("data",): DataSection,
        ("record",): Record,
        ("record", "losses"): Losses,
    }
    return tuple(models[path].model_fields)


def _remove(data: dict[str, Any], path: Path) -> None:
    """Takes out the offending value, or the section it stands in where that is nested deeper."""
    above, key = (data, path[0]) if len(path) == 1 else (data.get(str(path[0]), {}), path[1])
    above.pop(key, None)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the experiment file, for editors."""
    made = Document.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "backprop-harness experiment"
    made["$defs"] = {**made.get("$defs", {}), **schema.definitions()}
    return made
