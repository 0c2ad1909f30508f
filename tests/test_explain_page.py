"""The page of `explain`, in a browser: every number on it is the record's, and every way to move through it works."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

import harness
from harness.cli.record import tables
from harness.formulas.optimizers import OPTIMIZERS
from harness.views.explain.page import to_html
from harness.views.explain.still import before_and_after
from harness.views.pages import PAGES
from tests.support import ROOT
from tests.support.browser import opened, problems, requests
from tests.support.command import call

QUESTION = ROOT / "experiments" / "question.yaml"
XOR = ROOT / "experiments" / "xor.yaml"
DENSE: dict[str, Any] = {
    "name": "dense",
    "network": {"layers": [4, 8, 8, 8, 2], "activation": "tanh"},
    "data": {"rows": [[0.5, -1, 0.25, 1, 0.3, -0.7], [-0.5, 0.2, 1, -1, 1, 0.1]]},
    "parameters": {"learning_rate": 0.05, "epochs": 3, "init": "xavier_normal"},
}
WIDE = {**DENSE, "name": "wide", "network": {"layers": [4, 9, 2], "activation": "tanh"}}
BATCHES: dict[str, Any] = {
    "name": "batches",
    "network": {"layers": [2, 2, 1], "activation": "sigmoid"},
    "data": {"rows": [[0, 1, 1], [1, 0, 1], [1, 1, 0]]},
    "training": {"batch_size": 2, "shuffle": True},
    "parameters": {"learning_rate": 0.5, "epochs": 2, "init": {"normal": {"std": 1}}},
}
NETWORKS = [QUESTION, XOR, DENSE, WIDE, BATCHES]
NAMES = ["question", "xor", "dense", "wide", "batches"]
MINUS = "\N{MINUS SIGN}"


def page(driver: Chrome, folder: Path, record: pd.DataFrame, width: int = 1440, height: int = 900) -> None:
    path = folder / "page.html"
    path.write_text(to_html(record), "utf-8")
    opened(driver, path, width, height)
    assert driver.execute_script("return document.documentElement.dataset.drawn")


def one(driver: Chrome, selector: str) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, selector)


def where(driver: Chrome) -> str:
    return one(driver, "#where").text


def press(driver: Chrome, *keys: str) -> None:
    ActionChains(driver).send_keys(*keys).perform()


def to(driver: Chrome, phase: str) -> None:
    """Go to another stage of the sample that is shown, or of its batch."""
    one(driver, f"[data-phase={phase}]").click()


def labels(driver: Chrome, selector: str = "[data-label]") -> dict[str, list[str]]:
    """The lines of text of every label but for its name, by the name of its edge."""
    script = """return Object.fromEntries([...document.querySelectorAll(arguments[0])].map((g) =>
        [g.dataset.label ?? g.dataset.name,
        [...g.querySelectorAll('text:not(.edge .name, .label .name)')].map((t) => t.textContent).filter(Boolean)]))"""
    found: dict[str, list[str]] = driver.execute_script(script, selector)
    return found


def numbers(text: str) -> list[float]:
    """The numbers in a label such as `1 - 0.6`; a sign that stands apart belongs to the number."""
    text = text.replace(MINUS, "-").replace("\N{INFINITY}", "inf")
    return [float(part.replace(" ", "")) for part in re.findall(r"[-+]? ?(?:inf|nan|[\d.]+(?:e-?\d+)?)", text)]


def same(shown: float, recorded: float, digits: int = 4) -> bool:
    return bool(np.isclose(shown, float(f"{recorded:.{digits}g}"), rtol=1e-12, atol=0, equal_nan=True))


def updates(record: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows of each update, by name."""
    rows = record[record.phase == "update"]
    for _, part in rows.groupby(["epoch", (rows.name == rows.name.iloc[0]).cumsum()], sort=False):
        yield part.set_index("name")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("experiment", NETWORKS, ids=NAMES)
