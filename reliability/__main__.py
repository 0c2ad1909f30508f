"""`python -m reliability`: every fault at full size, N/N for each; exit code 1 if anything failed."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

CHECKS = (
    *("kills", "calls", "traces", "damage", "disks", "owners", "clusters", "edits", "signals", "memory", "hostile"),
    *("surroundings", "cache", "strangers"),
)
"""Modules; each has `full(folder)`, which yields a `Score` for each promise."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help=f"one of {', '.join(CHECKS)}")
    options = parser.parse_args()
    wrong = False
    for name in CHECKS:
        if options.only in ("", name):
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                for score in importlib.import_module(f"reliability.{name}").full(Path(folder)):
                    print(f"{score}  ({time.monotonic() - started:.0f} s)", flush=True)
                    for line in score.wrong:
                        print(f"    {line}", flush=True)
                    wrong |= score.right < score.of
    sys.exit(wrong)


if __name__ == "__main__":
    main()
