"""`harness.open`: a results folder in hand shows itself, and tells of a row what the table and `explain` tell."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

import harness
from harness.errors import HarnessError
from harness.store.contents import StoreError
from harness.views.report.page import write
from harness.views.results import Results
from harness.views.status import status_of
from tests.support.browser import opened, problems, requests

EXPERIMENT: dict[str, Any] = {
    "name": "in-hand",
    "description": "Is <b>it</b> shown?",
    "network": {"layers": [2, 2, 1], "activation": "tanh"},
    "data": {"rows": [[1, 1, 1], [0, 1, 0]]},
    "parameters": {
        "layers": [[2, 2, 1], [2, 3, 2, 1]],
        "learning_rate": [0.1, 1000],
        "epochs": [0, 3],
        "init": ["ones", {"normal": {"std": 0.5}}],
    },
    "training": {"max_loss": 1e6},
    "repeats": 2,
    "record": {"losses": {"every": 1}},
}
IDENTITY = EXPERIMENT | {"name": "one-shape", "network": {"layers": [2, 2, 1]}}
IDENTITY["parameters"] = {key: value for key, value in EXPERIMENT["parameters"].items() if key != "layers"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return harness.open(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def one_shape(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return harness.open(harness.sweep(IDENTITY, tmp_path_factory.mktemp("results")))


@pytest.mark.parametrize("name", ["results", "one_shape"])
def test_weights_are_those_of_the_row_in_the_shape_of_its_network(name: str, request: pytest.FixtureRequest) -> None:
    results: Results = request.getfixturevalue(name)
    table = results.table()
    assert (table["status"] == "diverged").any()
    for row in table.to_dict("records"):
        layers = json.loads(row["layers"]) if "layers" in row else [2, 2, 1]
        found = results.weights(row["config"])
        if row["status"] == "diverged":
            assert found == {}
            continue
        shapes = {f"w{n}": (after, before) for n, (before, after) in enumerate(itertools.pairwise(layers), 1)}
        shapes |= {f"b{n}": (after,) for n, after in enumerate(layers[1:], 1)}
        assert {key: array.shape for key, array in found.items()} == shapes
        for key, array in found.items():
            for place, value in np.ndenumerate(array):
                assert value == row["_".join([key, *(str(unit + 1) for unit in place)])]


def test_weights_of_large_networks_are_shaped_too(tmp_path: Path) -> None:
    parameters = EXPERIMENT["parameters"] | {"layers": [[2, 150, 1], [2, 3, 1]]}
    folder = harness.sweep(EXPERIMENT | {"name": "large", "parameters": parameters}, tmp_path)
    table = harness.load(folder).query("status == 'ran'")
    every = harness.weights(table)
    for at in (0, len(table) - 1):
        row = table.iloc[at]
        _, units, _ = json.loads(row["layers"])
        found = harness.open(folder).weights(row["config"])
        assert_array_equal(found["w1"], every["w1"][at, :units])
        assert_array_equal(found["b1"], every["b1"][at, :units])
        assert_array_equal(found["w2"], every["w2"][at, :, :units])
        assert {name: array.ndim for name, array in found.items()} == {"w1": 2, "b1": 1, "w2": 2, "b2": 1}
    assert {json.loads(row)[1] for row in table["layers"].iloc[[0, -1]]} == {3, 150}


@pytest.mark.parametrize("layers", [[2, 200, 1], [2, 3, 1]])
def test_every_frame_says_what_its_networks_are(layers: list[int], tmp_path: Path) -> None:
    """`harness.weights` shapes list columns by it, whichever way the frame was made from the table."""
    mapping = EXPERIMENT | {"name": "attrs", "network": {"layers": layers}, "parameters": IDENTITY["parameters"]}
    results = harness.open(harness.sweep(mapping, tmp_path))
    columns = ["config", *results.weight_columns]
    whole = harness.load(results.folder)
    frames = {
        "train": harness.train(mapping),
        "table": results.table(),
        "some columns": results.table(columns),
        "frame": results.frame(columns).sort_values("config"),
        "parts": pd.concat(results.parts(columns)).sort_values("config"),
    }
    expected = harness.weights(whole)
    assert {name: array.ndim for name, array in expected.items()} == {"w1": 3, "b1": 2, "w2": 3, "b2": 2}
    for name, frame in frames.items():
        assert frame.attrs == whole.attrs, name
        for key, array in harness.weights(frame).items():
            assert_array_equal(array, expected[key], name)
    for one in (results.row(1), results.row(1, columns)):
        assert_array_equal(harness.weights(one)["w1"][0], expected["w1"][1])
        assert one.attrs == whole.attrs
    assert results.curves().attrs == harness.load(results.folder, curves=True).attrs == whole.attrs


def test_what_was_not_recorded_or_is_no_folder_is_told_in_a_line(tmp_path: Path) -> None:
    plain = {key: value for key, value in IDENTITY.items() if key != "record"}
    folder = harness.sweep(plain, tmp_path)
    told = f"{folder}: no loss curves there; an experiment with record: {{losses: {{every: 1}}}} keeps them"
    for ask in (harness.open(folder).curves, lambda: harness.load(folder, curves=True)):
        with pytest.raises(StoreError) as raised:
            ask()
        assert str(raised.value) == told
    (tmp_path / "file.yaml").write_text("name: x\n", "utf-8")
    (tmp_path / "points.csv").write_text("a,b\n", "utf-8")
    asks: list[Callable[[str], Any]] = [harness.open, harness.load, harness.plot, status_of, write]
    for path in ("file.yaml", "points.csv", "nowhere", "."):
        for where in asks:
            with pytest.raises(StoreError) as raised:
                where(str(tmp_path / path))
            told = str(raised.value)
            assert told.startswith(f"{tmp_path / path}: ")
            assert "not a folder of results" in told if path == "file.yaml" else "no results there (no " in told


def test_explain_is_that_of_the_row(results: Results, tmp_path: Path) -> None:
    config = int(results.table().query("epochs == 3 and learning_rate == 0.1")["config"].iloc[-1])
    explained = results.explain(config)
    assert explained["epoch"].max() == 3
    assert_array_equal(explained["value"], harness.explain(results.folder, config=config, epochs=3)["value"])
    last = explained[explained["phase"] == "update"].groupby("name")["after"].last()
    row = results.row(config)
    assert dict(last.items()) == {name: row[name].item() for name in last.index}
    assert results.explain(config, epochs=1)["epoch"].max() == 1
    for name, start in (("row.html", b"<!DOCTYPE html>"), ("row.png", b"\x89PNG")):
        explained.save(str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(HarnessError, match=r"x\.txt: expected a name that ends in \.html or \.png"):
        explained.save("x.txt")


def test_curves_and_plot_are_those_of_the_folder(results: Results) -> None:
    pd.testing.assert_frame_equal(results.curves(), harness.load(results.folder, curves=True), check_like=True)
    assert results.plot("share", x="learning_rate").axes[-1].get_xlabel() == "learning rate"


@pytest.mark.parametrize("name", ["results", "one_shape"])
def test_the_summary_tells_what_the_table_has(name: str, request: pytest.FixtureRequest) -> None:
    results: Results = request.getfixturevalue(name)
    table, shown = results.table(), results._repr_html_()
    assert "Is &lt;b&gt;it&lt;/b&gt; shown?" in shown
    text = html.unescape(re.sub(r"<[^>]+>", " ", shown))
    words = re.sub(r"\s+", " ", text)
    for status, count in table["status"].value_counts().items():
        assert re.search(rf"{status}: [a-z ]+ {count} \({count / len(table):.1%}\)", words)
    assert f"{len(table)} configurations" in words
    assert "learning_rate 2 0.1 1000" in words
    grown = table["loss_mean"] > table["first_loss"]
    best = table.loc[table["loss_mean"].where(~grown).idxmin()]
    assert (f"{grown.sum()} rows ({grown.mean():.1%}) grew" in words) == grown.any()
    assert "spared by runs that ended early" in words
    assert f"Least training loss: loss_mean {best['loss_mean']:.6g} at config {best['config']}: " in words
    assert results.folder in words
    assert repr(results).startswith(f"<{results.folder}: {results.name}; ")


def test_the_summary_compares_losses_of_one_kind_only(tmp_path: Path) -> None:
    parameters = {"loss": ["half_mse", "mse", "bce"], "learning_rate": [0.1, 0.2], "epochs": 5, "init": "ones"}
    plain = {"name": "kinds", "network": {"layers": [1, 1]}, "data": {"rows": [[1, 0]]}, "parameters": parameters}
    results = harness.open(harness.sweep(plain, tmp_path))
    table, shown = results.table(), results._repr_html_()
    for kind, rows in table.groupby("loss", observed=True):
        best = rows.loc[rows["loss_mean"].idxmin()]
        assert f"loss {kind}: loss_mean {best['loss_mean']:.6g} at config {best['config']}: " in shown
    assert shown.count("loss_mean") == 3


def test_a_notebook_shows_all_of_it(results: Results, browser: Chrome, tmp_path: Path) -> None:
    """As Jupyter does: the summary and the frame as HTML, the picture as PNG."""
    shown = [results._repr_html_(), results.explain(2)._repr_html_()]
    (tmp_path / "cells.html").write_text("<meta charset='utf-8'>" + "".join(shown), "utf-8")
    opened(browser, tmp_path / "cells.html")
    assert browser.find_element(By.CSS_SELECTOR, ".harness p").text.startswith("in-hand: Is <b>it</b> shown?")
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    assert browser.find_element(By.TAG_NAME, "h1").text == "in-hand"
    assert browser.find_element(By.ID, "where").text == "before training, sample 1 of 2, forward"
    assert (problems(browser), requests(browser)) == ([], [])
    picture: Any = results.plot()
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_what_is_not_there_is_told_in_a_line(results: Results, tmp_path: Path) -> None:
    for ask in (results.weights, results.explain):
        with pytest.raises(HarnessError, match=f"{results.folder}: config 99: no such row among the 24 that are there"):
            ask(99)
    with pytest.raises(StoreError, match=str(tmp_path)):
        harness.open(tmp_path)
