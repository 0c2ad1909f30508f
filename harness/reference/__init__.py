"""One network in plain NumPy, in the order of the textbook: what `exact` arithmetic must equal bit for bit.

Slow and obvious on purpose. It shares the formulas of `harness.formulas` with the engine and nothing else, and it is
what `harness explain` records from.
"""

from harness.reference.draws import initial_network
from harness.reference.monitoring import Progress
from harness.reference.network import Network, Sample
from harness.reference.scores import scores
from harness.reference.training import (
    EpochMetrics,
    Row,
    Training,
    Trajectory,
    Update,
    epoch_metrics,
    epochs,
    trajectory,
)

__all__ = [
    "EpochMetrics",
    "Network",
    "Progress",
    "Row",
    "Sample",
    "Training",
    "Trajectory",
    "Update",
    "epoch_metrics",
    "epochs",
    "initial_network",
    "scores",
    "trajectory",
]
