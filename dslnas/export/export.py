"""A trained network to files; models are written only if all of them compute the same."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.python.module import to_python
from dslnas.backends.torch.network import TorchNetwork
from dslnas.export.latency import latency_ms
from dslnas.export.parity import Run, compare, module_run, onnx_run, torch_run
from dslnas.files import cannot_write, make_folder, write_whole
from dslnas.settings.sections import ExportSettings

ONNX = "model.onnx"
PYTHON = "model.py"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Exported:
    """What was written and measured.

    Attributes:
        files: Their names in the folder.
        differences: By backend, the largest difference of a logit from PyTorch's.
        latency_ms: By backend, the median time of one image on the CPU.
    """

    files: tuple[str, ...]
    differences: Mapping[str, float]
    latency_ms: Mapping[str, float]


def export(
    network: TorchNetwork,
    folder: Path,
    settings: ExportSettings,
    *,
    name: str,
    metadata: Mapping[str, str],
    class_names: Sequence[str] = (),
    real: np.ndarray | None = None,
    seed: int = 0,
) -> Exported:
    """Write a network as ONNX model and as Python module with its weights.

    Args:
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        settings: Which formats, and how much they may differ.
        name: What the network is called in the files.
        metadata: Facts to put into the files, such as the spec's hash.
        class_names: Of the logits, in order, for the ONNX model.
        real: Some normalised images to compare on, (batch, channels, height, width).
        seed: Of the random images to compare on.

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
            Then only the weights are there, so that the training is not lost.
    """
    make_folder(folder)
    module = to_python(network.graph, name=name, metadata=metadata, class_names=class_names)
    arrays = network.arrays()
    weights = {module.weight_names[key]: np.ascontiguousarray(arrays[key]) for key in arrays}
    # One entry: safetensors writes several in an order that changes from run to run.
    write_whole(folder / WEIGHTS, save(weights, {"dslnas": json.dumps(dict(metadata))}))
    stage = _stage(folder)
    try:
        others: dict[str, Run] = {}
        if "onnx" in settings.formats:
            model = to_onnx(
                network.graph, arrays, name=name, metadata=metadata, class_names=class_names
            )
            others["onnx"] = _write_onnx(stage, model.SerializeToString(deterministic=True))
        if "python" in settings.formats:
            others["python"] = _write_python(stage, module.source, folder / WEIGHTS)
        inputs = _inputs(network, real, seed)
        reference = torch_run(network)
        differences = compare(reference, others, inputs, settings.tolerance)
        one = inputs["random"][:1]
        latency = {key: latency_ms(run, one) for key, run in {"torch": reference, **others}.items()}
        latency.pop("python", None)  # the same layers as torch's
        made = [file for file in (ONNX, PYTHON) if (stage / file).exists()]
        for file in made:
            os.replace(stage / file, folder / file)
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Exported((*made, WEIGHTS), differences, latency)


def _stage(folder: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(dir=folder, prefix=".export-"))
    except OSError as error:
        raise cannot_write(folder, error) from None


def _write_onnx(stage: Path, model: bytes) -> Run:
    """Write the ONNX model; return what runs it."""
    write_whole(stage / ONNX, model)
    return onnx_run(model)


def _write_python(stage: Path, source: str, weights: Path) -> Run:
    """Write the module beside a copy of its weights; return what runs it."""
    write_whole(stage / PYTHON, source)
    shutil.copyfile(weights, stage / WEIGHTS)
    return module_run(stage / PYTHON)


def _inputs(network: TorchNetwork, real: np.ndarray | None, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    shape = (7, *network.graph.input_shape)
    inputs = {"random": generator.standard_normal(shape).astype(np.float32)}
    if real is not None:
        inputs["real"] = np.ascontiguousarray(real, dtype=np.float32)
    return inputs
