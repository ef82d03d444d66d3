"""A trained network to files; models are written only if all of them compute the same."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from dslnas.backends.python.module import to_python
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.facts import NO_FACTS, Facts
from dslnas.exporters import classifier, language_model
from dslnas.exporters.candidate import PYTHON, WEIGHTS, Inputs
from dslnas.files import cannot_write, make_folder, write_whole
from dslnas.settings.sections import ExportSettings


@dataclass(frozen=True)
class Exported:
    """Files that were written, and measurements.

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
    facts: Facts = NO_FACTS,
    real: Inputs | None = None,
    seed: int = 0,
) -> Exported:
    """Write a network as ONNX model and as Python module with its weights.

    A recurrent network has a second ONNX model, of a single step.

    Args:
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        settings: Which formats, and how much they may differ.
        name: Name of the network in the files.
        metadata: Facts to put into the files, such as the spec's hash.
        facts: How the examples became numbers.
        real: Inputs to compare on besides random ones, by name.
        seed: Seed of the random inputs.

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
            Then only the weights are there, so that the training is not lost.
    """
    write_weights(network, folder, metadata, facts)
    metadata, class_names = _facts(network, metadata, facts), facts.class_names
    module = to_python(network.graph, name=name, metadata=metadata, class_names=class_names)
    files: dict[str, bytes] = {}
    with_onnx = "onnx" in settings.formats
    if isinstance(network, SequenceNetwork):
        if with_onnx:
            files |= language_model.onnx_files(network, name, metadata)
    elif with_onnx:
        files |= classifier.onnx_files(network, name, metadata, class_names)
    files |= facts.files()
    if with_onnx:
        files |= programs(facts)
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
    network: TorchNetwork, folder: Path, metadata: Mapping[str, str], facts: Facts = NO_FACTS
) -> None:
    """Write the weights of a network, named as its Python module names them.

    Raises:
        UserError: NAS021 if the folder cannot be written to.
    """
    make_folder(folder)
    names = to_python(network.graph, name="", metadata={}).weight_names
    weights = {names[key]: np.ascontiguousarray(a) for key, a in network.arrays().items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    told = json.dumps(_facts(network, metadata, facts))
    write_whole(folder / WEIGHTS, save(weights, {"dslnas": told}))


def _facts(network: TorchNetwork, metadata: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Return all that a file tells; facts that do not fit the network are refused."""
    outputs = network.graph.by_name[network.graph.output].shape[0]
    facts.check_outputs(outputs)
    size = {"vocabulary_size": str(outputs)} if isinstance(network, SequenceNetwork) else {}
    return {**metadata, **facts.metadata(), **size}


def programs(facts: Facts) -> dict[str, bytes]:
    """Return the programs that run an ONNX model, by the names of their files."""
    folder = resources.files("dslnas.exporters")
    return {name: folder.joinpath(name).read_bytes() for name in facts.programs}


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
