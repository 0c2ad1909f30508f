"""Commands as cron, daemons, containers and odd shells start them: a share of what `python -m reliability` does."""

from __future__ import annotations

import errno
import io
import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import harness
from harness.cli import memory, streams
from harness.errors import HarnessError
from harness.sweeps import run, work
from reliability import surroundings
from reliability.surroundings import ALL, COMMANDS, EXPERIMENT, SURROUNDINGS
from tests.support.command import call
from tests.support.engine import forbid_training

COVER = {
    "as usual": ("compact", "explain --html"),
    "no home, and a user without an entry": ("plot",),
    "a home that cannot be": ("explain --png",),
    "no standard input": ("status",),
    "no standard output": ("explain --csv",),
    "no standard error": ("sweep",),
    "no standard streams": ("sweep --report",),
    "standard output is full": ("help",),
    "standard error is full": ("sweep",),
    "nobody reads standard output": ("verify",),
    "nobody reads standard error": ("schema",),
    "the terminal of the output is gone": ("help",),
    "the terminal of the errors is gone": ("sweep --overwrite",),
    "400 MB of addresses": ("schema",),
    "400 MB of data": ("help",),
    "TMPDIR that is not there": ("new",),
    "no temporary folder": ("new",),
    "a working directory that was removed": ("new --csv",),
    "a working directory that is not UTF-8": ("plan", "explain --config"),
    "paths that are not UTF-8": ("sweep", "report", "new --csv"),
    "a folder that is read-only": ("sweep again",),
    "a umask of 0777": ("new",),
    "LC_ALL=C without UTF-8": ("explain",),
    "LANG=POSIX": ("help",),
    "PYTHONOPTIMIZE=2": ("help",),
    "PYTHONWARNINGS=error": ("sweep",),
    "PYTHONDEVMODE=1": ("schema",),
    "a dumb terminal of one column": ("explain",),
}
"""For each surrounding the commands that say most of it; `python -m reliability` tries them all."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return surroundings.prepare(tmp_path_factory.mktemp("whole") / "whole")


def test_commands_in_odd_surroundings(whole: Path, tmp_path: Path) -> None:
    assert COVER.keys() == SURROUNDINGS.keys()
    assert {command for commands in COVER.values() for command in commands} == ALL - {"sweep --workers"}
    score = surroundings.surroundings(
        whole, tmp_path, [(where, command) for where in COVER for command in COVER[where]]
    )
    assert score.wrong == []
    assert score.of > len(SURROUNDINGS)


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ("import sys; sys.exit(3)\n", "exit code 3"),
        ("1 / 0\n", "Traceback, exit code 1"),
        ("import sys; sys.exit()\n", "not trained"),
    ],
)
def test_what_goes_wrong_is_noticed(before: str, wrong: str, whole: Path, tmp_path: Path) -> None:
    assert surroundings.tried(whole, tmp_path / "1", surroundings.Surrounding(before=before), "sweep").startswith(wrong)
    late = surroundings.Surrounding(fails=frozenset(COMMANDS), line="none of these")
    assert surroundings.tried(whole, tmp_path / "2", late, "help").startswith("exit code 0, another line")


# -- memory


def chained(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


SHORTAGES = [
    MemoryError(),
    pa.ArrowMemoryError("malloc of size 131072 failed"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("can't start new thread"),
    ImportError("libarrow.so: failed to map segment from shared object"),
    chained(OSError("Could not find/load shared object file"), OSError("x.so: failed to map segment")),
]


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_too_little_memory_is_a_line_in_a_command_and_the_error_in_a_program(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a block, which a thread trains; and before, in the main thread."""

    def fail(*given: Any) -> Any:
        raise error

    (tmp_path / "trial.yaml").write_text(EXPERIMENT)
    for name in ("train_block", "prepare"):
        with monkeypatch.context() as patch:
            patch.setattr(work, name, fail)
            patch.setattr(run, name, fail, raising=False)
            ended = call("sweep", tmp_path / "trial.yaml", "--results", tmp_path / name)
            assert ended.exit_code == 1
            assert ended.stderr.splitlines()[-1].startswith("harness: not enough memory; end other programs, ")
            with pytest.raises(type(error)):
                harness.sweep(tmp_path / "trial.yaml", tmp_path / f"{name}-api")
    assert len(harness.load(harness.sweep(tmp_path / "trial.yaml", tmp_path / "train_block"))) == 6


def test_data_that_do_not_fit_are_not_called_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> Any:
        raise pa.ArrowMemoryError("malloc of size 131072 failed")

    (tmp_path / "data.csv").write_text(surroundings.DATA)
    (tmp_path / "own.yaml").write_text(surroundings.OWN)
    monkeypatch.setattr("pyarrow.csv.read_csv", fail)
    ended = call("plan", tmp_path / "own.yaml")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("harness: not enough memory; ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), RuntimeError("x"), ImportError("y")])
def test_other_errors_are_not_called_a_shortage(error: BaseException) -> None:
    assert not memory.is_short(error)


@pytest.mark.parametrize("name", memory.LEAST)
def test_a_limit_of_the_shell_is_compared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    least, command, _ = memory.LEAST[name]
    for limit, enough in ((least - 1, False), (least, True), (resource.RLIM_INFINITY, True)):
        limits = {getattr(resource, name): limit}
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limits=limits: (limits.get(kind, -1), -1))
        if enough:
            memory.check()
        else:
            with pytest.raises(MemoryError, match=rf"{command} unlimited"):
                memory.check()


# -- streams


