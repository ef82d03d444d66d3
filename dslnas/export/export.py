"""A trained network to files; models are written only if all of them compute the same."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from dslnas.backends.python.module import to_python
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.tokens import TextFacts
from dslnas.export import classifier, language_model
from dslnas.export.candidate import PYTHON, WEIGHTS
from dslnas.files import cannot_write, make_folder, write_whole
from dslnas.settings.sections import ExportSettings


@dataclass(frozen=True)
class Exported:
    """What was written and measured.

    Attributes:
        files: Their names in the folder.
        differences: By backend, the largest difference of a logit or a state from PyTorch's.
        latency_ms: By backend, the median time of one image or one token on the CPU.
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
    text: TextFacts | None = None,
    real: np.ndarray | None = None,
    seed: int = 0,
) -> Exported:
    """Write a network as ONNX model and as Python module with its weights.

    A recurrent network has a second ONNX model, of a single step. With its text there are also the
    vocabulary and a program that writes text.

    Args:
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        settings: Which formats, and how much they may differ.
        name: What the network is called in the files.
        metadata: Facts to put into the files, such as the spec's hash.
        class_names: Of the logits of images, in order, for the ONNX model.
        text: How the text of a recurrent network became numbers.
        real: What to compare on besides random inputs: normalised images (batch, channels, height,
            width), or tokens (time, batch).
        seed: Of the random inputs to compare on.

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
            Then only the weights are there, so that the training is not lost.
    """
    write_weights(network, folder, metadata, text)
    metadata = _facts(network, metadata, text)
    module = to_python(network.graph, name=name, metadata=metadata, class_names=class_names)
    files: dict[str, bytes] = {}
    with_onnx = "onnx" in settings.formats
    if isinstance(network, SequenceNetwork):
        if with_onnx:
            files |= language_model.onnx_files(network, name, metadata)
        if text is not None:
            files |= language_model.text_files(text, with_sample=with_onnx)
    elif with_onnx:
        files |= classifier.onnx_files(network, name, metadata, class_names)
    if "python" in settings.formats:
        files[PYTHON] = module.source.encode()

    with _stage(folder) as stage:
        for file, content in files.items():
            write_whole(stage / file, content)
        shutil.copyfile(folder / WEIGHTS, stage / WEIGHTS)
        if isinstance(network, SequenceNetwork):
            checks = language_model.check_language_model(
                network, stage, settings.tolerance, real, seed
            )
        else:
            checks = classifier.check_classifier(network, stage, settings.tolerance, real, seed)
        for file in files:
            os.replace(stage / file, folder / file)
    return Exported((*files, WEIGHTS), checks.differences, checks.latency_ms)


def write_weights(
    network: TorchNetwork,
    folder: Path,
    metadata: Mapping[str, str],
    text: TextFacts | None = None,
) -> None:
    """Write the weights of a network, named as its Python module names them.

    Raises:
        UserError: NAS021 if the folder cannot be written to.
    """
    make_folder(folder)
    names = to_python(network.graph, name="", metadata={}).weight_names
    weights = {names[key]: np.ascontiguousarray(a) for key, a in network.arrays().items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    facts = json.dumps(_facts(network, metadata, text))
    write_whole(folder / WEIGHTS, save(weights, {"dslnas": facts}))


def _facts(
    network: TorchNetwork, metadata: Mapping[str, str], text: TextFacts | None
) -> dict[str, str]:
    more = language_model.facts_of(network, text) if isinstance(network, SequenceNetwork) else {}
    return {**metadata, **more}


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """Give a folder for files that are not known to be right yet; it is gone afterwards."""
    try:
        stage = Path(tempfile.mkdtemp(dir=folder, prefix=".export-"))
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        yield stage
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
