"""Candidates for export: files that are not in their place yet, and how they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

ONNX = "model.onnx"
ONNX_STEP = "model_step.onnx"
PYTHON = "model.py"
WEIGHTS = "model.safetensors"

Inputs: TypeAlias = Mapping[str, np.ndarray]
"""Inputs of a network, by name."""


@dataclass(frozen=True)
class Checks:
    """Measurements of a candidate.

    Attributes:
        differences: By backend, the largest difference of a number from PyTorch's.
        latency_ms: By backend, the median time of one image or one token on the CPU.
    """

    differences: Mapping[str, float]
    latency_ms: Mapping[str, float]
