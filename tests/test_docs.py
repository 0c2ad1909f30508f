"""The README is run: its commands, its experiment, its snippets, and what they print."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.experiment import load
from harness.experiment.model import label
from harness.experiment.settings import KINDS, NETWORK, NUMBERS, TRAINING
from harness.sweeps.plan import Plan
from tests import make_columns
from tests.make_columns import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the experiments and the default sweep's results, as after `make sweep`."""
    path = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "experiments", path / "experiments")
    return path


def make(*words: str) -> str:
    """What make prints, also when it is called from within make."""
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def run(command: str, folder: Path) -> str:
    """What a command of the README prints; `make sweep` is the command that make says it runs."""
    words = shlex.split(command)
    if words[0] == "make":
        words = ["harness", *shlex.split(make("-n", *words[1:]).splitlines()[-1])[1:]]
    assert words[0] == "harness"
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, words[1:], catch_exceptions=False, terminal_width=80)
    assert result.exit_code == 0, result.output
    return result.output


def without_times(text: str) -> str:
    """Lines of progress and speed differ from run to run; their words do not."""
    text = re.sub(r"^learning-rate: [\d,]+ of", "learning-rate: 0 of", text, flags=re.MULTILINE)
    text = re.sub(r"^(learning-rate: .*\n)+", "learning-rate: 0 of 34,000 runs\n", text, flags=re.MULTILINE)
    text = re.sub(r"[\d,]+ \(\d+\.\d s\)", "N (N s)", text)
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


@pytest.mark.parametrize("text", blocks("console"))
def test_commands_print_what_the_readme_says(text: str, folder: Path) -> None:
    for block in text.removeprefix("$ ").split("\n$ "):
        command, _, expected = block.partition("\n")
        if "results/" in command and not (folder / "results").exists():
            run("make sweep", folder)
        assert without_times(run(command, folder)) == without_times(expected)


def test_snippets_print_what_the_readme_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (folder / "results").exists():
        run("make sweep", folder)
    monkeypatch.chdir(folder)
    assert len(blocks("python")) == len(blocks("text")) > 0
    for program, expected in zip(blocks("python"), blocks("text"), strict=True):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(program, {})
        assert printed.getvalue().rstrip() == expected.rstrip()


def test_the_readme_s_experiment_is_one(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    assert Plan(load(tmp_path / "x.yaml")).rows == 2 * 20 * 2 * (1 + 10)


EXPERIMENT_FILE = (ROOT / "docs" / "experiments.md").read_text("utf-8")
DOCUMENTED = re.findall(r"```yaml\n(.*?)```", EXPERIMENT_FILE, re.DOTALL)
START = "name: documented\nnetwork: {layers: [2, 2, 1]}\n"


@pytest.mark.parametrize("line", DOCUMENTED[0].splitlines())
def test_every_documented_form_of_data_works(line: str, folder: Path) -> None:
    file = folder / "experiments" / "documented.yaml"
    file.write_text(START + line + "\nparameters: {learning_rate: 0.1, epochs: 1, init: ones}\n", "utf-8")
    assert Plan(load(file)).rows == 1


def test_the_documented_grids_work(tmp_path: Path) -> None:
    zipped, grids = DOCUMENTED[1].split("grids:")
    start = START + "data: {rows: [[1, 1, 1]]}\n"
    (tmp_path / "zip.yaml").write_text(start + "parameters: {init: [ones, zeros]}\n" + zipped, "utf-8")
    assert Plan(load(tmp_path / "zip.yaml")).rows == 2 * 2 - 1
    (tmp_path / "grids.yaml").write_text(start + "grids:" + grids, "utf-8")
    plan = Plan(load(tmp_path / "grids.yaml"))
    assert (plan.rows, plan.runs) == (3, 2)


def number_of(text: str) -> float | None:
    """The default that stands after a number's name: `1/3` is one, and nothing or a remark is none."""
    return float(Fraction(text)) if text and text[0] != "(" else None


def test_every_optimizer_and_schedule_and_number_is_documented() -> None:
    rows = re.findall(r"^\| `(optimizer|schedule): (\w+)` \| (.*?) ?\| (.*) \|$", EXPERIMENT_FILE, re.MULTILINE)
    choices = {(kind, name): choice for kind, names in KINDS.items() for name, choice in names.items()}
    assert [(kind, name) for kind, name, _, _ in rows] == list(choices)
    for kind, name, numbers, formula in rows:
        documented = re.findall(r"`(\w+)` ?([^,]*)", numbers)
        declared = [(number.name, number.default) for number in choices[kind, name].numbers]
        assert [(number, number_of(default)) for number, default in documented] == declared
        same = re.fullmatch(r"the same as `(\w+)`.*", formula)
        text = choices[kind, name].text.format(w="w", g="g")
        assert text == (choices[kind, same.group(1)].text.format(w="w", g="g") if same else formula.strip("`"))


def test_every_key_is_documented() -> None:
    keys = {f"network.{key}" for key in NETWORK} | {f"training.{key}" for key in TRAINING.keys() - NUMBERS.keys()}
    rows = dict(re.findall(r"^\| `((?:network|training)\.\w+)` \| (.*?) ?\| .* \|$", EXPERIMENT_FILE, re.MULTILINE))
    assert rows.keys() == keys
    for key, default in rows.items():
        section, _, name = key.partition(".")
        declared = {"network": NETWORK, "training": TRAINING}[section][name].default
        told = None if default in ("", "none", "none; `adamw`: 0.01") else default.strip("`")
        assert told == (None if declared is None else label(declared)), key


def test_the_readme_names_what_there_is() -> None:
    for path in re.findall(r"\]\(([\w./]+)\)", README):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:harness|tests|experiments)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), target


def test_make_lists_its_targets() -> None:
    said = make()
    for target in ("sweep", "test", "lint", "plan"):
        assert re.search(rf"^{target} +\w+", said, re.MULTILINE), said


def test_the_page_of_the_columns_is_made_from_the_schema() -> None:
    assert make_columns.PAGE.read_text("utf-8") == make_columns.page(), "say `make docs`"


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
