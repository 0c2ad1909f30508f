"""A trained network as a Pipeline of scikit-learn, which `joblib.load` reads."""

from __future__ import annotations

import io
from typing import Any

import joblib
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.views.trained.network import TrainedNetwork

ACTIVATIONS = {"identity": "identity", "relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


def model(network: TrainedNetwork) -> bytes:
    """The file of a fitted Pipeline. Raises `HarnessError` if scikit-learn has no such network."""
    inputs = network.layers[0]
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_, scaler.var_ = *network.inputs, network.inputs.deviation**2
    steps = [scaler, _network(network)]
    if not np.isnan(network.fill).any():
        some = np.vstack([network.fill, np.full(inputs, np.nan)])
        steps.insert(0, SimpleImputer(keep_empty_features=True).fit(some))  # the mean of one row is that row
    for step in steps:
        step.n_features_in_ = inputs
    if network.columns:
        steps[0].feature_names_in_ = np.array(network.columns, object)
    file = io.BytesIO()
    joblib.dump(make_pipeline(*steps), file)
    return file.getvalue()


def _network(network: TrainedNetwork) -> Any:
    """The MLPClassifier or MLPRegressor, by the attributes that fitting gives it: it has no other door for weights.

    Scales of targets go into its last layer, and so does the one output that it has in place of two.
    """
    made, classes = network.network.structure, network.classes
    *hidden, last = made.activations
    if len({*hidden}) > 1 or not {*hidden} <= ACTIVATIONS.keys() or last != "identity":
        kinds = f"one activation, {either(ACTIVATIONS)}, in all hidden layers and identity in the last"
        raise HarnessError(
            f"{', '.join(made.activations)}: not activations of scikit-learn's networks; expected {kinds}"
        )
    if (network.link == "none") != (classes is None):
        wanted = "numbers and mse or the like, or classes and bce or cross_entropy"
        raise HarnessError(f"trained on {made.loss}: none of scikit-learn's networks; expected {wanted}")
    weights = [array.T.astype(np.float64) for array in network.network.weights]
    biases = [array.astype(np.float64) for array in network.network.biases]
    biases = biases or [np.zeros(array.shape[1]) for array in weights]
    link = {"softmax": "softmax", "sigmoid": "logistic"}.get(network.link, "identity")
    if network.link == "softmax" and network.layers[-1] == 2:
        link, weights[-1], biases[-1] = "logistic", np.diff(weights[-1]), np.diff(biases[-1])
    if classes is None:
        mean, deviation = network.outputs
        weights[-1], biases[-1] = weights[-1] * deviation, biases[-1] * deviation + mean
    kind = MLPRegressor if classes is None else MLPClassifier
    fitted = kind(hidden_layer_sizes=made.layers[1:-1], activation=ACTIVATIONS[hidden[0]] if hidden else "identity")
    fitted.coefs_, fitted.intercepts_, fitted.n_layers_ = weights, biases, len(made.layers)
    fitted.n_outputs_, fitted.out_activation_ = weights[-1].shape[1], link
    if classes is not None:
        fitted.classes_, fitted._label_binarizer = classes, LabelBinarizer().fit(classes)
    return fitted
