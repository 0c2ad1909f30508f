"""A results folder in words: what was trained, its axes, and how its runs ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from harness.errors import HarnessError
from harness.experiment.document import DATA, defaults, read
from harness.network.runs import Status
from harness.store.folder import Folder
from harness.store.log import sums
from harness.store.place import Place
from harness.views.choosing import best as choosing
from harness.views.choosing import importance as shares
from harness.views.choosing.settings import score_of
from harness.views.losses import unlike
from harness.views.numbers import printed
from harness.views.report.summary import Summary, percent, spared
from harness.views.results import Results
from harness.views.scale import TableAxis

TOP = 10
"""How many settings a page ranks, and how many shares it shows."""
ARROW = "\N{RIGHTWARDS ARROW}"


class Best(NamedTuple):
    """The settings ranked by a score. heading: what the first has. told: the first, in words."""

    heading: str
    told: str
    table: pd.DataFrame


def asked(results: Results) -> Any:
    """The experiment as it was written, with every default filled in, as `harness.experiment.document.read` has it.

    The data file that it may name is not read, so a folder of results tells of itself wherever it lies.
    """
    found = read(results.written, [])
    found.data = found.data or defaults(DATA)
    return found


def description(results: Results) -> str:
    """What the experiment says of itself, or nothing."""
    return str(asked(results).description)


def facts(results: Results) -> list[str]:
    """How many configurations there are, and the length of each axis: `2,000 x learning_rate`."""
    lengths = [f"{len(axis.values):,} x {axis.name}" for axis in results.axes.values()]
    return [f"{results.rows:,} configuration{'s' * (results.rows != 1)}", *lengths]


def setup(results: Results) -> list[str]:
    """What was trained, on what and how, in parts: network, activations, loss, optimizer, rates, epochs, data."""
    document, swept = asked(results), results.swept
    given = vars(document.network) | vars(document.training)
    first = {name: given.get(name) for name in ("loss", "optimizer", "schedule", "batch_size", "dtype", "arithmetic")}
    fixed = {name: value for name, value in first.items() if name not in swept} | _single(results)
    told = [_network(results), _activations({**given, **_single(results)}, results)]
    told += [f"loss {fixed['loss']}" if "loss" in fixed else _several(results, "loss", "losses")]
    told += [str(fixed["optimizer"]) if "optimizer" in fixed else _several(results, "optimizer", "optimizers")]
    told += [f"{fixed['schedule']} schedule"] if fixed.get("schedule", "constant") != "constant" else []
    told += [_batches(fixed["batch_size"])] if fixed.get("batch_size", 1) != 1 else []
    rates = [name for name in swept if name.startswith("learning_rate")]
    told += [f"{name.replace('_', ' ')} {_range(results, name)}" for name in rates]
    told += [f"{_range(results, 'epochs')} epochs", _data(document.data)]
    told += [f"{document.repeats:,} repeats"] if document.repeats > 1 else []
    unusual = {"dtype": "float64", "arithmetic": "exact"}
    told += [str(fixed[name]) for name, usual in unusual.items() if fixed.get(name, usual) != usual]
    return [part for part in told if part]


def told(results: Results, summary: Summary) -> dict[str, Any]:
    """What a page says of a folder before anything else, by the names that its template has for it."""
    manifest = Folder(results.place).manifest() or {}
    return {
        "description": description(results),
        "setup": setup(results),
        "facts": [*facts(results), steps(results.place, manifest.get("steps"), " steps")],
        "statuses": [
            status(which, summary.statuses[which.label], results.rows)
            for which in Status
            if which.label in summary.statuses
        ],
        "grew": grew(summary, results.rows),
        "least": least(summary),
        "axes": axes(results.axes.values()),
    }


def status(which: Status, count: int, rows: int) -> dict[str, Any]:
    """How many rows have this status, what it means in a phrase, and what exactly."""
    return {
        "label": which.label,
        "meaning": which.words,
        "count": count,
        "text": f"{count:,}",
        "share": f"({percent(count, rows)})",
        "sentence": which.sentence,
    }


def grew(summary: Summary, rows: int) -> str:
    """How many rows end above the loss of their run's first epoch; nothing if none does, or the table does not tell."""
    if not summary.grew:
        return ""
    share = f"({percent(summary.grew, rows)})"
    if summary.grew == 1:
        return f"1 row {share} grew: it ends above the loss of its first epoch, and is nobody's best."
    return f"{summary.grew:,} rows {share} grew: they end above the loss of their first epoch, and are nobody's best."


def best(results: Results) -> list[Best]:
    """The best settings by validation; where losses are unlike, those of each kind. None without a validation part."""
    if not choosing.validated(results):
        return []
    ranked = choosing.of_each_kind(results, TOP)
    return [Best(choosing.heading(one).capitalize(), choosing.told(one), one) for one in ranked]


