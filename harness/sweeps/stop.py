"""Ctrl-C and SIGTERM: the blocks in hand are finished and committed, and the process leaves within two seconds."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 1.6
"""Seconds that the blocks in hand have. What is not committed by then is done again."""
MESSAGE = "interrupted; what is done is kept, and the same command goes on from it"


class Stop:
    """Whether the process was asked to stop, and how."""

    def __init__(self) -> None:
        self.signal = 0

    def __bool__(self) -> bool:
        return self.signal != 0

    @property
    def exit_code(self) -> int:
        return 128 + self.signal

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to the signals, in the main thread of a command. A second one ends the process at once."""
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self:
            os._exit(128 + number)
        self.signal = number
        timer = threading.Timer(GRACE, self._leave)
        timer.daemon = True
        timer.start()

    def _leave(self) -> None:
        print(MESSAGE, file=sys.stderr, flush=True)
        os._exit(self.exit_code)