def test_it_opens_from_disk_and_asks_for_nothing(browser: Chrome, tmp_path: Path, experiment: Any, width: int) -> None:
    page(browser, tmp_path, harness.explain(experiment, epochs=2), width)
    press(browser, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.END)
    assert problems(browser) == []
    assert requests(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    diagram, box = (one(browser, selector).rect for selector in ("#diagram", "#box"))
    assert box["width"] <= width
    assert box["width"] >= diagram["width"] >= box["width"] * 0.9


def test_two_steps_from_its_opening_stands_the_answer(browser: Chrome, tmp_path: Path) -> None:
    """Forward, backward, and what one step does to every weight, in a window without scrolling."""
    page(browser, tmp_path, harness.explain(QUESTION, epochs=10))
    assert browser.title == "question: back-propagation step by step"
    assert one(browser, "h1").text == "question"
    assert one(browser, ".settings").text.split() == ["learning", "rate", "0.1", "init", "ones"]
    assert where(browser) == "epoch 1 of 10, sample 1 of 1, forward"
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert where(browser) == "epoch 1 of 10, sample 1 of 1, update"
    first, second = [f"1 {MINUS} 0.6", "= 0.4"], [f"1 {MINUS} 1.2", f"= {MINUS}0.2"]
    assert labels(browser) == {
        **dict.fromkeys(["w1_1_1", "w1_1_2", "w1_2_1", "w1_2_2"], first),
        **dict.fromkeys(["w2_1_1", "w2_1_2"], second),
    }
    third = [f"0 {MINUS} 0.6", f"= {MINUS}0.6"]
    assert labels(browser, ".bias") == dict.fromkeys(["b1_1", "b1_2", "b2_1"], third)
    assert browser.execute_script("return document.documentElement.scrollHeight") <= 900


@pytest.mark.parametrize(("experiment", "width"), [(QUESTION, 390), (QUESTION, 1280), (XOR, 1280), (XOR, 1440)])
def test_every_edge_has_its_weight_before_the_change_and_after(
    browser: Chrome, tmp_path: Path, experiment: Any, width: int
) -> None:
    record = harness.explain(experiment, epochs=10)
    page(browser, tmp_path, record, width)
    to(browser, "update")
    found = {**labels(browser), **labels(browser, ".bias")}
    for name, row in next(updates(record)).iterrows():
        before, change, after = numbers(" ".join(found.pop(name)))
        assert all(map(same, (before, change, after), (row.before, row.change, row.after)))
    assert found == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_what_the_data_call_their_columns_is_shown_beside_our_names(
    browser: Chrome, tmp_path: Path, width: int
) -> None:
    (tmp_path / "flowers.csv").write_text("petal length,width <b>,kind\n1,2,0\n2,1,1\n", "utf-8")
    data = {"file": str(tmp_path / "flowers.csv"), "inputs": ["petal length", "width <b>"], "targets": ["kind"]}
    record = harness.explain({**BATCHES, "data": data}, epochs=2)
    page(browser, tmp_path, record, width)
    assert one(browser, ".legend .columns").text == "x1 = petal length, x2 = width <b>, t1 = kind"
    shown = [text.text for text in browser.find_elements(By.CSS_SELECTOR, "#diagram .column, #diagram .side")]
    assert shown[:3] == ["petal length", "width <b>", "kind"]
    one(browser, "[data-name=x2]").send_keys(Keys.ENTER)
    assert panel(browser)[:3] == ["x2", "input width <b>", "x2 = 2"]
    assert problems(browser) == []
    text = "".join(str(table) for table in tables(record))
    assert "x1 = petal length, x2 = width <b>, t1 = kind" in text
    words = before_and_after(record).get_supxlabel()
    assert words == "x1 = petal length, x2 = width <b>, t1 = kind"


def test_before_training_and_across_gaps_the_numbers_are_the_record_s(browser: Chrome, tmp_path: Path) -> None:
    """Epoch 0 has no way back; momentum of an update that is not there is not made up."""
    experiment = {**BATCHES, "training": {"optimizer": "momentum"}}
    page(browser, tmp_path, harness.explain(experiment, epochs=[0, 1, 2, 5]))
    assert where(browser) == "before training, sample 1 of 3, forward"
    assert [one(browser, f"[data-phase={phase}]").is_enabled() for phase in ("backward", "update")] == [False, False]
    press(browser, *[Keys.ARROW_RIGHT] * 3)
    assert where(browser) == "epoch 1 of 5, sample 1 of 3, forward"
    kept = []
    for _ in range(9):
        to(browser, "update")
        (line,) = (line for line in panel(browser) if line.startswith("= 0.9*"))
        kept.append(not line.startswith("= 0.9*v"))
        press(browser, Keys.ARROW_UP)
    assert kept == [True] * 6 + [False, True, True]
    paths = [path.get_attribute("d") for path in browser.find_elements(By.CSS_SELECTOR, "#loss path.thin")]
    assert [path.count("M") for path in paths] == [2]
    assert problems(browser) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_says_what_is_left_out_of_a_large_network(browser: Chrome, tmp_path: Path, width: int) -> None:
    large = {**WIDE, "network": {"layers": [4, 300, 300, 2]}}
    record = harness.explain(large)
    page(browser, tmp_path, record, width)
    note = one(browser, ".note").text
    assert note == record.attrs["notes"][0]
    units = record.attrs["units"]
    assert f"of each layer all units but the first {units}" in note
    assert (
        f"layer 2: 300 \N{RIGHTWARDS ARROW} 300, the first {units} \N{RIGHTWARDS ARROW} {units}"
        in one(browser, "#diagram").text
    )
    press(browser, Keys.END)
    assert panel(browser)[0] == "w1_1_1"
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    assert problems(browser) == []


def test_the_scripts_are_made_of_short_files_and_no_two_classes_have_one_name() -> None:
    texts = {str(file.relative_to(PAGES)): file.read_text("utf-8") for file in PAGES.rglob("*.js")}
    assert {name.partition("/")[0] for name in texts} == {"shared", "explain", "report"}
    counts = {name: text.count("\n") for name, text in texts.items()}
    assert max(counts.values()) < 250, counts
    classes = [name for text in texts.values() for name in re.findall(r"^class (\w+)", text, re.MULTILINE)]
    assert len(classes) > 5
    assert len(set(classes)) == len(classes), classes


def test_each_stage_shows_what_it_computes(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(QUESTION))
    diagram = one(browser, "#diagram")

    def unit(name: str) -> list[str]:
        return labels(browser, f".unit[data-name={name}]")[name]

    press(browser, Keys.HOME)
    assert where(browser).endswith("forward")
    assert [unit(name) for name in ("x1", "a1_2", "y1")] == [["x1", "1"], ["a1_2", "2"], ["y1", "4"]]
    assert set(map(tuple, labels(browser).values())) == {("1",)}
    text = diagram.get_property("textContent")
    assert "target 1" in text
    assert "cost 9" in text
    assert "dcost" not in text
    press(browser, Keys.ARROW_RIGHT)
    assert where(browser).endswith("backward")
    delta = ["\N{GREEK SMALL LETTER DELTA} 6"]
    assert [unit(name)[2:] for name in ("x1", "a1_2", "y1")] == [[], delta, delta]
    assert labels(browser)["w1_2_1"] == ["1", "grad 6"]
    assert labels(browser)["w2_1_2"] == ["1", "grad 12"]
    assert "dcost/dy 6" in diagram.get_property("textContent")
    assert "delta1_2 6" in one(browser, "#spoken").get_property("textContent")


@pytest.mark.parametrize("experiment", [QUESTION, XOR, BATCHES], ids=["question", "xor", "batches"])
def test_the_numbers_on_the_edges_are_the_record_s(browser: Chrome, tmp_path: Path, experiment: Any) -> None:
    record = harness.explain(experiment, epochs=3)
    page(browser, tmp_path, record)
    press(browser, Keys.HOME)
    seen = 0
    steps = list(updates(record))
    for _ in range(int(one(browser, "#slider").get_attribute("max") or 0) + 1):
        if where(browser).endswith("update"):
            rows = steps[seen]
            for name, lines in {**labels(browser), **labels(browser, ".bias")}.items():
                row = rows.loc[name]
                shown = [number for line in lines for number in numbers(line)]
                assert len(shown) == 3, (name, lines)
                expected = [row.before, row.change, row.after]
                assert all(same(*pair) for pair in zip(shown, expected, strict=True)), (name, lines, expected)
            seen += 1
        else:
            rows = steps[min(seen, len(steps) - 1)]
            for name, lines in labels(browser).items():
                assert same(numbers(lines[0])[0], rows.loc[name].before), (name, lines)
        press(browser, Keys.ARROW_RIGHT)
    assert seen == len(steps)


def test_a_batch_has_one_update_after_its_samples(browser: Chrome, tmp_path: Path) -> None:
    record = harness.explain(BATCHES)
    page(browser, tmp_path, record)
    order = record[record.phase == "forward"].drop_duplicates("sample")["sample"].tolist()
    assert order != sorted(order)
    press(browser, Keys.HOME)
    stages = []
    for _ in range(8):
        stages.append(where(browser))
        press(browser, Keys.ARROW_RIGHT)
    a, b, c = (f"epoch 1 of 2, sample {sample} of 3" for sample in order)
    forth_and_back = [f"{sample}, {phase}" for sample in (a, b) for phase in ("forward", "backward")]
    assert stages == [*forth_and_back, f"{b}, update", f"{c}, forward", f"{c}, backward", f"{c}, update"]
    press(browser, Keys.HOME)
    one(browser, "[data-phase=update]").click()
    assert where(browser) == f"{b}, update"
    one(browser, "[data-name=w2_1_1]").send_keys(Keys.ENTER)
    gradient = next(updates(record)).loc["w2_1_1"].gradient
    text = one(browser, "#panel pre").text.replace(MINUS, "-")
    assert f"{gradient:.6g}" in text.splitlines()[1] or f"({gradient:.6g})" in text.splitlines()[1]
    assert "mean(" in text.splitlines()[0]


def test_every_way_to_move(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(XOR, epochs=2, settings={"epochs": 2}))
    slider = one(browser, "#slider")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("0", "23")
    expected = [
        (Keys.HOME, "epoch 1 of 2, sample 1 of 4, forward"),
        (Keys.ARROW_LEFT, "epoch 1 of 2, sample 1 of 4, forward"),
        (Keys.ARROW_RIGHT, "epoch 1 of 2, sample 1 of 4, backward"),
        (Keys.ARROW_UP, "epoch 1 of 2, sample 2 of 4, backward"),
        (Keys.PAGE_UP, "epoch 1 of 2, sample 3 of 4, backward"),
        (Keys.ARROW_DOWN, "epoch 1 of 2, sample 2 of 4, backward"),
        (Keys.PAGE_DOWN, "epoch 1 of 2, sample 1 of 4, backward"),
        (Keys.ARROW_LEFT, "epoch 1 of 2, sample 1 of 4, forward"),
        (Keys.END, "epoch 2 of 2, sample 4 of 4, update"),
        (Keys.ARROW_RIGHT, "epoch 2 of 2, sample 4 of 4, update"),
    ]
    for focused in (False, True):
        if focused:
            browser.execute_script("arguments[0].focus()", slider)
        for key, said in expected:
            press(browser, key)
            assert where(browser) == said
            assert slider.get_attribute("aria-valuetext") == said
    ActionChains(browser).move_to_element_with_offset(slider, 0, 0).click().perform()
    assert where(browser) in {f"epoch 1 of 2, sample 4 of 4, {phase}" for phase in ("backward", "update")} | {
        "epoch 2 of 2, sample 1 of 4, forward"
    }
    for button, said in (("first", "1 of 4, forward"), ("on", "1 of 4, backward"), ("back", "1 of 4, forward")):
        one(browser, f"#{button}").click()
        assert where(browser).endswith(said)
    one(browser, "[data-phase=update]").click()
    assert where(browser) == "epoch 1 of 2, sample 1 of 4, update"
    assert one(browser, "[aria-current=step]").text == "update"
    one(browser, "#last").click()
    one(browser, "[data-phase=forward]").click()
    assert where(browser) == "epoch 2 of 2, sample 4 of 4, forward"


def test_it_plays_and_pauses(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(QUESTION, epochs=2, settings={"epochs": 2}))
    tick = """window.ticks = []; window.pace = []; window.clearInterval = () => 0;
        window.setInterval = (f, ms) => (window.ticks.push(f), window.pace.push(ms), 7)"""
    browser.execute_script(tick)
    play = one(browser, "#play")
    play.click()
    assert play.get_attribute("aria-label") == "Pause"
    browser.execute_script("window.ticks[0](); window.ticks[0]()")
    assert where(browser) == "epoch 1 of 2, sample 1 of 1, update"
    play.click()
    assert play.get_attribute("aria-label") == "Play"
    play.click()
    browser.execute_script("for (let i = 0; i < 4; i += 1) window.ticks[1]()")
    assert where(browser) == "epoch 2 of 2, sample 1 of 1, update"
    assert play.get_attribute("aria-label") == "Play"
    play.click()
    Select(one(browser, "#speed")).select_by_visible_text("4\N{MULTIPLICATION SIGN}")
    assert play.get_attribute("aria-label") == "Pause"
    assert browser.execute_script("return window.pace") == [1000, 1000, 1000, 250]


def panel(driver: Chrome) -> list[str]:
    """Its lines, the sentence about the stage aside."""
    return [line.strip() for line in one(driver, "#panel").text.replace(MINUS, "-").split("\n")][1:]


def test_a_click_shows_the_formula_with_the_numbers(browser: Chrome, tmp_path: Path) -> None:
    """By stage: a weight's term, its gradient, its update; a unit's sum, its delta."""
    page(browser, tmp_path, harness.explain(QUESTION, epochs=10))
    ActionChains(browser).move_to_element(one(browser, "[data-name=w2_1_1] .hit")).click().perform()
    arrow = "\N{RIGHTWARDS ARROW}"
    assert panel(browser)[:5] == ["w2_1_1", f"a1_1 {arrow} y1", "a term of z2_1", "w2_1_1*a1_1 = 1*2", "= 2"]
    to(browser, "backward")
    assert panel(browser)[2:5] == ["dcost/dw2_1_1 = delta2_1 * a1_1", "= 6 * 2", "= 12"]
    assert one(browser, "[data-name=w2_1_1]").get_attribute("aria-pressed") == "true"
    assert one(browser, "#weight-title").text == "w2_1_1 1"
    to(browser, "update")
    assert panel(browser)[2:5] == ["w2_1_1 <- w2_1_1 - lr * delta2_1 * a1_1", "= 1 - 0.1 * 6 * 2", "= -0.2"]
    assert panel(browser)[5:] == ["before", "1", "gradient", "12", "change", "-1.2", "after", "-0.2"]
    assert one(browser, "#weight-title").text == f"w2_1_1 {MINUS}0.2"
    one(browser, "[data-name=b1_1]").send_keys(" ")
    assert "= 0 - 0.1 * 6" in panel(browser)
    ActionChains(browser).move_to_element(one(browser, "[data-name=a1_2] circle")).click().perform()
    assert panel(browser)[2:] == ["w1_2_1: 1 - 0.6 = 0.4", "w1_2_2: 1 - 0.6 = 0.4", "b1_2: 0 - 0.6 = -0.6"]
    to(browser, "forward")
    assert panel(browser)[2:5] == ["z1_2 = w1_2_1*x1 + w1_2_2*x2 + b1_2", "= 1*1 + 1*1 + 0", "= 2"]
    to(browser, "backward")
    assert panel(browser)[2:] == ["delta1_2 = delta2_1*w2_1_2", "= 6*1", "= 6"]
    one(browser, "[data-name=y1]").send_keys(Keys.ENTER)
    assert panel(browser)[2:5] == ["dcost/dy1 = -2*(t1 - y1)", "= -2*(1 - 4)", "= 6"]
    assert where(browser) == "epoch 1 of 10, sample 1 of 1, backward"


@pytest.mark.parametrize("experiment", [QUESTION, WIDE], ids=["question", "wide"])
def test_the_panel_follows_the_stage_until_a_part_is_picked(browser: Chrome, tmp_path: Path, experiment: Any) -> None:
    page(browser, tmp_path, harness.explain(experiment, epochs=2))
    for _ in range(2):
        for name, stage in (("y1", "adds up its inputs"), ("a1_1", "delta"), ("w1_1_1", "against its gradient")):
            assert panel(browser)[0] == name
            assert stage in one(browser, ".stage-text").text
            assert not one(browser, "#follow").is_displayed()
            press(browser, Keys.ARROW_RIGHT)
    press(browser, Keys.HOME)
    browser.execute_script(
        "(document.querySelector('[data-name=w2_1_1]') ?? document.querySelectorAll('.map')[2]).focus()"
    )
    press(browser, Keys.ENTER if experiment == QUESTION else Keys.ARROW_RIGHT)
    for _ in range(3):
        assert panel(browser)[0] == "w2_1_1"
        press(browser, Keys.END)
    one(browser, "#follow").click()
    assert panel(browser)[0] == "w1_1_1"
    press(browser, Keys.ARROW_LEFT)
    assert panel(browser)[0] == "a1_1"


def test_a_pointer_over_an_edge_shows_it_for_as_long(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(DENSE))
    to(browser, "update")
    assert set(labels(browser)) == {"w1_1_1"}
    ActionChains(browser).move_to_element(one(browser, "[data-name=a2_3] circle")).perform()
    around = {f"w2_3_{i}" for i in range(1, 9)} | {f"w3_{j}_3" for j in range(1, 9)}
    assert set(labels(browser)) == around
    assert panel(browser)[0] == "a2_3"
    ActionChains(browser).move_to_element(one(browser, "h1")).perform()
    assert panel(browser)[0] == "w1_1_1"
    assert set(labels(browser)) == {"w1_1_1"}


@pytest.mark.parametrize("more", [{}, {"output_slope": 0.5}], ids=["plain", "slope"])
def test_the_formula_with_its_numbers_gives_the_result(browser: Chrome, tmp_path: Path, more: dict[str, float]) -> None:
    """Every formula of a tanh network is computed anew from the numbers that the panel puts in, at every stage."""
    page(browser, tmp_path, harness.explain(XOR, settings={"learning_rate": 2, "init": "xavier_normal", **more}))
    press(browser, Keys.END)
    functions = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    checked = 0
    for phase in ("update", "backward", "forward"):
        to(browser, phase)
        blocks = browser.execute_script(
            """return [...document.querySelectorAll('[data-name]')].map((e) => e.dataset.name).flatMap((name) => {
              document.querySelector(`[data-name=${name}]`).dispatchEvent(new MouseEvent('click'));
              return [...document.querySelectorAll('#panel pre')].map((block) => block.innerText);
            })"""
        )
        for block in blocks:
            lines = [line.strip(" =") for line in block.replace(MINUS, "-").split("\n")]
            if len(lines) == 3:
                assert eval(lines[1], {}, functions) == pytest.approx(float(lines[2]), rel=2e-4, abs=1e-6), block
                assert not re.search(r"[-+*] ?-", lines[1]), "a negative number stands in brackets"
                checked += 1
    assert checked >= 17 + (12 + 4 + 2) + 2 * 5


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "sgd", "weight_decay": 0.1, "schedule": "exponential", "gamma": 0.5},
        {"optimizer": "momentum", "gradient_clip": 0.1},
        {"optimizer": "nesterov", "batch_size": 2},
        {
            "optimizer": "momentum",
            "batch_size": 2,
            "reduction": "sum",
            "weight_decay": 0.1,
            "l1": 0.2,
            "decay_biases": False,
        },
        {"optimizer": "rmsprop", "alpha": 0.5, "weight_decay": 0.1},
        {"optimizer": "adam", "batch_size": 4, "weight_decay": 0.1, "gradient_clip": 0.5},
        {"optimizer": "adamw", "beta1": 0.5},
    ],
    ids=lambda training: training["optimizer"],
)
def test_every_optimizer_s_formulas_give_its_results(browser: Chrome, tmp_path: Path, training: dict[str, Any]) -> None:
    """g, what is kept, and the weight, each from the numbers that the panel puts in, at the last update."""
    parameters = {"learning_rate": 0.1, "learning_rate_2": 0.2, "epochs": 3, "init": "xavier_normal"}
    data = {"rows": [[0.3, 1, 1], [1, 0, 0.5], [0.1, -0.4, 0], [1, 1, -1]]}
    network = {"layers": [2, 2, 1], "activation": "tanh"}
    mapping = {"name": "small", "network": network, "data": data, "training": training, "parameters": parameters}
    page(browser, tmp_path, harness.explain(mapping, epochs=3))
    press(browser, Keys.END)
    assert where(browser).endswith("update")
    for name in ("w1_1_2", "b1_1", "w2_1_2", "b2_1"):
        one(browser, f"[data-name={name}]").send_keys(Keys.ENTER)
        blocks = [block.text.replace(MINUS, "-") for block in browser.find_elements(By.CSS_SELECTOR, "#panel pre")]
        kept = OPTIMIZERS[training["optimizer"]].kept
        assert [block.split(" ")[0] for block in blocks] == [*(["g"] if kept else []), *kept, name]
        computed = [block.split("\n  = ") for block in blocks if block.count("\n") > 1]  # a gradient may be one number
        assert len(computed) >= len(kept) + 1
        for _, numbers, value in computed:
            result = eval(numbers.replace("^", "**"), {"sqrt": np.sqrt, "sign": np.sign})
            assert result == pytest.approx(float(value), rel=1e-4, abs=1e-6)


