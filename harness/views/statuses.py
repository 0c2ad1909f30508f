"""How the end of a run is told wherever it is shown, in a bar, a map or a legend: one colour, one phrase for each."""

from __future__ import annotations

from typing import NamedTuple

from harness.network.runs import Status


class Sign(NamedTuple):
    """What stands for a status. colour: CSS and matplotlib. words: what the status means, in a phrase."""

    colour: str
    words: str


SIGNS = {
    Status.RAN: Sign("#7fcdbb", "not finished"),
    Status.SETTLED: Sign("#3f007d", "weights no longer change"),
    Status.DIVERGED: Sign("#d94801", "no finite result"),
}
"""In the order of the legends. The lightness of the colours differs by more than 20 (CIE Lab), in grey and for people
who do not tell red from green, so that no hatching is needed, which would cover numbers that are drawn as colours.
"""


def phrase(status: Status) -> str:
    """The status with its meaning, as a legend has it: `settled: weights no longer change`."""
    return f"{status.label}: {SIGNS[status].words}"
