"""Networks that are written down for other programs: each is read back by its own library, and says the same."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import FailedError, HarnessError
from harness.formulas.activations import ACTIVATIONS
from harness.views.results import Results
from harness.views.trained.export import FORMATS
from harness.views.trained.network import TrainedNetwork
from tests.support.command import call

erf = np.vectorize(math.erf)


def logistic(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


PLAIN: dict[str, Any] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "tanh": np.tanh,
    "sigmoid": logistic,
    "softplus": lambda z: np.logaddexp(0, z),
    "gelu": lambda z: z * 0.5 * (1 + erf(z / np.sqrt(2))),
    "gelu_tanh": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z * logistic(z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "sin": np.sin,
    "square": np.square,
}
PENGUINS = {"load": "penguins", "missing": "mean", "standardize": "inputs"}
DIABETES = {"load": "diabetes", "standardize": "both"}
CASES = [
    *((PENGUINS, "cross_entropy", activation, {}) for activation in ACTIVATIONS),
    (PENGUINS, "bce", "tanh", {"bias": "false"}),
    (PENGUINS, "mse", "tanh", {}),
    ({"load": "breast_cancer", "standardize": "inputs"}, "bce", "tanh", {}),
    ({"load": "breast_cancer", "standardize": "inputs"}, "hinge", "relu", {}),
    (DIABETES, "mse", "tanh", {}),
    (DIABETES, "huber", "relu", {"output": "tanh"}),
    ({"rows": [[0, 1, 0.5, 2], [1, 0, 1, 3]], "inputs": ["a", "b"], "targets": ["y", "z"]}, "mse", "sigmoid", {}),
    ({"rows": [[0, "yes"], [1, "no"]]}, "bce", "tanh", {"layers": [1, 3, 1]}),
]


def results(
    folder: Path, data: dict[str, Any], loss: str, activation: str, network: dict[str, Any], **more: Any
) -> Any:
    made = {
        "name": "x",
        "network": {"layers": ["auto", 5, 3, "auto"], "activation": activation, **network},
        "data": data,
        "training": {"loss": loss, "batch_size": 8, **more},
        "parameters": {"learning_rate": 0.02, "epochs": 0, "init": "xavier_normal"},  # no kernel is compiled
    }
    return harness.open(harness.sweep(made, folder))


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].get('load')}-{case[1]}-{case[2]}")
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Results:
    return results(tmp_path, *request.param)  # type: ignore[no-any-return]


def inputs(network: TrainedNetwork) -> Any:
    """Some inputs around those that it was trained on, with gaps if it fills them."""
    x = np.random.default_rng(3).normal(network.inputs.mean, 2 * network.inputs.deviation, (40, network.layers[0]))
    x[::7, 0] = np.where(np.isnan(network.fill[0]), x[::7, 0], np.nan)
    return x


def by_hand(file: Any, x: Any) -> Any:
    """What a file says of inputs, as `parts` says that it is read."""
    fill = np.array([np.nan if number is None else number for number in file["fill"]])
    a = (np.where(np.isnan(x), fill, x) - np.array(file["mean"])) / np.array(file["deviation"])
    for layer, name in enumerate(file["activations"], start=1):
        z = a @ np.array(file[f"w{layer}"]).T
        a = PLAIN[str(name)](z + np.array(file[f"b{layer}"]) if f"b{layer}" in file else z)
    if str(file["link"]) == "softmax":
        odds = np.exp(a - a.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)
    if str(file["link"]) == "sigmoid":
        p = logistic(a)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 and len(file["classes"]) else p
    return a * np.array(file["target_deviation"]) + np.array(file["target_mean"])


def test_arrays_and_json_say_the_same(written: Results) -> None:
    network = written.network(0)
    x = inputs(network)
    for file in (
        dict(np.load(io.BytesIO(FORMATS["npz"].make(network)))),
        json.loads(FORMATS["json"].make(network)),
    ):
        found = by_hand(file, x)
        np.testing.assert_allclose(found, network.answers(x), rtol=1e-12, atol=1e-12)
        classes = np.array(file["classes"])
        if len(classes):
            single = found.shape[1] == 1
            middle = file["middle"] * file["target_deviation"][0] + file["target_mean"][0]
            said = found[:, 0] > middle if single else found.argmax(axis=1)
            assert (classes[said.astype(int)] == network.predict(x)).all()
        assert list(file["columns"]) == list(network.columns)
    assert FORMATS["npz"].make(network) == FORMATS["npz"].make(network)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of mpmath, which the sympy of PyTorch uses
def test_pytorch_says_the_same(written: Results) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[oracle]'")
    pytest.importorskip("sympy", minversion="1.13.3")  # PyTorch's own requirement, which our lock for tests is below
    network = written.network(0)
    x = inputs(network)
    more = {"harness.json": ""}
    model = torch.export.load(io.BytesIO(FORMATS["torch"].make(network)), extra_files=more).module()
    with torch.no_grad():
        for some in (x, x[:1]):
            found = model(torch.tensor(some)).numpy()
            np.testing.assert_allclose(found, network.answers(some), rtol=1e-12, atol=1e-12)
    assert json.loads(more["harness.json"]) == json.loads(FORMATS["json"].make(network))


def test_onnx_says_the_same_in_float32(written: Results) -> None:
    """The bound is 2 ulp of float32 (2^-22), of 1 for probabilities and of the largest output for others.

    Weights of float64 are rounded to float32 in the file.
    """
    reason = "onnxruntime is not installed: pip install -e '.[oracle]'"
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed: pip install -e '.[oracle]'")
    runtime = pytest.importorskip("onnxruntime", reason=reason)
    network = written.network(0)
    x = inputs(network)
    session = runtime.InferenceSession(FORMATS["onnx"].make(network), providers=["CPUExecutionProvider"])
    answers, *labels = session.run(None, {"inputs": x})
    expected = network.answers(x)
    scale = np.abs(expected - network.outputs.mean).max() if network.link == "none" else 1.0
    assert np.abs(answers - expected).max() <= 2 * 2.0**-23 * scale
    if network.classes is not None:
        assert (labels[0] == network.predict(x)).all()
        assert session.get_outputs()[1].name == "label"
    more = session.get_modelmeta().custom_metadata_map["harness"]
    assert json.loads(more) == json.loads(FORMATS["json"].make(network))
    graph = onnx.load_from_string(FORMATS["onnx"].make(network)).graph
    used = {name for node in graph.node for name in node.input}
    assert {constant.name for constant in graph.initializer} <= used  # or onnxruntime warns of each that is not


UNKNOWN = "of scikit-learn's networks"


def test_scikit_learn_says_the_same(written: Results) -> None:
    joblib = pytest.importorskip("joblib", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    network = written.network(0)
    made = network.network.structure
    known = set(made.activations[:-1]) <= {"identity", "relu", "tanh", "sigmoid"} and made.activations[-1] == "identity"
    if not known or (network.link == "none") != (network.classes is None):
        with pytest.raises(HarnessError, match=UNKNOWN):
            FORMATS["sklearn"].make(network)
        return
    x = pd.DataFrame(inputs(network), columns=list(network.columns)) if network.columns else inputs(network)
    model = joblib.load(io.BytesIO(FORMATS["sklearn"].make(network)))
    assert (model.predict(x) == network.predict(x)).all() if network.classes is not None else True
    if network.classes is None:
        np.testing.assert_allclose(model.predict(x), network.predict(x), rtol=1e-12, atol=1e-12)
    else:
        assert (model.classes_ == network.classes).all()
        p = network.predict_proba(x)
        np.testing.assert_allclose(model.predict_proba(x), p, rtol=1e-12, atol=1e-12)


def test_two_outputs_are_one_in_scikit_learn(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    network = results(tmp_path, {"load": "breast_cancer"}, "cross_entropy", "tanh", {}).network(0)
    x = inputs(network)
    assert network.layers[-1] == 2
    frame = pd.DataFrame(x, columns=list(network.columns))
    model = joblib.load(io.BytesIO(FORMATS["sklearn"].make(network)))
    np.testing.assert_allclose(model.predict_proba(frame), network.predict_proba(x), rtol=1e-12, atol=1e-12)
    assert (model.predict(frame) == network.predict(x)).all()


def test_float32_is_written_as_it_is(tmp_path: Path) -> None:
    network = results(tmp_path, PENGUINS, "cross_entropy", "tanh", {}, dtype="float32").network(0)
    file = np.load(io.BytesIO(FORMATS["npz"].make(network)))
    for name, array in network.weights.items():
        assert file[name].dtype == np.float32
        assert file[name].tobytes() == array.tobytes()


def test_the_command_writes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened = results(Path("results"), PENGUINS, "cross_entropy", "tanh", {})
    network = opened.network(0)
    assert call("export", opened.folder, "--config", 0, "--to", "json").stdout == "wrote x-0.json\n"
    assert Path("x-0.json").read_bytes() == FORMATS["json"].make(network)
    again = call("export", opened.folder, "--config", 0, "--to", "json")
    assert again.stderr == "x-0.json: is there already; give --save to replace it, or write elsewhere\n"
    assert again.exit_code == 1
    assert call("export", opened.folder, "--config", 0, "--to", "npz", "--save", "n").stdout == "wrote n\n"
    assert Path("n").read_bytes() == FORMATS["npz"].make(network)
    unknown = call("export", opened.folder, "--config", 0, "--to", "yaml")
    assert unknown.stderr.startswith("yaml: no such format; there are npz, json")
    assert call("export", opened.folder, "--config", 7, "--to", "npz").stderr.count("config 7: no such row") == 1


def test_a_library_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = results(tmp_path, PENGUINS, "cross_entropy", "tanh", {}).network(0)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "harness.views.trained.torch_", raising=False)
    with pytest.raises(FailedError) as caught:
        FORMATS["torch"].make(network)
    assert caught.value.lines == ["this format needs PyTorch: pip install backprop-harness[torch]"]


def test_slopes_go_where_the_network_goes(tmp_path: Path) -> None:
    sloped = {"activation": "leaky_relu", "slope": 0.3, "output": "sigmoid", "output_slope": 2.5}
    network = results(tmp_path, DIABETES, "mse", "leaky_relu", sloped).network(0)
    x, plain = inputs(network), json.loads(FORMATS["json"].make(network))
    assert plain["slopes"] == [0.3, 0.3, 2.5]
    a = (x - network.inputs.mean) / network.inputs.deviation
    for layer, slope in enumerate(plain["slopes"], start=1):
        z = a @ np.array(plain[f"w{layer}"]).T + np.array(plain[f"b{layer}"])
        a = logistic(slope * z) if layer == 3 else np.where(z > 0, z, slope * z)
    np.testing.assert_allclose(a, network.decision(x), rtol=1e-12)
    assert np.load(io.BytesIO(FORMATS["npz"].make(network)))["slopes"].tolist() == plain["slopes"]
    with pytest.raises(HarnessError, match="PyTorch has no activation of this slope; expected npz or json"):
        FORMATS["torch"].make(network)