def test_edges_are_wide_and_coloured_as_their_weights(browser: Chrome, tmp_path: Path) -> None:
    record = harness.explain(XOR)
    page(browser, tmp_path, record)
    to(browser, "update")
    first = next(updates(record))
    wires = browser.execute_script(
        """return [...document.querySelectorAll('.edge')].map((e) => [e, e.querySelector('.wire')]).map(([e, wire]) =>
        [e.dataset.name, [...e.classList], Number(wire.getAttribute('stroke-width')), getComputedStyle(wire).stroke])"""
    )
    assert len(wires) == 17
    colours = {}
    for name, classes, _, colour in wires:
        sign = "positive" if first.after[name] > 0 else "negative" if first.after[name] < 0 else "zero"
        assert sign in classes
        colours.setdefault(sign, set()).add(colour)
    assert all(len(used) == 1 for used in colours.values())
    assert len(set.union(*colours.values())) == len(colours)
    widths = {name: width for name, _, width, _ in wires}
    order = first.after[list(widths)].abs().sort_values().index
    assert [widths[name] for name in order] == sorted(widths.values())
    assert max(widths.values()) > 3 * min(widths.values())
    page(browser, tmp_path, harness.explain(QUESTION, settings={"init": "zeros"}))
    press(browser, Keys.HOME)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".edge.zero")) == 9


