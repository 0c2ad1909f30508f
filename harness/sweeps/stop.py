"""Ctrl-C and SIGTERM: the blocks in hand are finished and committed, and the process leaves within two seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GRACE = 1.2
"""Seconds that the blocks in hand have. What is not committed by then is done again."""
MESSAGE = "interrupted; what is done is kept, and the same command goes on from it"
SHOW_CURSOR = "\x1b[?25h"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
        """Listen to the signals, in the main thread of a command. A second one ends the process at once.

        A thread listens: Python's own handlers wait until the main thread is back from a kernel or the compiler.
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = {number: signal.signal(number, lambda number, frame: None) for number in SIGNALS}
        woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, args=(reading,), daemon=True).start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():  # once asked, the process is about to leave, with the right code
                signal.signal(number, signal.SIG_IGN if self else handler)
            os.close(writing)

    def _listen(self, reading: int) -> None:
        with open(reading, "rb", buffering=0) as numbers:
            while number := numbers.read(1):
                if number[0] in SIGNALS:
                    self._asked(number[0])

    def _asked(self, number: int) -> None:
        if self:
            _exit(128 + number)
        self.signal = number
        timer = threading.Timer(GRACE, self._leave)
        timer.daemon = True
        timer.start()

    def _leave(self) -> None:
        _exit(self.exit_code)


def _exit(code: int) -> None:
    """End at once, whatever the threads do. On a terminal the bar has hidden the cursor."""
    try:
        os.write(2, f"\n{SHOW_CURSOR}{MESSAGE}\n".encode() if os.isatty(2) else f"{MESSAGE}\n".encode())
    finally:
        os._exit(code)
