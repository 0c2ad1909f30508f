"""A cached kernel is the one that would be compiled: no stale, damaged or foreign one is loaded, and none is needed."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import pytest
from numba.core.ccallback import CFunc

import harness
from harness.engine.cpu import cache, needs, private
from harness.errors import FailedError, HarnessWarning
from reliability.cache import ENVIRONMENT, PROGRAM, damaged, refused, together
from tests.support import ROOT
from tests.support.scores import check


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "harness", tmp_path / "harness"))


@pytest.fixture
def files(tmp_path: Path) -> private.PrivateFolder:
    return private.PrivateFolder(tmp_path / "cache", ("backprop-harness", "0123456789abcdef"))


def squared(x: float) -> float:
    return x * x


def kernel_in(files: private.PrivateFolder) -> Any:
    """A small kernel that keeps its machine code there, as new as in a new process."""
    dispatcher = numba.njit(squared)
    dispatcher._cache = cache.Cache(squared, files)
    return dispatcher


def machine_code(files: private.PrivateFolder) -> Path:
    """The file of `squared`, made if need be."""
    assert kernel_in(files)(3.0) == 9.0
    (file,) = files.path.iterdir()
    return file


def hits(files: private.PrivateFolder) -> int:
    """How often `squared` is loaded, not compiled, in a new process. Its value is right in any case."""
    dispatcher = kernel_in(files)
    assert dispatcher(3.0) == 9.0
    return sum(dispatcher.stats.cache_hits.values())


def test_every_source_of_the_arithmetic_is_in_the_name(package: Path) -> None:
    before = cache.fingerprint(package)
    sources = [file for part in ("engine", "formulas", "network") for file in (package / part).rglob("*.py")]
    assert len(sources) > 10
    for source in sources:
        text = source.read_text("utf-8")
        source.write_text(text + "\n# another comment\n", "utf-8")
        assert cache.fingerprint(package) != before, source
        source.write_text(text, "utf-8")
    assert cache.fingerprint(package) == before
    (package / "cli.py").write_text("", "utf-8")
    assert cache.fingerprint(package) == before


def test_settings_and_versions_are_in_the_name(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.fingerprint(package)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    generic = cache.fingerprint(package)
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert len({before, generic, cache.fingerprint(package)}) == 3


def test_a_changed_formula_is_not_served_from_the_cache(package: Path, tmp_path: Path) -> None:
    """A sweep is trained before and after the update rule changes, with one cache: the second sees the change."""
    program = (
        "import harness; print(harness.train({'name': 'x', 'network': {'layers': [1, 1]}, 'data': {'rows': [[1, 1]]},"
        "'parameters': {'learning_rate': 0.25, 'epochs': 1, 'init': 'zeros'}}).w1_1_1.item())"
    )
    places = {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = os.environ | places | {"NUMBA_OPT": "0"}  # a formula is what it is, however fast: compiled sooner

    def trained() -> float:
        command = [sys.executable, "-c", program]
        options = {"check": True, "capture_output": True, "text": True, "env": environment, "cwd": tmp_path}
        return float(subprocess.run(command, **options).stdout)

    assert trained() == 0.5
    losses = package / "formulas" / "losses.py"
    text = losses.read_text("utf-8").replace("derivative[0] = -2.0 * error", "derivative[0] = -4.0 * error")
    losses.write_text(text, "utf-8")
    assert trained() == 1.0
    assert not list(package.rglob("*.nb[ic]"))


def test_every_kernel_is_in_the_private_directory() -> None:
    """Kernels that start a run, train it and go through its epochs are there; Numba's own place may hold stale ones."""
    harness.train(
        {
            "name": "x",
            "network": {"layers": [1, 1]},
            "data": {"rows": [[1, 1]]},
            "parameters": {"learning_rate": 0.25, "epochs": 1, "init": {"normal": {"std": 1}}},
        }
    )
    names = {path.name.partition("-")[0] for path in cache.folder().path.iterdir()}
    assert {"random.fill", "train.train", "epochs.advance"} <= names
    assert not list((ROOT / "harness").rglob("*.nb[ic]"))


