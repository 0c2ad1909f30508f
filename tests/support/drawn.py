"""A sweep that has something of everything to draw, and others that begin like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness

NORMAL = {"normal": {"std": 0.5}}
EXPERIMENT: dict[str, Any] = {
    "name": "told",
    "description": "What is <b>told</b> & shown </script>?",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1]]},
    "parameters": {
        "learning_rate": {"geomspace": [1e-3, 1, 24]},
        "epochs": [0, 1, 10, 1000],
        "init": ["ones", NORMAL],
    },
    "repeats": 2,
    "record": {"losses": {"every": 10}},
}
PLAIN: dict[str, Any] = {key: EXPERIMENT[key] for key in ("name", "network", "data")}


def swept(path: Path, parameters: dict[str, Any], **more: Any) -> Path:
    """The results, in this folder, of other parameters of the plain one."""
    return Path(harness.sweep({**PLAIN, **more, "parameters": parameters}, path))
