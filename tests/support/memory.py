"""The most memory that a call holds: what NumPy and Python allocate, and pyarrow."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

POOLS: list[pa.MemoryPool] = []
"""Pools are never freed: pyarrow keeps buffers that outlive a test."""


@contextmanager
def counted() -> Iterator[pa.MemoryPool]:
    """A pool of pyarrow that counts from nothing, while pyarrow has one thread.

    With more, how much it has read ahead when its reader takes the next piece depends on the scheduler: the same call
    held 1.1 to 1.7 MB.
    """
    before, processors, readers = pa.default_memory_pool(), pa.cpu_count(), pa.io_thread_count()
    POOLS.append(pa.proxy_memory_pool(before))
    pa.set_memory_pool(POOLS[-1])
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        yield POOLS[-1]
    finally:
        pa.set_memory_pool(before)
        pa.set_cpu_count(processors)
        pa.set_io_thread_count(readers)


def most(function: Callable[[], Any]) -> int:
    """The most bytes that a call holds beside those that were held before: the less of two calls.

    One alone may load a library, or come when Python doubles a table of the whole process: 8 MB in one call of 46.
    """
    return min(held(function) for _ in range(2))


def held(function: Callable[[], Any]) -> int:
    """The most bytes that this call holds beside those that were held before."""
    with counted() as pool:
        gc.collect()
        tracemalloc.start()
        try:
            function()
            return int(tracemalloc.get_traced_memory()[1] + pool.max_memory())
        finally:
            tracemalloc.stop()
