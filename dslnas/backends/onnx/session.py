"""ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from typing import Any

import onnxruntime


def session(model: bytes, threads: int = 0) -> Any:
    """Return a session of ONNX Runtime on the CPU, by default with a thread for every core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # on Linux alone
    return len(affinity(0)) if affinity else os.cpu_count() or 1
