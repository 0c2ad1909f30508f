"""What `explain` records is bounded by where it is shown, and so is the work; and which epochs can be asked for."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness import reference
from harness.errors import HarnessError
from harness.views.explain import record
from harness.views.explain.configuration import chosen
from harness.views.explain.epochs import asked, parse_epochs, resolved
from harness.views.explain.excerpt import Lines, Page, excerpt_of
from harness.views.explain.page import to_html
from harness.views.explain.record import Recording, record_of
from tests.support import ROOT
from tests.support.command import call

QUESTION = ROOT / "experiments" / "question.yaml"
XOR = ROOT / "experiments" / "xor.yaml"
MOST_BYTES, MOST_LINES = 5_000_000, 200


def mapping(layers: list[int], samples: int = 4, epochs: int = 1, **training: Any) -> dict[str, Any]:
    return {
        "name": "-".join(map(str, layers)),
        "network": {"layers": layers, "activation": "tanh"},
        "data": {"generate": "xor", "samples": samples},
        "training": training,
        "parameters": {"learning_rate": 0.01, "epochs": epochs, "init": {"uniform": {"low": -0.1, "high": 0.1}}},
    }


def written(experiment: dict[str, Any], folder: Path) -> str:
    path = folder / "e.json"  # JSON is YAML
    path.with_suffix(".yaml").write_text(json.dumps(experiment), "utf-8")
    return str(path.with_suffix(".yaml"))


def explained(*arguments: object) -> str:
    result = call("explain", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later epoch is given up soon."""
    monkeypatch.setattr(record, "MOST_WORK", 600_000)


WIDE = mapping([2, 200, 200, 1])
MANY = mapping([2, 4, 1], samples=200, epochs=1000)
FULL = mapping([2, 4, 1], samples=200, epochs=20, batch_size="full", optimizer="adam")
ODD = mapping([2, 40, 40, 1], samples=5, epochs=9, batch_size=2, optimizer="momentum")  # ends in a batch of one
LARGE = [(WIDE, "1"), (MANY, "1000"), (MANY, "0,1,10,last"), (FULL, "20"), (ODD, "0,1,2,last")]
NAMES = ["wide", "many epochs", "a list", "full batch", "an odd batch"]


@pytest.mark.parametrize(("experiment", "epochs"), LARGE, ids=NAMES)
def test_a_page_has_under_5_mb_and_a_terminal_gets_under_200_lines(
    experiment: dict[str, Any], epochs: str, tmp_path: Path
) -> None:
    """The page and the terminal also say what is left out and how to get it."""
    file = written(experiment, tmp_path)
    page = tmp_path / "page.html"
    said = explained(file, "--epochs", epochs, "--html", page)
    assert page.stat().st_size < MOST_BYTES
    if experiment is WIDE or epochs == "1000":
        assert page.stat().st_size > MOST_BYTES / 5, "much more would have had room"
        assert "Left out: " in said
        assert "--csv and --json give all of it" in page.read_text("utf-8")
    text = explained(file, "--epochs", epochs)
    assert text.count("\n") < MOST_LINES
    assert "Left out: " in text
    assert "--csv and --json give all of it" in " ".join(text.split())


def test_a_terminal_gets_under_200_lines_of_any_number_of_layers(tmp_path: Path) -> None:
    text = explained(written({**mapping([2] * 90 + [1]), "name": "deep"}, tmp_path))
    assert text.count("\n") < MOST_LINES
    assert "Left out: all that comes after this; --csv and --json give all of it." in " ".join(text.split())


def test_what_fits_is_not_cut(tmp_path: Path) -> None:
    assert "Left out" not in explained(QUESTION)
    record = harness.explain(QUESTION, epochs=10)
    assert record.attrs["notes"] == []
    assert record["epoch"].unique().tolist() == [*range(1, 11)]


def recorded_steps(experiment: Any, epochs: Any, room: Any) -> tuple[Recording, list[tuple[int, int]]]:
    """(epoch, sample) of every update that is recorded."""
    configuration = chosen(experiment, {})
    recording = Recording(configuration, configuration.shown_epochs(asked(epochs), drawn=True), room)
    updates = [row for part in recording.parts() for row in part if row["phase"] == "update"]
    return recording, list(dict.fromkeys((row["epoch"], row["sample"]) for row in updates))


def test_of_many_epochs_the_first_and_the_last_are_recorded() -> None:
    """Each epoch is recorded whole, as at least two of them fit."""
    recording, steps = recorded_steps(mapping([2, 4, 1], 200, 1000), 1000, Page())
    epochs = [epoch for epoch, sample in steps if sample == 1]
    assert len(epochs) > 10
    assert epochs == [*range(1, len(epochs)), 1000] or recording.missed == [1000]
    assert len(steps) == 200 * len(epochs)


