"""Fixed seeds for hypothesis: the same examples in every run; the browser; and last, what was skipped and why."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from tests.support.browser import browser

__all__ = ["browser"]

settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("fixed")

HARDWARE = "this processor "
"""How the reason for a skip begins if no installation can change it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help=f"fail if a test was skipped, unless because {HARDWARE.strip()} .."
    )


def outcomes(config: pytest.Config) -> tuple[int, Counter[str]]:
    """(How many tests ran, how many were skipped for each reason)."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats if reporter else {}
    ran = sum(len(stats.get(kind, ())) for kind in ("passed", "failed", "xfailed", "xpassed"))
    return ran, Counter(report.longrepr[2].removeprefix("Skipped: ") for report in stats.get("skipped", ()))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over all that was imported: it takes a twelfth of the time of a test."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_sessionfinish(session: pytest.Session) -> None:
    _, skipped = outcomes(session.config)
    mendable = [reason for reason in skipped if not reason.startswith(HARDWARE)]
    if session.config.getoption("--no-skips") and mendable and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the very last line, after pytest's own: how many tests ran, and how many were skipped for each reason."""
    ran, skipped = outcomes(config)
    if ran or skipped:
        reasons = "; ".join(f"{count} because {reason}" for reason, count in skipped.most_common())
        told = f"{skipped.total():,} were skipped: {reasons}" if skipped else "none was skipped"
        print(f"{ran:,} tests ran, {told}")
