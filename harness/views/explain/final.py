"""The end of a row of results, as the table has it, and whether the reference ends there too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.network.layout import Layout

if TYPE_CHECKING:
    from harness.reference import Network


@dataclass(frozen=True)
class Final:
    """The last epoch that was trained, and the network after it; None if the table has no weights.

    settled: the epoch after which nothing changed, if there is one. diverged: whether the run did, in its last epoch.
    """

    epoch: int
    network: Network | None
    settled: int | None = None
    diverged: bool = False

    @property
    def uncompared(self) -> str:
        """What is added if the row was not trained to its end."""
        shown = "" if self.network is None else " The last weights shown are the table's."
        return f"{shown} Where the run ends was not compared with the table."

    def compared(self, network: Network) -> str:
        """In a sentence, whether another network has the table's weights, bit for bit; and if not, why not."""
        if self.network is None:
            why = f"the run diverged in epoch {self.epoch:,}" if self.diverged else "the weights were not recorded"
            return f"The table has no weights of this row to compare with: {why}."
        here, there = (one.flat().astype(np.float64) for one in (network, self.network))
        unequal = np.flatnonzero(here != there)
        if not len(unequal):
            return "The last weights are the table's, bit for bit."
        with np.errstate(all="ignore"):
            most = unequal[np.argmax(np.nan_to_num(np.abs(here - there)[unequal], nan=np.inf))]
        name = Layout(network.structure).names[most]
        return (
            f"The last weights are not the table's: {len(unequal):,} of {len(here):,} differ, most {name}, "
            f"{here[most]!s} here and {there[most]!s} in the table; {self._why()}."
        )

    def _why(self) -> str:
        assert self.network is not None
        structure = self.network.structure
        if structure.arithmetic == "fast":
            dtype = " of float32" if structure.dtype == "float32" else ""
            return f"the table was trained in fast arithmetic{dtype}, and here it is exact"
        return "the table was made by another version of the program, or changed since"