def test_of_a_long_epoch_the_first_updates_and_the_last_are_recorded() -> None:
    _, steps = recorded_steps(mapping([2, 4, 1], 200, 3), [2], Lines(200))
    assert steps == [*[(2, sample) for sample in range(1, len(steps))], (2, 200)]
    assert 2 <= len(steps) < 10


def test_a_list_of_epochs_is_recorded_in_the_room_of_them_all() -> None:
    """Where the room does not hold all epochs of the list, the first ones and the last are recorded."""
    experiment = mapping([2, 1], 2, 50)
    recording, steps = recorded_steps(experiment, [0, 3, "last"], Lines(200, size=300))
    assert (recording.excerpt.epochs, steps) == ([0, 3, 50], [(3, 1), (3, 2), (50, 1), (50, 2)])
    recording, steps = recorded_steps(experiment, [0, 3, "last"], Lines(200))
    assert (recording.excerpt.epochs, steps) == ([0, 50], [(50, 1), (50, 2)])
    assert recording.notes() == ["Left out: 1 of the 3 epochs; --csv and --json give all of it."]


def test_the_steps_that_are_recorded_are_those_of_the_whole_record() -> None:
    """The numbers of a step are equal to those of the whole record, however much is left out before it."""
    whole = harness.explain(XOR, epochs=12)
    some = harness.explain(XOR, epochs=[3, 7, 12])
    assert some["epoch"].unique().tolist() == [3, 7, 12]
    for column in ("name", "formula", "value", "before", "gradient", "change", "after"):
        expected = whole[whole.epoch.isin([3, 7, 12])][column].tolist()
        assert [*map(repr, some[column])] == [*map(repr, expected)], column
    assert some.attrs["gaps"] == [(3, 1), (7, 1), (12, 1)]


def test_units_that_are_left_out_change_no_number(tmp_path: Path) -> None:
    file = written(mapping([2, 12, 3, 1], 2), tmp_path)
    whole = pd_read(explained(file, "--csv"))
    few = Recording(chosen(file, {}), [1], Lines(80))
    assert few.excerpt.units is not None
    assert few.excerpt.units < 12
    rows = [row for part in few.parts() for row in part]
    assert rows
    for row in rows:
        found = whole[row["epoch"], str(row.get("sample", "")), row["phase"], row["name"]]
        numbers = {key: repr(row[key]) for key in ("value", "before", "gradient", "change", "after") if key in row}
        assert {key: repr(float(found[key])) for key in numbers} == numbers


def pd_read(text: str) -> dict[Any, dict[str, str]]:
    keys = ("epoch", "sample", "phase", "name")
    rows = csv.DictReader(io.StringIO(text))
    return {(int(row["epoch"]), *(row[key] for key in keys[1:])): row for row in rows}


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_json_and_csv_are_whole(form: str, tmp_path: Path) -> None:
    """All 5,000-odd weights of every step, whatever a page or a terminal would show of them."""
    text = explained(written(mapping([2, 50, 50, 50, 1], 3), tmp_path), form)
    rows = json.loads(text) if form == "--json" else list(csv.DictReader(io.StringIO(text)))
    updates = [row for row in rows if row["phase"] == "update"]
    assert len(updates) == 3 * (2 * 50 + 50 + 2 * (2500 + 50) + 51)


def test_what_is_streamed_is_made_step_by_step() -> None:
    """A billion epochs begin at once, and no more than one update is held."""
    recording = Recording(chosen(XOR, {}), range(1, 10**9 + 1))
    parts = list(islice(recording.parts(), 7))
    assert [{row["epoch"] for row in part} for part in parts] == [{1}, {1}, {1}, {1}, {1}, {2}, {2}]
    assert max(map(len, parts)) < 60


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later epoch is not reached at any price, and it is said."""
    monkeypatch.setattr(record, "MOST_WORK", 50_000)
    trained = counted(monkeypatch)
    recording, steps = recorded_steps(XOR, [1, 2, 10**9], Page())
    assert sorted({epoch for epoch, _ in steps}) == [1, 2]
    assert recording.missed == [10**9]
    assert len(trained) < 50_000 / 142 + 2 * 4 + 2
    (note,) = recording.notes()
    assert note == (
        f"Not shown: epoch 1,000,000,000; to train up to there takes too long, it ended after {recording.reached:,}."
    )


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epoch of each update of the reference."""
    trained: list[int] = []
    plain = reference.epochs

    def noted(*arguments: Any) -> Any:
        for event in plain(*arguments):
            if isinstance(event, reference.Update):
                trained.append(event.epoch)
            yield event

    monkeypatch.setattr(reference, "epochs", noted)
    return trained


