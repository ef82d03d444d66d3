"""Export of a network of images: its ONNX model, and the comparison of the backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.torch.network import TorchNetwork
from dslnas.exporters.candidate import ONNX, PYTHON, Checks, Inputs
from dslnas.exporters.latency import latency_ms
from dslnas.exporters.parity import ImageRun, compare, onnx_run, torch_run
from dslnas.exporters.runtimes import load_module

BATCH = 7


def onnx_files(
    network: TorchNetwork, name: str, metadata: Mapping[str, str], class_names: Sequence[str]
) -> dict[str, bytes]:
    """Return the ONNX model, by the name of its file."""
    model = to_onnx(
        network.graph, network.arrays(), name=name, metadata=metadata, class_names=class_names
    )
    return {ONNX: model.SerializeToString(deterministic=True)}


def check_classifier(
    network: TorchNetwork,
    stage: Path,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Checks:
    """Compare what lies in a folder with the network.

    Args:
        network: On the CPU, in evaluation mode.
        stage: With an ONNX model, a Python module or both.
        tolerance: The largest difference allowed.
        real: Normalised images, (batch, channels, height, width), by the name of the input.
        seed: Seed of the random images.

    Raises:
        UserError: NAS711 if they differ.
    """
    others: dict[str, ImageRun] = {}
    if (stage / ONNX).exists():
        others["onnx"] = onnx_run((stage / ONNX).read_bytes())
    if (stage / PYTHON).exists():
        others["python"] = torch_run(load_module(stage / PYTHON))
    inputs = _inputs(network, real, seed)
    reference = torch_run(network)
    differences = compare(reference, others, inputs, tolerance)
    one = inputs["random"][:1]
    timed = {"torch": reference, **others}
    timed.pop("python", None)  # the same layers as torch's
    latency = {key: latency_ms(run, one) for key, run in timed.items()}
    return Checks(differences, latency)


def _inputs(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    shape = (BATCH, *network.graph.input_shape)
    inputs = {"random": generator.standard_normal(shape).astype(np.float32)}
    if real is not None:
        (images,) = real.values()
        inputs["real"] = np.ascontiguousarray(images, dtype=np.float32)
    return inputs
