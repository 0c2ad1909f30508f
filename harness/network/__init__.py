"""A network to train: its structure, where its parameters lie, and the arrays of N runs."""
