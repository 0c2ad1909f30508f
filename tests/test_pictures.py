"""What `harness sweep --report` ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.views.report import ending
from tests.snippets import make
from tests.support.command import call

EXPERIMENT: dict[str, Any] = {
    "name": "drawn",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1]]},
    "parameters": {"learning_rate": {"geomspace": [1e-3, 1, 9]}, "epochs": [1, 100], "init": "ones"},
}
WIDE = EXPERIMENT | {
    "network": {"layers": [2, 200, 1]},
    "parameters": {"learning_rate": 1, "epochs": 2, "init": "ones"},
}


def swept(experiment: dict[str, Any], folder: Path, *options: str) -> dict[str, str]:
    """What a sweep into the folder prints, by name."""
    file = folder / "experiment.yaml"
    file.write_text(json.dumps(experiment), "utf-8")
    result = call("sweep", file, "--results", folder, *options)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if "is complete" not in line]
    pairs = (line.partition("  ") for line in lines)
    return {name: told.lstrip() for name, _, told in pairs}


@pytest.mark.parametrize("again", [False, True])
def test_a_page_and_a_picture_lie_beside_the_table(tmp_path: Path, again: bool) -> None:
    folder = tmp_path / "drawn"
    if again:
        assert "report" not in swept(EXPERIMENT, tmp_path)
        assert {path.name for path in folder.iterdir() if path.suffix in (".html", ".png")} == set()
    told = swept(EXPERIMENT, tmp_path, "--report")
    assert (told["report"], told["picture"]) == (f"{folder}/report.html", f"{folder}/drawn-map.png")
    assert Path(told["report"]).read_text("utf-8").startswith("<!DOCTYPE html>")
    assert Path(told["picture"]).read_bytes().startswith(b"\x89PNG")
    assert call("verify", folder).exit_code == 0


def test_make_sweep_draws() -> None:
    assert make("-n", "sweep").splitlines()[-1].endswith(" --report")


def test_where_there_is_no_picture_the_sweep_says_why(tmp_path: Path) -> None:
    told = swept(WIDE, tmp_path, "--report")
    assert Path(told["report"]).exists()
    assert told["picture"].startswith(f"none; {tmp_path}/drawn: a network too large for this picture")


def test_too_many_rows_are_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "MOST_ROWS", 17)
    told = swept(EXPERIMENT, tmp_path, "--report")
    some = f"`harness plot {tmp_path}/drawn --where KEY=VALUE` draws some of them"
    assert told["report"] == f"none of more than 17 rows; {some}"
    assert "picture" not in told


def test_an_object_store_has_none() -> None:
    told = ending.write("s3://bucket/results/drawn", 18)
    page = "none in an object store; `harness report s3://bucket/results/drawn --save F` writes it here"
    assert told == {"report": page}


def _folder(path: Path) -> None:
    path.mkdir()


def _notes(path: Path) -> None:
    path.write_text("<!DOCTYPE html><title>my notes</title>", "utf-8")


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("plant", [_folder, _notes, _link])
@pytest.mark.parametrize("what", ["report.html", "drawn-map.png"])
def test_what_the_user_has_by_the_name_of_a_picture_stays(
    tmp_path: Path, what: str, plant: Callable[[Path], None]
) -> None:
    swept(EXPERIMENT, tmp_path)
    plant(tmp_path / "drawn" / what)
    before = (tmp_path / "drawn" / what).lstat()
    file = str(tmp_path / "experiment.yaml")
    result = call("sweep", file, "--results", tmp_path, "--report")
    assert result.exit_code == 1
    stays = "not made by harness, so it stays; rename it, or write elsewhere with --save"
    assert result.stderr == f"{tmp_path}/drawn/{what}: {stays}\n"
    assert (tmp_path / "drawn" / what).lstat().st_ino == before.st_ino


def test_pictures_of_ours_are_drawn_anew(tmp_path: Path) -> None:
    for _ in range(2):
        told = swept(EXPERIMENT, tmp_path, "--report")
        assert (told["report"], told["picture"]) == (f"{tmp_path}/drawn/report.html", f"{tmp_path}/drawn/drawn-map.png")


def test_a_name_that_was_asked_for_is_replaced(tmp_path: Path) -> None:
    swept(EXPERIMENT, tmp_path)
    page = tmp_path / "page.html"
    _notes(page)
    result = call("report", tmp_path / "drawn", "--save", page)
    assert result.exit_code == 0
    assert "my notes" not in page.read_text("utf-8")
