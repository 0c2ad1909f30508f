"""A group in memory: what a block's structure asks of the kernels, and the arrays that they work on."""

from __future__ import annotations

import numpy as np

from harness.block import OWN_KERNEL, Block, rounded, shuffle_key
from harness.engine import step, sweep
from harness.engine.bundle import Bundle
from harness.engine.epochs import describe
from harness.engine.functions import ACTIVATION_CODES, LOSS_CODES, RULES, SCHEDULE_CODES
from harness.engine.lanes import Kind
from harness.engine.processor import native_width
from harness.engine.rows import Rows
from harness.engine.step import Network
from harness.experiment.model import Data, Structure

BIAS_CODES = {"false": step.NO_BIAS, "true": step.LEARNT_BIAS, "fixed": step.FIXED_BIAS}
MOST_VECTORS = 16
STRETCH = 128
"""Samples between two looks at how the runs are. A look costs about a sample; where a run ended, its vector goes
through the stretch again."""
LONGEST = 1024
"""The longest stretch: it doubles from STRETCH to this while no run ends."""
LINE = 64
"""Bytes: a vector that lies across two cache lines takes twice as long."""

LANE = ("run", "start", "seated", "next_stop", "next_point", "due", "anchored", "period")
"""For each lane: its run, or FREE; when its epochs began, less the periods that it skipped; when it took its seat; the
next row and point it writes, and when; the epoch of its anchor, or -1; and the period of its states, once it is known,
or 0."""
VECTOR = ("running", "next_due", "wake")
"""For each vector: the set of its lanes that have a run; when the first is due; when one needs to be looked at."""


def network_of(structure: Structure, common: bool) -> Network:
    """The structure in codes. common: one learning rate for all layers."""
    fast = structure.arithmetic == "fast"
    direct = structure.batch_size == 1 and not structure.gradient_clip
    plain = structure.optimizer == "sgd" and not structure.weight_decay
    return Network(
        structure.layers,
        tuple(ACTIVATION_CODES[name] for name in structure.activations),
        BIAS_CODES[structure.bias],
        LOSS_CODES[structure.loss],
        structure.batch_size,
        RULES.index((structure.optimizer, structure.weight_decay)),
        SCHEDULE_CODES[structure.schedule],
        direct,
        fast,
        fast and direct and plain,
        common,
        structure.gradient_clip,
        structure.shuffle,
    )


class Group:
    """The kernels and the memory for one block.

    `bundle` makes of them, and of what is asked and what shall come out, what `engine.train` takes.
    """

    def __init__(self, block: Block, data: Data) -> None:
        structure = block.structure
        self.block, dtype = block, structure.dtype
        self.network = network_of(structure, len(block.rates) == 1)
        self.kind = Kind(native_width(dtype), dtype, structure.arithmetic)
        self.at = sweep.offsets(self.network)
        self.own = block.own_kernel and self.at[sweep.WEIGHTS + 1] <= OWN_KERNEL
        self.pairs = self.own and sweep.pairs(self.network, self.kind.lanes)
        self.samples = {
            "inputs": Rows(np.ascontiguousarray(rounded(data.inputs, dtype))),
            "targets": Rows(np.ascontiguousarray(rounded(data.targets, dtype))),
            "order": Rows(np.arange(len(data.inputs))),
        }

    @property
    def shape(self) -> tuple[Kind, Network | None]:
        """What the epochs are compiled for."""
        return self.kind, self.network if self.own else None

    def bundle(self, runs: dict[str, np.ndarray], table: dict[str, np.ndarray], address: int) -> Bundle:
        """Everything for the kernel, the arrays of `runs` and `table` included. address: of the compiled epochs."""
        vectors = self._vectors()
        memory = self._memory(vectors)
        exact = Kind(self.kind.width, self.kind.dtype, "exact")
        self.work = Bundle(
            network=Rows(describe(self.network)),
            scratch=Rows(aligned(self._scratch, self.kind.dtype), self.kind),
            **self.samples,
            key=shuffle_key(self.block.seed),
        )
        return Bundle(
            kernel=address,
            work=self.work.address,
            vectors=vectors,
            **self._lengths(),
            **{name: Rows(array) for name, array in (memory | runs | table).items()},
            **{f"{name}_vectors": Rows(array, exact) for name, array in memory.items()},
            **{name: Rows(np.zeros(vectors * self.kind.width, np.int64)) for name in LANE},
            **{name: Rows(np.zeros(vectors, np.int64)) for name in VECTOR},
        )

    @property
    def _scratch(self) -> tuple[int, int]:
        return sum(self.network.layers) * len(sweep.SCRATCH), self.kind.width

    def _vectors(self) -> int:
        """How many vectors a group has."""
        needed = -(-self.block.runs // self.kind.width)
        most = sweep.CACHE // sweep.vector_bytes(self.network, self.kind.lanes)
        vectors = max(min(most - most % (1 + self.pairs), MOST_VECTORS, needed), 1)
        return vectors + vectors % (1 + self.pairs)

    def _lengths(self) -> dict[str, int]:
        structure, block = self.block.structure, self.block
        names = (name for name in step.State._fields if name not in sweep.SCRATCH)
        at = {f"{name}_at": start for name, start in zip(names, self.at, strict=False)}
        scheduled = structure.schedule != "constant"
        return at | {
            "width": self.kind.width,
            "stride": self.at[-1],
            "parameters": at["slots_at"],
            "carried": at["base_at"],
            "layers": len(structure.activations),
            "runs": block.runs,
            "rows": len(block.stops),
            "every": block.every,
            "stretch": 1 if scheduled else max(1, STRETCH // self.samples["order"].length),
            "longest": 1 if scheduled else max(1, LONGEST // self.samples["order"].length),
            "scheduled": scheduled,
            "together": structure.shuffle,
            "pairs": self.pairs,
        }

    def _memory(self, vectors: int) -> dict[str, np.ndarray]:
        """Rows of vectors: group, what is trained; again, one vector, to go through a stretch once more; of what is
        carried from epoch to epoch, before, as it was before the last epoch, saved, at the start of the stretch, and
        anchor, some time ago; mean, the last finite mean loss; first, the mean loss of the first epoch, NaN before it;
        and bound, the loss that none may pass.
        """
        stride, carried = self.at[-1], self.at[sweep.CARRIED]
        shapes = {
            "group": (vectors, stride),
            "again": (2, stride),
            "before": (vectors, carried),
            "saved": (vectors, carried),
            "anchor": (vectors, carried),
            "mean": (vectors,),
            "first": (vectors,),
            "bound": (vectors,),
        }
        memory = {name: aligned((*shape, self.kind.width), self.kind.dtype) for name, shape in shapes.items()}
        gradient, cost = slice(*self.at[sweep.GRADIENT : sweep.GRADIENT + 2]), self.at[sweep.COSTS] + sweep.OWN
        for name in ("group", "again"):
            memory[name][:, gradient] = memory[name][:, cost] = step.MINUS_ZERO
        return memory


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Zeros that start at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(dtype).reshape(shape)
