"""What a network scores on samples, one after the other: their losses, which classes are right, how far outputs are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.formulas.losses import LOSSES
from harness.network.runs import rounded
from harness.reference.network import Network, forward

if TYPE_CHECKING:
    from harness.network.parts import NetworkSamples


def scores(network: Network, part: NetworkSamples, names: Iterable[str]) -> dict[str, Any]:
    """Scores of a network by their names; NaN where there is none. Sums run over the samples in order."""
    dtype, known = network.structure.dtype, part.about
    inputs, targets = (rounded(values, dtype) for values in (part.samples.inputs, part.samples.targets))
    costs, right, errors = [], [], []
    with np.errstate(all="ignore"):
        for x, t, answer in zip(inputs, targets, part.answers, strict=True):
            y = forward(network, x)[1][-1]
            costs.append(LOSSES[network.structure.loss].cost(t, y, np.empty_like(y)))
            errors.append(t - y)
            said = int(np.argmax(y)) if len(y) > 1 else int(y[0] > rounded(part.middle, dtype))
            right.append(bool(answer[said]))
        own = [int(np.argmax(answer)) for answer in part.answers]
        found = {"loss": _sum(costs, dtype) / len(costs)}
        if known.classes:
            hits = rounded(float(sum(right)), dtype)
            found["accuracy"] = hits / len(right)
            found["solved"] = rounded(float(all(right)), dtype)
            each = [
                rounded(float(sum(one for one, c in zip(right, own, strict=True) if c == k)), dtype) / count
                for k, count in enumerate(known.classes)
                if count
            ]
            found["balanced_accuracy"] = _sum(each, dtype, first=True) / len(each)
        if known.estimates:
            columns = list(zip(*errors, strict=True))
            squares = [_sum([e * e for e in column], dtype) for column in columns]
            sizes = [_sum([abs(e) for e in column], dtype) for column in columns]
            if all(known.spread):
                shares = [1.0 - s / spread for s, spread in zip(squares, known.spread, strict=True)]
                found["r2"] = _sum(shares, dtype, first=True) / len(shares)
            roots = [np.sqrt(s / len(costs)) * unit for s, unit in zip(squares, known.scale, strict=True)]
            found["rmse"] = _sum(roots, dtype, first=True) / len(roots)
            means = [s / len(costs) * unit for s, unit in zip(sizes, known.scale, strict=True)]
            found["mae"] = _sum(means, dtype, first=True) / len(means)
    return {name: found.get(name, rounded(np.nan, dtype)) for name in names}


def _sum(numbers: list[Any], dtype: str, first: bool = False) -> Any:
    """The numbers, added in order to zero; or, with `first`, to the first of them."""
    total = numbers[0] if first else np.zeros((), dtype)[()] + numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total