def test_output_that_fails_says_so_once(tmp_path: Path) -> None:
    with io.BufferedWriter(streams._Output("/dev/full", "w")) as output:
        output.write(b"x")
        with pytest.raises(OSError, match="No space left") as caught:
            output.flush()
        assert caught.value.filename == "standard output"
    with io.BufferedWriter(streams._Error("/dev/full", "w")) as errors:
        errors.write(b"x")
        errors.flush()


def test_a_program_s_streams_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdin, sys.stdout, sys.stderr
    streams.stand()
    assert (sys.stdin, sys.stdout, sys.stderr) == before


# -- names that are not UTF-8, in a program


def test_names_that_are_not_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pyarrow reads by its name is refused; what Python opens is read and written."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    (tmp_path / "trial.yaml").write_text(EXPERIMENT)
    forbid_training(monkeypatch)
    functions: list[Callable[[], object]] = [
        lambda: harness.sweep(tmp_path / "trial.yaml", odd),
        lambda: harness.load(odd),
        lambda: harness.open(odd),
        lambda: harness.plot(odd),
        lambda: harness.explain(odd, config=0),
    ]
    for function in functions:
        with pytest.raises(HarnessError, match="this name is not in UTF-8"):
            function()
    monkeypatch.undo()
    written = Path(f"{odd}.yaml")
    written.write_text(EXPERIMENT)
    harness.explain(written).save(f"{odd}.html")
    assert Path(f"{odd}.html").is_file()
    assert harness.train(written).equals(harness.train(tmp_path / "trial.yaml"))


def test_data_whose_names_are_not_utf8(tmp_path: Path) -> None:
    """A mapping may name any file that Python opens."""
    whole = pa.table({"x1": [1.0, 0.5], "x2": [1.0, -1.0], "t1": [1.0, 0.25]})
    pq.write_table(whole, tmp_path / "data.parquet")
    (tmp_path / "data.csv").write_text(surroundings.DATA)
    tables = []
    for name in (b"data.parquet", b"caf\xe9.parquet", b"caf\xe9.csv"):
        odd = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        if not os.path.exists(odd):
            shutil.copy(tmp_path / f"data{Path(odd).suffix}", odd)
        data = {"file": odd, "inputs": ["x1", "x2"], "targets": ["t1"]}
        about = {"name": "odd", "network": {"layers": [2, 2, 1]}, "data": data}
        tables.append(harness.train(about | {"parameters": {"learning_rate": 0.1, "epochs": 2, "init": "ones"}}))
    assert all(table.equals(tables[0]) for table in tables)


# -- something else where a sweep writes a file


NO_FILES = [*((what, "a folder") for what in ("runs", "curves", "log", "manifest.json", "experiment.yaml"))]


@pytest.mark.parametrize(
    ("what", "kind"), [*NO_FILES, ("runs", "a link"), ("manifest.json", "a link"), ("log", "a FIFO")]
)
def test_what_is_no_file_is_named_before_anything_is_trained(
    what: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trial.yaml").write_text(EXPERIMENT)
    (tmp_path / "more.yaml").write_text(EXPERIMENT.replace("1, 3]", "1, 5]"))
    folder = Path(harness.sweep(tmp_path / "trial.yaml", tmp_path))
    path = folder / what if "." in what else next((folder / what).iterdir())
    path.rename(tmp_path / "away")
    if kind == "a folder":
        path.mkdir()
    elif kind == "a link":
        path.symlink_to(tmp_path / "away")
    else:
        os.mkfifo(path)
    told = f"{path}: not a file, though it has the name of one of the sweep's"
    for command in ("verify", "status"):
        ended = call(command, folder)
        assert told in ended.stdout.splitlines()
        assert ended.exit_code == (command == "verify")
        assert "1 files are not" in ended.stdout or command == "status"
    for options in (["trial.yaml"], ["trial.yaml", "--overwrite"], ["more.yaml", "--extend"]):
        with monkeypatch.context() as patch:
            forbid_training(patch)
            ended = call("sweep", tmp_path / options[0], "--results", tmp_path, *options[1:])
        assert ended.exit_code == 2
        assert ended.stderr == f"{told}; move it away, and the same sweep makes the file\n"
        assert ended.stderr.count("\n") == 1
    path.rename(tmp_path / "moved")
    assert call("sweep", tmp_path / "trial.yaml", "--results", tmp_path).exit_code == 0
    assert call("verify", folder).exit_code == 0


# -- epochs without end


@pytest.mark.parametrize("epochs", [10**30, [0, 10**30], range(10**9), "9" * 5000, 2**63])
def test_epochs_that_no_run_has(epochs: Any) -> None:
    with pytest.raises(HarnessError, match=r"no run has so many epochs|a list of 1,000,000,000"):
        harness.explain("question", epochs=epochs)


def test_a_billion_epochs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much is recorded as a page holds, and the pieces of a stream come at once and are never held."""
    from harness.views.explain import record as view
    from harness.views.explain.configuration import chosen
    from harness.views.explain.excerpt import Page

    monkeypatch.setattr("harness.views.explain.record.MOST_WORK", 10**4)
    recorded = view.record_of(view.Recording(chosen("question", {}), range(1, 10**9 + 1), Page(size=1e5)))
    assert 0 < len(recorded) < 10_000
    assert any("of the 1,000,000,000 epochs" in note for note in recorded.attrs["notes"])
    recording = view.Recording(chosen("question", {}), range(1, 10**9 + 1))
    assert recording.announced() is None
    assert next(view.streamed(recording)).epoch.unique() == [1]
