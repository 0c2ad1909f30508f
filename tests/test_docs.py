"""The documentation is run: its commands, experiments and programs, and what they print; and the site is built."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.results import Speeds
from harness.cli import main
from harness.experiment import load, source
from harness.experiment.data import columns, sheet
from harness.experiment.data.generators import GENERATORS, generate
from harness.experiment.model import label
from harness.experiment.settings import HYPERPARAMETERS, KINDS, NETWORK, TRAINING
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.optimizers import Optimizer
from harness.formulas.schedules import Schedule
from harness.sweeps.plan import Plan
from tests import make_pages, snippets
from tests.snippets import PAGES, Guide, blocks, make
from tests.support import ROOT

README = (ROOT / "README.md").read_text("utf-8")
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))
MOST_BYTES = 10_000
"""The most bytes of the README, about one screen and a half."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the experiments and the default sweep's results, as after `make sweep`."""
    return snippets.prepared(tmp_path_factory.mktemp("shared"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_snippets_do_what_the_page_says(
    path: Path, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for package in snippets.NEEDS.get(path.stem, ()):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install -e '.[oracle]'")
    for one in Guide(path, tmp_path, shared).printed():
        told, found = snippets.normal(one.expected), snippets.normal(snippets.cut(one.expected, one.found))
        assert found == told, f"{path.name}: {one.command}\n`python -m tests.snippets` writes what is printed today"


def test_every_block_of_a_page_is_of_a_kind_that_is_run() -> None:
    for path in PAGES:
        found = blocks(path.read_text("utf-8"))
        for i, block in enumerate(found):
            fragment = path.stem in ("experiments", "scaling")
            named = block.language == "yaml" and (fragment or snippets.NAMED.match(block.text))
            assert named or block.language in ("console", "python", "sh", "bash", "text"), f"{path.name}: {block.text}"
            if block.language == "python" and "print(" in block.text:
                after = [one.language for one in found[i + 1 : i + 2]]
                assert after == ["text"], f"{path.name}: nothing is compared\n{block.text}"


def test_a_snippet_that_prints_something_else_is_noticed(tmp_path: Path, shared: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ harness plan experiments/question.yaml\nrows  9\n```\n", "utf-8")
    (tmp_path / "once").mkdir()
    (one,) = Guide(page, tmp_path / "once", shared).printed()
    assert snippets.normal(one.found) != snippets.normal(one.expected)
    (tmp_path / "again").mkdir()
    page.write_text(Guide(page, tmp_path / "again", shared).updated(), "utf-8")
    (tmp_path / "then").mkdir()
    (one,) = Guide(page, tmp_path / "then", shared).printed()
    assert snippets.same(one.expected, one.found)
    assert one.found.startswith("rows")


def test_the_readme_s_experiment_is_one(tmp_path: Path) -> None:
    (block,) = (block for block in blocks(README) if block.language == "yaml")
    (tmp_path / "x.yaml").write_text(block.text, "utf-8")
    assert Plan(load(tmp_path / "x.yaml")).rows == 2 * 20 * 2 * (1 + 10)


def test_the_readme_is_short() -> None:
    assert len(README.encode()) < MOST_BYTES


EXPERIMENT_FILE = (ROOT / "docs" / "experiments.md").read_text("utf-8")
DOCUMENTED = re.findall(r"```yaml\n(.*?)```", EXPERIMENT_FILE, re.DOTALL)
START = "name: documented\nnetwork: {layers: [2, 2, 1]}\n"


@pytest.mark.parametrize("line", DOCUMENTED[0].splitlines())
def test_every_documented_form_of_data_works(line: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_bytes((ROOT / "experiments" / "points.csv").read_bytes())
    file = tmp_path / "documented.yaml"
    start = "name: documented\nnetwork: {layers: [auto, auto]}\n" if "load" in line else START
    file.write_text(start + line + "\nparameters: {learning_rate: 0.1, epochs: 1, init: ones}\n", "utf-8")
    assert Plan(load(file)).rows == 1


def test_every_kind_of_made_up_data_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d) \| (\d)(?: class| number)? \|", EXPERIMENT_FILE, re.MULTILINE)
    widths = {kind: tuple(part.shape[1] for part in generate(kind, 8, 0.0, 0)) for kind in GENERATORS}
    assert {kind: (int(inputs), int(targets)) for kind, inputs, targets in rows} == widths
    (kinds,) = re.findall("of kind (.*):", (ROOT / "harness" / "drafts" / "draft.yaml").read_text("utf-8"))
    assert {*re.findall(r"\w+", kinds)} - {"or"} == {kind for kind in widths if widths[kind] == (2, 1)}


@pytest.mark.parametrize("line", re.findall(r"stop: {.*}", DOCUMENTED[1]))
def test_the_documented_ways_to_stop_work(line: str, tmp_path: Path) -> None:
    _, record = DOCUMENTED[1].split("record:\n")
    data = (
        "data: {generate: moons, split: {validation: 0.2}}\nparameters: {learning_rate: 0.1, epochs: 1, init: ones}\n"
    )
    (tmp_path / "stop.yaml").write_text(f"{START}{data}training:\n  {line}\nrecord:\n{record}", "utf-8")
    asked = load(tmp_path / "stop.yaml").monitoring
    assert asked is not None
    assert asked.may_stop
    assert len(asked.reaches) == 3


def test_the_documented_grids_work(tmp_path: Path) -> None:
    zipped, grids = DOCUMENTED[2].split("grids:")
    start = START + "data: {rows: [[1, 1, 1]]}\n"
    (tmp_path / "zip.yaml").write_text(start + "parameters: {init: [ones, zeros]}\n" + zipped, "utf-8")
    assert Plan(load(tmp_path / "zip.yaml")).rows == 2 * 2 - 1
    (tmp_path / "grids.yaml").write_text(start + "grids:" + grids, "utf-8")
    plan = Plan(load(tmp_path / "grids.yaml"))
    assert (plan.rows, plan.runs) == (3, 2)
    (tmp_path / "conditions.yaml").write_text(start + DOCUMENTED[3], "utf-8")
    conditional = Plan(load(tmp_path / "conditions.yaml"))
    assert (conditional.rows, conditional.runs) == (1000, 500)
    (tmp_path / "merged.yaml").write_text(start + DOCUMENTED[4], "utf-8")
    assert Plan(load(tmp_path / "merged.yaml")).rows == 3


def test_the_documented_limits_are_those_of_the_code() -> None:
    csv = f"at most {sheet.MOST_BYTES >> 20} MiB and at most {sheet.MOST_COLUMNS:,} columns"
    for limit in (csv, f"at most {source.MOST_BYTES >> 20} MiB", f"at most {columns.MOST_ROWS:,} rows"):
        assert limit in " ".join(EXPERIMENT_FILE.split()), limit
    own, security = ((ROOT / name).read_text("utf-8") for name in ("docs/own-data.md", "SECURITY.md"))
    for text in (own, security):
        assert f"at most {sheet.MOST_BYTES >> 20} MiB" in text
        assert f"at most {columns.MOST_ROWS:,} rows" in text
    assert f"a file is at most {source.MOST_BYTES >> 20} MiB" in security


def number_of(text: str) -> float | None:
    """The default that stands after a number's name: `1/3` is one, and nothing or a remark is none."""
    return float(Fraction(text)) if text and text[0] != "(" else None


def test_every_optimizer_and_schedule_and_number_is_documented() -> None:
    rows = re.findall(r"^\| `(optimizer|schedule): (\w+)` \| (.*?) ?\| (.*) \|$", EXPERIMENT_FILE, re.MULTILINE)
    choices = {(kind, name): choice for kind in ("optimizer", "schedule") for name, choice in KINDS[kind].items()}
    assert [(kind, name) for kind, name, _, _ in rows] == list(choices)
    for kind, name, numbers, formula in rows:
        documented = re.findall(r"`(\w+)` ?([^,]*)", numbers)
        declared = [(number.name, number.default) for number in choices[kind, name].hyperparameters]
        assert [(number, number_of(default)) for number, default in documented] == declared
        same = re.fullmatch(r"the same as `(\w+)`.*", formula)
        assert in_print(choices[kind, name]) == (in_print(choices[kind, same.group(1)]) if same else formula.strip("`"))


def in_print(choice: Optimizer | Schedule) -> str:
    """The formula of an optimizer, and of what it keeps, or of a schedule."""
    kept = choice.kept.items() if isinstance(choice, Optimizer) else ()
    return ", ".join([choice.text, *(f"{slot} = {text}" for slot, text in kept)]).format(w="w", g="g")


SLOPES = "; ".join(
    f"`{name}`: {one.hyperparameters[0].default:g}" for name, one in ACTIVATIONS.items() if one.hyperparameters
)
"""What the documentation says of the defaults of slopes."""


def test_every_key_is_documented() -> None:
    keys = {f"network.{key}" for key in NETWORK} | {
        f"training.{key}" for key in TRAINING.keys() - HYPERPARAMETERS.keys()
    }
    rows = dict(re.findall(r"^\| `((?:network|training)\.\w+)` \| (.*?) ?\| .* \|$", EXPERIMENT_FILE, re.MULTILINE))
    assert rows.pop("training.stop") == "none"
    assert rows.keys() == keys
    for key, default in rows.items():
        section, _, name = key.partition(".")
        declared = {"network": NETWORK, "training": TRAINING}[section][name].default
        told = None if default in ("", "none", "none; `adamw`: 0.01", SLOPES) else default.strip("`")
        assert told == (None if declared is None else label(declared)), key


LINK = re.compile(r"\]\(([\w./-]+)(?:#[\w-]+)?\)")


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: path.stem)
def test_a_page_names_what_there_is(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in LINK.findall(text):
        assert (path.parent / name).exists(), name
    for name in re.findall(r"`((?:harness|tests|experiments)/[\w./]*)`", text):
        assert (ROOT / name).exists(), name
    for target in re.findall(r"`make ([\w-]+)[`\s]", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_in_sentences_exist(path: Path) -> None:
    text = snippets.FENCE.sub("", path.read_text("utf-8"))
    for given in re.findall(r"`harness ([a-z][^`]*)`", text):
        name, *words = given.split()
        assert name in main.commands, f"{path.name}: harness {given}"
        command = main.commands[name]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        unknown = {word.partition("=")[0] for word in words if word.startswith("--")} - options
        assert not unknown, f"{path.name}: harness {given}"


def test_promises_name_tests_that_exist() -> None:
    rows = re.findall(
        r"^\| (?!promise|---)(.*) \| (.*) \|$", (ROOT / "docs" / "promises.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 20
    for promise, tests in rows:
        named = re.findall(r"`(tests/test_\w+\.py)::(test_\w+)`", tests)
        assert named, promise
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
                f"{file}::{test}"
            )


def test_the_speed_page_is_written_by_the_benchmark() -> None:
    results = Speeds()
    assert report.PAGE.read_text("utf-8") == report.page(results), "say `python -m benchmarks --write`"
    assert report.readme(results) == README, "say `python -m benchmarks --write`"
    assert len(list(report.readme_lines(results))) == 5


def test_make_lists_its_targets() -> None:
    said = make()
    for target in ("sweep", "test", "lint", "plan"):
        assert re.search(rf"^{target} +\w+", said, re.MULTILINE), said


@pytest.mark.parametrize("path", make_pages.PAGES, ids=lambda path: path.name)
def test_pages_are_made_from_the_code(path: Path) -> None:
    assert path.read_text("utf-8") == make_pages.PAGES[path](), "say `make docs`"


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda path: path.name)
def test_shipped_experiments_say_what_they_are(file: Path) -> None:
    text = file.read_text("utf-8")
    head = text.partition("name:")[0]
    assert re.search(r"^# .*\?$", head, re.MULTILINE), "the question comes first"
    for word in ("rows", "time", "look", "see"):
        assert re.search(rf"^#   {word} ", head, re.MULTILINE), word
    rows = Plan(load(file)).rows
    assert f"{rows:,}" in head, f"{rows:,} rows"


def test_locks_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-release.lock"):
        assert "://" not in (ROOT / name).read_text("utf-8")


class Requested(HTMLParser):
    """The addresses that a page asks for when it is opened: of scripts, styles, pictures, fonts and frames."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for key in ("src", "srcset", "data", "poster"):
            self.addresses += [given[key] or ""] if key in given else []
        if tag == "link" and given.get("rel") not in ("canonical", "search", "index", "next", "prev", "author"):
            self.addresses.append(given.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = make("-n", "docs").splitlines()
    (words,) = (line.split()[1:] for line in command if "sphinx" in line)
    words = [str(folder) if word == "build/docs" else word for word in words]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_asks_no_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert {path.stem for path in PAGES if path.parent == ROOT / "docs"} <= {path.stem for path in pages}
    for page in pages:
        found = Requested()
        found.feed(page.read_text("utf-8"))
        assert found.addresses, page
        assert [address for address in found.addresses if re.match(r"(\w+:)?//", address)] == [], page
    for style in site.rglob("*.css"):
        text = style.read_text("utf-8")
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:\w+:)?//", text), style


def test_the_site_has_every_public_function_and_command(site: Path) -> None:
    import harness

    python, commands = ((site / f"{name}.html").read_text("utf-8") for name in ("python", "commands"))
    for name in harness.__all__:
        if callable(getattr(harness, name)):
            assert f'id="harness.{name}"' in python, name
    for name in main.commands:
        assert f'id="harness-{name}"' in commands, name
