"""A trained network written down for other programs: as arrays, as JSON, or as a model of another library."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness.errors import FailedError, HarnessError
from harness.experiment.errors import either
from harness.views.files import put
from harness.views.results import Results
from harness.views.trained.network import TrainedNetwork


def parts(network: TrainedNetwork) -> dict[str, Any]:
    """All that makes predictions of inputs x (S, I): a_0 = (x - mean)/deviation, with `fill` (I,) in place of NaN.

    a_l = f_l(a_(l-1) w_l^T + b_l) with the weights w1, b1, .. and `activations`, of `slopes` where they have one. If
    `link` is `softmax` or `sigmoid`, it makes probabilities of the last of them, of a single output that of the second
    of `classes`. If it is `none`, they are in units of `target_deviation` from `target_mean`; a single output above
    `middle` says the second class.
    """
    made = network.network.structure
    return {
        "format": "backprop-harness network 1",
        "layers": list(made.layers),
        "activations": list(made.activations),
        "slopes": [slope if own else None for slope, own in zip(_slopes(network), made.sloped, strict=True)],
        "dtype": made.dtype,
        "columns": list(network.columns),
        "fill": network.fill,
        "mean": network.inputs.mean,
        "deviation": network.inputs.deviation,
        **network.weights,
        "link": network.link,
        "targets": list(network.targets),
        "target_mean": network.outputs.mean,
        "target_deviation": network.outputs.deviation,
        "classes": [] if network.classes is None else network.classes.tolist(),
        "middle": network.middle,
    }


def _slopes(network: TrainedNetwork) -> list[float]:
    """The slope that each layer's activation would have, if it is one that has."""
    last, hidden = network.network.output_slope, network.network.slope
    return [float(hidden or 0.0)] * (len(network.layers) - 2) + [float(last or 0.0)]


def npz(network: TrainedNetwork) -> bytes:
    """An array for each of the `parts`, names as text: a file for `numpy.load`."""
    file = io.BytesIO()
    given = parts(network)
    given["slopes"] = [np.nan if slope is None else slope for slope in given["slopes"]]
    arrays: dict[str, Any] = {name: np.asarray(part) for name, part in given.items()}
    np.savez(file, **arrays)
    return file.getvalue()


def plain(network: TrainedNetwork) -> dict[str, Any]:
    """The `parts` as JSON has them: lists, with None in place of NaN."""
    lists = {name: part.tolist() if isinstance(part, np.ndarray) else part for name, part in parts(network).items()}
    return lists | {"fill": [None if np.isnan(number) else number for number in network.fill.tolist()]}


def written_json(network: TrainedNetwork) -> bytes:
    """The `parts` as an object of JSON, every number with all its digits."""
    return f"{json.dumps(plain(network), indent=1, allow_nan=False)}\n".encode()


def _by(library: str, package: str) -> Callable[[TrainedNetwork], bytes]:
    """What writes a model of a library, which is imported only then. Raises `FailedError` if it is not there."""

    def make(network: TrainedNetwork) -> bytes:
        if any(network.network.structure.sloped):
            raise HarnessError(f"{package} has no activation of this slope; expected npz or json, which say it")
        try:
            module = import_module(f"harness.views.trained.{library}_")
        except ModuleNotFoundError:
            raise FailedError(f"this format needs {package}: pip install backprop-harness[{library}]") from None
        made: bytes = module.model(network)
        return made

    return make


class Format(NamedTuple):
    """A way to write a network down. suffix: of its files."""

    suffix: str
    make: Callable[[TrainedNetwork], bytes]


FORMATS = {
    "npz": Format(".npz", npz),
    "json": Format(".json", written_json),
    "torch": Format(".pt2", _by("torch", "PyTorch")),
    "onnx": Format(".onnx", _by("onnx", "ONNX")),
    "sklearn": Format(".pkl", _by("sklearn", "scikit-learn")),
}


def write(results: Results, config: int, form: str, save: str | None = None) -> str:
    """Write the network of a row down, and return where: NAME-CONFIG with the format's suffix, if not told.

    form: a key of `FORMATS`. Raises `HarnessError` if there is no such network or format, and `FailedError` if it
    cannot be written, or if a file of that name is there.
    """
    if form not in FORMATS:
        raise HarnessError(f"{form}: no such format; there are {either(FORMATS)}")
    target = save or f"{Path(results.folder).resolve().name}-{config}{FORMATS[form].suffix}"
    if not save and Path(target).exists():
        raise FailedError(f"{target}: is there already; give --save to replace it, or write elsewhere")
    put(target, FORMATS[form].make(results.network(config)))
    return target
