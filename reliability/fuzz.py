"""Experiments that are damaged at random."""

from __future__ import annotations

import random

FULL = """\
name: Full.example_1-a
description: every key there is
seed: 3
network: {layers: [2, 3, 1], activation: [tanh], output: identity, bias: fixed}
data: {rows: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]}
training:
  {loss: bce, optimizer: adam, beta1: 0.8, schedule: step, step_size: 5, batch_size: full, shuffle: true,
   dtype: float32, arithmetic: fast, max_loss: 10, weight_decay: 0.1, gradient_clip: 1}
parameters:
  learning_rate: {geomspace: [1e-3, 1, 20]}
  init: [ones, {normal: {std: 0.5}}, {values: {weights: [[[1, 2], [3, 4], [5, 6]], [[7, 8, 9]]]}}]
  learning_rate_2: {distribution: log_uniform_values, min: 1e-3, max: 1, n: 3}
zip:
  budget: {epochs: [10, 100], batch_size: [1, 4]}
exclude: [{epochs: 10, init: ones}]
repeats: 2
record: {weights: false, losses: {every: 5}}
run_cap: 1000
"""
"""An experiment with every key there is."""
WORDS = [
    "", "a", "1", "-1", "1e400", ".nan", "null", "true", "[]", "{}", "[[1]]", "[a, [1]]", "{a: 1}", "*x", "&x 1",
    "!t 1", '"', "'", ": ", "- ", "\t", "\n", "#", "\x00", "\u2028", "{linspace: [1, 2, 3]}", "{values: 1}",
    "{distribution: normal}", "0x", "99999999999999999999", "? ", "---\n", "|", "%",
]  # fmt: skip


def damaged(chance: random.Random) -> str:
    """An experiment with parts replaced, removed, doubled or swapped."""
    text = FULL
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        start = chance.randrange(len(text))
        stop = min(len(text), start + chance.choice([0, 1, 1, 3, 10, 40]))
        words = [*WORDS, text[stop : stop + 20], chance.choice(text.split())]
        text = text[:start] + chance.choice(words) + text[stop:]
    return text
