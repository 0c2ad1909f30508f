"""Too little memory: how it is told from other errors, before anything begins and after."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator

LEAST = {
    "RLIMIT_AS": (2**31, "ulimit -v", "addresses"),
    "RLIMIT_DATA": (2**30, "ulimit -d", "data"),
}
"""The least bytes that a process needs in which libraries load and start their threads, and what a shell calls each."""
SIGNS = ("failed to map segment", "Cannot allocate memory", "can't start new thread")
"""What errors of other classes say of it."""


class LimitError(MemoryError):
    """The shell allows too little; the text says how to raise the limit."""


def check() -> None:
    """Raises LimitError if the shell allows the process less than it needs: some libraries then wait for ever."""
    for name, (least, command, what) in LEAST.items():
        limit, _ = resource.getrlimit(getattr(resource, name))
        if limit != resource.RLIM_INFINITY and limit < least:
            raise LimitError(
                f"a process may have {limit / 1e6:,.0f} MB of {what} here, and needs {least / 1e6:,.0f} MB; raise the "
                f"limit, as with `{command} unlimited`"
            )


def is_short(error: BaseException) -> bool:
    """Whether an error comes of too little memory."""
    return any(
        isinstance(one, MemoryError)
        or (isinstance(one, OSError) and one.errno == errno.ENOMEM)
        or any(sign in str(one) for sign in SIGNS)
        for one in _chain(error)
    )


def advice(error: BaseException) -> str:
    """What to say of an error that comes of too little memory."""
    if isinstance(error, LimitError):
        return str(error)
    return (
        "not enough memory; end other programs, raise the limit (of a container, or `ulimit -v`), or ask for less at "
        "once, as with fewer --threads; of a sweep what is done is kept, and the same command goes on from it"
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it came of."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
