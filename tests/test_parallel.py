"""Settings side by side in the report, what it says of their choice, and of the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import harness
from harness.store.kept import WARNINGS, warned
from harness.views.choosing import beside as module
from harness.views.choosing.beside import Beside, beside
from harness.views.report.notable import notable
from harness.views.report.page import report, write
from harness.views.results import Results
from tests.support.browser import opened, problems
from tests.support.drawn import swept

SECONDS = 20
RATES = {"geomspace": [0.01, 1000, 6]}
NAMES = ["learning_rate", "optimizer", "momentum", "epochs"]
FOLDED: dict[str, Any] = {
    "network": {"layers": ["auto", 3, "auto"], "activation": "tanh"},
    "data": {
        "rows": [[at / 7, 900 * (at % 5), "b" if at % 3 else "a"] for at in range(58)] + [[0, 0, "<i>c</i>"]] * 2,
        "inputs": ["near", "far"],
        "targets": ["kind"],
        "split": {"validation": 0.5},
    },
    "training": {"loss": "cross_entropy", "max_loss": 1000, "batch_size": 4},
}


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings that diverge, momentum that not every optimizer has, and data with all that there is to warn of."""
    parameters = {"learning_rate": RATES, "optimizer": ["sgd", "momentum"], "momentum": [0.5, 0.9], "epochs": [1, 5]}
    return swept(
        tmp_path_factory.mktemp("folded"), {**parameters, "init": {"normal": {"std": 0.5}}}, repeats=3, **FOLDED
    )


def medians(table: pd.DataFrame, score: str, rising: bool) -> pd.Series:
    """The median of a score over the rows of each setting, a row that diverged being infinitely bad."""
    worst = -np.inf if rising else np.inf
    table = table.assign(number=table[score].where(table["status"] != "diverged", worst))
    names = [name for name in NAMES if name in table]
    return table.groupby(names, dropna=False, observed=True)["number"].median()


def lines(found: Beside) -> dict[tuple[Any, ...], float]:
    settings = zip(*(found.values[name] for name in NAMES if name in found.values), strict=True)
    return dict(zip(settings, found.medians.tolist(), strict=True))


def test_a_setting_has_the_median_of_its_rows(folded: Path) -> None:
    found = beside(Results(folded))
    assert found is not None
    assert (found.score, found.rising, found.told) == ("validation_accuracy", True, "All 36 settings")
    expected = medians(harness.load(folded), found.score, rising=True)
    assert len(expected) == 36
    drawn = lines(found)
    for setting, median in expected.items():
        own = drawn[tuple(None if pd.isna(value) else value for value in setting)]
        assert own == median if np.isfinite(median) else np.isnan(own)
    assert np.isnan(found.medians).any()
    there = found.medians[~np.isnan(found.medians)]
    assert np.isnan(found.medians[: -len(there)]).all()
    assert (np.diff(there) >= 0).all()


