"""Files and folders made to do harm, and what a sweep holds: a share of what `python -m reliability` does."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.sweeps.local import processors
from reliability import corpus, folders, hostile, memory
from tests.support.scores import check

SLOW = ("100 MB", "100 MB of rows", "100 MB in a row", "100 MB of names", "Parquet of 10^8 rows")
PICKLES = re.compile(
    r"\b(pickle|cPickle|joblib|dill|cloudpickle|shelve|marshal)\b|allow_pickle|torch\.load|read_pickle"
)
FILES = 8
"""The most files that a process has open beside those of the threads that write, four for each."""


def test_fuzzed_files_are_read_or_refused(tmp_path: Path) -> None:
    scores = list(hostile.read("fuzzed files", hostile.fuzzed(tmp_path / "fuzzed", 150), 25))
    assert [score.of for score in scores] == [150] * 3
    check(scores)


def test_hostile_files_are_read_or_refused(tmp_path: Path) -> None:
    paths = corpus.write(tmp_path, leave_out=SLOW)
    assert len(paths) > 100
    check(hostile.read("hostile files", paths, 8))


@pytest.mark.parametrize("lines", [None, ["traceback: KeyError('x')"], ["x.yaml: no line"], ["y.yaml:1:1: name: x"]])
def test_what_is_no_refusal(lines: list[str] | None) -> None:
    assert not hostile._told("x.yaml", lines)


def test_a_pickle_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in hostile.UNPICKLING:
        monkeypatch.setattr(pickle, name, getattr(pickle, name))  # so that it comes back
    events: list[str] = []
    hostile._forbid_pickles(events)
    with pytest.raises(AssertionError):
        pickle.loads(pickle.dumps(1))
    assert events == ["a pickle is read"]


def test_hostile_folders_are_refused(tmp_path: Path) -> None:
    names = ("a link out: trial/", "a link out: runs of results that are whole")
    check([folders.folders(tmp_path / "folders", names)])


def test_results_may_be_a_link(tmp_path: Path) -> None:
    """The results folder may be a link, to another disk say: the table is written where it leads."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    (tmp_path / "x.yaml").write_text(corpus.yaml())
    assert len(harness.load(harness.sweep(tmp_path / "x.yaml", tmp_path / "results"))) == 1
    assert len(harness.load(tmp_path / "disk" / "trial")) == 1


def test_nothing_is_unpickled() -> None:
    """Only kernels of the private directory are, once their checksum is right, and Dask's tasks by its workers.

    What `export --to sklearn` writes is a pickle, but none is read there.
    """
    texts = {
        file: file.read_text().replace("allow_pickle=False", "") for file in Path(harness.__file__).parent.rglob("*.py")
    }
    found = [file for file, text in texts.items() if PICKLES.search(text)]
    assert {file.name for file in found} == {"cache.py", "cluster.py", "sklearn_.py"}
    (written,) = (file.read_text() for file in found if file.name == "sklearn_.py")
    assert re.findall(r"joblib\.\w+\(", written) == ["joblib.dump("]


def test_what_a_sweep_holds_is_sampled(tmp_path: Path) -> None:
    samples = memory.watched(tmp_path, 1250, 500, 0.02)
    assert 0 < max(sample.files for sample in samples) <= FILES + 4 * processors()


def test_a_sample_is_what_a_process_holds(tmp_path: Path) -> None:
    """A process is sampled before and after it opens five files and fills 100 MiB."""
    program = """
input()
files, filled = [open(__file__) for _ in range(5)], b"x" * (100 * 2**20)
print(flush=True)
input()
"""
    (tmp_path / "holds.py").write_text(f"print(flush=True){program}")
    command, pipe = [sys.executable, tmp_path / "holds.py"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        samples = []
        for _ in range(2):
            child.stdout.readline()
            samples.append(memory.sample(child.pid, 0.0))
            child.stdin.write("\n")
    before, after = samples
    assert after.files == before.files + 5
    assert 100 * 2**20 <= after.resident - before.resident < 110 * 2**20


@pytest.mark.parametrize(("bytes_more", "files_more", "held"), [(0, 0, (1, 1)), (2**21, 0, (0, 1)), (0, 1, (1, 0))])
def test_what_grows_is_noticed(bytes_more: int, files_more: int, held: tuple[int, int]) -> None:
    samples = [memory.Footprint(n, 2**30 + bytes_more * n, 20 + n % 3 + files_more * n // 30) for n in range(120)]
    assert tuple(score.right for score in memory.steady(samples, 60)) == held
