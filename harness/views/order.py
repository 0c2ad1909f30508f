"""Medians and quantiles of the numbers at each place of a picture: exact for any number of rows, in little memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
HELD = 2**22
"""The most rows whose numbers are in memory at once: with what sorting them takes, about 300 MB."""
BITS = 16
"""Bits that each reading of the table tells of the numbers at a place which has more rows than that."""

Floats = NDArray[np.float64]
Read = Callable[[int], tuple[NDArray[Any], Floats]]
"""Part of the table -> the places of R of its rows (R,), and their numbers, NaN for none (columns, R)."""


def medians(at: NDArray[Any], values: Floats, places: int) -> Floats:
    """(places,) the median of the numbers at each place; NaN where there are none."""
    there = ~np.isnan(values)
    found = pd.Series(values[there]).groupby(at[there]).median()
    dense = np.full(places, np.nan)
    dense[found.index] = found
    return dense


def quantiles(at: NDArray[Any], values: Floats, places: int) -> Floats:
    """(`QUANTILES`, places) of the numbers at each place; NaN where there are none."""
    dense = np.full((len(QUANTILES), places), np.nan)
    if not len(at):
        return dense
    found = pd.Series(values).groupby(at).quantile(np.array(QUANTILES)).unstack()
    dense[:, found.index] = found.to_numpy().T
    return dense


class Statistic(NamedTuple):
    """What is told of the numbers at each place.

    of: (places, numbers, how many places there are) -> (fractions, places). between: what lies so far on the way from
    one number to the next in order.
    """

    fractions: tuple[float, ...]
    of: Callable[[NDArray[Any], Floats, int], Floats]
    between: Callable[[Floats, Floats, Floats], Floats]


MEDIAN = Statistic((0.5,), lambda *numbers: medians(*numbers)[np.newaxis], lambda low, high, _: (low + high) / 2)
SPREAD = Statistic(QUANTILES, quantiles, lambda low, high, part: low + (high - low) * part)


class Numbers:
    """Numbers of rows at places. They are read a part of the table at a time; again, where they are too many to keep.

    rows: (places,) how many there are. found: (columns, places) how many of these have a number.
    """

    def __init__(self, parts: int, places: int, columns: int, read: Read) -> None:
        self.rows, self.found = np.zeros(places, np.int64), np.zeros((columns, places), np.int64)
        self._read, self._first, self._last = read, np.full(places, parts), np.full(places, -1)
        self._held: list[tuple[NDArray[Any], Floats]] | None = []
        for part in range(parts):
            at, numbers = read(part)
            counts = np.bincount(at, minlength=places)
            self.rows += counts
            there = np.flatnonzero(counts)
            self._first[there] = np.minimum(self._first[there], part)
            self._last[there] = part
            for column, values in enumerate(numbers):
                self.found[column] += np.bincount(at[~np.isnan(values)], minlength=places)
            if self._held is not None:
                self._held.append((at.astype(np.int32), numbers))
                self._held = self._held if self.rows.sum() <= HELD else None

    def at(self, statistic: Statistic, chosen: NDArray[np.bool_] | None = None) -> Floats:
        """(columns, fractions, places) a statistic of each column at each place; NaN where there are no numbers.

        chosen: (places,) at which alone it is needed.
        """
        columns, places = self.found.shape
        told = np.full((columns, len(statistic.fractions), places), np.nan)
        wanted = (self.rows > 0) & (True if chosen is None else chosen)
        for group in self._groups(wanted & (self.rows <= HELD)):
            at, numbers = self._gathered(group)
            for column in range(columns):
                told[column][:, group] = statistic.of(at, numbers[column], places)[:, group]
        for column in range(columns):
            self._select(statistic, column, np.flatnonzero(wanted & (self.rows > HELD)), told[column])
        return told

    def _groups(self, wanted: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
        """The places, in the order in which the table comes to them, in groups whose numbers can be kept."""
        order = np.argsort(self._first, kind="stable")
        order = order[wanted[order]]
        if not len(order):
            return
        if self._held is not None:
            yield order
            return
        group = np.cumsum(self.rows[order]) // HELD
        yield from np.split(order, np.flatnonzero(np.diff(group)) + 1)

    def _gathered(self, group: NDArray[np.intp]) -> tuple[NDArray[Any], Floats]:
        """The rows at some places, and their numbers."""
        parts = self._held
        if parts is None:
            parts = []
            wanted = np.zeros(len(self.rows), bool)
            wanted[group] = True
            for part in range(self._first[group].min(), self._last[group].max() + 1):
                at, numbers = self._read(part)
                chosen = wanted[at]
                parts.append((at[chosen].astype(np.int32), numbers[:, chosen]))
        at, numbers = (np.concatenate(both, axis=-1) for both in zip(*parts, strict=True))
        return at, numbers

    def _select(self, statistic: Statistic, column: int, places: NDArray[np.intp], told: Floats) -> None:
        """Tell the statistic of places with more numbers than can be kept, by their bits from the highest on."""
        there = self.found[column][places]
        exact = np.outer(statistic.fractions, there - 1)
        ranks = np.stack([np.floor(exact), np.ceil(exact)]).astype(np.int64)
        open_ = {
            (place, end, fraction): (0, int(ranks[end, fraction, number]))
            for number, place in enumerate(places.tolist())
            for end in (0, 1)
            for fraction in range(len(exact))
            if there[number]
        }
        for shift in range(64 - BITS, -1, -BITS) if open_ else ():
            counts = self._counts(column, shift, {(place, open_[place, *rest][0]) for place, *rest in open_})
            for slot, (prefix, rank) in open_.items():
                below = np.cumsum(counts[slot[0], prefix])
                digit = int(np.searchsorted(below, rank, side="right"))
                open_[slot] = (prefix << BITS | digit, rank - int(below[digit - 1] if digit else 0))
        for number, place in enumerate(places[there > 0].tolist()):
            ends = np.array([[open_[place, end, at][0] for at in range(len(exact))] for end in (0, 1)], np.uint64)
            low, high = _number(ends)
            part = exact[:, there > 0][:, number] % 1
            told[:, place] = np.where(part > 0, statistic.between(low, high, part), low)

    def _counts(self, column: int, shift: int, open_: set[tuple[int, int]]) -> dict[tuple[int, int], NDArray[np.int64]]:
        """(place, higher bits) -> how many numbers there have each value of the next `BITS` bits."""
        counts = {one: np.zeros(2**BITS, np.int64) for one in open_}
        prefixes = defaultdict(list)
        for place, prefix in open_:
            prefixes[place].append(prefix)
        at_all = list(prefixes)
        for part in range(self._first[at_all].min(), self._last[at_all].max() + 1):
            at, numbers = self._read(part)
            at, values = (array[~np.isnan(numbers[column])] for array in (at, numbers[column]))
            for place, known in prefixes.items():
                bits = _bits(values[at == place]) >> np.uint64(shift)
                digits, above = (bits & np.uint64(2**BITS - 1)).astype(np.int64), bits >> np.uint64(BITS)
                for prefix in known:
                    counts[place, prefix] += np.bincount(digits[above == np.uint64(prefix)], minlength=2**BITS)
        return counts


SIGN = np.uint64(1 << 63)


def _bits(numbers: Floats) -> NDArray[np.uint64]:
    """Whole numbers in the order of the numbers."""
    bits = np.ascontiguousarray(numbers, np.float64).view(np.uint64)
    return np.where(bits & SIGN, ~bits, bits | SIGN)


def _number(bits: NDArray[np.uint64]) -> Floats:
    """The numbers whose `_bits` these are."""
    return np.ascontiguousarray(np.where(bits & SIGN, bits & ~SIGN, ~bits)).view(np.float64)
