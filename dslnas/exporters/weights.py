"""Weights of a trained network as a file, which its Python module and later commands read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from dslnas.backends.python.module import PythonModule
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import NO_FACTS, Facts
from dslnas.files import make_folder, write_whole
from dslnas.regular import regular

WEIGHTS = "model.safetensors"


def write_weights(
    network: TorchNetwork,
    folder: Path,
    metadata: Mapping[str, str],
    facts: Facts = NO_FACTS,
    module: PythonModule | None = None,
) -> None:
    """Write the weights of a network, named as its Python module names them.

    `module` is that module, where it is known.

    Raises:
        UserError: NAS021 if the folder cannot be written to.
    """
    make_folder(folder)
    names = (module or PythonModule(network.graph)).weight_names
    weights = {names[key]: np.ascontiguousarray(a) for key, a in network.arrays().items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    told = json.dumps(file_metadata(network, metadata, facts))
    path, content = folder / WEIGHTS, save(weights, {"dslnas": told})
    if not _holds(path, content):
        write_whole(path, content)


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file has a content already, as that of a run that is exported again."""
    try:
        return path.stat().st_size == len(content) and regular(path).read_bytes() == content
    except OSError:
        return False


def file_metadata(
    network: TorchNetwork, metadata: Mapping[str, str], facts: Facts
) -> dict[str, str]:
    """Return all that a file tells; facts that do not fit the network are refused."""
    outputs = network.graph.by_name[network.graph.output].shape[0]
    facts.check_outputs(outputs)
    size = {"vocabulary_size": str(outputs)} if network.graph.is_sequence else {}
    return {**metadata, **facts.metadata(), **size}
