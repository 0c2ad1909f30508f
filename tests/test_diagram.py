"""The still of `explain`: what its texts, lines and maps say, not its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import harness
from harness.views.explain.still import NEGATIVE, NONE, POSITIVE, before_and_after
from tests.support import ROOT
from tests.support.command import call

QUESTION = ROOT / "experiments" / "question.yaml"
XOR = ROOT / "experiments" / "xor.yaml"
WIDE = {
    "name": "wide",
    "network": {"layers": [3, 9, 2], "activation": "tanh"},
    "data": {"rows": [[0.5, -1, 0.25, 1, 0.3], [-0.5, 0.2, 1, 0, 1]]},
    "parameters": {"learning_rate": 0.1, "epochs": 3, "init": "xavier_normal"},
}
DEEP = {**WIDE, "name": "deep", "network": {"layers": [3, 2, 2, 2, 2, 2]}}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def weights(record: Any) -> tuple[Any, Any]:
    update = record[record.phase == "update"].groupby("name", sort=False)
    return update.before.first(), update.after.last()


def test_the_question_s_answer_is_in_it() -> None:
    figure = before_and_after(harness.explain(QUESTION))
    before, after = figure.axes
    assert figure.get_suptitle() == "question: learning rate 0.1, init ones"
    assert (before.get_title(), after.get_title()) == ("before: cost 9", "after 1 epoch: loss_mean 9")
    assert texts(before).count("1") == 6 + 2
    assert {"2", "4", "target 1", "b 0", "x1", "a1_2", "y1"} <= set(texts(before))
    assert [texts(after).count(text) for text in ("0.4", "\u22120.2", "b \u22120.6")] == [4, 2, 3]


def test_no_value_stands_beside_weights_that_did_not_make_it() -> None:
    """The last forward pass was done before the last update, so the network after it has no values yet."""
    _, after = before_and_after(harness.explain(QUESTION, epochs=3)).axes
    assert {"x1", "x2", "a1_1", "a1_2", "y1"} <= set(texts(after))
    assert len(texts(after)) == 5 + 2 * 6 + 3


def test_an_edge_is_as_wide_and_coloured_as_its_weight() -> None:
    record = harness.explain(QUESTION, settings={"init": {"normal": {"std": 1}}}, epochs=5)
    for axes, expected in zip(before_and_after(record).axes, weights(record), strict=True):
        values = expected[[name for name in expected.index if name[0] == "w"]]
        lines = axes.lines
        assert [line.get_color() for line in lines] == [POSITIVE if value > 0 else NEGATIVE for value in values]
        widths = [line.get_linewidth() for line in lines]
        assert np.argsort(widths).tolist() == np.argsort(np.abs(values)).tolist()
        assert 1 < min(widths) < max(widths) <= 6


def test_weights_of_zero_and_of_no_number_are_drawn() -> None:
    record = harness.explain(QUESTION, settings={"learning_rate": 1e6, "init": "zeros"}, epochs=60)
    before, after = before_and_after(record).axes
    assert {line.get_color() for line in before.lines} == {NONE}
    assert len(after.lines) == 6
    assert drawn(before_and_after(record))
    diverged = before_and_after(harness.explain(QUESTION, settings={"learning_rate": 1e6}, epochs=60))
    assert any("inf" in text or "nan" in text for text in texts(diverged.axes[1]))
    assert drawn(diverged)


def drawn(figure: Figure) -> bool:
    figure.draw_without_rendering()
    return True


@pytest.mark.parametrize("experiment", [WIDE, DEEP], ids=lambda experiment: experiment["name"])
def test_larger_networks_are_maps(experiment: dict[str, Any]) -> None:
    record = harness.explain(experiment, epochs=3)
    before, after = weights(record)
    layers = experiment["network"]["layers"]
    figure = before_and_after(record)
    maps = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(maps) == 3 * (len(layers) - 1)
    for layer in range(1, len(layers)):
        row = [np.ma.getdata(image.get_array()) for image in maps[3 * layer - 3 : 3 * layer]]
        for matrix, expected in zip(row, (before, after, after - before), strict=True):
            assert matrix.shape == (layers[layer], layers[layer - 1] + 1)
            for j in range(layers[layer]):
                names = [f"w{layer}_{j + 1}_{i + 1}" for i in range(layers[layer - 1])] + [f"b{layer}_{j + 1}"]
                assert matrix[j].tolist() == expected[names].tolist()
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["before", "after 3 epochs of 2 samples", "change"]
    assert [image.get_clim()[1] > 0 and image.get_clim()[0] == -image.get_clim()[1] for image in maps] == [True] * len(
        maps
    )


FAN = {
    **WIDE,
    "name": "fan",
    "network": {"layers": [3, 4, 3], "activation": "relu"},
    "data": {"rows": [[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]]},
}
LONG = {**WIDE, "network": {"layers": [2, 8, 8, 8, 1]}, "data": {"rows": [[0.5, 1, 1]]}}


@pytest.mark.parametrize("experiment", [QUESTION, XOR, FAN, LONG], ids=["question", "xor", "fan", "long"])
def test_no_two_texts_overlap(experiment: Any) -> None:
    figure = before_and_after(harness.explain(experiment, epochs=10))
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        pairs = [(a, b) for a in range(len(boxes)) for b in range(a) if boxes[a].overlaps(boxes[b])]
        assert not pairs, [(texts(axes)[a], texts(axes)[b]) for a, b in pairs]


def test_the_command_writes_a_png_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "q.png"
    result = call("explain", QUESTION, "--png", target)
    assert (result.exit_code, result.output) == (0, f"wrote {target}\n")
    assert target.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["q.png"]
    nowhere = tmp_path / "no" / "q.png"
    failed = call("explain", QUESTION, "--png", nowhere)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == f"{nowhere}: cannot be written: No such file or directory\n"
