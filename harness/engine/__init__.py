"""The engine: `train` runs one block of configurations, compiled with Numba, without the interpreter's lock.

The same block gives the same bits for any thread, order or vector width (`fast`: for one vector width).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from harness.block import Block, Curves, Outcome, parameter_count, random_key, rounded, shuffle_key
from harness.engine.cache import private_cache
from harness.engine.prepare import allocate, compiled, describe, network_of, size_of
from harness.engine.places import Runs, Table
from harness.engine.rows import Rows
from harness.experiment.model import Data, Structure
from harness.formulas.schedules import SCHEDULES

with private_cache():
    from harness.engine import random
    from harness.engine.train import train as kernel

__all__ = ["curve_points", "initial_weights", "prepare", "train"]

DRAWN = {"uniform": random.UNIFORM, "normal": random.NORMAL, "orthogonal": random.ORTHOGONAL}