def test_the_directory_is_private_and_numba_s_own_place_is_left_alone(files: private.PrivateFolder) -> None:
    before = numba.config.CACHE_DIR
    file = machine_code(files)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, *list(file.parents)[:3])]
    assert modes == [0o600, 0o700, 0o700, 0o700]
    assert hits(files) == 1
    assert before == numba.config.CACHE_DIR


def test_no_flipped_bit_is_loaded(files: private.PrivateFolder) -> None:
    machine_code(files)
    check([refused(files, 200)])


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def _another_s(file: Path) -> None:
    """Whole, but the machine code for other types."""
    files = private.PrivateFolder(file.parents[2], (file.parents[1].name, file.parent.name))
    before = file.read_bytes()
    assert kernel_in(files)(3) == 9
    (other,) = set(file.parent.iterdir()) - {file}
    assert other.read_bytes() != before
    other.replace(file)


def _link(file: Path) -> None:
    elsewhere = file.parents[2] / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def _pipe(file: Path) -> None:
    """Opening it would wait for ever."""
    file.unlink()
    os.mkfifo(file)


def _writable(file: Path) -> None:
    file.chmod(0o602)


@pytest.mark.parametrize("harm", [_cut, _empty, _longer, _another_s, _link, _pipe, _writable])
def test_what_is_not_whole_or_not_ours_is_compiled_anew_and_replaced(
    harm: Callable[[Path], None], files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = machine_code(files)
    harm(file)
    with monkeypatch.context() as patch:
        patch.setattr(cache, "pickle", None)  # nothing of it is unpickled
        assert hits(files) == 0
    assert file.is_file()
    assert not file.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert hits(files) == 1


def test_a_directory_in_place_of_a_kernel_is_no_obstacle(files: private.PrivateFolder) -> None:
    file = machine_code(files)
    file.unlink()
    file.mkdir()
    with pytest.warns(HarnessWarning, match=f"{file.name}: Is a directory; compiled kernels are not kept"):
        assert hits(files) == 0


def test_what_is_said_to_be_cached_is_what_is_loaded(files: private.PrivateFolder) -> None:
    signature = (numba.float64,)
    first = kernel_in(files)
    assert not cache.cached(first, signature)
    first(3.0)
    assert cache.cached(first, signature)
    assert cache.cached(kernel_in(files), signature)
    assert not cache.cached(kernel_in(files), (numba.int64,))
    (file,) = files.path.iterdir()
    _cut(file)
    assert cache.cached(first, signature)  # in memory
    assert not cache.cached(kernel_in(files), signature)
    assert hits(files) == 0
    assert cache.cached(kernel_in(files), signature)


def test_a_callback_in_memory_is_not_announced_again(files: private.PrivateFolder) -> None:
    """As where kernels cannot be kept."""
    types = ((numba.float64,), numba.float64)
    callback, new = (CFunc(squared, types, locals={}, options={}) for _ in range(2))
    callback._cache = new._cache = cache.Cache(squared, files)
    assert not cache.cached(callback, callback._sig)
    callback.compile()
    assert cache.cached(new, new._sig)
    shutil.rmtree(files.root)
    assert cache.cached(callback, callback._sig)
    assert not cache.cached(new, new._sig)


@pytest.mark.parametrize("level", [0, 1])
def test_a_link_below_the_root_is_not_followed(level: int, files: private.PrivateFolder, tmp_path: Path) -> None:
    """A planted link once set the mode of somebody's folder."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    planted = files.root.joinpath(*files.names[: level + 1])
    planted.parent.mkdir(parents=True, mode=0o700)
    planted.symlink_to(theirs)
    with pytest.warns(HarnessWarning, match=f"{planted}: a link, or no directory; compiled kernels are not kept"):
        assert hits(files) == 0
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o755
    assert not list(theirs.iterdir())


def test_the_root_may_be_a_link_of_one_s_own(files: private.PrivateFolder, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir(mode=0o700)
    files.root.symlink_to(tmp_path / "scratch")
    machine_code(files)
    assert hits(files) == 1


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("mode", [0o702, 0o770, 0o777])
def test_a_directory_that_others_may_write_is_not_used(
    level: int, mode: int, files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "_own_group", lambda number: False)
    file = machine_code(files)
    wide = list(file.parents)[2 - level]
    wide.chmod(mode)
    with pytest.warns(HarnessWarning, match=rf"{wide}: others may write there \(mode {mode:o}\); compiled"):
        assert hits(files) == 0
    assert stat.S_IMODE(wide.stat().st_mode) == mode  # nor is it changed
    wide.chmod(0o700)
    assert hits(files) == 1


def test_a_folder_above_the_root_that_others_may_write_is_named(files: private.PrivateFolder, tmp_path: Path) -> None:
    """Who may write there could put another root in the place of this one."""
    file = machine_code(files)
    tmp_path.chmod(0o777)
    assert file.exists()
    with pytest.warns(HarnessWarning, match=rf"{tmp_path}: others may write there \(mode 777\); compiled"):
        assert hits(files) == 0
    tmp_path.chmod(0o700)
    assert hits(files) == 1


def test_a_group_of_one_s_own_is_nobody_else(files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each user has a group of the same name, folders are often made writable for it."""
    files.root.mkdir(mode=0o700)
    files.root.chmod(0o770)
    me = pwd.getpwuid(os.geteuid()).pw_name
    groups = {"gr_name": me, "gr_mem": [me]}
    monkeypatch.setattr(private.grp, "getgrgid", lambda number: SimpleNamespace(**groups))
    machine_code(files)
    groups["gr_mem"] = [me, "somebody"]
    with pytest.warns(HarnessWarning, match="others may write"):
        assert hits(files) == 0


def test_a_root_like_the_folder_for_temporary_files_is_safe(files: private.PrivateFolder) -> None:
    files.root.mkdir()
    files.root.chmod(0o1777)
    machine_code(files)
    assert hits(files) == 1


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_what_belongs_to_somebody_else_is_not_used(
    level: int, files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = machine_code(files)
    theirs = [*reversed(list(file.parents)[:3]), file][level].stat().st_ino
    fstat = os.fstat

    def told(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        return os.stat_result([*found[:4], 54321, *found[5:]]) if found.st_ino == theirs else found

    monkeypatch.setattr(os, "fstat", told)
    if level == 3:
        assert hits(files) == 0
        assert hits(files) == 1  # it was replaced
    else:
        with pytest.warns(HarnessWarning, match="belongs to another user, number 54321; compiled kernels are not kept"):
            assert hits(files) == 0


@pytest.mark.parametrize("call", ["mkdir", "open", "fdopen", "replace"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_cache_that_cannot_be_written_is_no_error(
    call: str, error: int, files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any, **options: Any) -> Any:
        if call in ("open", "fdopen") and not (
            "wb" in arguments or {"mode", "x"} & set(options) or _creates(arguments)
        ):
            return real(*arguments, **options)
        raise OSError(error, os.strerror(error), arguments[0])

    real = getattr(os, call)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails)
        with pytest.warns(HarnessWarning) as said:
            assert hits(files) == 0
    (line,) = [str(warning.message) for warning in said]
    assert line.startswith(str(files.root))
    assert os.strerror(error) in line
    assert len(line.splitlines()) == 1
    assert not list(files.root.rglob("new-*"))
    machine_code(files)
    assert hits(files) == 1


def _creates(arguments: tuple[Any, ...]) -> bool:
    return any(isinstance(argument, int) and argument & os.O_CREAT for argument in arguments[1:2])


def test_a_failed_write_leaves_the_old_file(files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write("x", b"old")

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space") as told:
        files.write("x", b"new")
    assert told.value.filename == str(files.path / "x")
    assert files.read("x") == b"old"
    assert os.listdir(files.path) == ["x"]


def test_where_the_root_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/somebody")
    assert cache.root() == Path("/var/cache/somebody")
    for ignored in ("", "relative"):  # as its specification says
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache.root() == Path("/home/somebody/.cache")
    monkeypatch.setenv("HOME", "relative")
    assert cache.root() is None
    monkeypatch.delenv("HOME")

    def unknown(user: int) -> Any:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)  # `docker run -u 54321`
    assert cache.root() is None


def test_without_a_home_kernels_are_compiled_in_memory() -> None:
    nowhere = private.PrivateFolder(None, ("backprop-harness", "x"))
    with pytest.warns(HarnessWarning, match="~/.cache: no home folder is known; compiled kernels are not kept"):
        assert hits(nowhere) == 0


def ended(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    everything = os.environ | ENVIRONMENT | environment
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=everything, capture_output=True, text=True)


THREADS = f"""
import threading, numba
from harness.engine.cpu.epochs import compiled
before, tables = numba.config.CACHE_DIR, []
def run():
    exec({PROGRAM!r}, {{"print": tables.append}})
threads = [threading.Thread(target=run) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert numba.config.CACHE_DIR == before
assert len(tables) == 3 and len(set(tables)) == 1, tables
print(tables[0])
"""


def test_a_home_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """One line says that kernels are not kept. And three threads that compile at once make one table."""
    child = ended(THREADS, HOME="/dev/null", XDG_CACHE_HOME="", TMPDIR=str(tmp_path))
    assert child.returncode == 0, child.stderr
    (said,) = [line for line in child.stderr.splitlines() if "Warning: " in line]
    assert "HarnessWarning: /dev/null/.cache: Not a directory; compiled kernels are not kept" in said
    assert not list(tmp_path.iterdir())


def test_damaged_kernels_change_no_table_and_are_mended(tmp_path: Path) -> None:
    check(together(tmp_path, 2))
    check(damaged(tmp_path, 1))


def test_what_is_made_once_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if another thread makes it while this one waits to: here the lock does it, when this thread asks for it."""
    made: list[object] = []

    class Lock:
        waits = True

        def __enter__(self) -> None:
            if self.waits:
                self.waits = False
                make(1)

        def __exit__(self, *error: object) -> None:
            pass

    @cache.once
    def make(number: int) -> object:
        made.append(object())
        return made[-1]

    monkeypatch.setattr(cache, "global_compiler_lock", Lock())
    assert make(1) is make(1) is made[0]
    assert not cache.global_compiler_lock.waits
    assert make(2) is made[1]
    assert len(made) == 2


@pytest.mark.parametrize("arguments", [["sweep", "xor"], ["plan", "xor"]])
def test_a_compiler_that_is_switched_off_is_named(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", *arguments]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    child = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (child.returncode, child.stdout) == (1, "")
    (line,) = child.stderr.splitlines()
    assert line.startswith("NUMBA_DISABLE_JIT is set")
    assert line.endswith(": unset it, or set it to 0")


def test_a_compiler_that_is_switched_off_later_is_named(
    files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = kernel_in(files)
    monkeypatch.setattr(numba.core.config, "DISABLE_JIT", 1)
    with pytest.raises(FailedError, match=r"^NUMBA_DISABLE_JIT is set"):
        new(3.0)


@pytest.mark.parametrize("megabytes", [200, 300])
def test_too_little_memory_is_one_line(megabytes: int) -> None:
    """LLVM's library was said to be missing, or the process ended in `std::bad_alloc`."""
    program = (
        "import resource, numpy; from harness.errors import FailedError\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({megabytes * 10**6},) * 2)\n"
        "try: import harness.engine.cpu\n"
        "except FailedError as error: print(error)"
    )
    child = ended(program, OPENBLAS_NUM_THREADS="1")
    assert (child.returncode, child.stderr) == (0, "")
    (line,) = child.stdout.splitlines()
    assert line.startswith(f"memory is short: this process may have {megabytes} MB of address space and has ")


def test_a_compiler_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError):
        needs._check_before_loading()

    errors = [OSError("no libllvmlite.so"), MemoryError()]

    def fails(name: str, *arguments: Any) -> Any:
        raise errors.pop() if name == "numba" else AssertionError(name)

    monkeypatch.setattr("builtins.__import__", fails)
    for said in ("^memory is short: there is none left", "^Numba cannot be loaded: no libllvmlite.so; free memory, or"):
        with pytest.raises(FailedError, match=said):
            needs._check_before_loading()


def test_memory_is_looked_at_before_it_is_needed(files: private.PrivateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """LLVM would end the process."""
    machine_code(files)
    little = needs._taken() + needs.COMPILING // 2
    monkeypatch.setattr(resource, "getrlimit", lambda which: (little, little))
    assert hits(files) == 1  # loading takes little
    with pytest.raises(FailedError, match=r"^memory is short: this process may have .* MB of address space and has"):
        kernel_in(files)(3)
