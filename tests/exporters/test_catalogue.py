"""Export targets are those that a spec can name, and write what they can run again."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import NO_FACTS
from dslnas.exporters.catalogue import EXPORTERS
from dslnas.exporters.exporter import Model
from dslnas.exporters.parity import network_run
from dslnas.exporters.weights import write_weights
from dslnas.exporters.written import Written
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.sections import ExportSettings, Format
from tests.training.tiny import SHAPE, architecture


def test_every_target_can_be_named_and_all_are_written_by_default() -> None:
    assert tuple(EXPORTERS) == ExportSettings().formats
    assert tuple(EXPORTERS) == get_args(Format)
    for name in EXPORTERS:
        assert ExportSettings.model_validate({"formats": (name,)}).formats == (name,)


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_target_runs_what_it_wrote(name: str, tmp_path: Path) -> None:
    graph = build_derived_graph(architecture())
    network = TorchNetwork(graph, torch.Generator().manual_seed(0)).eval()
    write_weights(network, tmp_path, {})
    files = EXPORTERS[name].files(Model(network, "x", {}, NO_FACTS, ExportSettings()))
    assert files.keys() <= EXPORTERS[name].described_files.keys()
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    images = {"image": np.ones((2, *SHAPE), np.float32)}
    found = EXPORTERS[name].run(Written(tmp_path))(images)
    np.testing.assert_allclose(found, network_run(network)(images), atol=1e-5)
