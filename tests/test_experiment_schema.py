"""The JSON Schema of the experiment file."""

from __future__ import annotations

import json

from harness.experiment import json_schema


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
            "grids",
            "repeats",
        ),
        *("record", "run_cap"),
    }
    assert schema["additionalProperties"] is False
    defs = schema["$defs"]
    assert set(defs["Network"]["properties"]) == {"layers", "activation", "output", "bias"}
    assert defs["Network"]["properties"]["bias"] == {"default": True, "enum": [True, False, "fixed"], "title": "Bias"}
    assert defs["Training"]["properties"]["loss"]["enum"] == ["mse", "half_mse", "bce", "cross_entropy"]
    assert {"learning_rate", "epochs", "init", "layers", "dtype"} < set(defs["Parameters"]["properties"])
    for word in ("log_uniform_values", "geomspace", "xavier_uniform", "softplus", "spiral", "float32"):
        assert f'"{word}"' in text
    referred = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert referred <= set(defs)
    assert "null" not in json.dumps(schema["properties"])
