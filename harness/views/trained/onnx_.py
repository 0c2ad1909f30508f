"""A trained network as a model of ONNX, which onnxruntime and others run: scales in float64, the layers in float32."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from harness.views.trained.export import plain
from harness.views.trained.network import TrainedNetwork

OPSET, IR = 20, 10
"""The first operators that have Gelu, and the version of the file that came with them."""
OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "identity": ("Identity", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "gelu": ("Gelu", {}),
    "gelu_tanh": ("Gelu", {"approximate": "tanh"}),
    "silu": ("Sigmoid", {}),  # and then times z
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}),
    "softsign": ("Softsign", {}),
    "hardtanh": ("Clip", {}),
    "sin": ("Sin", {}),
    "square": ("Mul", {}),
}


class _Graph:
    """Nodes and constants in order. Every method gives the name of a value."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def model(network: TrainedNetwork) -> bytes:
    """The file of a model: of `inputs` (S, I) float64, NaN where one is missing, it makes `answers` as `TrainedNetwork`
    has them, float64; and, if there are classes, `label` (S,).
    """
    graph = _Graph()
    y = _layers(graph, network)
    answers = _answers(graph, network, y)
    made = [helper.make_tensor_value_info(answers, TensorProto.DOUBLE, ["samples", None])]
    if network.classes is not None:
        kind = TensorProto.STRING if network.classes.dtype.kind == "U" else _kind(network.classes)
        made.append(helper.make_tensor_value_info(_label(graph, network, y), kind, ["samples"]))
    given = helper.make_tensor_value_info("inputs", TensorProto.DOUBLE, ["samples", network.layers[0]])
    whole = helper.make_graph(graph.nodes, "network", [given], made, graph.constants)
    file = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    helper.set_model_props(file, {"harness": json.dumps(plain(network))})
    onnx.checker.check_model(file, full_check=True)
    data: bytes = file.SerializeToString()
    return data


def _kind(array: Any) -> int:
    return int(helper.np_dtype_to_tensor_dtype(array.dtype))


def _layers(graph: _Graph, network: TrainedNetwork) -> str:
    """The outputs, in float32."""
    filled = graph.node("Where", graph.node("IsNaN", "inputs"), graph.constant(network.fill), "inputs")
    moved = graph.node("Sub", filled, graph.constant(network.inputs.mean))
    a = graph.node("Div", moved, graph.constant(network.inputs.deviation))
    a = graph.node("Cast", a, to=TensorProto.FLOAT)
    for layer, activation in enumerate(network.network.structure.activations, start=1):
        some = [network.weights[name] for name in (f"w{layer}", f"b{layer}") if name in network.weights]
        z = graph.node("Gemm", a, *(graph.constant(array.astype(np.float32)) for array in some), transB=1)
        operator, attributes = OPERATORS[activation]
        more = [z] if activation == "square" else []
        more += [graph.constant(np.float32(end)) for end in (-1, 1) if activation == "hardtanh"]
        a = graph.node(operator, z, *more, **attributes)
        a = graph.node("Mul", z, a) if activation == "silu" else a
    return a


def _answers(graph: _Graph, network: TrainedNetwork, y: str) -> str:
    if network.link == "softmax":
        return graph.node("Cast", graph.node("Softmax", y, axis=1), name="answers", to=TensorProto.DOUBLE)
    if network.link == "sigmoid":
        both = graph.node("Concat", graph.node("Neg", y), y, axis=1) if network.single else y
        return graph.node("Cast", graph.node("Sigmoid", both), name="answers", to=TensorProto.DOUBLE)
    scaled = graph.node("Mul", graph.node("Cast", y, to=TensorProto.DOUBLE), graph.constant(network.outputs.deviation))
    return graph.node("Add", scaled, graph.constant(network.outputs.mean), name="answers")


def _label(graph: _Graph, network: TrainedNetwork, y: str) -> str:
    if network.single:
        above = graph.node("Greater", y, graph.constant(np.float32(network.middle)))
        said = graph.node("Cast", above, to=TensorProto.INT64)
        said = graph.node("Squeeze", said, graph.constant(np.array([1], np.int64)))
    else:
        said = graph.node("ArgMax", y, axis=1, keepdims=0)
    assert network.classes is not None
    labels = network.classes.astype(object) if network.classes.dtype.kind == "U" else network.classes
    return graph.node("Gather", graph.constant(labels), said, name="label")
