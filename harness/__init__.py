"""Train a small neural network under every setting at once, exactly, and keep every weight in one table."""

from harness.api import explain, load, plot, sweep, train, weights

__all__ = ["explain", "load", "plot", "sweep", "train", "weights"]
