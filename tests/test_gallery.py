"""The gallery is what `make gallery` makes: every kind of picture, each with the command that draws it."""

from __future__ import annotations

import shlex
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from harness.views.plots import KINDS
from tests import make_gallery
from tests.make_gallery import GALLERY, PICTURES, SHOWN, Shot
from tests.support import ROOT
from tests.support.command import call

MOST_BYTES = 2_500_000
"""The most bytes of all pictures of the gallery together, small enough for a repository."""


def test_it_has_every_kind_and_nothing_else() -> None:
    assert {one.kind for one in PICTURES} == set(KINDS)
    assert {path.name for path in GALLERY.iterdir()} == {"README.md", *(one.name for one in (*SHOWN, *PICTURES))}
    assert (GALLERY / "README.md").read_text("utf-8") == make_gallery.words()
    assert sum(path.stat().st_size for path in GALLERY.iterdir()) < MOST_BYTES


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small ones of the experiments, swept."""
    folder = tmp_path_factory.mktemp("gallery")
    for name in ("question", "symmetry", "own_data", "sine"):
        call("sweep", make_gallery.file_of(name), "--results", folder / "results")
    return folder


SMALL = [one for one in PICTURES if one.experiment in ("question", "symmetry", "own_data", "sine")]


@pytest.mark.parametrize("one", SMALL, ids=lambda one: one.name)
def test_the_command_draws_the_picture_that_is_there(one: Shot, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results)
    program, *arguments = shlex.split(one.command)
    assert program == "harness"
    result = call(*arguments, "--save", "drawn.png")
    assert result.exit_code == 0, result.output
    drawn, there = (np.asarray(Image.open(path), float) for path in ("drawn.png", GALLERY / one.name))
    if f"matplotlib=={matplotlib.__version__}\n" in (ROOT / "requirements-dev.lock").read_text("utf-8"):
        assert drawn.shape == there.shape
        assert np.abs(drawn - there).mean() < 2  # of 255
    else:  # which may lay letters out otherwise
        assert drawn.shape == pytest.approx(there.shape, rel=0.02)
