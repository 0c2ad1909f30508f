"""The JSON Schema of the experiment file."""

from __future__ import annotations

import json

from harness.experiment import json_schema
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS


def test_the_json_schema_knows_every_key_and_name() -> None:
    schema = json_schema()
    text = json.dumps(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["name", "data"]
    assert set(schema["properties"]) == {
        *(
            "name",
            "description",
            "seed",
            "network",
            "data",
            "training",
            "parameters",
            "zip",
            "exclude",
            "when",
            "random",
            "grids",
            "repeats",
        ),
        *("record", "run_cap"),
    }
    assert schema["additionalProperties"] is False
    defs = schema["$defs"]
    assert set(defs["Network"]["properties"]) == {"layers", "activation", "output", "bias", "slope", "output_slope"}
    assert defs["Network"]["properties"]["bias"] == {"default": True, "enum": [True, False, "fixed"], "title": "Bias"}
    assert defs["Training"]["properties"]["loss"]["enum"] == [*LOSSES]
    training = defs["Training"]["properties"]
    assert training["optimizer"]["enum"] == [*OPTIMIZERS]
    assert training["schedule"]["enum"] == ["constant", "step", "exponential", "cosine", "warmup"]
    number = {"type": "number", "minimum": 0}
    assert training["shuffle"] == {"type": "boolean", "default": False, "title": "Shuffle"}
    assert training["weight_decay"] == {**number, "title": "Weight Decay"}
    assert training["gradient_clip"] == {"type": "number", "exclusiveMinimum": 0, "title": "Gradient Clip"}
    assert training["momentum"] == {**number, "exclusiveMaximum": 1, "title": "Momentum"}
    assert training["gamma"] == {**number, "title": "Gamma"}
    assert training["t_max"] == {"type": "integer", "minimum": 1, "exclusiveMaximum": 2**53, "title": "T Max"}
    assert {"learning_rate", "epochs", "init", "layers", "dtype", *training} - {"stop"} < set(
        defs["Parameters"]["properties"]
    )
    assert set(defs["Parameters"]["properties"]) == set(defs["Exclude"]["items"]["properties"])
    forms = defs["Parameters"]["properties"]["beta1"]["anyOf"]
    assert forms[0] == {**number, "exclusiveMaximum": 1}
    assert {"$ref": "#/$defs/GeneratedAxis"} in forms
    assert {"$ref": "#/$defs/GeneratedAxis"} not in defs["Parameters"]["properties"]["shuffle"]["anyOf"]
    for word in ("log_uniform_values", "geomspace", "xavier_uniform", "softplus", "spiral", "float32"):
        assert f'"{word}"' in text
    (values,) = (form for form in defs["Initialisation"]["anyOf"] if "values" in form.get("properties", {}))
    assert set(values["properties"]) == {"values", "bias", "name"}
    assert {"type": "string"} in defs["Exclude"]["items"]["properties"]["init"]["anyOf"]
    referred = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert referred <= set(defs)
    assert "null" not in json.dumps(schema["properties"])
    assert '"default"' not in json.dumps([defs["Parameters"], defs["Exclude"]])
