"""Which browser the tests of pages take, what they hear of it, and how what was skipped is told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.support import ROOT
from tests.support import browser as browsers
from tests.support.browser import Browser, opened, problems, requests

SKIPPING = """
import pytest
def test_runs(): pass
@pytest.mark.parametrize("n", range(3))
def test_needs(n): pytest.skip("nothing here: install it")
def test_hard(): pytest.skip("this processor has no such thing")
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH; no network."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("SE_MANAGER_PATH", str(program(tmp_path / "manager", managed("", "", code=65))))
    monkeypatch.setattr(browsers, "reachable", lambda: False)
    for name in ("SE_OFFLINE", "SE_AVOID_STATS"):
        monkeypatch.setenv(name, "true")
    return folder


def program(file: Path, text: str = "", shell: str = "/bin/sh") -> Path:
    file.write_text(f"#!{shell}\n{text}\n")
    file.chmod(0o755)
    return file


def managed(program: object, driver: object, code: int = 0) -> str:
    """A Selenium Manager that answers so to the first browser that it is asked for."""
    result = {"code": code, "message": "", "driver_path": str(driver), "browser_path": str(program)}
    answer = json.dumps({"logs": [{"level": "WARN", "timestamp": 1, "message": "w"}], "result": result})
    return f"echo '{answer}'; exit {code}"


def test_browsers_are_taken_with_their_drivers_chromium_first(path: Path) -> None:
    for name in ("firefox", "geckodriver", "microsoft-edge", "google-chrome", "chromedriver", "chromium"):
        program(path / name)
    found = list(browsers.on_path())
    assert [(one.kind, Path(one.program).name, Path(one.driver).name) for one in found] == [
        ("chrome", "chromium", "chromedriver"),
        ("firefox", "firefox", "geckodriver"),
    ]
    (path / "chromium").unlink()
    (path / "geckodriver").unlink()
    assert [Path(one.program).name for one in browsers.on_path()] == ["google-chrome"]


def test_selenium_manager_is_asked_where_no_driver_is_installed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(browsers.managed()) == []
    chromium, driver = program(path / "chromium"), program(path / "downloaded")
    seen = path.parent / "seen"
    manager = program(path.parent / "manager", f'echo "$@" >> {seen}; {managed(chromium, driver)}')
    monkeypatch.setenv("SE_MANAGER_PATH", str(manager))
    assert next(browsers.managed()) == Browser("chrome", str(chromium), str(driver))
    assert seen.read_text().startswith(f"--browser chrome --browser-path {chromium} ")


def test_a_manager_that_hangs_is_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers, "SECONDS", 1)
    program(path.parent / "manager", "import time; time.sleep(10_000)", sys.executable)
    assert list(browsers.managed()) == []


def test_root_on_debian_installs_chromium_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert list(browsers.packaged()) == []
    installing = f"[ $1 = update ] || for name in chromium chromedriver; do /bin/ln -s /bin/sh {path}/$name; done"
    program(path / "apt-get", f'echo "$DEBIAN_FRONTEND $@" >> {path.parent}/apt; echo noise; {installing}')
    assert [Path(one.program).name for one in browsers.packaged()] == ["chromium"]
    assert (path.parent / "apt").read_text().splitlines() == [
        "noninteractive update -qq",
        "noninteractive install -qq --no-install-recommends chromium chromium-driver",
    ]
    told = "no browser was found: installing chromium and chromium-driver with apt-get\n"
    assert capfd.readouterr() == ("", told)
    program(path / "apt-get", "echo W: one >&2; echo E: no such package >&2; exit 100")
    list(browsers.packaged())
    assert capfd.readouterr().err == told + "".join(f"apt-get {w}: E: no such package\n" for w in ("update", "install"))


def test_nobody_else_installs_anything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path / "apt-get", f"touch {path}/ran")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert list(browsers.packaged()) == []
    assert [file.name for file in path.iterdir()] == ["apt-get"]


def test_one_that_does_not_start_is_passed_over(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("chromium", "chromedriver"):
        program(path / name, "echo this is a stub >&2; exit 1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    browsers.main()
    told = capfd.readouterr()
    assert told.out == "\n"
    assert told.err.startswith(f"{path}/chromium does not start with {path}/chromedriver: ")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "expected"), [("", None), ('["edge", "/e", "/d"]', Browser("edge", "/e", "/d"))], ids=["none", "edge"]
)
def test_what_was_decided_is_not_decided_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: Browser | None
) -> None:
    for name in ("chromium", "chromedriver"):
        program(path / name)
    monkeypatch.setenv(browsers.VARIABLE, given)
    assert browsers.found.__wrapped__() == expected
    monkeypatch.delenv(browsers.VARIABLE)
    assert browsers.found.__wrapped__() == Browser("chrome", f"{path}/chromium", f"{path}/chromedriver")


def test_what_a_page_says_and_asks_for_is_heard(browser: Chrome, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/picture.png"  # where nobody answers any more
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>x</title><meta name=viewport content='width=device-width'><p>quiet")
    opened(browser, page, 390, 700)
    assert browser.execute_script("return [innerWidth, innerHeight]") == [390, 700]
    assert (problems(browser), requests(browser)) == ([], [])
    page.write_text(
        "<!doctype html><title>x</title><script>console.warn('careful'); setTimeout(() => document.title = 'done');"
        f"throw new Error('broken')</script><img src='{address}'>"
    )
    opened(browser, page)
    said = "\n".join(problems(browser))
    assert "careful" in said
    assert "broken" in said
    assert requests(browser) == [address]


@pytest.mark.parametrize(
    ("options", "code"), [((), 0), (("--no-skips", "-n", "2"), 1), (("--no-skips", "-k", "runs or hard"), 0)]
)
def test_the_last_line_counts_what_was_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int
) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
    ]
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    ended: Any = subprocess.run(
        [*command, *options, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    hard = "1 because this processor has no such thing"
    told = (
        f"1 were skipped: {hard}" if "-k" in options else f"4 were skipped: 3 because nothing here: install it; {hard}"
    )
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (code, f"1 tests ran, {told}")
