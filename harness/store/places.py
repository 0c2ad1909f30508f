"""The place that an address names: a folder on disk, or a prefix in an object store."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.errors import in_utf8
from harness.store.disk import Disk
from harness.store.place import Place

S3 = re.compile("s3:/+")
"""The start of an address in an object store; `Path` makes one slash of two."""


def place_of(results: str | os.PathLike[str], *names: str, endpoint: str | None = None) -> Place:
    """The place RESULTS/NAME/.. on disk or in a store. endpoint: the store's address, by default the environment's.

    Raises `HarnessError` for a path that is not UTF-8, for an address without a bucket, and for an endpoint that is no
    address; and `FailedError` if the store cannot be reached.
    """
    text = in_utf8(os.fspath(results))
    if found := S3.match(text):
        from harness.store.objects import Objects

        return Objects.at(text[found.end() :], names, endpoint)
    return Disk(Path(text, *names))
