"""Written files, loaded again as a user would."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import onnxruntime
import torch

from dslnas.diagnostics import InternalError


def onnx_session(model: bytes, threads: int = 0) -> Any:
    """Return a session of ONNX Runtime on the CPU, by default with a thread for every core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def load_module(path: Path) -> torch.nn.Module:
    """Return the network of a generated Python module, with the weights beside it."""
    spec = importlib.util.spec_from_file_location(f"_dslnas_generated_{id(path)}", path)
    if spec is None or spec.loader is None:
        raise InternalError(f"generated module {path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        network: torch.nn.Module = module.load()
    finally:
        del sys.modules[spec.name]
    return network
