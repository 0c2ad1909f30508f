"""What was asked: an experiment in YAML (or as a mapping), checked and resolved.

`load` reads one and says all that is wrong with it at once. The rest of the package: `source` and `yaml` read text,
`changes` puts other settings in, `document` and `settings` say what may stand where, `grids` are read into dimensions
of `axes`, `check` and `resolve` fit it all together, `idle` says which settings a run does not use, `grid` numbers the
configurations, and what is wrong is told in `notes`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.experiment.errors import ExperimentError
from harness.experiment.model import Experiment

if TYPE_CHECKING:
    from harness.experiment.data import DataTable
    from harness.experiment.initialisations.elsewhere import RowWeights

__all__ = ["Experiment", "ExperimentError", "json_schema", "load"]


def load(
    source: str | os.PathLike[str] | Mapping[str, Any],
    text: str | None = None,
    settings: Mapping[str, str] | None = None,
    kept: bytes | DataTable | None = None,
    row_weights: RowWeights | None = None,
) -> Experiment:
    """The experiment in a YAML file, or in a mapping of the same shape.

    text: what stood in the file at another time, to be read in its place. settings: parameter (or `name`) -> its one
    value as YAML, in place of its axis or constant. kept: a Parquet file to be read in place of the data file that the
    experiment names, or the table of one that names no data. row_weights: (folder, config) -> the weights of a row of
    earlier results, for initialisations that name one. Raises ExperimentError, whose text has a line for each problem.
    """
    from harness.experiment import resolve  # loads the reader of YAML, which the engine and the store do without

    return resolve.load(source, text, settings, kept, row_weights)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the experiment file, for editors."""
    from harness.experiment import schema

    return schema.json_schema()
