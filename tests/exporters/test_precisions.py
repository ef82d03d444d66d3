"""Precisions are written and judged on data, without a training: labels are a network's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, numpy_helper

from dslnas.backends.onnx.session import Loaded
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.stream import StreamPart
from dslnas.data.tensor_part import TensorPart
from dslnas.exporters import judge, precisions
from dslnas.exporters.export import Exported, export
from dslnas.exporters.judge import Trial
from dslnas.exporters.onnx import MODEL, sequence_run_of
from dslnas.exporters.onnx_record import Latency, Times
from dslnas.exporters.precisions import Models
from dslnas.exporters.sequence_parity import SequenceRun
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.images import Digits
from dslnas.settings.sections import OLDEST_INT8_OPSET, ExportSettings
from dslnas.settings.texts import TextFile
from dslnas.tasks.catalogue import task_of
from tests.exporters.brief import check_briefly
from tests.exporters.exported_text import language_model, words
from tests.training.tiny import SHAPE, architecture

INT8 = "model_int8.onnx"


@pytest.fixture(autouse=True, scope="module")
def _briefly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        yield


@pytest.fixture(scope="module")
def network() -> TorchNetwork:
    graph = build_derived_graph(architecture())
    return TorchNetwork(graph, torch.Generator().manual_seed(0)).eval()


@pytest.fixture(scope="module")
def trial(network: TorchNetwork) -> Trial:
    """Images that the network labels in float32 without a mistake."""
    images = torch.randn((200, *SHAPE), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        labels = network({"image": images})[0].argmax(1)
    part = TensorPart({"image": images}, targets=labels)
    return Trial(task_of(Digits()), Data(part, part, part, part, LabelledFacts()))


def exported(network: TorchNetwork, trial: Trial, folder: Path, **given: Any) -> Exported:
    settings = ExportSettings.model_validate({"precision": ("int8",), "within": 0.5, **given})
    return export(network, folder, settings, name="tiny", metadata={}, trial=trial)


def spoilt(models: Models, *_: object) -> Models:
    """Return a smaller model that takes the worst class for the best."""
    made = ModelProto()
    made.CopyFrom(models[MODEL])
    made.doc_string = ""
    (head,) = (node for node in made.graph.node if node.op_type == "Gemm")
    for tensor in made.graph.initializer:
        if tensor.name in head.input:
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), tensor.name))
    return {MODEL: made}


def test_equal_exports_write_equal_bytes_and_declare_the_oldest_opsets(
    network: TorchNetwork, trial: Trial, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        found = exported(network, trial, tmp_path / name, precision=("float16", "int8"))
    for file in found.files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert found.declared[MODEL].opset < OLDEST_INT8_OPSET == found.declared[INT8].opset


def test_a_precision_that_loses_too_much_leaves_no_file(
    network: TorchNetwork, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert INT8 in exported(network, trial, tmp_path).files
    monkeypatch.setitem(precisions.WRITERS, "int8", spoilt)
    labelled = replace(trial.task.metrics[0], label="right answers")
    monkeypatch.setattr(trial.task, "metrics", (labelled,))
    found = exported(network, trial, tmp_path, within=0.01)
    record = found.precisions["int8"]
    assert found.precisions["float32"].validation == 1
    assert record.lost == 1 - record.validation > 0.5
    assert f"that loses {record.lost:.2%}, and `within` allows 1.00%" in record.refusal
    assert record.refusal.startswith("right answers on the validation part is ")
    assert record.files == ()
    assert INT8 not in found.files
    assert not (tmp_path / INT8).exists()  # nor that of the export before


def test_a_precision_that_is_no_smaller_is_not_delivered(
    network: TorchNetwork, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(precisions.WRITERS, "int8", lambda models, *_: models)
    record = exported(network, trial, tmp_path).precisions["int8"]
    assert "not fewer" in record.refusal


def takes(low: float, median: float, high: float) -> Latency:
    times = Times(p10=low, median=median, p90=high)
    return Latency(processor="one", threads=1, milliseconds={"batch 1": times})


def test_a_precision_that_is_slower_is_delivered_with_a_warning(
    network: TorchNetwork, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = takes(0.9, 1, 1.1)
    monkeypatch.setattr(judge, "latencies_of", lambda _: [usual, takes(1.2, 2, 2.1)])
    found = exported(network, trial, tmp_path)
    record = found.precisions["int8"]
    assert record.files == (INT8,)
    assert record.warnings == (
        "it is smaller, but slower on this processor: 2 ms with batch 1, float32 1",
    )
    assert found.latency is usual


def test_what_the_spread_of_times_explains_is_no_warning() -> None:
    usual = takes(0.9, 1, 1.3)
    assert judge.slower_where(takes(1.2, 2, 2.1), usual) == ()
    assert judge.slower_where(takes(1.01, 1.03, 1.04), takes(0.9, 1, 1)) == ()
    assert judge.slower_where(takes(1.4, 2, 2.1), usual) != ()


def test_int8_is_calibrated_on_what_trains_the_weights_alone(
    network: TorchNetwork, trial: Trial, tmp_path: Path
) -> None:
    data = trial.data
    assert isinstance(data.weights, TensorPart)
    small = replace(data.weights, inputs={"image": data.weights.inputs["image"] * 0.5})
    exported(network, trial, tmp_path / "own")
    other = Trial(trial.task, replace(data, weights=small))
    exported(network, other, tmp_path / "small")
    assert first_scale(tmp_path / "small") == pytest.approx(first_scale(tmp_path / "own") / 2)


def first_scale(folder: Path) -> float:
    """Return the step by which the image is rounded."""
    graph = onnx.load(folder / INT8).graph
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    assert first.input[0] == "image"
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    return float(numpy_helper.to_array(tensors[first.input[1]]))


@pytest.mark.parametrize("name", ["lstm", "darts_v2"])
def test_a_text_model_is_written_as_a_whole_and_as_a_step_that_agree(
    name: str, tmp_path: Path
) -> None:
    tokens = torch.randint(10, (600,), generator=torch.Generator().manual_seed(0))
    part = StreamPart(tokens, 20)
    trial = Trial(task_of(TextFile()), Data(part, part, part, part, words()))
    names = ("float16", "int8")
    made = export(
        language_model(name),
        tmp_path,
        ExportSettings.model_validate({"precision": names, "within": 0.5}),
        name="novel",
        metadata={},
        facts=words(),
        trial=trial,
    )
    plain = made.precisions["float32"]
    table = tokens[:40].reshape(20, 2).numpy()
    exact, _ = model_run(tmp_path / "model.onnx")(table, None)
    for precision, allowed in zip(names, (0.01, 0.2), strict=True):
        record = made.precisions[precision]
        assert record.files == (f"model_{precision}.onnx", f"model_step_{precision}.onnx")
        assert record.validation == pytest.approx(plain.validation, rel=0.05)
        whole, step = (model_run(tmp_path / file) for file in record.files)
        logits, _ = whole(table, None)
        assert np.abs(logits - exact).max() < allowed
        states = None
        for row, expected in zip(table, logits, strict=True):
            found, states = step(row, states)
            assert np.abs(found - expected).max() < 0.05


def model_run(path: Path) -> SequenceRun:
    return sequence_run_of(Loaded(path.read_bytes()))
