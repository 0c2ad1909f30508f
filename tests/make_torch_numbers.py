"""Record what PyTorch says of gradients, for machines that do not have it: writes torch_numbers.json beside this file.

pip install torch==2.13.0 && python tests/make_torch_numbers.py
"""

from __future__ import annotations

import json
import warnings
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as f
from torch.optim import lr_scheduler

torch.set_default_dtype(torch.float64)  # else what an optimizer counts with is float32
RECORDED = Path(__file__).with_name("torch_numbers.json")
LAYERS = (3, 4, 2)
FUNCTIONS = {
    "identity": lambda z: z,
    "relu": f.relu,
    "leaky_relu": f.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: f.softplus(z, threshold=1e9),  # PyTorch's own threshold of 20 drops e^-20
    "gelu": f.gelu,
    "gelu_tanh": partial(f.gelu, approximate="tanh"),
    "silu": f.silu,
    "elu": f.elu,
    "selu": f.selu,
    "softsign": f.softsign,
    "hardtanh": f.hardtanh,
    "sin": torch.sin,
    "square": torch.square,
}
LOSSES = {
    "mse": f.mse_loss,
    "mae": f.l1_loss,
    "huber": f.huber_loss,
    "hinge": lambda y, t: (1 - t * y).clamp(min=0).mean(),
    "half_mse": lambda y, t: 0.5 * ((t - y) ** 2).sum() / len(t),
    "bce": f.binary_cross_entropy_with_logits,
    "cross_entropy": f.cross_entropy,
}
SUMS = {
    "mse": partial(f.mse_loss, reduction="sum"),
    "mae": partial(f.l1_loss, reduction="sum"),
    "huber": partial(f.huber_loss, reduction="sum"),
    "hinge": lambda y, t: (1 - t * y).clamp(min=0).sum(),
    "half_mse": lambda y, t: 0.5 * ((t - y) ** 2).sum(),
    "bce": partial(f.binary_cross_entropy_with_logits, reduction="sum"),
    "cross_entropy": partial(f.cross_entropy, reduction="sum"),
}
"""Over the samples, and in PyTorch also over the outputs."""
OVER_OUTPUTS = ("half_mse", "cross_entropy")
"""What is a sum over the outputs for us, too; of the others it is the mean."""

STEPS = 50
BATCH = 2
RATE = 0.02


class Lion(torch.optim.Optimizer):
    """As its paper has it (Chen et al., 2023): PyTorch has none."""

    def __init__(self, parameters: Any, lr: float, betas: tuple[float, float], weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                beta1, beta2 = group["betas"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * (beta1 * m + (1 - beta1) * p.grad).sign())
                m.mul_(beta2).add_((1 - beta2) * p.grad)


class Rprop(torch.optim.Rprop):
    """PyTorch's, with the weight decay that it has none of."""

    def __init__(self, parameters: Any, lr: float, weight_decay: float) -> None:
        super().__init__(parameters, lr, etas=(0.6, 1.3), step_sizes=(1e-5, 0.5))
        self.decay = weight_decay

    def step(self) -> None:
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad.add_(group.get("weight_decay", self.decay) * p)
        super().step()


OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.8),
    "nesterov": partial(torch.optim.SGD, momentum=0.8, nesterov=True),
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.95, eps=1e-7),
    "adam": partial(torch.optim.Adam, betas=(0.85, 0.99), eps=1e-7),
    "adamw": partial(torch.optim.AdamW, betas=(0.85, 0.99), eps=1e-7),
    "adagrad": partial(torch.optim.Adagrad, eps=1e-7),
    "adadelta": partial(torch.optim.Adadelta, rho=0.8, eps=1e-7),
    "adamax": partial(torch.optim.Adamax, betas=(0.85, 0.99), eps=1e-7),
    "nadam": partial(torch.optim.NAdam, betas=(0.85, 0.99), eps=1e-7, momentum_decay=0.01),
    "rprop": Rprop,
    "lion": partial(Lion, betas=(0.85, 0.99)),
}
SCHEDULES = {
    "constant": partial(lr_scheduler.LambdaLR, lr_lambda=lambda epoch: 1.0),
    "step": partial(lr_scheduler.StepLR, step_size=3, gamma=0.4),
    "exponential": partial(lr_scheduler.ExponentialLR, gamma=0.9),
    "cosine": partial(lr_scheduler.CosineAnnealingLR, T_max=7, eta_min=0.001),
    "warmup": partial(lr_scheduler.LinearLR, start_factor=0.25, total_iters=6),
}
NUMBERS = {
    "momentum": 0.8,
    "alpha": 0.95,
    "beta1": 0.85,
    "beta2": 0.99,
    "eps": 1e-7,
    "rho": 0.8,
    "momentum_decay": 0.01,
    "eta_minus": 0.6,
    "eta_plus": 1.3,
    "step_min": 1e-5,
    "step_max": 0.5,
    "step_size": 3,
    "t_max": 7,
    "eta_min": 0.001,
    "warmup_epochs": 6,
    "start_factor": 0.25,
    "weight_decay": 0.03,
    "l1": 0.02,
    "gradient_clip": 0.9,
}
GAMMA = {"step": 0.4, "exponential": 0.9}


