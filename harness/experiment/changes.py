"""An experiment with other settings: one value in place of an axis or a constant, all else as it is written."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from harness.experiment import source
from harness.experiment.axes import SWEEPABLE, setting_of
from harness.experiment.errors import Path
from harness.experiment.grids import unknown_parameter
from harness.experiment.idle import DECIDERS
from harness.experiment.notes import BadValueError, Note
from harness.experiment.settings import HYPERPARAMETERS, NETWORK, TRAINING, layer_of_rate, layers, own_name
from harness.experiment.source import Source

NAME = "name"
"""What can be set beside parameters: the experiment's name, and so the folder of its results."""


def changed(given: Source, settings: Mapping[str, str]) -> Source:
    """What an experiment would be if these settings, as YAML, stood in its file. Raises ExperimentError.

    A learning rate takes the place of single layers' rates too. What the new layers, optimizer or schedule do not use
    is left out, and so are entries of `exclude` that no longer match anything.
    """
    data, notes, places = copy.deepcopy(given.data), list[Note](), dict[Path, Path]()
    raws: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, text in settings.items():
        try:
            if key == NAME:
                data[NAME] = own_name(text)
            else:
                raws[key], values[key] = read(key, text, data)
        except BadValueError as bad:
            notes += bad.below(f"--set {key}")
    if notes:
        raise replace(given, positions=None).error(notes)
    grids = list(_grids(data))
    for where, grid in grids:
        gone = _gone(grid, values, data.get("network", {}).get("layers"))
        gone |= _unmet(grid, values)
        _leave_out(grid, gone)
        for key, raw in raws.items():
            if _replace(grid, key, raw):
                places[*where, "parameters", key] = (f"--set {key}",)
        _keep_matches(grid, gone, values, data)
    constants = {
        key: raw for key, raw in raws.items() if any((*at, "parameters", key) not in places for at, _ in grids)
    }
    for key, raw in constants.items():
        section = SWEEPABLE[key].section
        data.setdefault(section, {})[key] = raw
        places[section, key] = (f"--set {key}",)
    for section in ("network", "training"):
        for number in _gone({"parameters": data.get(section, {})}, values, None) & HYPERPARAMETERS.keys():
            del data[section][number]
    return replace(given, data=data, text=source.to_yaml(data), positions=None, places=places)


def read(key: str, text: str, data: Mapping[str, Any]) -> tuple[Any, Any]:
    """(plain data, value) of a setting given as YAML; of `init` also as the name of explicit values in the data.

    Raises BadValueError.
    """
    setting = setting_of(key)
    if setting is None:
        raise BadValueError(unknown_parameter(key))
    raw = source.fragment(text)
    if key == "init":
        raw = _named(raw, data) or raw
    return raw, setting.rule(raw)


def _named(name: Any, data: Any) -> dict[str, Any] | None:
    """The initialisation of this name, wherever it stands in the data."""
    if isinstance(data, dict) and isinstance(name, str) and "values" in data and data.get("name") == name:
        return data
    below = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return next((found for item in below if (found := _named(name, item))), None)


def _grids(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    if "grids" in data:
        yield from ((("grids", index), grid) for index, grid in enumerate(data["grids"]))
    else:
        yield (), data


def _groups(grid: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every mapping of a grid that holds axes by their keys: `parameters`, and each group of `zip`."""
    yield grid.get("parameters", {})
    yield from grid.get("zip", {}).values()


def _gone(grid: dict[str, Any], values: Mapping[str, Any], network: Any) -> set[str]:
    """The axes that the new values leave no use for. network: the layers that stand in the file outside of grids."""
    swept = {key for group in _groups(grid) for key in group}
    given = swept | values.keys()
    gone = {key for key in swept if "learning_rate" in values and layer_of_rate(key)}
    for decider in DECIDERS.keys() & values.keys():
        gone |= DECIDERS[decider](values[decider], swept, given)
    if network and "layers" not in given:
        gone |= DECIDERS["layers"](layers(network), swept & {"learning_rate"}, given)
    return gone - values.keys()


def _unmet(grid: dict[str, Any], values: Mapping[str, Any]) -> set[str]:
    """The parameters whose conditions the new values do not meet; what they decide is a condition no more."""
    unmet: set[str] = set()
    for key, of in grid.get("when", {}).items():
        for other in [name for name in of if name in values]:
            given = of.pop(other)
            rule = (SWEEPABLE.get(other) or SWEEPABLE["learning_rate"]).rule
            if values[other] not in [rule(raw) for raw in (given if isinstance(given, list) else [given])]:
                unmet.add(key)
    return unmet


def _leave_out(grid: dict[str, Any], keys: Set[str]) -> None:
    for group in _groups(grid):
        for key in keys & group.keys():
            del group[key]
    if "when" in grid:
        grid["when"] = {key: of for key, of in grid["when"].items() if of and key not in keys}
        if not grid["when"]:
            del grid["when"]
    if "zip" in grid:
        grid["zip"] = {name: group for name, group in grid["zip"].items() if group}


def _replace(grid: dict[str, Any], key: str, raw: Any) -> bool:
    """Put a value in place of the axis, if the grid has one or must have it; say whether it did."""
    swept = any(key in group for group in _groups(grid))
    if not swept and key in NETWORK | TRAINING:
        return False
    parameters = grid.setdefault("parameters", {})
    if key not in parameters:
        _leave_out(grid, {key})
    parameters[key] = [raw] if isinstance(raw, list) else raw
    return True


def _keep_matches(grid: dict[str, Any], gone: Set[str], values: Mapping[str, Any], data: dict[str, Any]) -> None:
    """Keep the entries of `exclude` that can still match."""

    def matches(key: str, raw: Any) -> bool:
        setting = SWEEPABLE.get(key) or SWEEPABLE["learning_rate"]
        raw = (_named(raw, data) or raw) if key == "init" else raw
        return key not in gone and (key not in values or bool(setting.rule(raw) == values[key]))

    if "exclude" in grid:
        grid["exclude"] = [entry for entry in grid["exclude"] if all(matches(*item) for item in entry.items())]
