"""Standard input, output and error, however the command was started: by cron, by a daemon, in a shell that ends."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

LAST = 2
"""The number of the last standard stream, of standard error."""


def stand() -> None:
    """Give the process the standard streams that it was started without, on the null device.

    Else the next file that is opened takes the number of one, and whatever is printed goes into that file. What cannot
    be said on standard error is dropped, so that no sweep ends because nobody listens any more.
    """
    while (free := os.open(os.devnull, os.O_RDWR)) <= LAST:
        os.set_inheritable(free, True)
    os.close(free)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    sys.stdout = _over(_Output, sys.stdout)
    sys.stderr = _over(_Error, sys.stderr)


class _Output(io.FileIO):
    """Standard output. Its first error says what cannot be written; what is left is then dropped when Python ends."""

    lost = False

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if self.lost:
                return len(data)
            self.lost = True
            raise OSError(error.errno, error.strerror, "standard output") from None


class _Error(_Output):
    """Standard error, which takes what nobody can read."""

    lost = True


def _over(kind: type[io.FileIO], stream: Any) -> Any:
    """The stream over a file of this kind; as it is if a program, such as a test, has put another in its place."""
    if stream not in (sys.__stdout__, sys.__stderr__):
        return stream
    raw = io.BufferedWriter(kind(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(raw, stream.encoding, stream.errors, line_buffering=stream.line_buffering)
