"""The most memory that a call holds: what NumPy and Python allocate, and pyarrow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

POOLS: list[pa.MemoryPool] = []
"""Pools are never freed: pyarrow keeps buffers that outlive a test."""


@contextmanager
def counted() -> Iterator[pa.MemoryPool]:
    """A pool of pyarrow that counts from nothing."""
    before = pa.default_memory_pool()
    POOLS.append(pa.proxy_memory_pool(before))
    pa.set_memory_pool(POOLS[-1])
    try:
        yield POOLS[-1]
    finally:
        pa.set_memory_pool(before)


def most(function: Callable[[], Any]) -> int:
    """The most bytes that a call holds beside those that were held before."""
    with counted() as pool:
        tracemalloc.start()
        try:
            function()
            return int(tracemalloc.get_traced_memory()[1] + pool.max_memory())
        finally:
            tracemalloc.stop()
