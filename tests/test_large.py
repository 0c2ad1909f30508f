"""Large tables: what is drawn of them is exact, and takes as much memory for many files as for few."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import harness
from harness.store.places import place_of
from harness.views import losses, order
from harness.views.order import MEDIAN, QUANTILES, SPREAD, Numbers, medians, quantiles
from harness.views.report import page
from harness.views.report.sample import some_curves
from harness.views.report.summary import summarise
from harness.views.results import Results
from tests.support import memory

PART = 2**14
"""Rows of a file."""
FEW, MANY = 4, 12
"""Files of the tables that are compared."""
BYTES = 6
"""What a row may add: at a hundred million 600 MB, beside what Python and the libraries take themselves."""


def numbers(rows: int, parts: int, places: int) -> tuple[Any, Any, Callable[[int], Any]]:
    """Places and numbers of rows, (rows,) and (2, rows), and what reads a part of them."""
    random = np.random.default_rng(rows)
    at = np.minimum(random.geometric(0.4, rows) - 1, places - 1)  # half of the rows are at one place
    scale = 10.0 ** random.integers(-300, 300, rows)
    found = np.stack([random.standard_normal(rows) * scale, random.integers(-3, 3, rows).astype(float)])
    found[:, random.random(rows) < 0.1] = np.nan
    ends = np.linspace(0, rows, parts + 1).astype(int)
    return at, found, lambda part: (at[ends[part] : ends[part + 1]], found[:, ends[part] : ends[part + 1]])


@pytest.mark.parametrize(("held", "rows"), [(held, 700) for held in (20, 60, 500, 10**6)] + [(1, 0), (1, 1), (1, 9)])
def test_statistics_are_the_same_however_few_numbers_are_kept(
    monkeypatch: pytest.MonkeyPatch, held: int, rows: int
) -> None:
    monkeypatch.setattr(order, "HELD", held)
    at, found, read = numbers(rows, 9, 12)
    made = Numbers(9, 12, 2, read)
    np.testing.assert_array_equal(made.rows, np.bincount(at, minlength=12))
    middle, spread, chosen = made.at(MEDIAN), made.at(SPREAD), np.arange(12) % 2 == 0
    for column, mine in enumerate(found):
        there = ~np.isnan(mine)
        np.testing.assert_array_equal(middle[column][0], medians(at, mine, 12))
        np.testing.assert_allclose(spread[column], quantiles(at[there], mine[there], 12), rtol=1e-15, atol=0)
        for place in np.flatnonzero(made.found[column]):
            wanted = np.quantile(mine[there & (at == place)], QUANTILES)
            np.testing.assert_allclose(spread[column][:, place], wanted, rtol=1e-12)
    np.testing.assert_array_equal(made.at(MEDIAN, chosen)[:, :, chosen], middle[:, :, chosen])


def test_parts_are_read_again_only_where_their_places_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of a table in the order of the places is read once to count and once or twice to sort."""
    monkeypatch.setattr(order, "HELD", 50)
    at, read = np.repeat(np.arange(100), 10), []

    def of(part: int) -> tuple[Any, Any]:
        read.append(part)
        some = slice(40 * part, 40 * part + 40)
        return at[some], np.arange(1000.0)[np.newaxis, some]

    assert Numbers(25, 100, 1, of).at(MEDIAN)[0, 0].tolist() == [10 * place + 4.5 for place in range(100)]
    assert len(read) <= 3 * 25


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Sweeps of so many files: two rates, epochs, labels, repeats, and some curves."""
    found = {}
    for files in (FEW, MANY):
        mapping = {
            "name": "large",
            "network": {"layers": [1, 1], "output": "tanh"},
            "data": {"rows": [[1, 0.5]]},
            "parameters": {
                "activation": ["identity"],
                "learning_rate": {"geomspace": [1e-3, 1e3, files * PART // 64]},
                "init": ["ones", {"normal": {"std": 1}}],
                "epochs": [1, 2],
            },
            "repeats": 31,
            "record": {"losses": {"every": 1}},
        }
        found[files] = Path(harness.sweep(mapping, tmp_path_factory.mktemp("large"), block_size=PART // 2))
        assert len(Results(found[files]).pieces) == files
    return found


def drawn(kind: str, **choices: Any) -> Callable[[Path], Figure]:
    return lambda folder: harness.plot(folder, kind, **choices)


VIEWS: dict[str, Callable[[Path], Any]] = {
    "axes": lambda folder: Results(folder).axes,
    "summary": lambda folder: summarise(place_of(folder), ["learning_rate", "init"]),
    "repr": lambda folder: repr(harness.open(folder)),
    "map": drawn("map", x="learning_rate", y="init"),
    "map of epochs": drawn("map", color="settled_epoch", x="learning_rate", y="repeat", where={"init": "ones"}),
    "spread": drawn("spread", x="learning_rate"),
    "spread in few places": drawn("spread", x="epochs"),
    "share": drawn("share", x="learning_rate"),
    "share below": drawn("share", x="init", below=0.1),
    "weights": drawn("weights", x="learning_rate"),
    "paths": drawn("paths"),
    "curves": drawn("curves"),
    "curves of a page": lambda folder: some_curves(Results(folder)),
    "best": lambda folder: Results(folder).best(),
    "importance": lambda folder: Results(folder).importance(),
    "report": lambda folder: page.report(Results(folder)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_memory_does_not_grow_with_the_table(
    tables: dict[int, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(order, "HELD", PART // 8)
    monkeypatch.setattr(page, "NUMBERS", 10_000)
    monkeypatch.setattr(losses, "SAMPLE", 10_000)
    few, many = (memory.most(lambda folder=folder: VIEWS[name](folder)) for folder in tables.values())
    rows = [Results(folder).rows for folder in tables.values()]
    assert many - few < BYTES * (rows[1] - rows[0]), f"{few:,} and {many:,} bytes"


@pytest.mark.parametrize("name", ["map", "spread", "spread in few places", "weights"])
def test_pictures_are_the_same_however_few_numbers_are_kept(
    tables: dict[int, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = VIEWS[name](tables[FEW])
    monkeypatch.setattr(order, "HELD", PART // 3)
    cut = VIEWS[name](tables[FEW])
    images = []
    for made in (whole, cut):
        image = io.BytesIO()
        made.savefig(image, format="png")
        images.append(image.getvalue())
    assert images[0] == images[1]
