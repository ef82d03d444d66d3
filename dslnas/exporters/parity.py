"""Do PyTorch, ONNX Runtime and the generated module compute the same of images?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

from dslnas.diagnostics import InternalError, user_error
from dslnas.exporters.runtimes import onnx_session

ImageRun: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""From images (batch, channels, height, width) to logits (batch, classes), both float32."""


def onnx_run(model: bytes) -> ImageRun:
    """Return what runs an ONNX model with ONNX Runtime on the CPU."""
    session = onnx_session(model)
    name = session.get_inputs()[0].name
    return lambda images: np.asarray(session.run(None, {name: images})[0])


def torch_run(network: torch.nn.Module) -> ImageRun:
    """Return what runs a torch module on the CPU."""

    def run(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            output = network(torch.from_numpy(images))
        logits = output[0] if isinstance(output, tuple) else output
        return np.asarray(logits.numpy())

    return run


def compare(
    reference: ImageRun,
    others: Mapping[str, ImageRun],
    inputs: Mapping[str, np.ndarray],
    tolerance: float,
) -> dict[str, float]:
    """Return by backend the largest absolute difference of a logit from PyTorch's.

    Args:
        reference: PyTorch.
        others: The other backends by name.
        inputs: Images by what they are, such as `random` and `real`.
        tolerance: The largest difference allowed.

    Raises:
        UserError: NAS711 if a backend differs by more, saying which, where and by how much.
    """
    largest: dict[str, float] = {}
    for name, run in others.items():
        largest[name] = 0.0
        for kind, images in inputs.items():
            expected, found = reference(images), run(images)
            if expected.shape != found.shape:
                raise InternalError(f"{name} gives shape {found.shape}, torch {expected.shape}")
            difference = np.abs(expected - found)
            worst = float(difference.max())
            if not worst <= tolerance:
                example, output = np.unravel_index(int(difference.argmax()), difference.shape)
                changed = int((expected.argmax(1) != found.argmax(1)).sum())
                raise user_error(
                    "NAS711",
                    f"{name} and torch differ by {worst:.1e} on {kind} images, allowed "
                    f"{tolerance:.1e}: most at output {output} of image {example}; "
                    f"{changed} of {len(images)} predictions change",
                    where="export",
                    help="set `export.tolerance` higher only if such differences do not matter",
                )
            largest[name] = max(largest[name], worst)
    return largest
