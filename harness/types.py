"""What the functions of the package take that several of them share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

ExperimentLike = str | os.PathLike[str] | Mapping[str, Any]
"""An experiment: the path of its file, the name of a shipped one, or a mapping of the same shape."""
