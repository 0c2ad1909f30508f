"""Which epochs are asked for: a number N for the first N, or a list such as 0,1,10,last."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from harness.errors import HarnessError

LAST = "last"
LARGEST, MOST = 2**63 - 1, 10**6
"""The largest number of an epoch, and the most epochs that a list may name."""
DIGITS = 20
"""Digits that tell whether a number is larger."""
AskedEpochs = int | tuple[int | str, ...]
EXPECTED = "expected a number N for the first N epochs, or a list of epochs such as 0,1,10,last"


def parse_epochs(text: str, option: str = "--epochs") -> AskedEpochs:
    """`3` as the number 3; `0,1,10,last`, and `10,` or `last`, as a tuple. Raises `HarnessError`."""
    words = [word.strip() for word in text.split(",")]
    if len(words) > 1 and not words[-1]:
        words.pop()
    if not all(word == LAST or (word.isascii() and word.isdigit()) for word in words):
        raise HarnessError(f"{option} {text}: {EXPECTED}")
    epochs = tuple(word if word == LAST else _known(int(word[:DIGITS]), option) for word in words)
    (first, *_) = epochs
    return first if isinstance(first, int) and "," not in text else epochs


def asked(epochs: int | str | Sequence[int | str] | None) -> AskedEpochs | None:
    """What a program asks for: None, a number, text as for `parse_epochs`, or a list. Raises `HarnessError`."""
    if epochs is None:
        return None
    if isinstance(epochs, str):
        return parse_epochs(epochs, "epochs")
    try:
        if isinstance(epochs, Sequence) and len(epochs) > MOST:
            raise HarnessError(f"epochs: a list of {len(epochs):,}; expected at most {MOST:,}, or a number N of epochs")
        given = tuple(epochs) if isinstance(epochs, Sequence) else index(epochs)
        numbers: tuple[Any, ...] = given if isinstance(given, tuple) else (given,)
        checked = tuple(one if one == LAST else index(one) for one in numbers)
    except TypeError:
        checked = ()
    if not checked or any(isinstance(one, int) and one < 0 for one in checked) or isinstance(epochs, bool):
        raise HarnessError(f"epochs {epochs!r}: {EXPECTED}")
    checked = tuple(one if one == LAST else _known(int(one), "epochs") for one in checked)
    return checked if isinstance(given, tuple) else int(checked[0])


def _known(number: int, option: str) -> int:
    """The number of an epoch. Raises `HarnessError` for one that is larger than a run can have."""
    if number > LARGEST:
        raise HarnessError(f"{option}: a number over {LARGEST:,}, and no run has so many epochs; {EXPECTED}")
    return number


def resolved(asked: AskedEpochs, last: int, name: str | None = None) -> Sequence[int]:
    """The epochs, rising, each once. last: the run's own. name: of a row, which has no epochs after its last.

    Raises `HarnessError` for an epoch that the row does not have.
    """
    if isinstance(asked, int):
        most = asked if name is None else min(asked, last)
        return range(1, most + 1) if most else (0,)
    found = sorted({last if epoch == LAST else int(epoch) for epoch in asked})
    if name is not None and found[-1] > last:
        raise HarnessError(f"{name}: epoch {found[-1]:,}: this row ended with epoch {last:,}; expected 0 to {last:,}")
    return found