def network() -> dict[str, list[Any]]:
    """The network, its data and its targets: three decimals, so that they are the same wherever they are read."""
    rng = np.random.default_rng(2021)
    return {
        "weights": [rng.normal(size=(o, i)).round(3).tolist() for i, o in pairwise(LAYERS)],
        "biases": [rng.normal(size=o).round(3).tolist() for o in LAYERS[1:]],
        "inputs": rng.normal(size=(5, 3)).round(3).tolist(),
        "numbers": rng.normal(size=(5, 2)).round(3).tolist(),
        "classes": [[1, 0], [0, 1], [0, 1], [1, 0], [0, 1]],
    }


def summed(y: torch.Tensor, t: torch.Tensor, loss: str) -> torch.Tensor:
    """The sum of the samples' losses, each as it is for us."""
    return SUMS[loss](y, t) / (1 if loss in OVER_OUTPUTS else t.shape[1])


SLOPED = {"leaky_relu": (0.3, lambda z: f.leaky_relu(z, 0.3)), "sigmoid": (2.5, lambda z: torch.sigmoid(2.5 * z))}


def gradients(
    given: dict[str, list[Any]], activation: str, loss: str, reduction: str = "mean", sloped: bool = False
) -> dict[str, Any]:
    """The loss over all samples and its gradient for every weight and bias."""
    weights, biases = (
        [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in given[name]]
        for name in ("weights", "biases")
    )
    targets = given["classes" if loss in ("bce", "cross_entropy") else "numbers"]
    slope, function = SLOPED[activation] if sloped else (None, FUNCTIONS[activation])
    a = function(torch.tensor(given["inputs"], dtype=torch.float64) @ weights[0].T + biases[0])
    of_loss = LOSSES[loss] if reduction == "mean" else partial(summed, loss=loss)
    value = of_loss(a @ weights[1].T + biases[1], torch.tensor(targets, dtype=torch.float64))
    value.backward()
    found = [[parameter.grad.tolist() for parameter in each] for each in (weights, biases)]
    about = {"activation": activation, "loss": loss} | ({} if reduction == "mean" else {"reduction": reduction})
    about |= {"slope": slope} if sloped else {}
    return about | {"value": value.item(), "weights": found[0], "biases": found[1]}


def trained(given: dict[str, list[Any]], run: dict[str, Any]) -> dict[str, Any]:
    """Every parameter after `STEPS` updates of batches of `BATCH` samples, the last batch of an epoch being smaller."""
    weights, biases = (
        [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in given[name]]
        for name in ("weights", "biases")
    )
    x, t = (torch.tensor(given[name], dtype=torch.float64) for name in ("inputs", "numbers"))
    parameters = [*weights, *biases]
    decay = NUMBERS["weight_decay"] if run["weight_decay"] else 0.0
    penalized = parameters if run["decay_biases"] else weights
    groups = [{"params": penalized}] + ([] if run["decay_biases"] else [{"params": biases, "weight_decay": 0.0}])
    optimizer = OPTIMIZERS[run["optimizer"]](groups, lr=RATE, weight_decay=decay)
    scheduler = SCHEDULES[run["schedule"]](optimizer)
    steps = 0
    while steps < STEPS:
        for start in range(0, len(x), BATCH):
            optimizer.zero_grad()
            a = torch.tanh(x[start : start + BATCH] @ weights[0].T + biases[0])
            of_loss = f.mse_loss if run["reduction"] == "mean" else partial(summed, loss="mse")
            of_loss(a @ weights[1].T + biases[1], t[start : start + BATCH]).backward()
            if run["gradient_clip"]:
                torch.nn.utils.clip_grad_norm_(parameters, NUMBERS["gradient_clip"])
            if run["l1"]:
                with torch.no_grad():
                    for p in penalized:
                        p.grad += NUMBERS["l1"] * p.sign()
            optimizer.step()
            steps += 1
        scheduler.step()
    return {**run, "steps": steps, "after": [p.tolist() for pair in zip(weights, biases, strict=True) for p in pair]}


def runs() -> list[dict[str, Any]]:
    """Every optimizer with and without penalties and clipping, every schedule, and sums over batches."""
    plain = {"optimizer": "sgd", "schedule": "constant", "weight_decay": False, "gradient_clip": False}
    plain |= {"reduction": "mean", "l1": False, "decay_biases": True}
    made = [
        plain | {"optimizer": name, "weight_decay": decay, "gradient_clip": clip}
        for name in OPTIMIZERS
        for decay in (False, True)
        for clip in (False, True)
        if decay or name != "adamw"
    ]
    made += [plain | {"schedule": name, "optimizer": o} for name in SCHEDULES for o in ("sgd", "adam")]
    made += [plain | {"reduction": "sum", "optimizer": o, "gradient_clip": o == "sgd"} for o in ("sgd", "adam")]
    both = {"weight_decay": True, "l1": True}
    return made + [
        plain | both | {"optimizer": o, "decay_biases": biases} for o in OPTIMIZERS for biases in (True, False)
    ]


def recorded() -> dict[str, Any]:
    given = network()
    cases = [gradients(given, activation, loss) for activation in FUNCTIONS for loss in LOSSES]
    cases += [gradients(given, "tanh", loss, "sum") for loss in LOSSES]
    cases += [gradients(given, activation, "mse", sloped=True) for activation in SLOPED]
    made = {"torch": torch.__version__.partition("+")[0], "network": given, "cases": cases}
    settings = {"steps": STEPS, "batch": BATCH, "rate": RATE, "numbers": NUMBERS, "gamma": GAMMA}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the first step of a schedule
        return made | {"training": settings | {"runs": [trained(given, run) for run in runs()]}}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(recorded(), indent=1) + "\n", "utf-8")