@pytest.mark.parametrize("width", [390, 1280, 1440])
@pytest.mark.parametrize(("experiment", "name"), [(QUESTION, "w1_1_1"), (XOR, "w1_1_1"), (DENSE, "a2_4")])
def test_no_label_covers_another_or_a_unit(
    browser: Chrome, tmp_path: Path, experiment: Any, name: str, width: int
) -> None:
    page(browser, tmp_path, harness.explain(experiment, epochs=3), width)
    for phase in ("backward", "update"):
        to(browser, phase)
        one(browser, f"[data-name={name}]").send_keys(Keys.ENTER)
        boxes = browser.execute_script(
            """const box = (e) => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
            return [...document.querySelectorAll('[data-label], .bias rect.chip')]
            .map((e) => [e.dataset.label ?? 'chip', box(e)])
            .concat([...document.querySelectorAll('.unit circle')].map((e) => ['unit', box(e)]))"""
        )
        assert sum(kind[0] == "w" for kind, _ in boxes) >= 6
        for (first, a), (second, b) in combinations(boxes, 2):
            apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
            assert apart or {first, second} == {"chip", "unit"}, (phase, first, second, a, b)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("experiment", NETWORKS[:3], ids=NAMES[:3])
def test_a_unit_s_value_stands_within_its_circle(browser: Chrome, tmp_path: Path, experiment: Any, width: int) -> None:
    record = harness.explain(experiment, epochs=1)
    for value in (None, -0.01604, -1.234e-13):
        if value is not None:
            record.loc[record.name.str.fullmatch(r"[axy]\d.*"), "value"] = value
        page(browser, tmp_path, record, width)
        outside = browser.execute_script(
            """const far = (unit) => {
              const c = unit.querySelector('circle'), t = unit.querySelector('.value').getBBox();
              const reach = [t.x, t.x + t.width].flatMap((x) => [t.y, t.y + t.height].map((y) =>
                Math.hypot(x - c.cx.baseVal.value, y - c.cy.baseVal.value)));
              return Math.max(...reach) - c.r.baseVal.value;
            };
            return [...document.querySelectorAll('.unit')].map((u) =>
              [u.querySelector('.value').textContent, far(u)])"""
        )
        assert outside
        assert [one for one in outside if one[1] > 0] == []


