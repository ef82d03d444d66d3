"""Export targets are those that a spec can name, and write what they can run again."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import onnxruntime
import pytest
import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import NO_FACTS
from dslnas.diagnostics import UserError
from dslnas.exporters.catalogue import EXPORTERS
from dslnas.exporters.exporter import Model
from dslnas.exporters.onnx import check_versions
from dslnas.exporters.parity import network_run
from dslnas.exporters.weights import write_weights
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.sections import ExportSettings, Format
from tests.backends.reference_graphs import Graph
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
    found = EXPORTERS[name].run(tmp_path)(images)
    np.testing.assert_allclose(found, network_run(network)(images), atol=1e-5)


def settings(**given: object) -> ExportSettings:
    return ExportSettings.model_validate(given)


def test_versions_that_cannot_be_declared_are_refused_before_a_training() -> None:
    graph = Graph((4, 3, 3)).add("norm", "layer_norm").add("head", "linear", out=2).done()
    with pytest.raises(UserError, match="node `norm/normed` needs opset 17, not 11"):
        check_versions(graph, settings(opset=11))
    check_versions(graph, settings(opset=17))
    check_versions(graph, settings(opset=11, formats=("python",)))


def test_what_the_installed_runtime_does_not_load_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnxruntime, "__version__", "1.13.1")
    graph = Graph((4, 3, 3)).add("head", "linear", out=2).done()
    check_versions(graph, settings(opset=17))
    with pytest.raises(UserError) as raised:
        check_versions(graph, settings(ir_version=9))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message == (
        "opset 11 in format 9 needs ONNX Runtime 1.15, and 1.13.1 is installed"
    )
