"""An export checks each file once, and tells what it does and how long that took."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from dslnas.backends.onnx import session as sessions
from dslnas.backends.torch.network import TorchNetwork
from dslnas.exporters import checks, latency
from dslnas.exporters.agreement import off_by_a_bit
from dslnas.exporters.export import export
from dslnas.exporters.latency import latencies_of
from dslnas.exporters.onnx import MODEL
from dslnas.exporters.weights import WEIGHTS, write_weights
from dslnas.exporters.written import Written
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.sections import ExportSettings
from tests.exporters.brief import check_briefly
from tests.training.tiny import SHAPE, architecture

REAL = {"image": np.ones((32, *SHAPE), np.float32)}


@pytest.fixture
def network() -> TorchNetwork:
    graph = build_derived_graph(architecture())
    return TorchNetwork(graph, torch.Generator().manual_seed(0)).eval()


def lines_of(network: TorchNetwork, folder: Path) -> list[str]:
    """Export, and return what is told, without the seconds."""
    told: list[str] = []
    settings = ExportSettings()
    export(network, folder, settings, name="x", metadata={}, real=REAL, tell=told.append)
    assert all(re.search(r" in \d+\.\d s$", line) for line in told)
    return [line.rpartition(" in ")[0] for line in told]


def test_every_step_is_told_with_its_seconds(
    network: TorchNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    exported, compared, measured = lines_of(network, tmp_path)
    assert exported == "Exported model.onnx and model.py"
    assert compared == "Compared with PyTorch on 7 random and 32 real examples"
    assert measured == "Measured latency in ONNX Runtime"


def test_a_large_network_is_compared_on_fewer_examples_and_says_so(
    network: TorchNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setattr(checks, "WORK", 12 * network.graph.flops())
    assert lines_of(network, tmp_path)[1].endswith(" 7 random and 12 real examples")
    monkeypatch.setattr(checks, "WORK", 1)
    assert lines_of(network, tmp_path)[1].endswith(" 7 random and 7 real examples")


def test_a_model_is_loaded_once_for_each_number_of_threads(
    network: TorchNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setattr(latency, "processors", lambda: 2)
    monkeypatch.setattr(sessions, "processors", lambda: 2)
    made: list[int] = []
    load = sessions.session

    def loading(model: bytes, threads: int) -> object:
        made.append(threads)
        return load(model, threads)

    monkeypatch.setattr(sessions, "session", loading)
    lines_of(network, tmp_path)
    assert sorted(made) == [1, 2]


def test_weights_off_by_a_bit_are_those_of_one_run_alone(network: TorchNetwork) -> None:
    before = {name: array.copy() for name, array in network.arrays().items()}
    images = torch.from_numpy(REAL["image"])
    with torch.inference_mode():
        (expected,), (found,) = network(images), off_by_a_bit(network)(images)
    assert 0 < (expected - found).abs().max() < 1e-4 * expected.abs().max()
    assert all((before[name] == array).all() for name, array in network.arrays().items())


def test_a_run_that_takes_long_is_timed_a_few_times(
    network: TorchNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    lines_of(network, tmp_path)
    monkeypatch.setattr(latency, "AT_MOST", 0.0)
    model = Written(tmp_path).model(MODEL)
    runs: list[object] = []

    class Counting:
        def run(self, *given: object) -> None:
            runs.append(given)

    monkeypatch.setattr(model, "session", lambda threads: Counting())
    for models, count in (([model], 1 + latency.FEWEST), ([model, model], 2 * 2 * 5)):
        runs.clear()
        latencies_of(models)
        assert len(runs) == len(latency.BATCHES) * 2 * count


def test_weights_that_lie_there_already_are_left_and_others_written(
    network: TorchNetwork, tmp_path: Path
) -> None:
    write_weights(network, tmp_path, {})
    before = (tmp_path / WEIGHTS).stat().st_ino
    write_weights(network, tmp_path, {})
    assert (tmp_path / WEIGHTS).stat().st_ino == before
    write_weights(network, tmp_path, {"spec_hash": "1"})
    with safe_open(tmp_path / WEIGHTS, "np") as file:
        assert json.loads(file.metadata()["dslnas"]) == {"spec_hash": "1"}
