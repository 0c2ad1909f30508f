"""The report of a sweep, in a browser: what it says is what the table says, and every choice draws it anew."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import harness
from harness.errors import HarnessError
from harness.network.runs import Status
from harness.views.pages import PAGES, scripts
from harness.views.palette import SCALES
from harness.views.report import words
from harness.views.report.notable import notable
from harness.views.report.page import report, write
from harness.views.report.sample import thinned
from harness.views.results import Results
from tests.support.browser import opened, problems, requests
from tests.support.drawn import EXPERIMENT
from tests.support.figures import panels, shown

SECONDS = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    return Path(write(folder))


def drawn(driver: Chrome, path: Path, width: int = 1440) -> None:
    opened(driver, path, width)
    WebDriverWait(driver, SECONDS).until(lambda d: d.execute_script("return document.documentElement.dataset.drawn"))


def choose(driver: Chrome, control: str, value: str) -> None:
    Select(driver.find_element(By.ID, control)).select_by_value(value)


@pytest.mark.parametrize("width", [390, 1440])
def test_it_opens_from_disk_and_asks_for_nothing(browser: Chrome, page: Path, width: int) -> None:
    drawn(browser, page, width)
    assert browser.title == "told: report of a sweep"
    assert problems(browser) == []
    assert requests(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    plots = browser.find_elements(By.CSS_SELECTOR, ".plot:not(#parallel) .main-svg, .scroll:has(#parallel)")
    assert len(plots) >= 4
    assert all(plot.size["width"] <= width for plot in plots)


def test_no_button_sends_anything_anywhere(browser: Chrome, page: Path) -> None:
    """By itself plotly adds one that uploads the picture."""
    drawn(browser, page)
    script = "return [...document.querySelectorAll('.modebar-btn')].map((button) => button.dataset.title)"
    assert set(browser.execute_script(script)) == {"Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes"}


def test_it_is_one_file_of_less_than_5_mb(page: Path) -> None:
    assert page.stat().st_size < 5e6


def test_what_is_written_is_text_not_markup(browser: Chrome, page: Path) -> None:
    drawn(browser, page)
    assert browser.find_element(By.CLASS_NAME, "lead").text == EXPERIMENT["description"]


def test_the_summary_counts_what_the_table_has(browser: Chrome, page: Path, folder: Path) -> None:
    drawn(browser, page)
    counts = harness.load(folder)["status"].value_counts()
    assert set(counts.index) == {"ran", "settled", "diverged"}
    told = browser.find_element(By.CLASS_NAME, "statuses").text
    meanings = {one.label: one.words for one in Status}
    for status, count in counts.items():
        assert f"{status}: {meanings[str(status)]}\n{count:,} ({count / counts.sum():.1%})" in told


HEATS = "return document.getElementById('map').data.map((one) => [one.coloraxis, one.xaxis, one.z])"


def heats(driver: Chrome) -> dict[tuple[str, str], np.ndarray]:
    """What the map colours: (the scale of colours, the panel) -> numbers, NaN where there is no colour."""
    return {(scale, panel): np.array(z, float) for scale, panel, z in driver.execute_script(HEATS)}


def test_the_map_shows_every_cell_and_says_so(browser: Chrome, page: Path, folder: Path) -> None:
    """The oracle is pandas: how most rows of a cell ended, and the median of those that did."""
    drawn(browser, page)
    table = harness.load(folder).query("epochs > 0")  # before the first epoch there is no loss, and no cell
    ends = ["ran", "settled", "diverged", "grew"]
    table["end"] = np.where(table["loss_mean"] > table["first_loss"], "grew", table["status"].astype(str))
    found, cells = heats(browser), []
    for panel, init in zip(("x", "x2"), ("ones", "{normal: {std: 0.5}}"), strict=True):
        for (epochs, rate), rows in table[table["init"] == init].groupby(["epochs", "learning_rate"]):
            end = rows["end"].value_counts().reindex(ends).idxmax()
            those = rows[rows["end"] == end][["loss_mean", "settled_epoch", "diverged_epoch"]].median()
            cells.append((panel, epochs, rate, end, *those))
    told = pd.DataFrame(cells, columns=["panel", "epochs", "rate", "end", "loss", "settled", "diverged"])
    small = (told["end"] == "settled") & (told["loss"] <= 1e-12)
    for scale, kind, column in (
        ("coloraxis", told["end"].isin(["ran", "settled"]) & ~small, "loss"),
        ("coloraxis2", small, "settled"),
        ("coloraxis3", told["end"] == "diverged", "diverged"),
    ):
        wide = told.loc[kind, column].max() >= 4 * told.loc[kind, column].min()
        for panel, rows in told.assign(shown=told[column].where(kind)).groupby("panel"):
            shown = found[scale, panel][1:]  # the first row is that of 0 epochs
            expected = rows.pivot(index="epochs", columns="rate", values="shown").to_numpy(float)
            assert (np.isnan(shown) == np.isnan(expected)).all()
            there = ~np.isnan(expected)
            assert shown[there] == pytest.approx(np.log10(expected[there]) if wide else expected[there], abs=1e-5)
    said = browser.find_element(By.ID, "map").get_attribute("aria-label") or ""
    counts = told["end"].value_counts()
    assert set(counts.index) >= {"ran", "settled", "diverged"}
    for end, count in counts.items():
        assert f"{end} {count} of {len(told)}" in said
    assert said.startswith("Median of the mean loss in the last epoch over 2 repeats, by learning rate and epochs.")
    assert browser.execute_script("return document.getElementById('map').layout.yaxis.range") == [0.5, 3.5]


def test_axes_and_colour_can_be_changed(browser: Chrome, page: Path) -> None:
    drawn(browser, page)
    choose(browser, "map-controls-x", "init")
    choose(browser, "map-controls-colour", "w1_1_1")
    layout = browser.execute_script("return document.getElementById('map').layout")
    assert layout["xaxis"]["ticktext"] == ["ones", "{normal: {std: 0.5}}"]
    assert layout["xaxis"]["title"]["text"] == "init"
    assert np.shape(heats(browser)["coloraxis", "x"]) == (4, 2)
    assert browser.find_element(By.CSS_SELECTOR, "#map-key .scale").text.startswith("w1_1_1")
    choose(browser, "map-controls-learning_rate", "0")
    assert heats(browser)["coloraxis", "x"][0][0] == 1.0
    choose(browser, "line-controls-y", "share")
    shares = browser.execute_script("return document.getElementById('line').data.map((one) => [one.xaxis, one.y])")
    for panel in {panel for panel, _ in shares}:
        assert np.sum([y for which, y in shares if which == panel], axis=0) == pytest.approx(1)
    choose(browser, "curves-controls-run", "0")
    names = browser.execute_script("return document.getElementById('curves').data.map((trace) => trace.name)")
    assert names == ["least", "mean", "greatest"]
    assert problems(browser) == []


def test_settings_that_are_words_are_never_merged(browser: Chrome, page: Path) -> None:
    """They have panels, lines or a choice without `all`; and the title says which one is shown."""
    drawn(browser, page)
    choose(browser, "map-controls-panels", "none")
    options = [one.text for one in Select(browser.find_element(By.ID, "map-controls-init")).options]
    assert options == ["ones", "{normal: {std: 0.5}}"]
    assert browser.find_element(By.ID, "map-title").text.endswith("by learning rate and epochs; init ones.")
    repeats = [one.text for one in Select(browser.find_element(By.ID, "map-controls-repeat")).options]
    assert repeats == ["all (median)", "0", "1"]
    choose(browser, "line-controls-panels", "none")
    assert "; init ones" in browser.find_element(By.ID, "line-title").text


def test_the_head_says_what_was_trained(browser: Chrome, page: Path) -> None:
    drawn(browser, page)
    setup, facts = (element.text for element in browser.find_elements(By.CSS_SELECTOR, "header .facts"))
    told = "network 2-2-1 \u00b7 no activation function \u00b7 loss mse \u00b7 sgd \u00b7 learning rate 0.001 to 1"
    assert setup == f"{told} \u00b7 0 to 1,000 epochs \u00b7 1 sample \u00b7 2 repeats"
    assert facts.startswith("288 configurations \u00b7 24 x learning_rate \u00b7 4 x epochs")
    assert re.search(r"\u00b7 [\d,]+ steps run of 72,000 asked for \(\d+% spared by runs that ended early\)$", facts)


def test_the_head_of_other_experiments(tmp_path: Path) -> None:
    """Whatever is usual is left out; what is swept is counted; the data file need not be there any more."""
    (tmp_path / "some points.csv").write_text("a,b,y\n0,1,1\n1,0,0\n", "utf-8")
    mapping = {
        "name": "file",
        "description": "Which of them?",
        "network": {"activation": ["tanh"], "output": "sigmoid"},
        "data": {"file": str(tmp_path / "some points.csv"), "inputs": ["a", "b"], "targets": ["y"]},
        "training": {"batch_size": "full", "dtype": "float32"},
        "parameters": {
            "layers": [[2, 3, 1], [2, 4, 1]],
            "learning_rate": 0.5,
            "epochs": 7,
            "init": "ones",
            "optimizer": ["sgd", "adam"],
        },
    }
    results = Results(harness.sweep(mapping, tmp_path))
    (tmp_path / "some points.csv").unlink()
    assert words.description(results) == "Which of them?"
    assert words.setup(results) == [
        "2 network shapes",
        "tanh \u2192 sigmoid",
        "loss mse",
        "2 optimizers",
        "full batches",
        "learning rate 0.5",
        "7 epochs",
        "data some points.csv",
        "float32",
    ]


def test_the_page_opens_with_the_picture(browser: Chrome, page: Path) -> None:
    """The map is at the top, and where the results come from is folded away."""
    drawn(browser, page)
    places = {
        name: browser.find_element(By.CSS_SELECTOR, name).rect["y"] for name in ("#map", "#summary", "#line", "#curves")
    }
    assert sorted(places, key=lambda name: places[name])[:2] == ["#map", "#summary"]
    assert browser.find_element(By.ID, "map").rect["y"] < 450
    assert browser.find_element(By.ID, "provenance").get_attribute("open") is None
    assert not browser.find_element(By.CLASS_NAME, "provenance").is_displayed()


def test_a_wide_table_shows_on_a_phone_that_it_can_be_scrolled(browser: Chrome, page: Path) -> None:
    """A fade stands at the edge where more of it is, and only there."""
    drawn(browser, page, 390)
    table = browser.find_element(By.CSS_SELECTOR, ".scroll")
    assert browser.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", table)

    def edges() -> list[int]:
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", table)
        image = Image.open(io.BytesIO(table.screenshot_as_png)).convert("L")
        row = [image.getpixel((x, 3)) for x in (1, image.width - 2)]
        return [int(str(shade)) for shade in row]

    left, right = edges()
    assert left > 250 > right + 20
    browser.execute_script("arguments[0].scrollLeft = arguments[0].scrollWidth", table)
    left, right = edges()
    assert right > 250 > left + 20


TICKS = """
const [low, high, most, log] = arguments, ticks = (log ? logTicks : linearTicks)(low, high, most);
return [ticks, tickTexts(ticks)];
"""


@pytest.mark.parametrize(
    ("low", "high", "most", "log", "ticks"),
    [
        (1e-3, 1, 8, True, [1e-3, 1e-2, 1e-1, 1]),
        (0.03, 30, 9, True, [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]),
        (0.03, 3, 4, True, [0.05, 0.1, 0.5, 1]),
        (0.0164, 9, 4, True, [0.05, 0.1, 0.5, 1, 5]),
        (0.3, 0.45, 5, True, [0.3, 0.35, 0.4, 0.45]),
        (1e-12, 1e3, 4, True, [1e-12, 1e-8, 1e-4, 1]),
        (0.01, 0.5, 3, False, [0.1, 0.2, 0.3, 0.4, 0.5]),
        (0, 500, 5, False, [0, 200, 400]),
    ],
)
def test_ticks_are_round_and_at_least_three(
    browser: Chrome, page: Path, low: float, high: float, most: int, log: bool, ticks: list[float]
) -> None:
    opened(browser, page)
    shared = "\n".join(file.read_text("utf-8") for file in scripts("none but the shared ones"))
    found, texts = browser.execute_script(shared + TICKS, low, high, most, log)
    assert found == pytest.approx(ticks)
    assert len(set(texts)) == len(texts)


LABELS = """
const boxes = (labels) => [...labels].map((one) => one.getBoundingClientRect()).filter((box) => box.width)
  .map((box) => [box.left, box.right, box.top, box.bottom]);
