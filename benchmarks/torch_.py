"""PyTorch: torch.func's vmap of the gradient, a functional loop of SGD steps over many networks at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.func import grad_and_value, vmap

from benchmarks.rows import Workload
from benchmarks.timing import Effort, Job
from harness.sweeps.local import processors

NETWORKS = 65536


def contenders(workload: Workload, effort: Effort) -> list[Torch]:
    """On one thread and on all: beside other work, waiting for each other costs more than threads gain."""
    return [Torch(workload, effort.size(NETWORKS, 64), threads) for threads in sorted({1, processors()})]


def cost(parameters: Any, x: Any, t: Any) -> Any:
    a = x
    for w, b in parameters:
        a = w @ a + b
    return ((t - a) ** 2).mean()


class Torch:
    """For a network without activation functions, one sample a step."""

    def __init__(self, workload: Workload, networks: int, threads: int) -> None:
        self.workload, self.networks, self.threads = workload, networks, threads
        self.setting = f"{networks} networks at once, threads: {threads}"

    def job(self, epochs: int) -> Job:
        n = self.networks
        torch.set_num_threads(self.threads)
        start = [tuple(torch.tensor(p).expand(n, *p.shape).clone() for p in layer) for layer in self.workload.weights]
        rates = torch.tensor(self.workload.rates(n))
        samples = list(zip(torch.tensor(self.workload.inputs), torch.tensor(self.workload.targets), strict=True))
        step = vmap(grad_and_value(cost), in_dims=(0, None, None))

        def job() -> Any:
            parameters, loss = start, rates
            for _ in range(epochs):
                loss = torch.zeros_like(rates)
                for x, t in samples:
                    gradients, costs = step(parameters, x, t)
                    loss += costs
                    parameters = [
                        (w - rates[:, None, None] * dw, b - rates[:, None] * db)
                        for (w, b), (dw, db) in zip(parameters, gradients, strict=True)
                    ]
            return parameters, loss / len(samples)

        return job

    def final(self, outcome: Any) -> tuple[Any, Any]:
        parameters, losses = outcome
        parts = [part.reshape(self.networks, -1).numpy() for layer in parameters for part in layer]
        return np.concatenate(parts, 1).T, losses.numpy()
