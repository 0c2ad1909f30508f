"""Settings that make no difference to a run: its layers, optimizer, schedule and activations decide which they are.

A row has NULL for them, and configurations that differ in nothing else are one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import partial
from typing import Any

from harness.experiment.settings import HYPERPARAMETERS, KINDS, layer_of_rate, users


def _by_layers(layers: tuple[int, ...], keys: Set[str], given: Set[str]) -> set[str]:
    """Rates of layers that are not there, the common rate where each layer has its own, what is of no hidden layer."""
    depth = len(layers) - 1
    idle = {key for key in keys if (layer_of_rate(key) or 0) > depth}
    if all(f"learning_rate_{layer}" in given for layer in range(1, depth + 1)):
        idle.add("learning_rate")
    if depth == 1:
        idle |= {"activation", "slope"}
    return idle & keys


def _by_kind(kind: str, value: str | tuple[str, ...], keys: Set[str], given: Set[str]) -> set[str]:
    """The numbers of other optimizers (or schedules, or activations) than this one, or these."""
    chosen = {value} if isinstance(value, str) else {*value}
    owners = {number: users(number) for number in HYPERPARAMETERS.keys() & keys}
    return {number for number, (owner, names) in owners.items() if owner == kind and not chosen & {*names}}


DECIDERS: dict[str, Callable[[Any, Set[str], Set[str]], set[str]]] = {
    "layers": _by_layers,
    **{kind: partial(_by_kind, kind) for kind in KINDS},
}
"""Setting -> (its value, keys, the keys that a grid gives) -> those of the keys that are then idle."""


def idle(values: Mapping[str, Any], keys: Set[str]) -> set[str]:
    """The keys, of all that a grid gives, that a run with these values of `DECIDERS` does not use."""
    return set().union(*(rule(values[key], keys, keys) for key, rule in DECIDERS.items()))