def decides(results: Results) -> str:
    """Which score settings are chosen by, and what the training loss has to do with it."""
    if not choosing.validated(results):
        return "No samples are kept aside for validation, so that settings are chosen by the least training loss."
    least = "not by the least training loss, which is often that of an overfitted network"
    return f"Settings are chosen by {score_of(results, None)}, its median over repeats and folds, {least}."


def importance(results: Results) -> dict[str, Any]:
    """What decides the usual score: its title, bars, and why shares are estimated; nothing where that is not known."""
    try:
        found = shares.importance(results)
    except HarnessError:  # nothing varies, say, or losses are unlike
        return {}
    bars = [(name, f"{share:.1%}") for name, share in found[:TOP].itertuples(index=False)]
    return {"title": shares.title(found), "bars": bars, "estimated": found.attrs["estimated"]}


def least(summary: Summary) -> list[str]:
    """The row of least training loss, in words; where losses are unlike, that of each kind, which it begins with."""
    told = []
    for row in summary.least:
        rest = {name: value for name, value in row.items() if value is not None and name not in ("config", "loss_mean")}
        kind = "".join(f"{name} {rest.pop(name)}: " for name in unlike(row))
        settings = ", ".join(f"{name} {value}" for name, value in rest.items())
        told.append(f"{kind}loss_mean {printed(row['loss_mean'])} at config {row['config']}: {settings}")
    return told or ["none: every run diverged, ends above the loss of its first epoch, or has no epoch"]


def steps(place: Place, planned: int | None, unit: str = "") -> str:
    """How many steps were run of those asked for, over all sessions of a sweep; nothing if nobody knows.

    planned: the steps of the whole plan. unit: what stands behind the first number.
    """
    counted = sums(Folder(place).found(deep=False).good)
    run, asked = counted["steps"], counted["asked"]
    if run is None or asked is None:
        return f"{planned:,}{unit} asked for; how many of them were run was not counted" if planned else ""
    kept = planned - asked if planned else 0
    taken = f"; {kept:,} more belong to runs that were taken over" if kept else ""
    if run == asked:
        return f"{run:,}{unit}{taken}"
    return f"{run:,}{unit} run of {asked:,} asked for ({spared(run, asked)} spared by runs that ended early){taken}"


def axes(found: Iterable[TableAxis]) -> list[dict[str, str]]:
    """Each axis for a table of axes: its name, how many values it has, the first, the last, and its meaning."""
    return [
        {
            "name": axis.name,
            "count": f"{len(axis.values):,}",
            "first": printed(_plain(axis, 0)),
            "last": printed(_plain(axis, -1)),
            "meaning": axis.column.meaning.replace("`", ""),
        }
        for axis in found
    ]


def _plain(axis: TableAxis, at: int) -> Any:
    return axis.values[at].item() if axis.numeric else str(axis.values[at])


def _single(results: Results) -> dict[str, Any]:
    """The swept parameters that have one value in all rows."""
    names = [name for name in results.swept if name not in results.axes]
    return results.first(names) if names else {}


def _network(results: Results) -> str:
    layers = results.layers
    return f"network {'-'.join(map(str, layers))}" if layers else _several(results, "layers", "network shapes")


def _activations(given: Mapping[str, Any], results: Results) -> str:
    """`tanh -> sigmoid`: of the hidden layers, and of the output."""
    if "activation" in results.axes:
        return _several(results, "activation", "activations")
    if "output" in results.axes:
        return _several(results, "output", "output activations")
    hidden, output = given["activation"], given["output"]
    if hidden == output == "identity":
        return "no activation function"
    parts = [hidden] if isinstance(hidden, str) else [*(hidden or ())]  # NULL where no network has a hidden layer
    return f" {ARROW} ".join(map(str, [*([] if results.layers and len(results.layers) == 2 else parts), output]))


def _several(results: Results, name: str, plural: str) -> str:
    return f"{len(results.axes[name].values)} {plural}" if name in results.axes else ""


def _batches(size: Any) -> str:
    return "full batches" if size == "full" else f"batches of {size}"


def _range(results: Results, name: str) -> str:
    """`0.001 to 1`, the ends of an axis; or the one value."""
    if name in results.axes:
        axis = results.axes[name]
        return " to ".join(_number(_plain(axis, end)) for end in (0, -1))
    return _number(_single(results)[name])


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else printed(value)


def _data(section: Any) -> str:
    """Where the samples come from, and how many there are if the experiment says so."""
    if isinstance(section.rows, list):
        return f"{len(section.rows):,} sample{'s' * (len(section.rows) > 1)}"
    if section.generate:
        return f"{section.generate}, {section.samples:,} samples"
    return f"data {Path(section.file).name}" if section.file else ""
