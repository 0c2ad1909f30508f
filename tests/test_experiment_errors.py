"""Every kind of bad input: the exact lines a user reads."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.experiment import ExperimentError, load
from tests.support.experiments import GOOD, INIT, NAME, complaint

LAYERS, ROWS = "layers: [2, 2, 1]", "rows: [[1, 1, 1]]"
RATE, EPOCHS = "learning_rate: 0.1", "epochs: [1, 10]"
NO_RATE = "missing; give a value or an axis, such as learning_rate: 0.1"
KEYS = "name, description, seed, network, data, training, parameters, zip and 7 more"
RULES = "ones, zeros, constant, normal, uniform, xavier_uniform, xavier_normal, he_uniform and 7 more"

ACTIVATIONS = "identity, relu, leaky_relu, tanh, sigmoid, softplus, gelu, gelu_tanh and 7 more"
LOSSES = "mse, mae, huber, hinge, half_mse, bce or cross_entropy"
OPTIMIZERS = "sgd, momentum, nesterov, rmsprop, adam, adamw, adagrad, adadelta and 4 more"

UNKNOWN_KEYS = [
    (RATE, "learing_rate: 0.1", "7:3: parameters.learing_rate: unknown key; did you mean learning_rate?"),
    (NAME, "nam: xor", "1:1: nam: unknown key; did you mean name?"),
    (NAME, f"{NAME}\nfoo: 1", f"2:1: foo: unknown key; expected one of {KEYS}"),
    ("network:", "netwrok:", "2:1: netwrok: unknown key; did you mean network?"),
    (LAYERS, "layer: [2, 2, 1]", "3:3: network.layer: unknown key; did you mean layers?"),
    (ROWS, "row: [[1, 1, 1]]", "5:3: data.row: unknown key; did you mean rows?"),
    ("parameters:", "paramaters:", "6:1: paramaters: unknown key; did you mean parameters?"),
    (NAME, f"{NAME}\nloss: mse", "2:1: loss: unknown key here; it belongs under training"),
    (LAYERS, f"{LAYERS}\n  seed: 1", "4:3: network.seed: unknown key here; it belongs at the top level"),
    (NAME, f"{NAME}\ntraining: {{learning_rate: 1}}", "2:12: training.learning_rate: unknown key here; it belongs under parameters"),
    (NAME, f"{NAME}\nrecord: {{loses: 1}}", "2:10: record.loses: unknown key; did you mean losses?"),
    (NAME, f"{NAME}\nrecord: {{losses: {{evry: 1}}}}", "2:19: record.losses.evry: unknown key; did you mean every?"),
    (RATE, "learning_rate: {linspac: [1, 2, 5]}", "7:19: parameters.learning_rate.linspac: unknown key; did you mean linspace?"),
    (RATE, "learning_rate: {linspace: [1, 2, 5], n: 1}", "7:40: parameters.learning_rate.n: unknown key beside linspace"),
    (f"{NAME}\nnetwork:", "network:\n  title: xor", "2:3: network.title: unknown key; did you mean name?"),
    (ROWS, f"{ROWS}\n  axis: 1", "6:3: data.axis: unknown key; did you mean parameters?"),
    (INIT, f"{INIT}\n  axis: 1", "10:3: parameters.axis: unknown key; did you mean parameters?"),
    (f"  {EPOCHS}\n  {INIT}", "  axis: ones", "6:1: parameters.epochs: missing; give a value or an axis, such as epochs: [1, 10, 100]",
     "6:1: parameters.init: missing; give a value or an axis, such as init: ones", "8:3: parameters.axis: unknown key; did you mean parameters?"),
    (INIT, f"{INIT}\n  learning_rate_0: 1", "10:3: parameters.learning_rate_0: unknown key; layers are numbered 1, 2, .."),
]  # fmt: skip
UNDER_NETWORK = f"{LAYERS}\n  "
OTHER_WORDS = [
    *[(NAME, f"{NAME}\n{key}: 1", f"2:1: {key}: unknown key; did you mean {meant}?") for key, meant in [
        ("lr", "parameters.learning_rate"), ("eta", "parameters.learning_rate"), ("n_epochs", "parameters.epochs"),
        ("max-iter", "parameters.epochs"), ("weight_init", "parameters.init"), ("Initializer", "parameters.init"),
        ("kernel_initializer", "parameters.init"), ("hidden_size", "network.layers"), ("hidden_layers", "network.layers"),
        ("act", "network.activation"), ("output_activation", "network.output"), ("criterion", "training.loss"),
        ("objective", "training.loss"), ("batch", "training.batch_size"), ("wd", "training.weight_decay"),
        ("l2", "training.weight_decay"), ("clip_norm", "training.gradient_clip"), ("scheduler", "training.schedule"),
        ("random_state", "seed"), ("rng", "seed"), ("n_seeds", "repeats"), ("model", "network"), ("features", "data.inputs"),
    ]],
    *[(NAME, f"{NAME}\n{key}: 1", f"2:1: {key}: unknown key here; it belongs under {place}") for key, place in [
        ("learning_rate", "parameters"), ("epochs", "parameters"), ("init", "parameters"), ("activation", "network"),
        ("layers", "network"), ("optimizer", "training"), ("momentum", "training"), ("batch_size", "training"),
        ("rows", "data"),
    ]],
    *[(LAYERS, UNDER_NETWORK + f"{key}: 1", f"4:3: network.{key}: unknown key; did you mean {meant}?") for key, meant in [
        ("hidden_size", "layers"), ("units", "layers"), ("activation_function", "activation"), ("use_bias", "bias"),
        ("nonlinearity", "activation"), ("learning-rate", "parameters.learning_rate"), ("lr", "parameters.learning_rate"),
        ("seeds", "repeats"),
    ]],
    *[(RATE, f"{key}: 0.1", f"7:3: parameters.{key}: unknown key; did you mean {meant}?") for key, meant in [
        ("lr", "learning_rate"), ("Eta", "learning_rate"), ("learning rate", "learning_rate"),
    ]],
    *[(INIT, f"{key}: ones", f"9:3: parameters.{key}: unknown key; did you mean init?") for key in ("initialization", "weight_init")],
    *[(INIT, f"{INIT}\n  {key}: 1", f"10:3: parameters.{key}: unknown key{line}") for key, line in [
        ("hidden_size", "; did you mean layers?"), ("wd", "; did you mean weight_decay?"), ("seed", " here; it belongs at the top level"),
        ("random_seed", "; did you mean seed?"), ("rows", " here; it belongs under data"), ("dropout", "; there is no dropout"),
        ("lasso", "; did you mean l1?"), ("early_stopping", "; there is no early stopping"),
        ("qqq", "; expected one of learning_rate, epochs, init, layers, activation, output, bias, slope and 32 more"),
    ]],
    *[(LAYERS, UNDER_NETWORK + f"{key}: {name}", f"4:{len(key) + 5}: network.{key}: expected {ACTIVATIONS}, found '{name}'{line}")
      for key, name, line in [
        ("activation", "mish", "; there is no mish"), ("activation", "swish", "; did you mean silu?"), ("activation", "logistic", "; did you mean sigmoid?"),
        ("activation", "linear", "; did you mean identity?"), ("activation", "qqq", ""),
        ("output", "softmax", "; softmax is part of the loss cross_entropy, with output: identity"),
    ]],
    *[(NAME, f"{NAME}\ntraining: {{{key}: {name}}}", f"2:{len(key) + 14}: training.{key}: expected {names}, found '{name}'{line}")
      for key, names, name, line in [
        ("loss", LOSSES, "l1_loss", "; did you mean mae?"), ("loss", LOSSES, "l1", "; did you mean mae?"),
        ("loss", LOSSES, "binary_crossentropy", "; did you mean bce?"), ("loss", LOSSES, "msee", "; did you mean mse?"),
        ("loss", LOSSES, "smooth_l1", "; did you mean huber?"), ("optimizer", OPTIMIZERS, "nag", "; did you mean nesterov?"),
        ("optimizer", OPTIMIZERS, "radam", "; there is no radam"), ("optimizer", OPTIMIZERS, "gd", "; did you mean sgd?"),
        ("schedule", "constant, step, exponential, cosine or warmup", "linear", "; did you mean constant?"),
    ]],
    (f"parameters:\n  {RATE}\n", "lr: 0.1\nparameters:\n", "6:1: lr: unknown key; did you mean parameters.learning_rate?"),
    (f"parameters:\n  {RATE}\n", f"{RATE}\nparameters:\n", "6:1: learning_rate: unknown key here; it belongs under parameters"),
    (f"network:\n  {LAYERS}\n", "hidden_layers: [2]\n", "2:1: hidden_layers: unknown key; did you mean network.layers?"),
    (INIT, "init: glorot_uniform", "9:9: parameters.init: expected an initialisation such as ones or {normal: {std: 0.5}}, found 'glorot_uniform'; did you mean xavier_uniform?"),
    (INIT, "init: {gaussian: {std: 1}}", "9:10: parameters.init.gaussian: unknown initialisation; did you mean normal?"),
]  # fmt: skip
WRONG_TYPES = [
    (EPOCHS, "epochs: ten", "8:11: parameters.epochs: expected a whole number of at least 0, found 'ten'"),
    (EPOCHS, "epochs: true", "8:11: parameters.epochs: expected a whole number of at least 0, found true"),
    (EPOCHS, "epochs: [1.5, -1]", "8:12: parameters.epochs[0]: expected a whole number of at least 0, found 1.5", "8:17: parameters.epochs[1]: expected a whole number of at least 0, found -1"),
    (EPOCHS, "epochs: 1e30", "8:11: parameters.epochs: expected a whole number of at most 9223372036854775807, found 1e+30"),
    (NAME, "name: 3", "1:7: name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found 3"),
    (NAME, f"{NAME}\ndescription: 3", "2:14: description: expected text, found 3"),
    (NAME, f"{NAME}\nseed: -1", "2:7: seed: expected a whole number of at least 0, found -1"),
    (NAME, f"{NAME}\nseed: 18446744073709551616", "2:7: seed: expected a whole number of at most 18446744073709551615, found 18446744073709551616"),
    (NAME, f"{NAME}\nrepeats: 0", "2:10: repeats: expected a whole number of at least 1, found 0"),
    (NAME, f"{NAME}\nrun_cap: many", "2:10: run_cap: expected a whole number of at least 1, found 'many'"),
    (NAME, f"{NAME}\nrecord: {{weights: 1}}", "2:19: record.weights: expected true, false, last or best, found 1"),
    (NAME, f"{NAME}\nrecord: {{losses: 1}}", "2:18: record.losses: expected a mapping, found 1"),
    (NAME, f"{NAME}\nrecord: {{losses: {{every: 0}}}}", "2:26: record.losses.every: expected a whole number of at least 1, found 0"),
    (NAME, f"{NAME}\ntraining: []", "2:11: training: expected a mapping, found an empty list"),
    (LAYERS, "layers: 3", "3:11: network.layers: expected the units of each layer, such as [2, 2, 1], found 3"),
    (LAYERS, "layers: [2]", "3:11: network.layers: expected at least two layers, inputs and outputs, found a list of 1"),
    (LAYERS, "layers: [2, 0, 1]", "3:15: network.layers[1]: expected a whole number of at least 1, found 0"),
    (LAYERS, "layers: [2, 10000, 10000, 1]", "3:11: network.layers: expected a network of at most 16,777,216 weights, found 100,050,001"),
    (LAYERS, f"{LAYERS}\n  bias: yes", "4:9: network.bias: expected true, false or fixed, found 'yes'"),
    (LAYERS, f"{LAYERS}\n  activation: rleu", f"4:15: network.activation: expected {ACTIVATIONS}, found 'rleu'; did you mean relu?"),
    (NAME, f"{NAME}\ntraining: {{optimizer: adm, dtype: float16}}", f"2:23: training.optimizer: expected {OPTIMIZERS}, found 'adm'; did you mean adam?", "2:35: training.dtype: expected float64 or float32, found 'float16'; did you mean float64?"),
    (NAME, f"{NAME}\ntraining: {{batch_size: 0, max_loss: 0}}", "2:24: training.batch_size: expected a whole number of at least 1 or full, found 0", "2:37: training.max_loss: expected a finite number greater than 0, found 0"),
]  # fmt: skip
MISSING = [
    (NAME + "\n", "", "1:1: name: missing; expected a name, such as xor, for the folder of the results"),
    (f"  {LAYERS}\n", "  bias: true\n", "2:1: network.layers: missing; expected the units of each layer, such as [2, 2, 1]"),
    (f"  {RATE}\n", "", f"6:1: parameters.learning_rate: {NO_RATE}"),
    (f"  {EPOCHS}\n  {INIT}\n", "", "6:1: parameters.epochs: missing; give a value or an axis, such as epochs: [1, 10, 100]",
     "6:1: parameters.init: missing; give a value or an axis, such as init: ones"),
    (f"  {ROWS}\n", "", "4:1: data: missing; expected data, such as {rows: [[1, 1, 1]]}: two inputs and a target"),
    (ROWS, "samples: 3", "5:3: data: expected one of rows, file, load or generate, found none of them"),
]  # fmt: skip
AXES = [
    (EPOCHS, "epochs: []", "8:11: parameters.epochs: expected at least one value, found an empty list"),
    (EPOCHS, "epochs: {values: []}", "8:20: parameters.epochs.values: expected at least one value, found an empty list"),
    (EPOCHS, "epochs: {values: 3}", "8:20: parameters.epochs.values: expected a list of values, found 3"),
    (EPOCHS, "epochs: {}", "8:11: parameters.epochs: expected a value, a list or one of value, values, linspace, geomspace, logspace, range or distribution, found an empty mapping"),
    (EPOCHS, "epochs: {range: [5, 5, 1]}", "8:19: parameters.epochs.range: expected at least one value, but no step leads from 5 to 5"),
    (EPOCHS, "epochs: {range: [1, 5, 0]}", "8:26: parameters.epochs.range[2]: expected a step other than 0, found 0"),
    (EPOCHS, "epochs: {geomspace: [1, 10, 4]}", "8:11: parameters.epochs: expected whole numbers of at least 0, but geomspace gives 2.154434690031884 as value 2"),
    (RATE, "learning_rate: [0.1, -1, .inf, .nan, 0, abc]", *(
        f"7:{column}: parameters.learning_rate[{index}]: expected a finite number of at least 0, found {what}"
        for index, column, what in [(1, 24, "-1"), (2, 28, "inf"), (3, 34, "nan"), (5, 43, "'abc'")])),
    (RATE, "learning_rate: {linspace: [-1, 1, 5]}", "7:18: parameters.learning_rate: expected finite numbers of at least 0, but linspace gives -1.0 as value 1"),
    (RATE, "learning_rate: {logspace: [1, 400, 5]}", "7:18: parameters.learning_rate: expected finite numbers of at least 0, but logspace gives inf as value 5"),
    (RATE, "learning_rate: {range: [-1, 1, 1e-30]}", "7:18: parameters.learning_rate: expected finite numbers of at least 0, but range gives -1.0"),
    (RATE, "learning_rate: {linspace: [1, 2, 5], values: [1]}", "7:18: parameters.learning_rate: expected one of values or linspace, found 2 of them"),
    (RATE, "learning_rate: {geomspace: [1, 100]}", "7:30: parameters.learning_rate.geomspace: expected geomspace: [first, last, how many], found a list of 2"),
    (RATE, "learning_rate: {geomspace: [a, 100, 2.5]}", "7:31: parameters.learning_rate.geomspace[0]: expected a finite number, found 'a'",
     "7:39: parameters.learning_rate.geomspace[2]: expected a whole number of at least 1, found 2.5"),
    (RATE, "learning_rate: {geomspace: [0, 1, 5]}", "7:30: parameters.learning_rate.geomspace: expected end points of one sign and not 0, found 0 and 1"),
    (RATE, "learning_rate: {linspace: [1, 2, 0]}", "7:36: parameters.learning_rate.linspace[2]: expected a whole number of at least 1, found 0"),
    (RATE, "learning_rate: {uniform: [1, 2]}", "7:19: parameters.learning_rate.uniform: write {distribution: uniform, ..}"),
    (RATE, "learning_rate: {distribution: log_uniform, min: 1, max: 2, n: 3}", "7:33: parameters.learning_rate.distribution: expected log_uniform_values, whose min and max are values, not exponents, found 'log_uniform'"),
    (RATE, "learning_rate: {distribution: unifrm, min: 1, max: 2, n: 3}", "7:33: parameters.learning_rate.distribution: expected uniform, log_uniform_values, normal or int_uniform, found 'unifrm'; did you mean uniform?"),
    (RATE, "learning_rate: {distribution: uniform, min: 3, max: 2, n: 3}", "7:18: parameters.learning_rate: expected min of at most max, found 3 and 2"),
    (RATE, "learning_rate: {distribution: uniform, max: 2, n: 3}", "7:18: parameters.learning_rate: min is missing; expected {distribution: uniform, min: .., max: .., n: ..}"),
    (RATE, "learning_rate: {distribution: uniform, mu: 1, min: 1, max: 2, n: 0}", "7:42: parameters.learning_rate.mu: unknown key for uniform",
     "7:68: parameters.learning_rate.n: expected a whole number of at least 1, found 0"),
    (RATE, "learning_rate: {distribution: uniform, min: -1e308, max: 1e308, n: 4}", "7:18: parameters.learning_rate: expected min and max less far apart, found -1e+308 and 1e+308"),
    (RATE, "learning_rate: {distribution: normal, mu: -9, sigma: 1e-9, n: 1}", "7:18: parameters.learning_rate: expected finite numbers of at least 0, but normal gives -8.999999998804803 as value 1"),
    (RATE, "learning_rate: {distribution: log_uniform_values, min: 0, max: 1, n: 9}", "7:58: parameters.learning_rate.min: expected a finite number greater than 0, found 0"),
    (INIT, "init: {linspace: [1, 2, 3]}", "9:20: parameters.init.linspace: linspace gives numbers, and init is not a number; list its values"),
    (INIT, f"{INIT}\n  layers: [2, 2, 1]", "10:11: parameters.layers: expected a list of networks, such as [[2, 2, 1], [2, 4, 1]], found the layers of one; put them in another [ ], or under network"),
    (EPOCHS, "epochs: {linspace: [1, 20000000, 20000000]}", "8:11: parameters.epochs: expected at most 10,000,000 values on all axes together, found 20,000,000"),
]  # fmt: skip
INITIALISATIONS = [
    (INIT, "init: onse", "9:9: parameters.init: expected an initialisation such as ones or {normal: {std: 0.5}}, found 'onse'; did you mean ones?"),
    (INIT, "init: 1", "9:9: parameters.init: expected an initialisation such as ones or {normal: {std: 0.5}}, found 1"),
    (INIT, "init: normal", "9:9: parameters.init: 'normal' needs its numbers, such as {normal: {std: 0.5}}"),
    (INIT, "init: {normal: {}}", "9:18: parameters.init.normal: std is missing; expected {std: 0.5}"),
    (INIT, "init: {normal: 3}", "9:18: parameters.init.normal: expected {std: 0.5}, found 3"),
    (INIT, "init: {normal: {std: 0}}", "9:24: parameters.init.normal.std: expected a finite number greater than 0, found 0"),
    (INIT, "init: {normal: {std: 1, maen: 0}}", "9:27: parameters.init.normal.maen: unknown key; did you mean mean?"),
    (INIT, "init: {nromal: {std: 1}}", "9:10: parameters.init.nromal: unknown initialisation; did you mean normal?"),
    (INIT, "init: {ones: 1}", "9:16: parameters.init.ones: expected nothing, or {}, found 1"),
    (INIT, "init: {ones: , zeros: }", f"9:9: parameters.init: expected one of {RULES}, found ones and zeros"),
    (INIT, "init: {bias: 1}", f"9:9: parameters.init: expected one of {RULES}, found none"),
    (INIT, "init: {uniform: {low: 1, high: 1}}", "9:19: parameters.init.uniform: expected low below high, found 1 and 1"),
    (INIT, "init: [ones, {constant: a}]", "9:27: parameters.init[1].constant: expected a finite number, found 'a'"),
    (INIT, "init: {values: {wieghts: [[[1]]]}}", "9:18: parameters.init.values: expected {weights: [[[1, 1], [1, 1]], [[1, 1]]]}, found a mapping"),
    (INIT, "init: {values: {weights: [[[1]]]}}", "9:9: parameters.init: expected one matrix a layer, 2 for [2, 2, 1], found 1"),
    (INIT, "init: {values: {weights: [[[1], [1]], [[1, 1]]]}}", "9:9: parameters.init: expected 2 rows of 2 for weights[0] and layers [2, 2, 1], found 2 of 1"),
    (INIT, "init: {values: {weights: [[[1, 1], [1, 1]], [[1]]]}}", "9:47: parameters.init.values.weights[1]: expected rows of 2 numbers, one for each unit below, found 1"),
    (INIT, "init: {values: {weights: [[[1, 1], [1]]]}}", "9:29: parameters.init.values.weights[0]: expected rows of one width, found 1 or 2 numbers"),
    (INIT, "init: {values: {weights: [[[1, 1], [1, 1]], [[1, 1]]], biases: [[1]]}}", "9:66: parameters.init.values.biases: expected one list for each of the 2 layers, found 1",
     "9:67: parameters.init.values.biases[0]: expected 2 numbers, one for each unit, found 1"),
    (INIT, "init: {values: {weights: [[[1, 1], [1, 1]], [[1, 1]]]}, name: ones}", "9:65: parameters.init.name: expected a name of its own, found 'ones', which has a meaning already"),
    (INIT, "init: {values: {weights: [[[1, 1], [1, 1]], [[1, 1]]]}, name: a b}", "9:65: parameters.init.name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found 'a b'"),
    (INIT, "init: {he_normal: , name: a}", "9:23: parameters.init.name: goes with values, not with he_normal"),
    (INIT, "init: [{values: {weights: [[[1, 1], [1, 1]], [[1, 1]]]}, name: a}, {values: {weights: [[[1, 1], [1, 1]], [[1, 2]]]}, name: a}]",
     "9:9: parameters.init: two different values have the name a; give each a name of its own"),
    (INIT, "init: {values: {weights: [[[1]]], biases: [[1]]}, bias: 3}", "9:53: parameters.init.bias: expected either biases or bias, found both"),
]  # fmt: skip
COMBINED = [
    (INIT, f"{INIT}\nzip: {{a: {{dtype: [float32], batch_size: [1, full]}}}}", "10:7: zip.a: expected axes of one length, but dtype has 1, batch_size has 2"),
    (INIT, f"{INIT}\nzip: {{a: {{epochs: [1, 2]}}}}", "10:11: zip.a.epochs: given twice, first as parameters.epochs"),
    (INIT, f"{INIT}\nzip: {{a: {{loss: mse}}, b: {{loss: mse}}}}", "10:27: zip.b.loss: given twice, first as zip.a.loss"),
    (INIT, f"{INIT}\nzip: {{loss: [mse]}}", "10:13: zip.loss: expected a mapping from keys to axes, found a list of 1; zip holds groups, each by a name of its own"),
    (INIT, f"{INIT}\nzip: 3", "10:6: zip: expected a mapping, found 3"),
    (INIT, f"{INIT}\nexclude: {{epochs: 1}}", "10:10: exclude: expected a list of partial matches, found a mapping"),
    (INIT, f"{INIT}\nexclude: [{{epochs: 3}}, {{epocs: 1}}, {{loss: mse}}, {{init: zeros}}, {{}}]",
     "10:20: exclude[0].epochs: matches nothing: epochs has no value 3; the nearest is 1", "10:25: exclude[1].epocs: unknown key; did you mean epochs?",
     "10:37: exclude[2].loss: matches nothing: this key is not swept here", "10:56: exclude[3].init: matches nothing: init has no value zeros",
     "10:64: exclude[4]: expected a mapping from keys to values, found an empty mapping"),
    (INIT, f"{INIT}\nexclude: [{{init: ones}}]", "10:1: exclude: leaves nothing to train"),
    (INIT, f"{INIT}\nexclude: [{{epochs: 1}}, {{epochs: 10, init: ones}}]", "10:1: exclude: leaves nothing to train"),
    (INIT, f"{INIT}\ngrids: []", "10:1: grids: expected either grids or parameters, found both", "10:8: grids: expected a list of {parameters, zip, exclude, ..}, found an empty list"),
    ("parameters:\n  learning_rate: 0.1\n", "grids:\n- parametrs: {}\n- 3\n- parameters:\n   init: ones\n   learning_rate: 1\nparameters:\n",
     "6:1: grids: expected either grids or parameters, found both", "7:3: grids[0].parametrs: unknown key; did you mean parameters?",
     "8:3: grids[1]: expected {parameters, zip, exclude, ..}, found 3", "9:3: grids[2].parameters.epochs: missing; give a value or an axis, such as epochs: [1, 10, 100]"),
    (RATE, "learning_rate_1: 0.1", "6:1: parameters.learning_rate: missing; layer 2 has no rate; give learning_rate, or learning_rate_2"),
    (RATE, f"{RATE}\n  learning_rate_3: 0.1", "8:3: parameters.learning_rate_3: there is no layer 3: layers are numbered 1 to 2"),
    (RATE, f"{RATE}\n  learning_rate_1: 1\n  learning_rate_2: 1", "7:3: parameters.learning_rate: not used: every layer has a rate of its own"),
    (LAYERS, f"{LAYERS}\n  activation: [relu, tanh]", "4:15: network.activation: expected one name for all, or 1 for the hidden layers of [2, 2, 1], found a list of 2"),
    (LAYERS, f"{LAYERS}\n  output: relu\ntraining: {{loss: bce}}", "4:11: network.output: expected identity, as bce takes logits, found 'relu'"),
    (INIT, f"{INIT}\n  loss: [mse, bce]\n  output: [identity, tanh]", "11:11: parameters.output: expected identity, as bce takes logits, found 'tanh'"),
]  # fmt: skip
DATA = [
    (ROWS, "rows: []", "5:9: data.rows: expected rows such as [[1, 1, 1]], found an empty list"),
    (ROWS, "rows: [[1, 1, 1], [1, 2]]", "5:21: data.rows[1]: expected 3 numbers as in the first row, found 2"),
    (ROWS, "rows:\n  - [1, 1, 1]\n  - [1, a, .nan]\n  - 3", "7:9: data.rows[1][1]: expected a finite number, found 'a'",
     "7:12: data.rows[1][2]: expected a finite number, found nan", "8:5: data.rows[2]: expected a row of numbers such as [1, 1, 1], found 3"),
    (ROWS, "rows: [[1, 1]]", "5:9: data.rows: expected rows of 2 inputs and 1 target, to fit network.layers, found 2 numbers"),
    (INIT, f"{INIT}\n  layers: [[2, 1], [1, 2]]", "10:11: parameters.layers: expected networks with the same number of inputs, found 1 or 2"),
    (ROWS, f"{ROWS}\n  file: a.csv", "5:3: data: expected one of rows, file, load or generate, found rows and file"),
    (ROWS, f"{ROWS}\n  noise: 0", "6:10: data.noise: goes with generate, not with rows"),
    (ROWS, "generate: xor\n  inputs: [a]\n  noise: 0", "6:11: data.inputs: goes with file, rows or load, not with generate"),
    (ROWS, f"{ROWS}\n  inputs: [a, b]", "5:3: data.targets: missing; expected the names of columns, such as targets: [y]"),
    (ROWS, f"{ROWS}\n  inputs: [a, b]\n  targets: [a]", "7:13: data.targets[0]: this column is named twice"),
    (ROWS, "generate: xr", "5:13: data.generate: expected xor, circle, spiral, gaussian, linear, moons, parity, sine and 3 more, found 'xr'; did you mean xor?"),
    (ROWS, "generate: xor\n  samples: 0\n  noise: -1", "6:12: data.samples: expected a whole number of at least 1, found 0",
     "7:10: data.noise: expected a finite number of at least 0, found -1"),
    (ROWS, "generate: xor\n  noise: 1e300", "6:10: data.noise: expected less noise: some numbers are not finite"),
    (f"{LAYERS}\ndata:\n  {ROWS}", "layers: [3, 1]\ndata:\n  generate: xor", "5:13: data.generate: expected 3 inputs, to fit network.layers, found 2"),
    (f"{LAYERS}\ndata:\n  {ROWS}", "layers: [2, 3]\ndata:\n  generate: xor", "5:13: data.generate: expected 3 targets, to fit network.layers, found 1"),
    (f"{LAYERS}\n", f"{LAYERS}\ntraining: {{loss: cross_entropy}}\n", "3:11: network.layers: expected at least 2 outputs for cross_entropy, one for each class, found 1"),
    (f"{LAYERS}\ndata:\n  {ROWS}", "layers: [1, 2]\ntraining: {loss: cross_entropy}\ndata:\n  rows: [[1, 1], [1, 2]]",
     "6:9: data.rows: expected targets that are classes, whole numbers from 0 to 1, for cross_entropy, found 2 in row 2"),
    (f"{LAYERS}\ndata:\n  {ROWS}", "layers: [1, 2]\ntraining: {loss: cross_entropy}\ndata:\n  rows: [[1, 0, 1], [1, 1, 1]]",
     "6:9: data.rows: expected targets that are one 1 and otherwise 0 in each row, for cross_entropy, found [1, 1] in row 2"),
    (f"{LAYERS}\ndata:\n  {ROWS}", "layers: [1, 3]\ntraining: {loss: cross_entropy}\ndata:\n  rows: [[1, 0, 1]]",
     "6:9: data.rows: expected rows of 1 input and 3 targets (or 1, the class), to fit network.layers, found 3 numbers"),
    (f"data:\n  {ROWS}", "training: {loss: bce}\ndata:\n  rows: [[1, 1, 1.5]]", "6:9: data.rows: expected targets that are numbers from 0 to 1, for bce, found 1.5 in row 1"),
]  # fmt: skip
YAML = [
    (NAME, "name: ../xor", "1:7: name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found '../xor'"),
    (NAME, "name: .xor", "1:7: name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found '.xor'"),
    (NAME, "name: xor\nseed: 1\nseed: 2", "3:1: seed: given twice, first in line 2, column 1"),
    (NAME, "name: !!python/object:os.system xor", "1:7: name: tags such as !!python/object:os.system are not allowed"),
    (NAME, "name: !foo xor", "1:7: name: tags such as !foo are not allowed"),
    (NAME, "name: *xor", "1:7: alias *xor refers to nothing"),
    (NAME, "name: [xor", "2:8: not valid YAML: expected ',' or ']', but got ':'"),
    (NAME, "name: xor\n\tseed: 1", "2:1: not valid YAML: found character '\\t' that cannot start any token"),
    (NAME, "name: xor\x07", "1:10: the character U+0007 is not allowed"),
    (NAME, "name: xor\n3: 4", "2:1: 3: expected a name as the key, found 3"),
    (NAME, "name: xor\n? [a]\n: 4", "2:3: expected a name as the key, found a list"),
    (INIT, f"{INIT}\n---\nname: y", "10:1: expected one document, found a second one"),
    (NAME, "%YAML 1.1\n---\nname: xor", "2:1: experiments are read as YAML 1.2; remove the %YAML line"),
    (GOOD, "", "1:1: the file is empty"),
    (GOOD, "# nothing\n", "1:1: the file is empty"),
    (GOOD, "- 1\n", "1:1: expected a mapping such as `name: xor`, found a list of 1"),
    (GOOD, "xor", "1:1: expected a mapping such as `name: xor`, found 'xor'"),
    (NAME, "name: &a [*a]", "1:11: alias *a stands inside what it refers to"),
    (GOOD, "[" * 100, "1:33: nested more than 32 deep"),
]  # fmt: skip
CASES = [*UNKNOWN_KEYS, *OTHER_WORDS, *WRONG_TYPES, *MISSING, *AXES, *INITIALISATIONS, *COMBINED, *DATA, *YAML]


@pytest.mark.parametrize(("old", "new", "lines"), [(old, new, lines) for old, new, *lines in CASES])
def test_the_lines_a_user_reads(old: str, new: str, lines: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    assert GOOD.count(old) == 1
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(GOOD.replace(old, new))
    assert complaint("x.yaml") == [f"x.yaml:{line}" for line in lines]


def test_all_problems_are_told_at_once_in_order_of_position(tmp_path: Path) -> None:
    text = "name: a b\nnetwork: {layers: [2], bais: 1}\ndata: {rows: [[1, 1, 1]]}\nseed: x\nseed: 3\nparameters:\n  epochs: -1\n"
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert complaint(path) == [
        f"{path}:{line}"
        for line in [
            "1:7: name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found 'a b'",
            "2:19: network.layers: expected at least two layers, inputs and outputs, found a list of 1",
            "2:24: network.bais: unknown key; did you mean bias?",
            "4:7: seed: expected a whole number of at least 0, found 'x'",
            "5:1: seed: given twice, first in line 4, column 1",
            "6:1: parameters.learning_rate: missing; give a value or an axis, such as learning_rate: 0.1",
            "6:1: parameters.init: missing; give a value or an axis, such as init: ones",
            "7:11: parameters.epochs: expected a whole number of at least 0, found -1",
        ]
    ]


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    Path("latin.yaml").write_bytes(b"name: xor\ndescription: caf\xe9\n")
    Path("large.yaml").write_bytes(b"#" * (2**20 + 1))
    assert complaint("none.yaml") == ["none.yaml: no such file"]
    assert complaint("a\0b.yaml") == ["a\\x00b.yaml: cannot be read: embedded null byte"]
    assert complaint("folder.yaml") == ["folder.yaml: this is a directory, not an experiment file"]
    assert complaint("latin.yaml") == ["latin.yaml:2:17: the file is not UTF-8 text"]
    assert complaint("large.yaml") == ["large.yaml: the file is over 1 MiB; keep large data in a CSV or Parquet file"]


def test_a_mapping_has_no_positions() -> None:
    mapping = {
        "name": "x",
        "network": {"layers": [2, 1]},
        "data": {"rows": [[1, 1, 1]]},
        "parameters": {"epochs": -1, 3: 4},
    }
    assert complaint(mapping) == ["experiment: parameters.3: expected a name as the key, found 3"]
    del mapping["parameters"][3]
    assert complaint(mapping) == [
        "experiment: parameters.epochs: expected a whole number of at least 0, found -1",
        f"experiment: parameters.learning_rate: {NO_RATE}",
        "experiment: parameters.init: missing; give a value or an axis, such as init: ones",
    ]
    assert complaint({**mapping, "name": object()})[0] == (
        "experiment: name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found a Python object of type object"
    )


def test_problems_can_be_read_by_programs(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD.replace(EPOCHS, "epochs: [1, x]"))
    with pytest.raises(HarnessError) as caught:
        load(path)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ExperimentError)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.where) == (str(path), 8, 15, "parameters.epochs[1]")
    assert problem.message == "expected a whole number of at least 0, found 'x'"


def test_a_thousand_problems_are_told_in_brief(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD + "".join(f"k{i}: 1\n" for i in range(1000)))
    lines = complaint(path)
    assert len(lines) == 101
    assert lines[-1] == f"{path}: and 900 more problems"
    path.write_text(GOOD.replace(RATE, f"learning_rate: {[-1] * 1000}"))
    lines = complaint(path)
    assert len(lines) == 21
    assert lines[0] == f"{path}:7:18: parameters.learning_rate: and 980 more like these"
