"""The experiment file as pydantic models: its keys, what each may hold, and the JSON Schema of it all.

Every field has a default, so that a file with mistakes can still be read as far as it goes; what must be
given is checked by `resolve.py`, and listed in the schema here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, WithJsonSchema, create_model
from pydantic_core import CoreSchema, PydanticCustomError

from harness.experiment import schema
from harness.experiment.errors import Path, found, plain, synonyms
from harness.experiment.generators import GENERATORS
from harness.experiment.notes import BadValueError, Note, Wrong, each, unexpected, unknown
from harness.experiment.settings import NAME, NETWORK, TRAINING, Bounds, Setting, name_of, own_name, switch, whole

MOST_SAMPLES = 1_000_000
MOST_REPEATS = 1_000_000
MOST_SEED = 2**64 - 1
MOST_EPOCHS = 2**63 - 1
MOST_RUNS = 2**62


@dataclass(frozen=True)
class Rule:
    """A field whose value is what `rule` makes of it, and its JSON Schema."""

    rule: Callable[[Any], Any]
    json: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        def validate(raw: Any) -> Any:
            try:
                return self.rule(raw)
            except BadValueError as bad:
                raise PydanticCustomError("notes", "notes", {"notes": bad.notes}) from None

        made: CoreSchema = PlainValidator(validate).__get_pydantic_core_schema__(source, handler)
        return made

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return dict(self.json)


def _whole(least: int, most: int) -> Rule:
    json = {"type": "integer", "minimum": least, "maximum": most}
    return Rule(lambda raw: whole(raw, least, most), json)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise unexpected("text", raw)
    return raw


def _columns(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise unexpected("a list of column names", raw)
    return each(raw, _text)


_COLUMNS = Rule(_columns, {"type": "array", "items": {"type": "string"}, "minItems": 1})
_ROW = {"type": "array", "items": {"type": "number"}, "minItems": 2}
_KINDS = tuple(GENERATORS)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _section(name: str, settings: dict[str, Setting], doc: str) -> Any:
    """The model of a section that holds these settings."""
    fields: dict[str, Any] = {
        key: (Annotated[Any, Rule(setting.rule, setting.schema)], setting.default) for key, setting in settings.items()
    }
    return create_model(name, __base__=Section, __doc__=doc, **fields)


if TYPE_CHECKING:
    Network = Section
    Training = Section
else:
    Network = _section(
        "Network", NETWORK, "The network; hidden layers share `activation` unless it lists one for each of them."
    )
    Training = _section("Training", TRAINING, "How the network learns.")


class DataSection(Section):
    """One of rows or file, whose columns inputs and targets name, or generate (with samples, noise and seed)."""

    rows: Annotated[Any, WithJsonSchema({"type": "array", "items": _ROW, "minItems": 1})] = None
    file: Annotated[Any, Rule(_text, {"type": "string"})] = None
    inputs: Annotated[Any, _COLUMNS] = None
    targets: Annotated[Any, _COLUMNS] = None
    generate: Annotated[Any, Rule(lambda raw: name_of(raw, _KINDS), {"enum": list(_KINDS)})] = None
    samples: Annotated[Any, _whole(1, MOST_SAMPLES)] = 200
    noise: Annotated[Any, Rule(Bounds().read, Bounds().schema)] = 0.1
    seed: Annotated[Any, _whole(0, MOST_SEED)] = 0


class Losses(Section):
    """The curve of each run: every how many epochs a point of it is kept."""

    every: Annotated[Any, _whole(1, MOST_EPOCHS)] = 1


class Record(Section):
    """What is kept of each run."""

    weights: Annotated[Any, Rule(switch, {"type": "boolean"})] = True
    losses: Losses | None = None


class Document(Section):
    """An experiment: one network, trained under every combination of its parameters."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "data"]})

    name: Annotated[Any, Rule(own_name, {"type": "string", "pattern": f"^{NAME.pattern}$"})] = None
    description: Annotated[Any, Rule(_text, {"type": "string"})] = ""
    seed: Annotated[Any, _whole(0, MOST_SEED)] = 0
    network: Network = Network()
    data: DataSection | None = None
    training: Training = Training()
    parameters: Any = None
    zip: Any = None
    exclude: Any = None
    grids: Any = None
    repeats: Annotated[Any, _whole(1, MOST_REPEATS)] = 1
    record: Record = Record()
    run_cap: Annotated[Any, _whole(1, MOST_RUNS)] = 50_000_000


BLOCK_KEYS = ("parameters", "zip", "exclude", "grids")
"""The keys that `blocks.py` reads."""

TOP = "the top level"
_PLACES = {
    **dict.fromkeys(("learning_rate", "epochs", "init"), "parameters"),
    **dict.fromkeys(NETWORK, "network"),
    **dict.fromkeys(TRAINING, "training"),
    **dict.fromkeys(("rows", "file", "inputs", "targets", "generate", "samples", "noise"), "data"),
    **dict.fromkeys(("weights", "losses"), "record"),
    **dict.fromkeys(("name", "description", "seed", "repeats", "run_cap", "parameters", "record", "data"), TOP),
}
"""Where a key that stands in the wrong section belongs."""


def read(data: dict[str, Any], notes: list[Note]) -> tuple[Document, set[Path]]:
    """The document, and the paths of what had to be left out of it because it is wrong, as notes then say."""
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
        return [note.below(*path) for note in detail["ctx"]["notes"]]
    if detail["type"] == "extra_forbidden":
        return [_unknown(path)]
    return [Note(path, Wrong.VALUE, "a mapping", found(detail["input"]))]


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


def _unknown(path: Path) -> Note:
    return unknown_key(str(path[-1]), _fields(path[:-1]), str(path[-2]) if len(path) > 1 else TOP, path)


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
    above, key = (data, path[0]) if len(path) == 1 else (data[str(path[0])], path[1])
    above.pop(str(key), None)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the experiment file, for editors."""
    made = Document.model_json_schema()
    defs = {**made.pop("$defs"), **schema.definitions()}
    for key in BLOCK_KEYS:
        made["properties"][key] = {"$ref": f"#/$defs/{key.capitalize()}"}
    for part in (made, *defs.values()):
        for field in part.get("properties", {}).values():
            if field.get("default", 0) is None or isinstance(field.get("default"), dict):
                del field["default"]
    made["properties"]["data"] = {"$ref": "#/$defs/DataSection"}
    defs["Network"]["properties"]["bias"]["default"] = True
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "backprop-harness experiment",
        "$defs": defs,
    }
