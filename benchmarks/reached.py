"""A figure that was measured, and whether it reaches its target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """work: what was done. target: the bound on the figure, from below if least; or None. how: what it is made of."""

    work: str
    target: float | None
    least: bool
    figure: float
    unit: str
    how: str

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return self.figure >= self.target if self.least else self.figure <= self.target
