"""Experiments to begin with: a start, copies of shipped ones, drafts for CSV files; and what a shell completes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.shell_completion import ShellComplete

import harness
from harness.cli import main
from harness.experiment import load, shipped
from harness.experiment.measured import Part
from harness.experiment.model import Experiment
from harness.sweeps.plan import Plan
from harness.views.plots import KINDS
from tests.support import ROOT
from tests.support.command import call

SHIPPED = sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml"))


def new(*arguments: str) -> Experiment:
    """The experiment that is written, and that `harness plan` passes."""
    result = call("new", *arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    file = re.findall(r"^wrote (\S+\.yaml)$", result.stdout, re.MULTILINE)[0]
    assert f"harness plan {file} " in result.stdout
    assert call("plan", file).exit_code == 0
    return load(file)


def refused(*arguments: str) -> str:
    """The one line with which nothing is written."""
    before = sorted(Path().iterdir())
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sorted(Path().iterdir()) == before
    assert result.stderr.count("\n") == 1
    return result.stderr.rstrip()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)


def comments(file: str) -> str:
    return "\n".join(re.findall(r"#.*", Path(file).read_text()))


def test_a_start_has_a_comment_for_every_section_and_runs() -> None:
    experiment = new("mine")
    assert (experiment.name, Plan(experiment).rows) == ("mine", 2 * 25 * 2 * 2 * 10)
    assert {"harness sweep mine.yaml", "results/mine"} <= set(
        re.findall(r"harness sweep \S+|results/\w+", comments("mine.yaml"))
    )
    assert len(harness.train("mine.yaml")) == Plan(experiment).rows


def test_without_a_name_it_is_called_experiment() -> None:
    assert new().name == "experiment"


def test_what_a_start_says_in_comments_works() -> None:
    """Each form of data that it shows, and the line that records curves."""
    new("mine")
    text = Path("mine.yaml").read_text()
    Path("points.csv").write_bytes((ROOT / "experiments" / "points.csv").read_bytes())
    rows = re.search(r"  rows: .*\n", text)
    assert rows
    for first, lines in (("file", 3), ("generate", 2)):
        shown = re.search(rf"(  #   {first}: .*\n(?:  #   \w+: .*\n){{{lines - 1}}})", text)
        assert shown
        Path("other.yaml").write_text(text.replace(rows.group(), shown.group().replace("#   ", "")))
        assert len(load("other.yaml").data.inputs) in (40, 200)
    Path("curves.yaml").write_text(text.replace("# record:", "record:"))
    assert load("curves.yaml").losses_every == 10


@pytest.mark.parametrize("origin", SHIPPED)
def test_a_copy_of_a_shipped_experiment_is_the_same_but_for_its_name(origin: str) -> None:
    there, copied = load(ROOT / "experiments" / f"{origin}.yaml"), new("mine", "--from", origin)
    assert (copied.name, copied.fingerprint) == ("mine", there.fingerprint)
    said = comments("mine.yaml")
    assert not re.search(r"experiments/|points\.csv.*Copy", said)
    assert set(re.findall(r"results/([\w-]+)", said)) <= {"mine"}
    assert set(re.findall(r"[\w/]+\.yaml", said)) <= {"mine.yaml"}
    assert said.count("\n") == "\n".join(re.findall("#.*", there.source)).count("\n")


@pytest.mark.parametrize("origin", SHIPPED)
def test_a_copy_without_a_name_keeps_its_own(origin: str) -> None:
    assert new("--from", origin).source.encode() == Path(f"{origin}.yaml").read_bytes()
    assert load(f"{origin}.yaml").name == load(shipped.path(origin)).name


def test_a_copy_comes_with_its_data_once() -> None:
    assert call("new", "a", "--from", "own_data").stdout.startswith("wrote points.csv\nwrote a.yaml\n")
    assert call("new", "b", "--from", "own_data").stdout.startswith("wrote b.yaml\n")
    Path("points.csv").write_text("mine\n")
    assert refused("new", "c", "--from", "own_data").startswith("points.csv: is there already; ")
    assert Path("points.csv").read_text() == "mine\n"


@pytest.mark.parametrize("made", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_nothing_is_overwritten(made: Any) -> None:
    made(Path("mine.yaml"))
    wanted = "mine.yaml: is there already; expected a NAME that no file has, as nothing is overwritten"
    for arguments in ([], ["--from", "own_data"]):
        assert refused("new", "mine", *arguments) == wanted
    assert refused("new", "mine.yaml") == wanted


def test_a_failed_write_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", *arguments: Any) -> Any:
        if path.suffix == ".yaml" and mode == "xb":
            raise OSError(28, "No space left on device", str(path))
        return opened(path, mode, *arguments)

    monkeypatch.setattr(Path, "open", full)
    result = call("new", "--from", "own_data")
    assert (result.exit_code, result.stderr) == (1, "own_data.yaml: No space left on device\n")
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a/b"], "NAME: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found 'a/b'"),
        (["../x.yaml"], "NAME: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found '../x'"),
        (
            ["--from", "questoin"],
            f"--from questoin: expected {', '.join(SHIPPED[:-1])} or {SHIPPED[-1]}; did you mean question?",
        ),
        (["--from", "xor", "--csv", "p.csv"], "--from and --csv: expected one of them"),
        (["--csv", "p.csv"], "p.csv: no such file"),
        (["--csv", "p.xlsx"], "p.xlsx: expected a file that ends in .csv or .tsv"),
    ],
)
def test_what_cannot_be_written_is_one_line(arguments: list[str], line: str) -> None:
    assert refused("new", *arguments) == line


@pytest.mark.parametrize("name", ["123", "1e3", "true", "null", "yes", "a.b-c_d"])
def test_a_name_that_yaml_would_take_for_something_else_is_quoted(name: str) -> None:
    assert new(name).name == name
    assert new(f"{name}2", "--from", "xor").name == f"{name}2"


def csv(text: str | bytes, name: str = "p.csv") -> Experiment:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return new("--csv", name)


def facts(experiment: Experiment) -> tuple[Any, ...]:
    """(loss, classes, layers, folds, samples of the test part) of a draft."""
    (layers,) = [d.values("layers") for g in experiment.grids for d in g.dimensions if "layers" in d.keys]
    data = experiment.data
    tested = len(data.parts(0 if data.folds else None).get(Part.TEST, ()))
    return experiment.settings["loss"], data.classes, layers, data.folds, tested


def column(name: str, cells: Any) -> str:
    """A CSV file of this last column, beside an input that counts in halves."""
    return f"a,{name}\n" + "".join(f"{number / 2},{cell}\n" for number, cell in enumerate(cells, 1))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ", "])
def test_a_target_of_two_classes_gets_binary_cross_entropy(separator: str) -> None:
    lines = [["a", "b", "y"], *([str(i / 2), str(i), str(i % 2)] for i in range(1, 31))]
    made = csv("\n".join(map(separator.join, lines)))
    assert facts(made) == ("bce", ("0", "1"), ((2, 4, 1), (2, 16, 1)), 5, 6)
    assert made.name == "p"
    assert re.search(
        r"^# p\.csv has 30 rows and 3 columns, with (commas|semicolons|tabs|bars) ", comments("p.yaml"), re.MULTILINE
    )
    assert "0 in 15 rows, 1 in 15 rows; the target, by its name" in comments("p.yaml")
    assert csv(column("z", [-1, 7] * 10), "q.csv").data.classes == ("-1", "7")


def test_a_target_of_numbers_gets_the_squared_error() -> None:
    made = csv(column("b", [2.5, 0.1, 7] * 5))
    assert facts(made) == ("mse", (), ((1, 4, 1), (1, 16, 1)), 5, 3)
    assert made.settings["standardize"] == "both"
    assert "0.1 in 5 rows, 2.5 in 5 rows, 7 in 5 rows; the target, as the last column" in comments("p.yaml")
    csv(column("b", [i / 2 for i in range(6)]), "q.csv")
    assert "from 0 to 2.5; the target, as the last column" in comments("q.yaml")


def test_labels_are_classes() -> None:
    made = csv(column("kind", ["setosa", "virginica", "it's"] * 10))
    assert facts(made) == ("cross_entropy", ("it's", "setosa", "virginica"), ((1, 4, 3), (1, 16, 3)), 4, 6)
    assert made.settings["standardize"] == "inputs"
    assert "it's in 10 rows, setosa in 10 rows, virginica in 10 rows; the target" in comments("p.yaml")
    csv(column("kind", "abcdef" * 4), "q.csv")
    assert "6 classes, of 4 to 4 rows; the target" in comments("q.yaml")


def test_whole_numbers_are_classes_if_they_are_few_and_often_there() -> None:
    assert facts(csv(column("quality", [3, 4, 8] * 10)))[:2] == ("cross_entropy", ("3", "4", "8"))
    assert csv(column("quality", [3, 4, 8] * 9), "q.csv").settings["loss"] == "mse"
    assert "With `classes: auto` and cross_entropy, each number would be a class." in comments("q.yaml")
    assert csv(column("label", [3, 4, 8] * 9), "r.csv").data.classes == ("3", "4", "8")
    assert csv(column("count", [*range(11)] * 10), "s.csv").settings["loss"] == "mse"


@pytest.mark.parametrize(
    ("rows", "folds"), [((4, 30), 0), ((5, 93), 2), ((8, 8), 3), ((7, 11, 60), 2), ((60, 13), 5), ((50, 50), 5)]
)
def test_no_part_of_the_rows_is_without_a_class(rows: tuple[int, ...], folds: int) -> None:
    """Whatever rows are drawn: an experiment with such a part would be refused."""
    cells = np.repeat(list("abc")[: len(rows)], rows)
    made = csv(column("kind", cells))
    assert facts(made)[3:] == (folds, round(0.2 * len(cells)) if folds else 0)
    assert bool(folds) != ("With more rows, or more of each class" in comments("p.yaml"))
    for seed in range(1, 20):
        Path("p.yaml").write_text(made.source.replace("test: 0.2}", f"test: 0.2, seed: {seed}}}"))
        assert load("p.yaml").data.folds == folds


@pytest.mark.parametrize("name", ["target", "label", "class", "y", "Y", "Target"])
def test_a_target_is_known_by_its_name(name: str) -> None:
    assert csv(f"a,{name},b\n1,2.5,3\n4,5.5,6\n").data.targets.tolist() == [[2.5], [5.5]]


def test_columns_that_are_no_inputs_are_left_out_with_a_comment() -> None:
    made = csv(
        "\ufeff;id;name;Size, cm;gap;twice;twice;mixed;odd;no;y\n"
        "0;17;ann;1,5;;1;2;1;9;;0\n1;4;bob;2,5;3;1;2;?;b;;1\n2;9;cy;3,5;;1;2;?;c;;1\n"
    )
    np.testing.assert_equal(made.data.inputs, [[1.5, np.nan, 1], [2.5, 3, np.nan], [3.5, np.nan, np.nan]])
    said = comments("p.yaml")
    for line in (
        "(unnamed)  left out: has no name and counts from 0",
        "id         left out: only numbers the rows",
        "name       left out: holds text ('ann', 'bob', ..); networks take numbers",
        "Size, cm   from 1.5 to 3.5",
        "gap        from 3 to 3, and 2 empty cells",
        "twice      left out: has a name that stands twice",
        "mixed      from 1 to 1, and 2 empty cells",
        "odd        left out: holds 'b' in row 2 and no number in 1 more",
        "no         left out: holds nothing",
    ):
        assert f"#   {line}\n" in said


def test_inputs_without_gaps_are_not_filled() -> None:
    csv(column("y", [0, 1] * 6))
    assert "missing" not in Path("p.yaml").read_text()


def test_a_file_is_named_as_seen_from_here() -> None:
    Path("data").mkdir()
    assert csv("a,b\n1,2\n", "data/my table (1).csv").name == "my-table-1-"
    assert 'file: "data/my table (1).csv"' in Path("my-table-1-.yaml").read_text()


def test_names_of_any_kind_are_quoted() -> None:
    made = csv('"a: b",#x,"it\'s",yes,1e3,é\n1,2,3,4,5,6\n7,8,9,10,11,12\n')
    assert made.data.inputs.tolist() == [[1, 2, 3, 4, 5], [7, 8, 9, 10, 11]]


@pytest.mark.parametrize("samples", [1, 7, 8, 100, 5000])
def test_a_sweep_of_the_draft_takes_seconds(samples: int) -> None:
    numbers = np.random.default_rng(0).standard_normal((samples, 3))
    made = csv("a,b,c\n" + "".join(f"{a},{b},{c}\n" for a, b, c in numbers.tolist()))
    assert Plan(made).steps / Plan(made).runs <= 4e5
    np.testing.assert_array_equal(np.hstack([made.data.inputs, made.data.targets]), numbers)


def test_a_wide_file_has_a_short_comment() -> None:
    csv(",".join(f"pixel{i}" for i in range(785)) + "\n" + ",".join("1" * 785) + "\n")
    text = Path("p.yaml").read_text()
    assert "\n#   and 754 more\n#   pixel784  " in text
    assert "predict pixel784 from pixel0, pixel1 and 782 more?" in text


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "p.csv: the file is empty"),
        ("a,b\n", "p.csv: has no rows"),
        ("a\n1\n", "p.csv: has one column, 'a'; expected several, with a comma, semicolon, tab or | between them"),
        ("1.0,2.0,0\n", "p.csv: has no header: its first line is 1.0,2.0,0; expected names, such as x1,x2,y"),
        ("x,y,z\n1,2\n", "p.csv: has 2 cells in row 2, 1,2; expected 3, one for each name in its first line"),
        (
            "a,kind\n1,setosa\n2,setosa\n",
            "p.csv: the target, column kind, holds text ('setosa'); expected from 2 to 1,000 different labels, found 1",
        ),
        ("a,kind\n1,setosa\n2,NA\n3,virginica\n", "p.csv: the target, column kind, has an empty cell in row 2"),
        ("a,y\n1,1\n2,b\n", "p.csv: the target, column y, holds 'b' in row 2"),
        ("a,y\n1,\n2,1\n", "p.csv: the target, column y, has an empty cell in row 1"),
        ("a,\n1,2\n2,1\n", "p.csv: the target, column without a name, has no name"),
        ("id,a,y\n1,x,0\n2,y,1\n", "p.csv: no column of numbers is left for the inputs beside the target y"),
    ],
)
def test_a_file_that_no_network_can_learn_from_is_one_line(content: str, line: str) -> None:
    Path("p.csv").write_text(content)
    assert refused("new", "--csv", "p.csv") == line


def test_commands_without_a_file_take_the_question_and_the_default_experiment() -> None:
    assert call("explain").stdout == call("explain", str(ROOT / "experiments" / "question.yaml")).stdout
    assert call("plan").stdout == call("plan", str(ROOT / "experiments" / "learning_rate.yaml")).stdout
    Path("question").mkdir()
    Path("learning_rate").touch()
    assert call("explain").stdout.startswith("question: learning_rate 0.1")
    assert call("plan").stdout.startswith("rows    136,000")


def test_a_name_is_a_shipped_experiment_where_there_is_no_such_file() -> None:
    assert load("own_data").fingerprint == load(ROOT / "experiments" / "own_data.yaml").fingerprint
    assert len(harness.train("question")) == 8
    assert refused("plan", "qestion") == "qestion: no such file; did you mean question?"
    for name in ("xor.yaml", "experiments/xor.yaml"):
        said = "to use the shipped experiment say xor, to copy it here harness new --from xor"
        assert refused("plan", name) == f"{name}: no such file; {said}"
    Path("question").write_text("name: mine\n")
    assert "question:1:1: data: missing; " in call("plan", "question").stderr


def test_what_is_swept_by_name_goes_on_and_is_extended() -> None:
    assert call("sweep", "own_data").exit_code == 0
    assert "nothing was left to do" in call("sweep", "own_data").stdout
    assert "nothing was left to do" in call("sweep", "own_data", "--extend").stdout


def completed(*words: str) -> list[tuple[str, str]]:
    """(type, value) of what a shell completes the last word to."""
    items = ShellComplete(main, {}, "harness", "_HARNESS_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [(item.type, item.value) for item in items]


def test_a_shell_completes_experiments() -> None:
    for file in ("mine.yaml", "quick.yaml", "notes.txt", "qu\nestion.yaml", "qu\x1b[31m.yaml"):
        Path(file).touch()
    for command in ("explain", "plan", "sweep"):
        assert completed(command, "qu") == [("plain", "question"), ("plain", "quick.yaml")]
        assert completed(command, "") == [("plain", name) for name in sorted([*SHIPPED, "mine.yaml", "quick.yaml"])]
        assert completed(command, "exp") == [("file", "exp")]
    assert completed("new", "--from", "x") == [("plain", "xor")]
    assert completed("new", "--csv", "p") == [("file", "p")]


def test_a_shell_completes_kinds_axes_and_columns_of_a_folder() -> None:
    folder = str(harness.sweep("question"))
    assert completed("plot", folder, "--kind", "") == [("plain", kind) for kind in KINDS]
    for option in ("--x", "--y"):
        assert completed("plot", folder, option, "") == [("plain", "learning_rate"), ("plain", "epochs")]
    assert completed("plot", folder, "--color", "loss_m") == [("plain", f"loss_m{end}") for end in ("in", "ean", "ax")]
    assert ("plain", "w1_1_2") in completed("plot", folder, "--color", "w")
    for nothing in ("nowhere", "."):
        assert completed("plot", nothing, "--x", "") == []
    assert completed("plot", "--x", "") == []
    assert completed("plot", "--x", "epochs", folder, "--y", "l") == [("plain", "learning_rate")]
    for command in ("plot", "report", "status", "verify", "compact"):
        assert completed(command, "res") == [("dir", "res")]
