"""Moments one after the other: a GIF, which shows the last for longer and begins again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.animation import PillowWriter
from matplotlib.figure import Figure

from harness.views.files import MAKER

EACH_SECOND, LAST = 4, 6
"""Frames in a second, and for how many the last is shown."""


def gif(frames: Iterator[Figure]) -> bytes:
    """The pictures, all of one size, as a GIF that says who made it."""
    with TemporaryDirectory() as folder:
        path, writer = Path(folder, "x.gif"), PillowWriter(fps=EACH_SECOND)
        for number, frame in enumerate(frames):
            if not number:
                writer.setup(frame, path)
            frame.draw_without_rendering()
            frame.set_layout_engine("none")  # which would go on settling, and take as long again
            writer.fig = frame
            writer.grab_frame()
        for _ in range(LAST - 1):
            writer.grab_frame()
        writer.finish()
        image = path.read_bytes()
    table = 3 * 2 ** ((image[10] & 7) + 1) if image[10] & 0x80 else 0  # of colours, behind the head's 13 bytes
    comment = b"\x21\xfe" + bytes([len(MAKER)]) + MAKER.encode() + b"\0"
    return image[: 13 + table] + comment + image[13 + table :]
