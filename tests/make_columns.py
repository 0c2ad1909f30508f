"""Write results/README.md, the table's columns, from the schema: `make docs`."""

from __future__ import annotations

import pyarrow as pa

from harness.experiment.measured import Goal, Measure, Monitoring, Part
from harness.network.structure import Structure
from harness.store import schema
from tests.support import ROOT

PAGE = ROOT / "results" / "README.md"
HEAD = """\
# The table

A sweep of an experiment called NAME writes `results/NAME/`:

| file | holds |
|---|---|
| `runs/*.parquet` | a row for every configuration |
| `curves/*.parquet` | the loss curves, if the experiment records them |
| `predictions/*.parquet` | what rows say of samples, if the experiment records it |
| `experiment.yaml` | the experiment as it was run |
| `data-*.parquet` | the data that were trained on, if they came from a file (up to 16 MiB of numbers) |
| `manifest.json` | state, counts, time, host and versions |
| `log/*.json` | an entry for every part that is done, with the size and SHA-256 of its files |
| `blocks/*.arrow` | blocks whose part is not complete yet; empty once the sweep is |

`pandas.read_parquet("results/NAME/runs")` reads it, and so do polars, DuckDB and anything else that reads Parquet; they
read every Parquet file there, also a copy of yours, where `harness` reads only those that the log names.
`harness.load("results/NAME")` gives the same rows in the order of the grid. A number that does not exist is NULL, never
NaN. Losses and weights are float64, or float32 if every network of the experiment is. The metadata of each Parquet file
carries the experiment (`harness.experiment`), its fingerprint, the schema's version, the dtype and the arithmetic.

This page is made from `harness/store/schema.py` by `make docs`.
"""
TYPES = {schema.LABELS: "label", pa.int64(): "int64", pa.float64(): "float64"}
WEIGHTS = """
Networks of up to 512 weights and biases have a column for each. Larger ones have one list column a layer (`w1`, `b1`,
..), row by row. A sweep over several networks has the columns of all of them, NULL where a network has no such weight.
`harness.weights(table)` gives arrays shaped (rows, O, I) for either.
"""


WATCH = Monitoring(Measure(Part.VALIDATION, "loss"), patience=20, reaches=(Goal(Measure(None, "loss_mean"), 0.01),))


def table_of(columns: list[schema.Column]) -> str:
    lines = ["| column | type | unit | NULL | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {TYPES[c.type]} | {c.unit} | {'can be' if c.nullable else ''} | {c.meaning} |" for c in columns
    ]
    return "\n".join(lines) + "\n"


def page() -> str:
    every = schema.run_columns(pa.float64(), (), (), (), ())
    swept = [schema.parameter_column(key) for key in schema.PARAMETER_MEANINGS]
    network = Structure((2, 2, 1), ("identity",) * 2, "true", "mse", "sgd", 1, "float64", "exact")
    weights = schema.weight_columns([network], pa.float64())
    at = [column.name for column in every].index("repeat")
    return (
        HEAD
        + "\n## runs\n\n"
        + table_of(every[:at])
        + "\nthen every parameter that the experiment sweeps, in its order, such as\n\n"
        + table_of(swept)
        + "\nthen\n\n"
        + table_of(every[at:])
        + "\nthen the scores of the parts, if they are recorded, and what is watched from epoch to epoch, such as\n\n"
        + table_of(schema.monitored_columns(WATCH, pa.float64()))
        + "\nthen the weights after the last epoch, here those of the 2-2-1 network:\n\n"
        + table_of(weights)
        + WEIGHTS
        + "\n## curves\n\n"
        + table_of(schema.curve_columns(pa.float64()))
        + "\n## predictions\n\nof every row that did not diverge, for each sample of the parts that are asked for\n\n"
        + table_of(schema.prediction_columns(pa.float64(), 1, classes=True))
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
