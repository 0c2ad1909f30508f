"""A results folder with a user in it: whatever both do, in any order, nothing of the user's and no row is lost."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

import harness
from harness.errors import HarnessError, HarnessWarning
from harness.experiment import load
from harness.store.compact import compact
from harness.store.contents import Contents, StoreError
from harness.store.disk import Disk
from harness.sweeps import plan, run
from harness.views.status import status_of
from reliability.sweeps import merging, tree

BASE: dict[str, Any] = {
    "name": "trial",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {
        "learning_rate": [0.001, 0.01, 0.1, 3.0],
        "epochs": [0, 1, 300],
        "init": {"normal": {"std": 0.5}},
    },
    "repeats": 3,
    "record": {"losses": {"every": 100}},
}
EXPERIMENTS = {
    "base": BASE,
    "wider": BASE | {"parameters": BASE["parameters"] | {"learning_rate": [0.001, 0.01, 0.02, 0.1, 3.0]}},
    "another": BASE | {"seed": 7, "record": {}},
}
SIZES = (None, 2, 5)
PLACES = ("", "runs/", "log/", "curves/", "blocks/")


@cache
def from_nothing(name: str) -> pd.DataFrame:
    """The table that an experiment gives in memory."""
    return harness.train(EXPERIMENTS[name])


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def in_a_line() -> Iterator[list[HarnessError]]:
    """Gives the errors of the harness that are raised inside, which have a line each."""
    errors: list[HarnessError] = []
    try:
        yield errors
    except HarnessError as error:
        errors.append(error)
    assert not [error for error in errors if "\n" in str(error)]


def killed_after(blocks: int) -> run.Executor:
    """An executor that is killed when so many blocks are done."""

    def execute(function: Callable[[Any], int], tasks: Iterable[Any]) -> Iterator[int]:
        yield from map(function, itertools.islice(tasks, blocks))
        raise Killed

    return execute


class Cut:
    """Kills at the n-th change that is made to names on the disk, before it or after it."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after = at, after

    def __call__(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            result = change(*arguments, **options)
            if self.left == 0:
                raise Killed
            return result

        return counted


class FolderMachine(RuleBasedStateMachine):
    """mine: the user's files and links, by path, with the bytes that they hold or lead to."""

    files: Bundle[str] = Bundle("files")

    @initialize()
    def begin(self) -> None:
        self.results = Path(tempfile.mkdtemp())
        self.folder, self.outside = self.results / "trial", Path(tempfile.mkdtemp())
        self.mine: dict[Path, bytes] = {}
        self.version, self.numbers = "", itertools.count()

    def teardown(self) -> None:
        if hasattr(self, "outside"):  # what never began may be torn down, too
            shutil.rmtree(self.results)
            shutil.rmtree(self.outside)

    # The sweep

    def sweep(self, name: str, executor: run.Executor | None = None, **options: Any) -> bool:
        """Whether it went to its end. A refusal changes nothing, but that it completes what a killed one began."""
        before, tidy = tree(self.folder) if self.folder.exists() else {}, not Disk(self.folder).untidy()
        version = (lambda fast: (self.version,)) if self.version else plan.version
        with in_a_line() as refused, merging(10), mock.patch.object(plan, "version", version):
            run.sweep(load(EXPERIMENTS[name]), self.results, run.Options(threads=1, **options), executor)
        if refused and isinstance(refused[0], StoreError) and tidy:
            assert {**tree(self.folder), ".lock": None} == {**before, ".lock": None}, "a refusal changes nothing"
        return not refused

    @rule(
        name=st.sampled_from(sorted(EXPERIMENTS)),
        size=st.sampled_from(SIZES),
        how=st.sampled_from(["", "overwrite", "extend"]),
    )
    def goes_to_its_end(self, name: str, size: int | None, how: str) -> None:
        if self.sweep(name, block_size=size, **({how: True} if how else {})):
            self.is_the_table_from_nothing(name)

    @rule(
        name=st.sampled_from(sorted(EXPERIMENTS)),
        size=st.sampled_from(SIZES),
        how=st.sampled_from(["", "overwrite", "extend"]),
        blocks=st.integers(0, 5),
    )
    def is_killed_after_some_blocks(self, name: str, size: int | None, how: str, blocks: int) -> None:
        with suppress(Killed):
            self.sweep(name, killed_after(blocks), block_size=size, **({how: True} if how else {}))

    @rule(
        name=st.sampled_from(sorted(EXPERIMENTS)),
        how=st.sampled_from(["", "overwrite", "extend"]),
        at=st.integers(1, 60),
        after=st.booleans(),
    )
    def is_killed_at_a_change_of_the_disk(self, name: str, how: str, at: int, after: bool) -> None:
        cut = Cut(at, after)
        with (
            mock.patch("os.rename", cut(os.rename)),
            mock.patch("os.link", cut(os.link)),
            suppress(Killed),
        ):
            self.sweep(name, block_size=2, **({how: True} if how else {}))

    @rule()
    def another_version_comes(self) -> None:
        self.version = "" if self.version else "another"

    @rule()
    def is_compacted(self) -> None:
        before = self.table()
        with in_a_line():
            compact(Disk(self.folder))
        after = self.table()
        if before is not None:
            assert after is not None
            pd.testing.assert_frame_equal(after, before, check_exact=True)

    # The user

    @rule(
        target=files,
        place=st.sampled_from([*PLACES, "curves/mine/"]),
        ending=st.sampled_from(["", ".txt", ".parquet", ".json", ".arrow"]),
    )
    def writes_a_note(self, place: str, ending: str) -> Any:
        path = self.folder / place / f"note-{next(self.numbers)}{ending}"
        if path.parent.parent.name == "curves" and path.parent.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
        if not path.parent.is_dir():
            return multiple()
        path.write_bytes(b"mine")
        self.mine[path] = b"mine"
        return str(path)

    @rule(target=files, which=st.integers(0, 99), name=st.sampled_from(["{} (conflicted copy)", "best", "copy of {}"]))
    def copies_a_file_of_the_sweep(self, which: int, name: str) -> Any:
        ours = self.ours()
        if not ours:
            return multiple()
        path = ours[which % len(ours)]
        copy = path.with_name(f"{name.format(path.stem)}-{next(self.numbers)}{path.suffix}")
        shutil.copy(path, copy)
        self.mine[copy] = copy.read_bytes()
        return str(copy)

    @rule(target=files, which=st.integers(0, 99))
    def renames_a_file_of_the_sweep(self, which: int) -> Any:
        ours = self.ours()
        if not ours:
            return multiple()
        path = ours[which % len(ours)]
        renamed = path.with_name(f"mine-{next(self.numbers)}{path.suffix}")
        path.rename(renamed)
        self.mine[renamed] = renamed.read_bytes()
        return str(renamed)

    @rule(target=files, place=st.sampled_from(PLACES))
    def links_to_a_file_elsewhere(self, place: str) -> Any:
        number = next(self.numbers)
        path, target = self.folder / place / f"link-{number}.parquet", self.outside / f"target-{number}"
        if not path.parent.is_dir():
            return multiple()
        target.write_bytes(b"elsewhere")
        path.symlink_to(target)
        self.mine[path] = b"elsewhere"
        return str(path)

    @rule(target=files, name=consumes(files))
    def renames_a_file(self, name: str) -> Any:
        path = Path(name)
        renamed = path.with_name(f"again-{next(self.numbers)}{path.suffix}")
        path.rename(renamed)
        self.mine[renamed] = self.mine.pop(path)
        return str(renamed)

    @rule(which=st.integers(0, 99), how=st.sampled_from(["removed", "cut", "flipped", "emptied"]))
    def damages_a_file_of_the_sweep(self, which: int, how: str) -> None:
        ours = self.ours()
        if not ours:
            return
        path = ours[which % len(ours)]
        data = bytearray(path.read_bytes())
        if how == "removed" or not data:
            path.unlink()
        elif how == "flipped":
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        else:
            path.write_bytes(data[: len(data) // 2 if how == "cut" else 0])

    # What always holds

    @invariant()
    def nothing_of_the_user_s_is_lost(self) -> None:
        for path, data in getattr(self, "mine", {}).items():
            assert path.read_bytes() == data, path

    @invariant()
    def a_row_that_is_read_is_that_of_its_experiment_and_there_once(self) -> None:
        table = self.table() if hasattr(self, "folder") else None
        if table is None:
            return
        assert table["config"].is_unique
        fingerprint = (Contents(Disk(self.folder)).manifest() or {}).get("fingerprint")
        (name,) = [name for name, found in EXPERIMENTS.items() if load(found).fingerprint == fingerprint]
        whole = from_nothing(name).set_index("config", drop=False).loc[table["config"]].reset_index(drop=True)
        pd.testing.assert_frame_equal(table, whole, check_exact=True)

    # How it is looked at

    def table(self) -> pd.DataFrame | None:
        """The rows that a reader gets: of a folder whose parts are as the log says. None if it is refused."""
        with in_a_line(), warnings.catch_warnings():
            warnings.simplefilter("ignore", HarnessWarning)
            bad = status_of(str(self.folder), deep=True).bad
            return None if bad else harness.load(self.folder)
        return None

    def ours(self) -> list[Path]:
        """The files in the sweep's folders that are not the user's."""
        found = [path for place in PLACES[1:] for path in sorted((self.folder / place).glob("*"))]
        return [path for path in found if path not in self.mine and path.is_file()]

    def is_the_table_from_nothing(self, name: str) -> None:
        found = status_of(str(self.folder), deep=True)
        assert (found.state, found.bad, found.done) == ("complete", [], found.blocks)
        table = self.table()
        assert table is not None
        pd.testing.assert_frame_equal(table, from_nothing(name), check_exact=True)


@pytest.mark.filterwarnings("ignore::harness.errors.HarnessWarning")
def test_a_user_and_sweeps_share_a_folder() -> None:
    phases = (Phase.explicit, Phase.generate)  # to shrink what failed takes ten minutes
    run_state_machine_as_test(FolderMachine, settings=settings(max_examples=20, stateful_step_count=20, phases=phases))
