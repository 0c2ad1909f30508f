"""Draw the shipped experiments into docs/gallery: `make gallery`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import harness
from harness.views.plots import write
from tests.make_columns import ROOT

GALLERY = ROOT / "docs" / "gallery"
PICTURES: list[tuple[str, str, dict[str, Any]]] = [
    ("learning_rate", "map", {}),
    ("learning_rate", "share", {}),
    ("learning_rate", "spread", {"x": "learning_rate", "where": {"epochs": 100}}),
    ("learning_rate", "weights", {"where": {"init": "ones"}}),
    ("own_data", "map", {"y": "layers", "where": {"epochs": 100}}),
    ("own_data", "spread", {"x": "layers", "where": {"learning_rate": 0.4}}),
    ("question", "curves", {"where": {"learning_rate": 0.1}}),
    ("question", "paths", {"where": {"learning_rate": 0.1}}),
    ("symmetry", "map", {"where": {"init": "ones"}}),
    ("symmetry", "weights", {"where": {"init": "{constant: 0.1}"}}),
    ("xor", "map", {"y": "init", "where": {"epochs": 3000}}),
    ("xor", "spread", {"x": "learning_rate", "where": {"init": "xavier_normal"}}),
    ("xor", "share", {"below": 0.05, "where": {"init": "xavier_normal"}}),
]
"""Experiment, kind, choices."""


def draw(folder: Path) -> list[Path]:
    """Write every picture to NAME-KIND.png in a folder; return their paths."""
    with tempfile.TemporaryDirectory() as results:
        swept = {name: harness.sweep(ROOT / "experiments" / f"{name}.yaml", results) for name, _, _ in PICTURES}
        return [
            Path(write(swept[name], str(folder / f"{name}-{kind}.png"), kind, **choices))
            for name, kind, choices in PICTURES
        ]


if __name__ == "__main__":
    GALLERY.mkdir(parents=True, exist_ok=True)
    for path in draw(GALLERY):
        print(path.relative_to(ROOT))