def test_larger_networks_are_maps_that_keys_move_over(browser: Chrome, tmp_path: Path) -> None:
    record = harness.explain(WIDE)
    page(browser, tmp_path, record)
    assert browser.find_elements(By.CSS_SELECTOR, ".edge, .unit") == []
    assert len(browser.find_elements(By.CSS_SELECTOR, ".map")) == 2 * 2
    to(browser, "update")
    browser.execute_script("document.querySelector('.map[tabindex]').focus()")
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert one(browser, "#panel h2").text.startswith("w1_2_3")
    row = next(updates(record)).loc["w1_2_3"]
    shown = one(browser, "#panel .numbers").text.replace(MINUS, "-").split("\n")[1::2]
    assert all(
        same(float(a), b, 10) for a, b in zip(shown, row[["before", "gradient", "change", "after"]], strict=True)
    )
    assert where(browser).endswith("update")
    press(browser, *[Keys.ARROW_RIGHT] * 5)
    assert one(browser, "#panel h2").text.startswith("b1_2")


def test_a_map_s_colours_are_the_weights(browser: Chrome, tmp_path: Path) -> None:
    """Blue where a weight is positive, orange where it is negative, the stronger the larger."""
    record = harness.explain(WIDE)
    page(browser, tmp_path, record)
    to(browser, "update")
    pixels = browser.execute_async_script(
        """const done = arguments[0], image = new Image();
        image.src = document.querySelector('.map image').getAttribute('href');
        image.onload = () => {
          const { width, height } = image, context = new OffscreenCanvas(width, height).getContext('2d');
          context.drawImage(image, 0, 0);
          done([height, width, [...context.getImageData(0, 0, width, height).data]]);
        };"""
    )
    height, width, data = pixels
    red, _, blue = np.moveaxis(np.array(data).reshape(height, width, 4)[..., :3].astype(int), -1, 0)
    after = next(updates(record)).after
    weights = np.array([[after[f"w1_{j + 1}_{i + 1}"] for i in range(4)] for j in range(9)])
    assert (height, width) == weights.shape
    assert ((blue > red) == (weights > 0)).all()
    positive = weights > 0
    assert (np.diff(red[positive][np.argsort(weights[positive])]) <= 0).all()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_diverging_run_is_drawn_to_its_end(browser: Chrome, tmp_path: Path, width: int) -> None:
    record = harness.explain(QUESTION, epochs=40, settings={"learning_rate": 1e6})
    afters = [rows.loc["w1_1_1"].after for rows in updates(record)]
    assert np.isinf(afters).any()
    assert np.isnan(afters).any()
    page(browser, tmp_path, record, width)
    to(browser, "update")
    for after in afters:
        shown = one(browser, "#panel .numbers dd:last-child").text
        assert same(numbers(shown)[0], after, 10), (shown, after)
        press(browser, *[Keys.ARROW_RIGHT] * 3)
    assert where(browser) == "epoch 40 of 40, sample 1 of 1, update"
    assert problems(browser) == []
    paths = browser.execute_script("return [...document.querySelectorAll('path')].map((p) => p.getAttribute('d'))")
    assert all(path.startswith("M") and not re.search("NaN|Infinity|undefined", path) for path in paths)


