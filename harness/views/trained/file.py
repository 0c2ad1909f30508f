"""Predictions for the rows of a CSV or Parquet file, whose columns are found by their names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from harness.errors import HarnessError
from harness.experiment.data.columns import DataFile, Wanted
from harness.experiment.errors import Path as Place
from harness.experiment.errors import dotted
from harness.experiment.notes import BadValueError, words
from harness.views.trained.network import TrainedNetwork


def predicted(network: TrainedNetwork, file: str) -> pd.DataFrame:
    """A row of predictions for each row of a file, as `TrainedNetwork.table` has them. Raises `HarnessError`.

    Columns that the network does not know are passed over; one whose inputs nobody named takes all, in their order.
    """
    try:
        found = DataFile(Path(), file)
        places: dict[str, Place] = {name: (name,) for name in network.columns or found.names}
        found.check(places)
        columns = found.read(Wanted(places, gaps=True))
        return network.table(pd.DataFrame(columns.numbers, columns=list(places)))
    except BadValueError as bad:
        where = [f"{dotted(note.path)}: " if note.path[:1] not in ((), ("file",)) else "" for note in bad.notes]
        lines = [f"{file}: {at}{words(note)}" for at, note in zip(where, bad.notes, strict=True)]
        raise HarnessError(*lines) from None
    except HarnessError as wrong:
        raise HarnessError(*(f"{file}: {line}" for line in wrong.lines)) from None
