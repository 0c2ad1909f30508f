"""What several tests stand on: fakes of the engine, a browser, experiments, and how figures and memory are read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The folder that the whole project lies in."""
