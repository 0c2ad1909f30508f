"""Draw the shipped experiments into docs/gallery, and say with which command each is drawn: `make gallery`."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import harness
from harness.views import plots
from harness.views.explain.configuration import chosen
from harness.views.explain.excerpt import Page
from harness.views.explain.page import write
from harness.views.explain.record import Recording, record_of
from harness.views.report import page as report_page
from tests.support import ROOT
from tests.support.browser import opened, started

GALLERY = ROOT / "docs" / "gallery"
START = "# Pictures of the shipped experiments\n\n`make gallery` draws them all.\n"


class Shot(NamedTuple):
    """kind: of `harness plot`. choices: its options."""

    experiment: str
    kind: str
    choices: dict[str, Any]
    about: str

    @property
    def name(self) -> str:
        return f"{self.experiment}-{self.kind}.png"

    @property
    def command(self) -> str:
        options = {key: [value] for key, value in self.choices.items() if key != "where"}
        options["where"] = [f"{key}={value}" for key, value in self.choices.get("where", {}).items()]
        given = [f"--{key} {shlex.quote(str(value))}" for key, values in options.items() for value in values]
        folder = f"results/{self.experiment.replace('_', '-')}"
        return " ".join(["harness plot", folder, "--kind", self.kind, *given])


PICTURES = [
    Shot(
        "trainability",
        "map",
        {},
        "The boundary of trainability: blue pairs of learning rates train, red ones diverge, the darker the faster.",
    ),
    Shot(
        "learning_rate",
        "map",
        {},
        "Where training diverges, where it is under way, and where weights no longer change.",
    ),
    Shot(
        "learning_rate",
        "share",
        {},
        "How many starts ran, settled and diverged at each learning rate, after 1,000 epochs.",
    ),
    Shot(
        "learning_rate",
        "spread",
        {"x": "learning_rate", "where": {"epochs": 100}},
        "How far the losses of random starts lie apart.",
    ),
    Shot("learning_rate", "weights", {"where": {"init": "ones"}}, "Where each weight of the question's network ends."),
    Shot("question", "curves", {"where": {"learning_rate": 0.1}}, "The loss over ten epochs."),
    Shot(
        "question",
        "paths",
        {"where": {"learning_rate": 0.1}},
        "Every weight over ten epochs: equal weights stay equal.",
    ),
    Shot("symmetry", "map", {}, "Four units that start equal do the work of one; random ones learn."),
    Shot("symmetry", "weights", {"where": {"init": "{constant: 0.1}"}}, "All units of a layer end alike."),
    Shot("xor", "map", {}, "Which starts learn exclusive or, in how many epochs."),
    Shot("xor", "spread", {"x": "learning_rate"}, "From some rate on, more and more starts get stuck."),
    Shot("xor", "share", {"color": "loss_max", "below": 0.1}, "How many starts get all of exclusive or right."),
    Shot(
        "own_data", "map", {"y": "layers", "where": {"epochs": 100}}, "How many units the classes of points.csv need."
    ),
    Shot(
        "own_data",
        "spread",
        {"x": "layers", "where": {"learning_rate": 0.4}},
        "What ten starts come to at one learning rate.",
    ),
    Shot("own_data", "importance", {"where": {"epochs": 100}}, "What decides the loss: the network or the rate."),
    Shot(
        "own_data",
        "boundary",
        {"config": 713, "where": {"epochs": 100}},
        "Where a network with hardly any training loss draws the line: close around the points, with hardly a doubt.",
    ),
    Shot("own_data", "confusion", {"config": 375}, "Which classes another takes for which."),
    Shot("own_data", "calibration", {"config": 375}, "Whether its probabilities come true."),
    Shot("sine", "fit", {}, "How a network comes to fit a curve: first the slope, then the bends."),
]


class Shown(NamedTuple):
    """width, height: of the window that a page is shown in; of a still 0."""

    name: str
    command: str
    about: str
    width: int = 0
    height: int = 0
    click: str = ""


SHOWN = [
    Shown(
        "explain.png",
        "harness explain experiments/question.yaml --html question.html",
        "What happens to each weight, step by step.",
        1280,
        830,
        "[data-phase=update]",
    ),
    Shown(
        "before-and-after.png",
        "harness explain experiments/question.yaml --png question.png",
        "The network before the first step and after the last.",
    ),
    Shown(
        "report.png",
        "harness report results/learning-rate",
        "A page about a sweep; every axis and colour can be chosen.",
        1100,
        1140,
    ),
]


def words() -> str:
    """The gallery's README."""
    shown = [(one.name, one.command, one.about) for one in (*SHOWN, *PICTURES)]
    return START + "".join(
        f"\n## {about.rstrip('.')}\n\n`{command}`\n\n![{about}]({name})\n" for name, command, about in shown
    )


def draw(folder: Path) -> Iterator[Path]:
    """Write every picture into a folder; yield their paths."""
    with tempfile.TemporaryDirectory() as results:
        swept = {one.experiment: harness.sweep(file_of(one.experiment), results) for one in PICTURES}
        for one in PICTURES:
            yield Path(plots.write(swept[one.experiment], str(folder / one.name), one.kind, **one.choices))
        configuration = chosen(file_of("question"), {})
        record = record_of(Recording(configuration, range(1, configuration.drawn_epochs() + 1), Page()))
        write(record, f"{results}/explain.html")
        write(record, str(folder / "before-and-after.png"))
        report_page.write(swept["learning_rate"], f"{results}/report.html")
        driver = started()
        for page in (one for one in SHOWN if one.width):
            opened(driver, Path(results, page.name).with_suffix(".html"), page.width, page.height)
            WebDriverWait(driver, 60).until(lambda d: d.execute_script("return document.documentElement.dataset.drawn"))
            if page.click:
                driver.find_element(By.CSS_SELECTOR, page.click).click()
            driver.save_screenshot(str(folder / page.name))
            yield folder / page.name
        driver.quit()


def file_of(experiment: str) -> Path:
    return ROOT / "experiments" / f"{experiment}.yaml"


if __name__ == "__main__":
    GALLERY.mkdir(parents=True, exist_ok=True)
    (GALLERY / "README.md").write_text(words(), "utf-8")
    for path in draw(GALLERY):
        print(path.relative_to(ROOT))
