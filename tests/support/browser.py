"""A headless browser for the tests of pages, without a network: Chromium, Chrome or Edge, else Firefox.

`python -m tests.support.browser` sees to it that there is one, and prints which: once for all processes of `make test`.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import astuple, dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias
from urllib.request import getproxies

import pytest
from selenium import webdriver
from selenium.common import WebDriverException
from selenium.webdriver.chromium.webdriver import ChromiumDriver
from selenium.webdriver.common.selenium_manager import SeleniumManager

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
)
PROGRAMS = {
    "chrome": (("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"), "chromedriver"),
    "edge": (("microsoft-edge", "microsoft-edge-stable", "msedge"), "msedgedriver"),
    "firefox": (("firefox", "firefox-esr"), "geckodriver"),
}
"""By Selenium's name: the browser's names on the PATH, and its driver's."""
VARIABLE = "TEST_BROWSER"
"""What `python -m tests.support.browser` printed; empty: there is none. Without it, the PATH is searched."""
MISSING = (
    "no browser was found: install chromium and chromium-driver (Debian's names), or Chrome, Edge or Firefox "
    "with its WebDriver"
)
PACKAGES = ("chromium", "chromium-driver")
HOST = "googlechromelabs.github.io"
"""Where Selenium Manager asks first."""
SLOW = "GL Driver Message (OpenGL, Performance"
"""What the console says of WebGL that a processor draws, as here: that a graphics card would be faster."""
SECONDS = 300
"""Seconds after which a process that downloads or installs a browser is ended."""


LISTEN = """() => {
    window.said = [];
    const heard = (event) => window.said.push(`${event.type} ${event.reason ?? event.message ?? event.blockedURI}`);
    for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"]) {
        window.addEventListener(kind, heard, true);
    }
    for (const kind of ["debug", "log", "info", "warn", "error"]) {
        console[kind] = (...words) => window.said.push(words.join(" "));
    }
}"""
"""What notes in Firefox what Chromium's driver keeps of the console by itself."""


class Firefox(webdriver.Firefox):
    """Firefox, of which only what `opened`, `problems` and `requests` need is asked in its own way."""

    def execute_cdp_cmd(self, cmd: str, cmd_args: dict[str, Any]) -> Any:
        pytest.skip(f"Firefox has no {cmd}: only Chromium and its kin have")


Driver: TypeAlias = "ChromiumDriver | Firefox"


@dataclass(frozen=True)
class Browser:
    """kind: Selenium's name. program, driver: paths."""

    kind: str
    program: str
    driver: str


def on_path() -> Iterator[Browser]:
    """The browsers that are installed together with their drivers."""
    for kind, (programs, driver) in PROGRAMS.items():
        found = [path for program in programs if (path := shutil.which(program))]
        if found and (path := shutil.which(driver)):
            yield Browser(kind, found[0], path)


def managed() -> Iterator[Browser]:
    """What Selenium Manager has, or downloads where a network lets it."""
    os.environ["SE_AVOID_STATS"] = "true"
    if not reachable():
        os.environ["SE_OFFLINE"] = "true"
    for kind in ("chrome", "firefox"):
        installed = [path for program in PROGRAMS[kind][0] if (path := shutil.which(program))]
        asked = ["--browser", kind, *(("--browser-path", installed[0]) if installed else ())]
        found = {}
        with suppress(WebDriverException), bounded(SECONDS):
            found = SeleniumManager().binary_paths(asked)
        if found.get("browser_path") and found.get("driver_path"):
            yield Browser(kind, found["browser_path"], found["driver_path"])