def test_a_run_that_has_settled_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its billionth epoch is as the one in which it settled."""
    trained = counted(monkeypatch)
    settings = {"learning_rate": 0.1, "epochs": 10**9}
    late = harness.explain(QUESTION, settings=settings, epochs=[10**9])
    assert len(trained) < 2000
    assert late.attrs["notes"] == []
    assert late["epoch"].unique().tolist() == [10**9]
    early = harness.explain(QUESTION, settings=settings, epochs=[1500])
    columns = ["name", "formula", "value", "before", "gradient", "change", "after"]
    assert late[columns].reset_index(drop=True).equals(early[columns].reset_index(drop=True))


@pytest.mark.parametrize(("optimizer", "batch"), [("sgd", 1), ("momentum", 3), ("adam", "full")])
def test_the_room_is_not_exceeded_for_any_shape(optimizer: str, batch: Any) -> None:
    for layers in ([2, 1], [2, 8, 8, 1], [2, 300, 1], [2, 100, 100, 1]):
        for samples in (1, 4, 100):
            experiment = mapping(
                layers, samples, 5, optimizer=optimizer, batch_size=min(batch, samples) if batch != "full" else batch
            )
            configuration = chosen(experiment, {})
            structure = configuration.training().network.structure
            for room in (Page(size=200_000), Lines(80), Lines(160)):
                excerpt = excerpt_of(structure, samples, range(1, 1001), room)
                assert excerpt.epochs[0] == 1 or len(excerpt.epochs) == 1
                assert excerpt.epochs[-1] == 1000
            text = to_html(record_of(Recording(configuration, [1, 2, 5], Page(size=300_000))))
            assert len(text) < 300_000 + 100_000, (layers, samples)


@pytest.mark.parametrize(
    ("text", "meant", "epochs"),
    [
        ("3", 3, [1, 2, 3]),
        ("0", 0, [0]),
        ("3,", (3,), [3]),
        ("last", ("last",), [20]),
        ("0,1,10,last", (0, 1, 10, "last"), [0, 1, 10, 20]),
        (" 10, 1,1 ,0", (10, 1, 1, 0), [0, 1, 10]),
        ("20,last", (20, "last"), [20]),
    ],
)
def test_epochs_are_a_number_or_a_list(text: str, meant: Any, epochs: list[int]) -> None:
    assert parse_epochs(text) == meant
    assert asked(text) == asked(meant) == meant
    assert [*resolved(meant, 20)] == epochs


@pytest.mark.parametrize(
    "text", ["", ",", "x", "-1", "1.5", "1,,2", "1,x", "1-3", "first", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_what_are_no_epochs_is_said_in_a_line(text: str) -> None:
    said = "expected a number N for the first N epochs, or a list of epochs such as 0,1,10,last"
    result = call("explain", QUESTION, "--epochs", text)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"--epochs {text}: {said}\n")
    for value in (-1, 1.5, [1, -2], [], [1.0], True, ["first"]):
        with pytest.raises(HarnessError, match=re.escape(f"epochs {value!r}: {said}")):
            harness.explain(QUESTION, epochs=value)  # type: ignore[arg-type]


def test_epoch_0_is_the_network_before_training() -> None:
    record = harness.explain(XOR, epochs=[0, 1])
    start = record[record.epoch == 0]
    assert start.phase.unique().tolist() == ["weights", "forward"]
    assert start["sample"].dropna().unique().tolist() == [1, 2, 3, 4]
    first = record[record.phase == "update"].drop_duplicates("name").set_index("name").before
    weights = start[start.phase == "weights"].set_index("name").value
    assert weights.to_dict() == first.to_dict()
    forward = record[(record.phase == "forward") & (record["sample"] == 1)]
    values = [forward[forward.epoch == epoch].set_index("name").value.to_dict() for epoch in (0, 1)]
    assert values[0] == values[1]


@pytest.mark.parametrize("init", ["xavier_uniform", "he_normal"])
def test_the_weights_of_a_layer_are_drawn_together(init: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    philox = np.random.Philox
    monkeypatch.setattr(np.random, "Philox", lambda **given: made.append(given) or philox(**given))
    chosen(mapping([2, 300, 300, 1]), {"init": init}).training()
    assert len(made) < 3 * 60  # for each layer one, and of a normal distribution for each attempt