def test_of_many_settings_some_are_drawn_always_the_same(folded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = beside(Results(folded))
    monkeypatch.setattr(module, "MOST", 7)
    found, again = beside(Results(folded)), beside(Results(folded))
    monkeypatch.setattr(module, "RANKED", 35)
    drawn = beside(Results(folded))
    assert every
    assert found
    assert again
    assert drawn
    assert (len(found.medians), found.told) == (6, "6 of 36 settings, drawn at random, the best among them")
    assert found.values == again.values
    assert len(set(found.values["learning_rate"])) > 3
    assert drawn.told == "7 of 36 settings, drawn at random"
    for one in (found, drawn):
        assert {str(line) for line in lines(one).items()} < {str(line) for line in lines(every).items()}


@pytest.mark.parametrize(
    "parameters",
    [
        {"learning_rate": [0.1, 0.2], "epochs": 1, "init": "ones"},
        {"learning_rate": [0.1, 0.2], "epochs": [1, 2], "init": "ones", "loss": ["mse", "half_mse"]},
    ],
    ids=["one parameter", "unlike losses"],
)
def test_where_there_is_nothing_to_set_side_by_side(parameters: dict[str, Any], tmp_path: Path) -> None:
    results = Results(swept(tmp_path, parameters))
    assert beside(results) is None
    assert 'id="parallel-block"' not in report(results)


def drawn(driver: Chrome, path: Path) -> dict[str, Any]:
    """Label -> dimension of the picture of a page."""
    opened(driver, path)
    WebDriverWait(driver, SECONDS).until(lambda d: d.execute_script("return document.documentElement.dataset.drawn"))
    WebDriverWait(driver, SECONDS).until(lambda d: d.execute_script("return document.getElementById('parallel').data"))
    found = driver.execute_script("return document.getElementById('parallel').data[0]")
    return {one["label"]: one for one in found["dimensions"]} | {"colours": found["line"]["color"]}


def test_a_line_passes_through_the_values_and_the_score_of_a_setting(browser: Chrome, folded: Path) -> None:
    found = beside(Results(folded))
    assert found
    lines_ = drawn(browser, Path(write(folded)))
    assert list(lines_) == ["learning rate", "epochs", "momentum", "optimizer", "validation accuracy", "colours"]
    rates, score, momentum = (lines_[name] for name in ("learning rate", "validation accuracy", "momentum"))
    near = np.abs(np.array(rates["values"]) - np.log10(found.values["learning_rate"]))
    assert near.max() <= 0.25  # lines through one of few values lie beside one another
    assert np.unique(rates["values"]).size == 36
    accuracy = np.array(score["values"])
    gone = np.isnan(found.medians)
    assert accuracy[~gone] == pytest.approx(found.medians[~gone], abs=1e-5)
    assert accuracy[gone].max() < np.nanmin(found.medians)
    ticks = dict(zip(score["tickvals"], score["ticktext"], strict=True))
    assert ticks[accuracy[gone][0]] == "diverged"
    assert lines_["colours"] == score["values"]
    none = [value is None for value in found.values["momentum"]]
    assert np.array(momentum["values"])[none].max() < np.array(momentum["values"])[np.invert(none)].min()
    assert "none" in momentum["ticktext"]
    assert lines_["optimizer"]["ticktext"] == ["", "sgd", "momentum", ""]
    title = browser.find_element(By.ID, "parallel-title").text
    assert title.startswith("All 36 settings, a line each; on the right the median of their validation accuracy")
    assert problems(browser) == []


def test_less_loss_is_on_top_and_a_sample_says_that_it_is_one(
    browser: Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"geomspace": [0.001, 0.1, 20]}
    there = swept(tmp_path, {"learning_rate": rates, "epochs": [1, 10], "init": {"normal": {"std": 0.5}}}, repeats=3)
    least = medians(harness.load(there), "loss_mean", rising=False).min()
    for most in (4, 7, 12, 20):
        monkeypatch.setattr(module, "MOST", most)
        found = beside(Results(there))
        assert found
        assert len(found.medians) <= most
        assert found.medians[-1] == least
    assert found
    assert found.medians[0] > found.medians[-1]
    loss = drawn(browser, Path(write(there)))["loss mean"]
    first = harness.load(there)["first_loss"].median()
    assert loss["values"] == pytest.approx(-np.log10(np.minimum(found.medians, first)), abs=1e-5)
    powers = str.maketrans("\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    ticks = {place: text for place, text in zip(loss["tickvals"], loss["ticktext"], strict=True) if text}
    assert len(ticks) >= 3
    for place, text in ticks.items():
        number = f"1e{text[2:].translate(powers)}" if text.startswith("10") and not text.isascii() else text
        assert float(number) == pytest.approx(10**-place)
    title = browser.find_element(By.ID, "parallel-title").text
    assert title.startswith(f"{len(found.medians)} of 40 settings, drawn at random, the best among them, a line each")


def test_without_webgl_it_says_so(browser: Chrome, folded: Path) -> None:
    own = "const own = HTMLCanvasElement.prototype.getContext"
    none = "function (kind) { return kind.startsWith('webgl') ? null : own.call(this, kind); }"
    removed = {"source": f"{own}; HTMLCanvasElement.prototype.getContext = {none}"}
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", removed)
    opened(browser, Path(write(folded)))
    told = WebDriverWait(browser, SECONDS).until(lambda d: d.find_element(By.ID, "parallel-note").text)
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    assert told == "This picture needs WebGL, which this browser does not have."
    assert problems(browser) == []


def test_the_report_says_what_decides(folded: Path, tmp_path: Path) -> None:
    page = report(Results(folded))
    assert (
        "Settings are chosen by validation_accuracy, its median over repeats and folds, not by the least training"
        in page
    )
    whys = [why for row in notable(Results(folded))["why"] for why in row.split("; ")]
    assert [why for why in whys if "least training loss" in why] == ["least training loss, by which nothing is chosen"]
    plain = Results(swept(tmp_path, {"learning_rate": [0.1, 0.2, 0.3], "epochs": 1, "init": "ones"}))
    assert (
        "No samples are kept aside for validation, so that settings are chosen by the least training loss."
        in report(plain)
    )
    assert "second least training loss" in " ".join(notable(plain)["why"])


def test_the_report_warns_of_the_data_as_the_sweep_did(browser: Chrome, folded: Path) -> None:
    opened(browser, Path(write(folded)))
    found = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".warnings li")]
    assert len(found) == 3
    assert found[0].startswith("Data: far varies ")
    assert found[0].endswith("data.standardize: inputs gives all inputs one scale")
    assert found[1].startswith("Data: rare classes, of which accuracy says little: <i>c</i> (2 rows)")
    assert found[2] == "Data: 1 row of one part is in another, too"


def test_manifests_without_warnings_say_nothing(folded: Path, tmp_path: Path) -> None:
    manifest = json.loads((folded / "manifest.json").read_text("utf-8"))
    assert len(warned(manifest)) == 3
    for other in (None, "look out", 3, [3, None], {"a": "b"}):
        assert warned(manifest | {WARNINGS: other}) == []
    plain = swept(tmp_path, {"learning_rate": 0.1, "epochs": 1, "init": "ones"})
    assert WARNINGS not in json.loads((plain / "manifest.json").read_text("utf-8"))
    assert 'class="warnings"' not in report(Results(plain))
