"""The JSON Schema of the experiment file: of its sections, and of axes, initialisations and grids."""

from __future__ import annotations

from typing import Any

from harness.experiment.axes import DISTRIBUTIONS, SWEEPABLE
from harness.experiment.document import DOCUMENT, GRID_KEYS, Section
from harness.experiment.initialisations import DRAWN, RULES, SAME
from harness.experiment.settings import LEARNING_RATE, NAME, Key, Setting

_NUMBER = {"type": "number"}
_COUNT = {"type": "integer", "minimum": 1}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the experiment file, for editors."""
    defs: dict[str, Any] = {}
    made = _schema(DOCUMENT, defs)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "$defs": {**defs, **_definitions()}}


def _schema(section: Section, defs: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a section. defs: gets those of the sections in it, by their titles."""
    properties: dict[str, Any] = {}
    for key, held in section.keys.items():
        if isinstance(held, Key):
            default = {} if held.default is None else {"default": held.default}
            properties[key] = {**held.schema, **default, "title": key.replace("_", " ").title()}
            continue
        if held is not None:
            defs[held.title] = _schema(held, defs)
        refer = {"$ref": f"#/$defs/{held.title if held else key.capitalize()}"}
        may_be_nothing = held is not None and held.optional and key not in section.needed
        properties[key] = {"anyOf": [refer, {"type": "null"}]} if may_be_nothing else refer
    needed = list(section.needed) or None
    return {"title": section.title, "description": section.about, **_mapping(properties, needed)}


def _mapping(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return made if required is None else {**made, "required": required}


def _three(last: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "prefixItems": [_NUMBER, _NUMBER, last], "minItems": 3, "maxItems": 3}


def _generated() -> dict[str, Any]:
    forms = [_mapping({form: _three(_COUNT)}, [form]) for form in ("linspace", "geomspace", "logspace")]
    forms.append(_mapping({"range": _three(_NUMBER)}, ["range"]))
    for name, numbers in DISTRIBUTIONS.items():
        properties = {"distribution": {"const": name}, **dict.fromkeys(numbers, _NUMBER), "n": _COUNT}
        forms.append(_mapping(properties, list(properties)[:-1]))
    return {"anyOf": forms}


def _axis(key: str, setting: Setting) -> dict[str, Any]:
    values = {"type": "array", "items": setting.schema, "minItems": 1}
    forms = [values, _mapping({"value": setting.schema}, ["value"]), _mapping({"values": values}, ["values"])]
    if key != "layers":
        forms.insert(0, setting.schema)
    if setting.bounds is not None:
        forms.append({"$ref": "#/$defs/GeneratedAxis"})
    return {"anyOf": forms}


def _initialisation() -> dict[str, Any]:
    rules = {**RULES, **{name: RULES[same] for name, same in SAME.items()}}
    plain = [name for name, rule in rules.items() if None not in rule.numbers.values()]
    forms: dict[str, dict[str, Any]] = {}
    for name, rule in rules.items():
        needed = [number for number, default in rule.numbers.items() if default is None]
        inner = _NUMBER if name == "constant" else _mapping(dict.fromkeys(rule.numbers, _NUMBER), needed)
        forms[name] = {"anyOf": [inner, {"type": "null"}]} if name in plain else inner
    bias = {"anyOf": [_NUMBER, *(_mapping({name: forms[name]}, [name]) for name in DRAWN)]}
    mappings = [_mapping({name: inner, "bias": bias}, [name]) for name, inner in forms.items()]
    row = {"type": "array", "items": _NUMBER, "minItems": 1}
    rows = {"type": "array", "items": row, "minItems": 1}
    matrices = {"type": "array", "items": rows, "minItems": 1}
    explicit = _mapping({"weights": matrices, "biases": rows}, ["weights"])
    own = {"type": "string", "pattern": f"^{NAME.pattern}$"}
    more = {"name": own, "bias": bias}
    mappings.append(_mapping({"file": {"type": "string"}, **more}, ["file"]))
    mappings.append(_mapping({"results": {"type": "string"}, "config": _COUNT | {"minimum": 0}, **more}, ["results"]))
    mappings.append(_mapping({"values": explicit, "bias": bias, "name": own}, ["values"]))
    return {"anyOf": [{"enum": plain}, *mappings]}


def _definitions() -> dict[str, Any]:
    """The named parts: Parameters, Zip, Exclude, When, Random, Grids, Initialisation, GeneratedAxis."""
    layered = "^learning_rate_[1-9][0-9]{0,3}$"
    parameters = _mapping({key: _axis(key, setting) for key, setting in SWEEPABLE.items()})
    parameters["patternProperties"] = {layered: _axis("learning_rate", LEARNING_RATE)}
    match = _mapping({key: setting.schema for key, setting in SWEEPABLE.items()})
    match["properties"]["init"] = {"anyOf": [SWEEPABLE["init"].schema, {"type": "string"}]}  # or the name of values
    match["patternProperties"] = {layered: LEARNING_RATE.schema}
    parts = {key: {"$ref": f"#/$defs/{key.capitalize()}"} for key in GRID_KEYS}
    return {
        "Parameters": parameters,
        "Zip": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Parameters"}},
        "Exclude": {"type": "array", "items": {**match, "minProperties": 1}},
        "When": {"type": "object", "additionalProperties": {"type": "object"}, "minProperties": 1},
        "Random": _mapping({"n": _COUNT}, ["n"]),
        "Grids": {"type": "array", "items": _mapping(parts), "minItems": 1},
        "Initialisation": _initialisation(),
        "GeneratedAxis": _generated(),
    }
