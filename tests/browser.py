"""A headless Chromium for tests of pages, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """One for all tests of a module."""
    driver = started()
    yield driver
    driver.quit()


def started() -> Chrome:
    """Chromium and its driver from the system's packages: chromium and chromium-driver in Debian's."""
    options = ChromeOptions()
    found = [path for program in PROGRAMS if (path := shutil.which(program))]
    driver_path = shutil.which("chromedriver")
    if not found or not driver_path:
        pytest.fail("the tests of pages need Chromium and its driver: apt-get install chromium chromium-driver")
    options.binary_location = found[0]
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options, Service(driver_path))


def opened(driver: Chrome, path: Path, width: int = 1440, height: int = 900) -> None:
    """Open a page from disk in a window of this size, whatever was logged before forgotten."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    driver.get(path.as_uri())


def problems(driver: Chrome) -> list[str]:
    """What the console said, since the page was opened."""
    return [entry["message"] for entry in driver.get_log("browser")]


def requests(driver: Chrome) -> list[str]:
    """The addresses that were asked for since, data and the file itself aside."""
    import json

    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