def test_what_is_selected_and_where_survive_another_width(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(QUESTION, epochs=3, settings={"epochs": 3}))
    press(browser, Keys.END)
    one(browser, "[data-name=w2_1_2]").send_keys(Keys.ENTER)
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    drawn = "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
    browser.execute_script(drawn)
    assert where(browser) == "epoch 3 of 3, sample 1 of 1, update"
    assert one(browser, "#panel h2").text.startswith("w2_1_2")
    assert browser.execute_script("return document.documentElement.scrollWidth") == 390
    assert one(browser, "#diagram").rect["width"] < 390


def test_every_edge_and_unit_can_be_reached_and_says_what_it_is(browser: Chrome, tmp_path: Path) -> None:
    page(browser, tmp_path, harness.explain(DENSE))
    found = browser.execute_script(
        """return [...document.querySelectorAll('#diagram [tabindex="0"]')].map((e) =>
        [e.dataset.name, e.getAttribute('role'), e.getAttribute('aria-label')])"""
    )
    assert len(found) == (4 * 8 + 8 * 8 + 8 * 8 + 8 * 2) + (8 + 8 + 8 + 2) + (4 + 8 + 8 + 8 + 2)
    assert all(role == "button" and label.startswith(name) for name, role, label in found)
    assert browser.execute_script("return document.documentElement.lang") == "en"
    named = (
        "return [...document.querySelectorAll('button, svg, section')].map((e) => e.ariaLabel || e.textContent.trim())"
    )
    assert all(browser.execute_script(named))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_edges_have_contrast(theme: int) -> None:
    """WCAG 2.1 AA: 4.5 for text, 3 for what is no text."""
    css = (PAGES / "explain.css").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6});", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[theme]))

    def luminance(colour: str) -> float:
        channels = np.array([int(colours[colour][at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    for text in ("text", "muted", "delta", "accent"):
        for ground in ("back", "panel", "unit"):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for line in ("positive", "negative", "none"):
        assert contrast(line, "back") >= 3, line


COLUMNS = ("value", "before", "gradient", "change", "after")


@pytest.mark.parametrize(
    ("file", "settings"),
    [(XOR, {"learning_rate": 0.3}), (QUESTION, {"learning_rate": 1e6}), (XOR, {"optimizer": "adam"})],
    ids=["minus zero", "not finite", "adam"],
)
def test_the_page_holds_the_record_to_the_last_bit(file: Path, settings: dict[str, Any]) -> None:
    record = harness.explain(file, epochs=40, settings=settings)
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', to_html(record), re.DOTALL)
    assert "<" not in text
    data = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    rows = []
    for part in data["parts"]:
        shape = data["shapes"][part["shape"]]
        for i, (name, formula) in enumerate(zip(shape["name"], shape["formula"], strict=True)):
            values = {key: np.frombuffer(b64decode(part[key]), "<f8")[i] for key in COLUMNS if key in part}
            about = {key: part[key] for key in ("epoch", "phase")} | {"sample": part["sample"] or None}
            about |= {"kind": data["about"]["kinds"][shape["kind"][i]], "name": name}
            about |= {"gradient_formula": taken[i]} if (taken := shape.get("gradient_formula")) else {}
            rows.append({**about, "formula": f"{name} <- {formula}" if "after" in part else formula, **values})
    back = pd.DataFrame(rows, columns=record.columns).astype({"gradient_formula": object})
    columns = list(COLUMNS)
    there, here = back[columns].to_numpy(), record[columns].to_numpy(float)
    assert np.array_equal(there, here, equal_nan=True)
    assert (np.signbit(there) == np.signbit(here))[~np.isnan(here)].all()
    rest = [name for name in record.columns if name not in columns]
    assert back[rest].astype({"sample": "Int64"}).replace("", np.nan).equals(record[rest])


def test_text_in_the_page_is_text(tmp_path: Path) -> None:
    record = harness.explain(QUESTION)
    record.attrs |= {"name": "a</title><b>", "settings": {"init": "</script><i>"}, "notes": ["<b>left out</b>"]}
    page_text = to_html(record)
    assert "<b>" not in page_text
    assert "<i>" not in page_text.partition("<script")[0]
    assert html.escape("a</title><b>") in page_text


def test_the_command_writes_the_page_and_says_so(browser: Chrome, tmp_path: Path) -> None:
    target = tmp_path / "q.html"
    result = call("explain", QUESTION, "--html", target)
    assert (result.exit_code, result.output) == (0, f"wrote {target}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["q.html"]
    opened(browser, target)
    assert where(browser) == "epoch 1 of 10, sample 1 of 1, forward"
    folder = harness.sweep(QUESTION, tmp_path)
    result = call("explain", folder, "--config", "6", "--html", target)
    assert result.exit_code == 0, result.output
    opened(browser, target)
    assert where(browser) == "epoch 1 of 2, sample 1 of 1, forward"
    assert one(browser, ".note").text == "The last weights are the table's, bit for bit."
    assert one(browser, ".settings").text.split() == [
        "config",
        "6",
        "learning",
        "rate",
        "0.01",
        "init",
        "ones",
        "epochs",
        "2",
    ]


def test_drawing_and_printing_are_asked_one_at_a_time(tmp_path: Path) -> None:
    target = tmp_path / "q.html"
    result = call("explain", QUESTION, "--json", "--html", target)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "--json prints and --html draws; expected one of them\n"
    assert not target.exists()


TICKS = """return [...document.querySelectorAll("#loss, #weight")].flatMap((svg) => ["up", "across"].map((way) =>
    [...svg.querySelectorAll(`text.tick.${way}`)].map((one) => {
      const {left, right, top, bottom} = one.getBoundingClientRect(), frame = svg.getBoundingClientRect();
      return [one.textContent, left - frame.left, right - frame.left, top, bottom, frame.width];
    })))"""


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("experiment", [QUESTION, XOR, BATCHES], ids=["question", "one epoch of samples", "two epochs"])
def test_curves_have_three_ticks_that_do_not_overlap(
    browser: Chrome, tmp_path: Path, experiment: Any, width: int
) -> None:
    page(browser, tmp_path, harness.explain(experiment, epochs=10 if experiment == QUESTION else None), width)
    to(browser, "update")
    groups = browser.execute_script(TICKS)
    assert len(groups) == 4
    for group in groups:
        assert len(group) >= 3
        assert len({text for text, *_ in group}) == len(group)
        for _, left, right, _, _, frame in group:
            assert left >= 0
            assert right <= frame
        for (_, left, right, top, bottom, _), other in combinations(group, 2):
            assert right < other[1] or other[2] < left or bottom <= other[3] + 1 or other[4] <= top + 1
