"""ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import onnx
import onnxruntime
from onnx import ModelProto


class Loaded:
    """A model in ONNX Runtime on the CPU, loaded once for each number of threads.

    Attributes:
        content: The model, as its file has it.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._sessions: dict[int, Any] = {}

    def session(self, threads: int | None = None) -> Any:
        """Return the session with so many threads, by default one for every core."""
        count = processors() if threads is None else threads
        if count not in self._sessions:
            self._sessions[count] = session(self.content, count)
        return self._sessions[count]

    @cached_property
    def proto(self) -> ModelProto:
        """The model, to look at."""
        return onnx.load_model_from_string(self.content)


def session(model: bytes, threads: int) -> Any:
    """Return a session of ONNX Runtime on the CPU, with a number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # on Linux alone
    return len(affinity(0)) if affinity else os.cpu_count() or 1
