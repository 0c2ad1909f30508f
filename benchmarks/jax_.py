"""JAX: jit(vmap(scan)), its networks dealt out to one device for each processor, at its best settings."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from benchmarks.rows import Workload
from benchmarks.timing import Effort, Job
from harness.sweeps.local import processors

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", processors())
jax.config.update("jax_platforms", "cpu")

BATCHES = (128, 512, 4096, 65536)
ACTIVATIONS = {"identity": lambda z: z, "relu": jax.nn.relu, "tanh": jnp.tanh}
MOST_SCALARS = 9
"""Networks of so many parameters are also tried with an array for each, which XLA fuses; with 33 that was slower."""

Parameters = list[Any]


def contenders(workload: Workload, effort: Effort) -> list[Jax]:
    """Every batch with each form of the step, whole epochs unrolled or not. What was compiled before is forgotten."""
    jax.clear_caches()
    unrolled = (1,) if workload.full_batch else (1, workload.samples)
    scalars = (False, True) if workload.parameters <= MOST_SCALARS else (False,)
    batches = [batch - batch % processors() for batch in ((64,) if effort.quick else BATCHES)]
    return [Jax(workload, *setting) for setting in product(batches, scalars, unrolled)]


def forward(parameters: Parameters, activation: Callable[[Any], Any], x: Any) -> Any:
    """Outputs for the inputs x (I,) or (S, I)."""
    a = x
    for layer, (w, b) in enumerate(parameters):
        z = a @ w.T
        z = z if b is None else z + b
        a = z if layer == len(parameters) - 1 else activation(z)
    return a


def forward_scalars(parameters: Parameters, activation: Callable[[Any], Any], x: Any) -> Any:
    """The forward pass with an array of its own for each parameter; x (I,) or (S, I)."""
    a = [x[..., i] for i in range(x.shape[-1])]
    for layer, (w, b) in enumerate(parameters):
        z = [sum((v * u for v, u in zip(row[1:], a[1:], strict=True)), row[0] * a[0]) for row in w]
        z = z if b is None else [total + bias for total, bias in zip(z, b, strict=True)]
        a = z if layer == len(parameters) - 1 else [activation(total) for total in z]
    return jnp.stack(a, -1)


def as_scalars(parameters: Parameters) -> Parameters:
    return [([list(row) for row in w], None if b is None else list(b)) for w, b in parameters]


def trained(workload: Workload, scalars: bool, unroll: int) -> Callable[..., tuple[Parameters, Any]]:
    """f(parameters, rates, epochs) -> parameters, mean cost of the last epoch; each with a network a row.

    rates: one for all layers, or one for each, as a tuple.
    """
    inputs, targets = workload.inputs, workload.targets
    activation, outputs = ACTIVATIONS[workload.activation], forward_scalars if scalars else forward

    def cost(parameters: Parameters, x: Any, t: Any) -> Any:
        return jnp.mean((t - outputs(parameters, activation, x)) ** 2)

    def step(parameters: Parameters, rates: tuple[Any, ...], x: Any, t: Any) -> tuple[Parameters, Any]:
        loss, gradients = jax.value_and_grad(cost)(parameters, x, t)
        layers = rates if len(rates) > 1 else rates * len(parameters)
        updated = [
            jax.tree.map(lambda p, g, rate=rate: p - rate * g, layer, gradient)
            for layer, gradient, rate in zip(parameters, gradients, layers, strict=True)
        ]
        return updated, loss

    def train(parameters: Parameters, rates: tuple[Any, ...], epochs: Any) -> tuple[Parameters, Any]:
        def sample(carried: Any, xt: Any) -> Any:
            parameters, loss = step(carried[0], rates, *xt)
            return (parameters, carried[1] + loss), None

        def epoch(_: Any, carried: Any) -> Any:
            if workload.full_batch:
                return step(carried[0], rates, inputs, targets)
            start = (carried[0], jnp.zeros((), workload.dtype))
            (parameters, total), _ = jax.lax.scan(sample, start, (inputs, targets), unroll=unroll)
            return parameters, total / workload.samples

        return jax.lax.fori_loop(0, epochs, epoch, (parameters, jnp.zeros((), workload.dtype)))

    return jax.jit(jax.vmap(train, in_axes=(0, 0, None)), donate_argnums=0)


def placed(arrays: Any) -> Any:
    """The arrays on all devices, each with its share of the networks."""
    mesh = Mesh(np.array(jax.devices()), ("networks",))
    return jax.device_put(arrays, NamedSharding(mesh, PartitionSpec("networks")))


class Jax:
    """batch: networks trained at once. scalars: whether each parameter is an array, not each W and b."""

    def __init__(self, workload: Workload, batch: int, scalars: bool, unroll: int) -> None:
        self.workload, self.networks, self.scalars = workload, batch, scalars
        self.function = trained(workload, scalars, unroll)
        self.setting = f"batch {batch}, an array for each {'weight' if scalars else 'layer'}, unroll {unroll}"

    def job(self, epochs: int, rates: tuple[Any, ...] = ()) -> Job:
        """rates: (N,) each, one for all layers or one for each; the workload's if left out."""
        start: Any = as_scalars(self.workload.weights) if self.scalars else self.workload.weights
        start = jax.tree.map(lambda p: np.broadcast_to(p, (self.networks, *np.shape(p))), start)
        given = jax.block_until_ready((placed(start), placed(rates or (self.workload.rates(self.networks),))))
        return lambda: jax.block_until_ready(self.function(*given, epochs))

    def final(self, outcome: Any) -> tuple[Any, Any]:
        parameters, losses = outcome
        parts = [np.asarray(part).reshape(self.networks, -1) for part in jax.tree.leaves(parameters)]
        return np.concatenate(parts, 1).T, np.asarray(losses)