def reachable() -> bool:
    """Whether a download is worth a try: a network that drops packets would be waited for in vain."""
    try:
        with nullcontext() if getproxies() else socket.create_connection((HOST, 443), 10):
            return True
    except OSError:
        return False


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer: `subprocess.run` then ends its process."""

    def late(*given: object) -> None:
        raise TimeoutError(f"not done in {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def packaged() -> Iterator[Browser]:
    """As root on Debian or what is made of it: install the distribution's Chromium."""
    if os.geteuid() or not shutil.which("apt-get"):
        return
    tell(f"no browser was found: installing {' and '.join(PACKAGES)} with apt-get")
    environment, null = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, subprocess.DEVNULL
    for words in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", *PACKAGES]):
        with suppress(TimeoutError), bounded(SECONDS):
            done = subprocess.run(
                ["apt-get", *words], env=environment, stdin=null, stdout=null, stderr=subprocess.PIPE, text=True
            )
            if done.returncode:
                tell(f"apt-get {words[0]}: {last_line(done.stderr)}")
    yield from on_path()


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def last_line(text: str | None) -> str:
    return (text or "").strip().rpartition("\n")[2]


def starts(browser: Browser) -> bool:
    """Whether a browser starts: a name on the PATH may be a stub, or the driver another version's."""
    try:
        launched(browser).quit()
    except WebDriverException as error:
        tell(f"{browser.program} does not start with {browser.driver}: {last_line(error.msg)}")
        return False
    return True


def launched(browser: Browser) -> Driver:
    """A window of it, without a screen."""
    if browser.kind == "firefox":
        return _firefox(browser)
    chrome = browser.kind == "chrome"
    options = webdriver.ChromeOptions() if chrome else webdriver.EdgeOptions()
    options.binary_location = browser.program
    for flag in FLAGS:
        options.add_argument(flag)
    logs = {"browser": "ALL", "performance": "ALL"}
    options.set_capability("goog:loggingPrefs" if chrome else "ms:loggingPrefs", logs)
    if isinstance(options, webdriver.ChromeOptions):
        return webdriver.Chrome(options, webdriver.ChromeService(browser.driver))
    return webdriver.Edge(options, webdriver.EdgeService(browser.driver))


def _firefox(browser: Browser) -> Firefox:
    options = webdriver.FirefoxOptions()
    options.binary_location = browser.program
    options.add_argument("-headless")
    options.enable_bidi = True
    options.set_preference("ui.useOverlayScrollbars", 1)
    driver = Firefox(options, webdriver.FirefoxService(browser.driver))
    driver.script.pin(LISTEN)
    return driver


@cache
def found() -> Browser | None:
    """The browser of all tests of this process."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return next(on_path(), None)
    return Browser(*json.loads(given)) if given else None


def started() -> Driver:
    """The browser, running. Raises SystemExit if there is none."""
    browser = found()
    return launched(browser) if browser else sys.exit(MISSING)


@pytest.fixture(scope="module")
def browser() -> Iterator[Driver]:
    """The browser of all tests of a module."""
    if found() is None:
        pytest.skip(MISSING)
    driver = started()
    yield driver
    driver.quit()


def opened(driver: Driver, path: Path, width: int = 1440, height: int = 900) -> None:
    """Open a page from disk in a window of this size, whatever was logged before forgotten."""
    if isinstance(driver, Firefox):
        size, window = {"width": width, "height": height}, driver.current_window_handle
        driver.browsing_context.set_viewport(context=window, viewport=size, device_pixel_ratio=1)
    else:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        for kind in ("browser", "performance"):
            driver.get_log(kind)
    driver.get(path.as_uri())


def problems(driver: Driver) -> list[str]:
    """What the console said, since the page was opened."""
    if isinstance(driver, Firefox):
        said: list[str] = driver.execute_script("return window.said")
        return said
    return [entry["message"] for entry in driver.get_log("browser") if SLOW not in entry["message"]]


def requests(driver: Driver) -> list[str]:
    """The addresses that were asked for since, data and the file itself aside."""
    if isinstance(driver, Firefox):
        asked = driver.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    else:
        messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def main() -> None:
    """Print the first browser that starts as `found` reads it, or nothing."""
    logging.getLogger("selenium").setLevel(logging.ERROR)
    browser = next(filter(starts, chain(on_path(), managed(), packaged())), None)
    print(json.dumps(astuple(browser)) if browser else "")


if __name__ == "__main__":
    main()
