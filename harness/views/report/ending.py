"""The report and the picture that a sweep ends with, beside its table."""

from __future__ import annotations

from harness.errors import FailedError, HarnessError
from harness.store.places import S3
from harness.views import plots
from harness.views.report import page

MOST_ROWS = 20_000_000
"""A sweep does not wait for pictures of more: they take minutes."""


def write(folder: str, rows: int) -> dict[str, str]:
    """Write a report and a picture of a folder of so many rows; return where each is, or why there is none.

    Raises `FailedError` if one cannot be written.
    """
    if S3.match(folder):
        return {"report": f"none in an object store; `harness report {folder} --save F` writes it here"}
    if rows > MOST_ROWS:
        some = f"`harness plot {folder} --where KEY=VALUE` draws some of them"
        return {"report": f"none of more than {MOST_ROWS:,} rows; {some}"}
    written = {"report": page.write(folder)}
    try:
        return written | {"picture": plots.write(folder, folder)}
    except FailedError:
        raise
    except HarnessError as error:  # nothing varies, say, and the network is too large for a picture of its weights
        return written | {"picture": f"none; {error}"}
