"""Sweeps whose blocks wait until they are killed, and that tell how far they are: nobody guesses times."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from reliability.sweeps import ROOT

BEGUN, HEARD = b"b", b"s"
HELD = """
import os, sys
from harness.cli import main
from harness.sweeps import stop, work
told, never = int(sys.argv.pop(1)), os.pipe()
def held(*given):
    os.write(told, b"b")
    os.read(never[0], 1)
def heard(self, number, asked=stop.Stop._asked):
    asked(self, number)
    os.write(told, b"s")
work.train_block, stop.Stop._asked = held, heard
"""
"""The command `harness`: a block tells that it has begun, and never ends; a signal, that it was heard."""


@contextmanager
def begun(command: list[str], *files: int) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive what is tried on it. A shell's background job ignores SIGINT: not this one.

    files: descriptors that it inherits.
    """
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    out, err = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=out, stderr=err, text=True, pass_fds=files, preexec_fn=heed
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@contextmanager
def held(file: Path, results: Path, before: str = "", *files: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """(A sweep of the file whose blocks never end, the pipe that it tells on).

    before: what its program does first. files: descriptors that it inherits and finds at the end of its arguments.
    """
    told, telling = os.pipe()
    program = HELD + before + "\nmain()"
    command = [sys.executable, "-c", program, str(telling), "sweep", str(file), "--results", str(results)]
    try:
        with begun([*command, *map(str, files)], telling, *files) as child:
            os.close(telling)
            yield child, told
    finally:
        os.close(told)


def tells(told: int, what: bytes) -> bool:
    """Wait until the pipe tells these bytes; return whether they came before the process ended."""
    while (said := os.read(told, 1)) != what:
        if not said:
            return False
    return True
