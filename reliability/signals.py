"""Ctrl-C and SIGTERM at any instant of the command `harness sweep`, and a second one."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps.stop import MESSAGE
from reliability.held import BEGUN, HEARD, begun, held, tells
from reliability.owners import owner
from reliability.score import Score
from reliability.sweeps import ROOT, cli, digests, lasting, until, written

EPOCHS = 80_000
"""Some five seconds of work for two processors."""
SPAN = 2.5
"""Seconds in which signals fall, after the start or after it owns the folder: the end of a sweep is among them."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SECONDS, AT_ONCE, NEVER = 2.0, 0.5, 300.0
"""Seconds within which a process must end after the first signal, and after the second; and after which it is taken
never to end."""
NO_GRACE = "stop.GRACE = 1e6"
"""Blocks in hand may take for ever: only a second signal ends the process."""


@dataclass(frozen=True)
class Left:
    """How a process left. heard: whether it had the folder's lock when the signal came."""

    signal: int
    heard: bool
    code: int
    err: str
    seconds: float

    @property
    def well(self) -> bool:
        """Whether it ended with the signal's exit code and a hint; by the signal itself only before it had a folder."""
        told = self.code == 128 + self.signal and self.err.splitlines()[-1:] == [MESSAGE]
        early = self.code in (128 + self.signal, -self.signal) and "in wrapped" not in self.err
        return (told and "Traceback" not in self.err) if self.heard else early


def full(folder: Path) -> Iterator[Score]:
    yield from signals(folder / "once", 100, seconds=SECONDS)
    yield from slow(folder / "slow", 20, seconds=SECONDS, at_once=AT_ONCE)


def signals(
    folder: Path, count: int, epochs: int = EPOCHS, span: float = SPAN, seconds: float = NEVER
) -> Iterator[Score]:
    """Send `count` signals; each sweep goes on from where the last was stopped, or from nothing once that was complete.

    seconds: in which each must have left.
    """
    out = Score(f"SIGINT and SIGTERM: out in {seconds:g} s")
    well = Score("exit code 130 or 143, with a line that says how to go on and no traceback")
    kept = Score("nothing committed is lost, nothing half-written is seen")
    same = Score("gone on from signals to the end: an uninterrupted run's files, byte for byte")
    folder.mkdir()
    file, draw = written(lasting(epochs), folder / "lasting.yaml"), random.Random(13)
    whole = digests(_finished(file, folder / "whole"))
    place = folder / "stopped" / "lasting"
    while out.of < count:
        number, instant, owning = draw.choice(SIGNALS), draw.uniform(0, span), out.of % 2 == 1
        left, before = _signalled(file, place, number, instant, owning)
        done = (Folder(Disk(place)).manifest() or {}).get("state") == "complete"
        if left is not None:
            what = f"{number.name} {instant:.3f} s after {'it owned' if owning else 'its start'}: {left}"
            out.add(left.seconds <= seconds, what)
            well.add(left.well or (done and left.code in (0, -number, 128 + number)), what)
            kept.add(before <= _committed(place) and digests(place).items() <= whole.items(), what)
        if done or out.of == count:
            same.add(digests(_finished(file, place.parent)) == whole, f"by the {out.of}. signal")
            shutil.rmtree(place.parent)
    yield from (out, well, kept, same)


def slow(folder: Path, count: int, seconds: float = NEVER, at_once: float = NEVER) -> Iterator[Score]:
    """Stop sweeps whose blocks no grace is long enough for: by one signal; in every other trial by a second one, too.

    seconds, at_once: in which the process must have left after the first signal, and after the second.
    """
    once = Score(f"a signal while blocks never end: out in {seconds:g} s")
    twice = Score(f"a second signal: out in {at_once:g} s")
    folder.mkdir()
    file, draw = written(lasting(1), folder / "lasting.yaml"), random.Random(2)
    for trial in range(count):
        number, again = draw.choice(SIGNALS), trial % 2 == 1
        with held(file, folder, NO_GRACE if again else "") as (child, told):
            ready, asked = tells(told, BEGUN), time.monotonic()
            child.send_signal(number)
            if again:
                ready, asked = ready and tells(told, HEARD), time.monotonic()
                child.send_signal(number)
            err = _out_of(child)
            took = time.monotonic() - asked
        well = ready and child.returncode == 128 + number and err.splitlines()[-1:] == [MESSAGE]
        score, allowed = (twice, at_once) if again else (once, seconds)
        score.add(well and took <= allowed, f"{number.name}: exit code {child.returncode} in {took:.2f} s: {err}")
    yield from (once, twice)


def _signalled(file: Path, place: Path, number: int, instant: float, owning: bool) -> tuple[Left | None, set[int]]:
    """How a sweep left at a signal, unless it had ended before; and the blocks that were committed then."""
    with begun(cli(file, place.parent)) as child:
        if owning:
            until(lambda: owner(place) == child.pid)
        _wait(child, instant)
        before, heard = _committed(place), owner(place) == child.pid
        if child.poll() is not None:
            return None, before
        asked = time.monotonic()
        child.send_signal(number)
        err = _out_of(child)
        return Left(number, heard, child.returncode, err, time.monotonic() - asked), before


def _wait(child: subprocess.Popen[str], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        child.wait(seconds)


def _out_of(child: subprocess.Popen[str]) -> str:
    """What it says until it has left, or is killed because it does not."""
    try:
        return child.communicate(timeout=NEVER)[1]
    except subprocess.TimeoutExpired:
        child.kill()
        return child.communicate()[1]


def _committed(folder: Path) -> set[int]:
    """The blocks that the log has, in files that are as they were written."""
    return {number for entry in Folder(Disk(folder)).found().good for number in range(entry.first, entry.stop)}


def _finished(file: Path, results: Path) -> Path:
    subprocess.run(cli(file, results), cwd=ROOT, check=True, capture_output=True)
    return results / "lasting"
