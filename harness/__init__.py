"""Train a small neural network under every setting at once, exactly, and keep every weight in one table."""

from harness.api import explain, load, open, plot, sweep, train, weights

__version__ = "0.2.0"

__all__ = ["explain", "load", "open", "plot", "sweep", "train", "weights"]