return ["map", "line", "curves"]
  .flatMap((id) => ["x", "y"].map((letter) => boxes(document.querySelectorAll(`#${id} .${letter}tick text`))))
  .concat([...document.querySelectorAll(".ticks")].map((bar) => boxes(bar.children)));
"""


@pytest.mark.parametrize("width", [390, 1440])
def test_labels_of_ticks_do_not_overlap_and_there_are_three(browser: Chrome, page: Path, width: int) -> None:
    drawn(browser, page, width)
    groups = [group for group in browser.execute_script(LABELS) if group]
    assert len(groups) >= 8
    for group in groups:
        assert len(group) >= 3
        for k, (left, right, top, bottom) in enumerate(group):
            assert left >= 0
            assert right <= width
            for other in group[k + 1 :]:
                assert right <= other[0] + 1 or other[1] <= left + 1 or bottom <= other[2] + 1 or other[3] <= top + 1


def test_ticks_are_anew_for_what_a_zoom_shows(browser: Chrome, page: Path) -> None:
    drawn(browser, page)
    before = browser.execute_script("return document.getElementById('line').layout.xaxis.tickvals")
    browser.execute_async_script("""const done = arguments[0], plot = document.getElementById("line");
        plot.on("plotly_afterplot", () => { if (plot.layout.xaxis.tickvals.every((at) => at <= -1)) done(); });
        Plotly.relayout(plot, {"xaxis.range[0]": -1.7, "xaxis.range[1]": -1});""")
    values, texts = browser.execute_script(
        "const {tickvals, ticktext} = document.getElementById('line').layout.xaxis; return [tickvals, ticktext]"
    )
    assert len(values) >= 3
    assert values != before
    assert [float(text) for text in texts] == pytest.approx([10**at for at in values])
    assert all(-1.7 <= at <= -1 for at in values)
    assert problems(browser) == []


ENDS = """
const scale = {low: arguments[0], high: arguments[1], below: true, above: true, log: true};
return clipped(lossTicks([scale.low, scale.high], 4), scale);
"""


@pytest.mark.parametrize(("low", "high"), [(-12, 0.95), (-12, -0.16), (-3, 1), (-0.5, 0.5), (-12, -11.9)])
def test_ends_of_a_colour_bar_keep_their_distance(browser: Chrome, page: Path, low: float, high: float) -> None:
    """The text of an end, such as the 0.69 after its sign, takes up to a quarter of the bar."""
    opened(browser, page)
    names = ("shared/numbers.js", "shared/ticks.js", "report/report.js", "report/axes.js", "report/cells.js")
    found = browser.execute_script("\n".join((PAGES / name).read_text("utf-8") for name in names) + ENDS, low, high)
    at, texts = found["tickvals"], found["ticktext"]
    assert (at[0], at[-1]) == (low, high)
    assert (texts[0][0], texts[-1][0]) == ("\N{LESS-THAN OR EQUAL TO}", "\N{GREATER-THAN OR EQUAL TO}")
    assert all(min(place - low, high - place) > 0.25 * (high - low) for place in at[1:-1])


def test_texts_along_a_colour_bar_have_room(browser: Chrome, tmp_path: Path) -> None:
    parameters = {"learning_rate": [0.005, 0.15], "epochs": [0, 1, 300, 301], "init": "ones"}
    network = {"layers": [1, 1], "output": "sigmoid"}
    mapping = {"name": "f", "network": network, "data": {"rows": [[1, 0]]}, "parameters": parameters}
    folder = harness.sweep(mapping, tmp_path)
    drawn(browser, Path(write(folder)), 390)
    bar = browser.execute_script("""return [...document.querySelectorAll("span.ticks > span")].map((one) => {
        const {left, right} = one.getBoundingClientRect();
        return [left, right];
    })""")
    assert len(bar) >= 3
    assert all(left > right for (_, right), (left, _) in pairwise(bar))


def test_numbers_of_rows_are_printed_in_full(browser: Chrome, page: Path) -> None:
    opened(browser, page)
    shared = (PAGES / "shared" / "numbers.js").read_text("utf-8")
    numbers = [1234567, -3, 0.123456789, -1e-7, 0, None, "ones"]
    found = browser.execute_script(f"{shared}; return arguments[0].map((one) => printed(one))", numbers)
    assert found == ["1234567", "-3", "0.123457", "-1e-7", "0", "none", "ones"]


def test_the_page_and_the_stills_share_their_colours_and_where_they_end(browser: Chrome, tmp_path: Path) -> None:
    """Rows that diverge count for what doing nothing costs: their first losses are the greatest."""
    parameters = {
        "learning_rate": {"geomspace": [1e-3, 3, 15]},
        "epochs": [1, 30, 1000],
        "init": {"normal": {"std": 1}},
    }
    folder = harness.sweep({**EXPERIMENT, "parameters": parameters, "repeats": 4, "record": {}}, tmp_path)
    table = harness.load(folder)
    assert table["first_loss"].median() != table[table["loss_mean"].notna()]["first_loss"].median()
    drawn(browser, Path(write(folder)))
    page = browser.execute_script("return document.getElementById('map').layout.coloraxis")
    still = [
        mesh for axes in harness.plot(folder, "map").axes for mesh in axes.collections if mesh.get_gid() == "value"
    ]
    assert 10 ** page["cmax"] == pytest.approx(still[0].norm.vmax, rel=1e-4)
    assert 10 ** page["cmax"] == pytest.approx(table["first_loss"].median(), rel=1e-4)
    assert [colour for _, colour in page["colorscale"]] == list(SCALES["loss"])
    for at, colour in page["colorscale"]:
        assert to_rgb(still[0].cmap(float(at))) == pytest.approx(to_rgb(colour), abs=0.01)


def test_where_all_diverged_the_title_says_what_the_colours_are(browser: Chrome, tmp_path: Path) -> None:
    parameters = {"learning_rate": [0.1, 1, 10], "init": ["ones", "zeros"], "epochs": 1000}
    network, data = {"layers": [1, 1]}, {"rows": [[65, 200], [100, 550]]}
    folder = harness.sweep({"name": "gone", "network": network, "data": data, "parameters": parameters}, tmp_path)
    assert set(harness.load(folder)["status"]) == {"diverged"}
    drawn(browser, Path(write(folder)))
    assert browser.find_element(By.ID, "map-title").text == "Epoch of divergence, by learning rate and init."
    assert shown(harness.plot(folder)) == "how soon rows ended after 1,000 epochs"
    assert problems(browser) == []


def test_what_a_status_means_is_said_once(browser: Chrome, page: Path) -> None:
    opened(browser, page)
    told = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".statuses > div")]
    for status, text in zip([one for one in Status if one != Status.STOPPED], told, strict=True):
        assert text.count(status.words) == text.count(status.sentence) == 1


def test_losses_are_clipped_at_what_matters_and_growth_is_seen(browser: Chrome, tmp_path: Path) -> None:
    """The cut is the median loss of the first epoch; what ends above its own first loss has a colour of its own."""
    rows = [[65, 200], [70, 250], [75, 300], [80, 350], [85, 400], [90, 450], [95, 500], [100, 550]]
    mapping = {
        "name": "grows",
        "network": {"layers": [1, 1]},
        "data": {"rows": rows},
        "training": {"batch_size": "full"},
        "parameters": {"learning_rate": {"geomspace": [1e-6, 1e-2, 21]}, "epochs": [10, 100, 1000], "init": "zeros"},
    }
    folder = harness.sweep(mapping, tmp_path)
    table = harness.load(folder)
    grown = table[table["loss_mean"] > table["first_loss"]]
    assert len(grown) > 5
    drawn(browser, Path(write(folder)))
    found = heats(browser)
    assert np.nansum(found["coloraxis4", "x"]) == len(grown)
    assert "grew: the loss is above that of the first epoch" in browser.find_element(By.ID, "map-key").text
    assert f"grew {len(grown)} of {len(table)}" in browser.find_element(By.ID, "map-note").text
    cut = browser.execute_script("return document.getElementById('map').layout.coloraxis.cmax")
    nothing = np.log10(table["first_loss"].median())
    shown = table[~table.index.isin(grown.index)]["loss_mean"].max()
    assert cut == pytest.approx(min(nothing, np.log10(shown)), abs=1e-4)
    line = browser.execute_script("return document.getElementById('line').data.flatMap((one) => one.y)")
    assert max(line) == pytest.approx(nothing, abs=1e-4)
    assert (
        "(the median loss of the first epoch: what doing nothing costs)"
        in browser.find_element(By.ID, "line-note").text
    )
    said = f"{len(grown)} rows ({len(grown) / len(table):.1%}) grew: they end above the loss of their first epoch"
    assert said in browser.find_element(By.TAG_NAME, "main").text
    best = notable(Results(folder))
    assert best["why"].iloc[0].startswith("least training loss")
    assert not set(best[best["why"].str.contains("least training loss")]["config"]) & set(grown["config"])
    assert problems(browser) == []


def test_what_grew_is_never_the_best_though_its_loss_is_the_least(tmp_path: Path) -> None:
    """With w = 1e-3 a rate of 1.1 makes the loss w^2 grow by 1.44 an epoch, and it is still the least there is."""
    pairs = {"init": [{"constant": 1e-3}, "ones"], "learning_rate": [1.1, 0.1]}
    mapping = {
        "name": "least",
        "network": {"layers": [1, 1], "bias": False},
        "data": {"rows": [[1, 0]]},
        "zip": {"pairs": pairs},
        "parameters": {"epochs": 5},
    }
    folder = harness.sweep(mapping, tmp_path)
    table = harness.load(folder)
    assert table["loss_mean"].tolist() == pytest.approx([1e-6 * 1.44**4, 0.8**8])
    whys = dict(notable(Results(folder))[["config", "why"]].itertuples(index=False))
    assert whys[1].startswith("least training loss")
    assert "furthest above the loss of its first epoch" in whys[0]
    assert "least" not in whys[0].replace("least learning rate", "")


def test_a_table_without_first_losses_is_shown_as_well(browser: Chrome, tmp_path: Path) -> None:
    """Tables of earlier versions have no such column: nothing is said to have grown, and colours span what is usual."""
    folder = Path(harness.sweep(EXPERIMENT, tmp_path))
    for file in (folder / "runs").iterdir():
        pq.write_table(pq.read_table(file).drop_columns(["first_loss"]), file)
    drawn(browser, Path(write(folder)))
    assert "coloraxis4" not in {scale for scale, _ in heats(browser)}
    assert "grew" not in browser.find_element(By.TAG_NAME, "main").text
    table = harness.load(folder)
    best = table[table["status"] != "diverged"].sort_values("loss_mean", kind="stable")["config"][:3]
    assert notable(Results(folder))["config"].tolist()[:3] == best.tolist()
    assert problems(browser) == []


LOSSES: dict[str, Any] = {
    "name": "kinds",
    "network": {"layers": [1, 1]},
    "data": {"rows": [[1, 0]]},
    "parameters": {"loss": ["half_mse", "mse", "bce"], "learning_rate": [0.05, 0.1, 0.2], "epochs": [5, 10]},
    "record": {"losses": {"every": 1}},
}
LOSSES["parameters"]["init"] = "ones"


def test_losses_of_different_kinds_are_never_compared(browser: Chrome, tmp_path: Path) -> None:
    folder = harness.sweep(LOSSES, tmp_path)
    drawn(browser, Path(write(folder)))
    for picture in ("map", "line"):
        assert browser.find_element(By.ID, f"{picture}-title").text.endswith("; loss half_mse.")
        choose(browser, f"{picture}-controls-panels", "loss")
        assert browser.find_element(By.ID, f"{picture}-controls-panels").get_attribute("value") == "none"
    choose(browser, "line-controls-y", "w1_1_1")  # weights can be
    choose(browser, "line-controls-group", "loss")
    assert browser.find_element(By.ID, "line-controls-group").get_attribute("value") == "loss"
    kinds = [one.text for one in Select(browser.find_element(By.ID, "curves-controls-kind")).options]
    assert kinds == ["loss half_mse", "loss mse", "loss bce"]
    assert len(browser.execute_script("return document.getElementById('curves').data")) == 3
    table = harness.load(folder)
    found = notable(Results(folder))
    for kind in ("half_mse", "mse", "bce"):
        least = table[table["loss"] == kind].sort_values("loss_mean", kind="stable").iloc[0]
        why = f"least training loss ({kind})"
        (row,) = [at for at, whys in enumerate(found["why"]) if why in whys.split("; ")]
        assert found.loc[row, "config"] == least["config"]
    assert not found["why"].str.contains(r"least training loss(?:;|$)").any()
    assert problems(browser) == []


def test_losses_of_different_kinds_share_no_picture_even_along_an_axis(browser: Chrome, tmp_path: Path) -> None:
    few = {**LOSSES["parameters"], "learning_rate": 0.1, "epochs": 10}
    drawn(browser, Path(write(harness.sweep({**LOSSES, "parameters": few, "record": {}}, tmp_path))))
    assert browser.find_element(By.ID, "line-title").text == "How many rows ended how, by loss."
    both = {**few, "init": ["ones", "zeros"]}
    drawn(browser, Path(write(harness.sweep({**LOSSES, "name": "two", "parameters": both, "record": {}}, tmp_path))))
    assert browser.find_element(By.ID, "line-title").text == "Mean loss in the last epoch, by init; loss half_mse."
    three = {**both, "learning_rate": [0.1, 0.2]}
    drawn(browser, Path(write(harness.sweep({**LOSSES, "name": "three", "parameters": three, "record": {}}, tmp_path))))
    choose(browser, "map-controls-x", "loss")
    assert browser.find_element(By.ID, "map-controls-colour").get_attribute("value") == "w1_1_1"
    choose(browser, "map-controls-colour", "loss_mean")
    assert browser.find_element(By.ID, "map-controls-colour").get_attribute("value") == "w1_1_1"
    assert problems(browser) == []


def test_a_cell_tells_its_row(browser: Chrome, page: Path, folder: Path) -> None:
    drawn(browser, page)
    plot = browser.find_element(By.CSS_SELECTOR, "#map .nsewdrag")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(browser).move_to_element_with_offset(plot, 20, -40).click().perform()
    told = WebDriverWait(browser, SECONDS).until(lambda d: d.find_element(By.ID, "row").text)
    names = [element.text for element in browser.find_elements(By.CSS_SELECTOR, "#row dt")]
    values = [element.text for element in browser.find_elements(By.CSS_SELECTOR, "#row dd")]
    row = dict(zip(names, values, strict=True))
    (expected,) = harness.load(folder).query(f"config == {row['config']}").to_dict("records")
    for name in ("learning_rate", "loss_mean", "w1_1_1", "epochs"):
        if name in row:
            assert float(row[name]) == pytest.approx(expected[name], rel=1e-5)
    assert (row["init"], row["status"]) == (expected["init"], expected["status"])
    assert told.endswith(f"harness explain {folder} --config {row['config']} --html row.html")


def test_keys_move_over_the_map(browser: Chrome, page: Path, folder: Path) -> None:
    drawn(browser, page)
    rates, epochs = sorted(harness.load(folder)["learning_rate"].unique()), EXPERIMENT["parameters"]["epochs"]
    at_map = browser.find_element(By.ID, "map")

    def pressed(*keys: str) -> tuple[float, int]:
        at_map.send_keys(*keys)
        names = [element.text for element in browser.find_elements(By.CSS_SELECTOR, "#row dt")]
        values = [element.text for element in browser.find_elements(By.CSS_SELECTOR, "#row dd")]
        row = dict(zip(names, values, strict=True))
        return rates.index(min(rates, key=lambda rate: abs(rate - float(row["learning_rate"])))), int(row["epochs"])

    assert pressed(Keys.ARROW_RIGHT) == (0, epochs[1])
    assert pressed(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_UP) == (2, epochs[2])
    assert pressed(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_LEFT) == (1, epochs[1])
    (box,) = browser.execute_script("return document.getElementById('map').layout.shapes")
    assert (box["x0"], box["y1"]) == (0.5, 1.5)
    assert problems(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out(browser: Chrome, page: Path, scheme: str) -> None:
    """WCAG 2 AA: a contrast of at least 4.5, by its own formula."""
    emulated = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    drawn(browser, page)
    back = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    for selector in ("body", ".facts", ".note", "small", "code"):
        text = browser.execute_script("return getComputedStyle(document.querySelector(arguments[0])).color", selector)
        light, dark = sorted((luminance(back), luminance(text)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, selector
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def luminance(colour: str) -> float:
    """The relative luminance, by WCAG 2, of a colour given as `rgb(r, g, b)`."""
    channels = np.array([int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_rows_that_lack_an_axis_are_left_out(browser: Chrome, tmp_path: Path) -> None:
    fixed = {"epochs": [1, 10], "init": "ones"}
    own = {"learning_rate": 0.1, "learning_rate_1": {"geomspace": [0.01, 0.1, 5]}}
    parameters = [{"learning_rate": {"geomspace": [0.01, 0.1, 5]}, **fixed}, {**own, **fixed}]
    grids = [{"parameters": one} for one in parameters]
    mapping = {key: value for key, value in EXPERIMENT.items() if key not in ("parameters", "repeats")}
    folder = harness.sweep({**mapping, "grids": grids}, tmp_path)
    drawn(browser, Path(write(folder)))

    def told() -> str:
        return browser.find_element(By.ID, "map").get_attribute("aria-label") or ""

    def cells(x: str, y: str) -> None:
        said = told()
        assert f"by {x} and {y}" in said
        assert ": ran 10 of 10, " in said

    cells("learning rate", "epochs")
    choose(browser, "map-controls-x", "learning_rate_1")
    cells("learning rate 1", "epochs")
    choose(browser, "map-controls-x", "epochs")
    cells("epochs", "learning rate 1")
    choose(browser, "line-controls-x", "learning_rate_1")
    choose(browser, "line-controls-group", "epochs")
    lines = browser.execute_script("return document.getElementById('line').data.map((one) => [one.name, one.y])")
    assert {name: len([loss for loss in losses if loss is not None]) for name, losses in lines} == {"1": 5, "10": 5}
    assert problems(browser) == []


def test_networks_without_hidden_units_have_no_activation_and_are_shown_all_the_same(
    browser: Chrome, tmp_path: Path
) -> None:
    grid = {"layers": [[2, 1], [2, 3, 1]], "activation": ["tanh", "relu"], "init": "xavier_uniform"}
    parameters = {**grid, "learning_rate": [0.01, 0.1, 1], "epochs": [10, 100]}
    experiment = {**EXPERIMENT, "network": {}, "parameters": parameters, "record": {}}
    folder = harness.sweep(experiment, tmp_path)
    table = harness.load(folder)
    assert table[table["activation"].isna()]["layers"].unique().tolist() == ["[2, 1]"]
    expected = ["layers [2, 1]", *[f"layers [2, 3, 1], activation {name}" for name in ("tanh", "relu")]]
    for kind in ("map", "spread", "share"):
        titles = [" ".join(axes.get_title().split()) for axes in panels(harness.plot(folder, kind))]
        assert titles == expected  # in as many lines as have room
    drawn(browser, Path(write(folder)))
    names = "return document.getElementById('map').layout.annotations.map((one) => one.text)"
    assert browser.execute_script(names) == ["<b>layers [2, 1]</b>", "<b>layers [2, 3, 1]</b>"]
    choose(browser, "map-controls-panels", "activation")
    assert browser.execute_script(names) == ["<b>no activation</b>"]
    choose(browser, "map-controls-layers", "1")
    assert browser.execute_script(names) == ["<b>activation tanh</b>", "<b>activation relu</b>"]
    choose(browser, "line-controls-panels", "none")
    choose(browser, "line-controls-group", "activation")
    lines = browser.execute_script("return document.getElementById('line').data.map((one) => one.name)")
    assert [name for name in lines if name] == ["no activation"]
    assert problems(browser) == []


def test_few_lines_and_curves_have_names_and_many_have_not(browser: Chrome, page: Path, tmp_path: Path) -> None:
    named = (
        "return document.getElementById('curves').data.filter((one) => one.showlegend !== false).map((one) => one.name)"
    )
    drawn(browser, page)
    assert browser.execute_script(named) == []
    legend = (
        "return document.getElementById('line').data.filter((one) => one.showlegend !== false).map((one) => one.name)"
    )
    assert browser.execute_script(legend) == ["1", "10", "1000"]  # of 0 epochs there is no loss
    titled = "return document.getElementById('line').layout.legend.title.text"
    assert browser.execute_script(titled).strip() == "epochs"
    parameters = EXPERIMENT["parameters"] | {"learning_rate": [0.01, 0.1], "init": "ones"}
    drawn(browser, Path(write(harness.sweep(EXPERIMENT | {"parameters": parameters}, tmp_path))))
    assert sorted(browser.execute_script(named)) == ["learning rate 0.01", "learning rate 0.1"]
    script = "const one = document.getElementById('curves'); return [one.layout.yaxis.range, one.data.map((d) => d.y)]"
    (low, high), losses = browser.execute_script(script)
    there = [loss for line in losses for loss in line if loss is not None]
    assert low < min(there) <= max(there) < high


def test_labels_are_not_joined_and_what_has_no_loss_shows_weights(browser: Chrome, tmp_path: Path) -> None:
    axes = {"init": ["ones", "zeros", {"normal": {"std": 1}}], "activation": ["tanh", "relu"]}
    mapping = {key: value for key, value in EXPERIMENT.items() if key != "record"}
    parameters = {"learning_rate": 0.1, "epochs": 10, **axes}
    labels = harness.sweep({**mapping, "repeats": 9, "parameters": parameters}, tmp_path)
    drawn(browser, Path(write(labels)))
    marks = browser.execute_script("return document.getElementById('line').data.map((d) => [d.mode, d.y, d.error_y])")
    assert [mode for mode, _, _ in marks] == ["markers", "markers"]
    normal = harness.load(labels).query("activation == 'tanh' and init == '{normal: {std: 1}}'")["loss_mean"]
    (_, medians, spread) = marks[0]
    ends = normal.quantile([0.25, 0.5, 0.75])
    low, middle, high = np.log10(ends.clip(lower=1e-12, upper=ceiling(labels)))
    assert medians[2] == pytest.approx(middle, abs=1e-4)
    found = [medians[2] - spread["arrayminus"][2], medians[2] + spread["array"][2]]
    assert found == pytest.approx([low, high], abs=1e-4)
    untrained = {**mapping, "name": "untrained", "parameters": {**parameters, "epochs": 0, "learning_rate": [0.1, 0.2]}}
    drawn(browser, Path(write(harness.sweep(untrained, tmp_path))))
    assert browser.find_element(By.ID, "map-controls-colour").get_attribute("value") == "w1_1_1"
    assert browser.find_element(By.ID, "line-controls-y").get_attribute("value") == "w1_1_1"
    assert problems(browser) == []


def ceiling(folder: Any) -> float:
    """The loss above which all are drawn at the end of the scale: the median of the first epochs."""
    return float(harness.load(folder)["first_loss"].median())


def test_a_browser_that_is_too_old_is_told(browser: Chrome, page: Path) -> None:
    removed = {"source": "delete window.DecompressionStream"}
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", removed)
    opened(browser, page)
    assert "too old" in browser.find_element(By.ID, "waiting").text
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    assert problems(browser) == []


@pytest.mark.parametrize(("block_size", "files"), [(8, 18), (2, 1)])
def test_rows_worth_a_look(tmp_path: Path, block_size: int, files: int) -> None:
    """The first of equal rows is named, wherever in whichever file it is; each row stands once, with every reason."""
    parameters = EXPERIMENT["parameters"] | {"activation": ["identity", "relu"]}  # many a run is the same with both
    folder = harness.sweep(EXPERIMENT | {"parameters": parameters}, tmp_path, block_size=block_size)
    assert len(list(Path(folder, "runs").iterdir())) == files
    table = harness.load(folder).astype({"status": str})
    status, long = table["status"], table[table["epochs"] == 1000]
    gone = long["status"] == "diverged"

    def first(rows: pd.DataFrame, column: str, most: bool = False) -> int:
        return int(rows.sort_values(column, kind="stable", ascending=not most)["config"].iloc[0])

    grown = table["loss_mean"] > table["first_loss"]
    best = table[(status != "diverged") & ~grown].sort_values("loss_mean", kind="stable")["config"][:3].tolist()
    expected = {
        "least training loss": best[0],
        "second least training loss": best[1],
        "third least training loss": best[2],
        "least learning rate that diverges in 1,000 epochs": first(long[gone], "learning_rate"),
        "greatest learning rate that does not diverge in 1,000 epochs": first(long[~gone], "learning_rate", most=True),
        "first to settle: its weights no longer change": first(table[status == "settled"], "settled_epoch"),
        "first to diverge": first(table[status == "diverged"], "diverged_epoch"),
        "not finished, with the greatest training loss": first(table[status == "ran"], "loss_mean", most=True),
    }
    assert grown.any()
    expected["furthest above the loss of its first epoch"] = first(table[grown], "loss_mean", most=True)
    found = notable(Results(folder))
    assert found["config"].is_unique
    whys = {why: config for config, row in zip(found["config"], found["why"], strict=True) for why in row.split("; ")}
    assert whys == expected
    assert found["config"].iloc[0] == best[0]
    same = table.set_index("config").loc[found["config"]].reset_index()[list(found.columns[1:])]
    pd.testing.assert_frame_equal(found[list(found.columns[1:])].astype(same.dtypes), same)


def test_few_rows_are_a_grid_still(folder: Path) -> None:
    results = Results(folder)
    columns = ["config", *results.axes]
    rows = thinned(results, columns, 60)
    assert 20 < len(rows) <= 60
    counts = rows.groupby(["learning_rate", "epochs"]).size()
    assert len(counts) == rows["learning_rate"].nunique() * rows["epochs"].nunique()
    assert rows["learning_rate"].max() == results.axes["learning_rate"].values[-1]
    assert len(thinned(results, columns, 10**6)) == results.rows


def test_axes_that_go_together_are_thinned_by_rows(tmp_path: Path) -> None:
    rates, stops = np.geomspace(1e-3, 0.1, 40).tolist(), list(range(1, 41))
    zipped = {"zip": {"budget": {"learning_rate": rates, "epochs": stops}}, "parameters": {"init": "ones"}}
    plain = {key: EXPERIMENT[key] for key in ("name", "network", "data")}
    results = Results(harness.sweep({**plain, **zipped}, tmp_path))
    rows = thinned(results, ["config", "learning_rate"], 10)
    assert rows["config"].tolist() == list(range(0, 40, 4))


def test_nothing_but_one_row(tmp_path: Path, browser: Chrome) -> None:
    parameters = {"learning_rate": 0.1, "epochs": 1, "init": "ones"}
    plain = {key: EXPERIMENT[key] for key in ("name", "network", "data")}
    page = write(harness.sweep({**plain, "parameters": parameters}, tmp_path))
    drawn(browser, Path(page))
    assert problems(browser) == []
    assert not browser.find_elements(By.CSS_SELECTOR, "#pictures, .picture, .plot")


def test_no_loss_is_no_trouble(tmp_path: Path, browser: Chrome) -> None:
    """Every run diverges, or has no epochs."""
    parameters = {"learning_rate": [1e300, 1e301], "epochs": [0, 50], "init": "ones"}
    plain = {key: EXPERIMENT[key] for key in ("name", "network", "data")}
    page = write(harness.sweep({**plain, "parameters": parameters}, tmp_path))
    drawn(browser, Path(page))
    assert problems(browser) == []


def test_a_network_too_large_for_names(tmp_path: Path) -> None:
    parameters = {"learning_rate": [0.1, 0.2], "epochs": 1, "init": {"normal": {"std": 0.1}}}
    plain = {"name": "large", "network": {"layers": [2, 200, 1]}, "data": EXPERIMENT["data"]}
    assert "large" in report(Results(harness.sweep({**plain, "parameters": parameters}, tmp_path)))


def test_where_there_are_no_results(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no results there"):
        write(tmp_path)


def test_where_nothing_can_be_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot be written"):
        write(folder, str(tmp_path / "none" / "x.html"))
    assert list(tmp_path.iterdir()) == []
