"""`python -m tests.lowest`: the lowest version of each direct dependency that pyproject.toml admits, for pip's `-c`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

EXTRAS = ("dask", "dev", "s3")
OTHERS = ("pyparsing<3.3",)
"""Limits on indirect dependencies: with a newer pyparsing, Matplotlib before 3.10.8 warns of functions' old names."""


def constraints(project: dict[str, object]) -> list[str]:
    """`name==version` for each `name>=version` of the dependencies and of the extras that tests need."""
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    asked = [*project["dependencies"], *(line for extra in EXTRAS for line in extras[extra])]  # type: ignore[misc]
    found = [re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)", line) for line in asked]
    return [*(f"{match[1]}=={match[2]}" for match in found if match), *OTHERS]


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    print(*constraints(tomllib.loads(text)["project"]), sep="\n")
