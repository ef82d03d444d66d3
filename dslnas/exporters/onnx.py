"""Export as ONNX: a model, and of a recurrent network a second one of a single step."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from onnx import ModelProto

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.runtimes import oldest_runtime
from dslnas.backends.onnx.sequence import to_onnx_sequence
from dslnas.backends.onnx.session import Loaded
from dslnas.backends.onnx.uint8 import with_preprocessing
from dslnas.backends.onnx.versions import Versions
from dslnas.exporters.exporter import Exporter, Model
from dslnas.exporters.onnx_record import Declared
from dslnas.exporters.parity import Inputs, Run
from dslnas.exporters.programs import programs
from dslnas.exporters.sequence_parity import (
    STEPWISE,
    WHOLE,
    SequenceRun,
    StateArrays,
    with_time,
)
from dslnas.exporters.written import Written

MODEL, STEP, UINT8 = "model.onnx", "model_step.onnx", "model_uint8.onnx"


def file_in(precision: str, model: str = MODEL) -> str:
    """Return the name of a model in a precision other than float32."""
    return model.replace(".", f"_{precision}.")


class OnnxExporter(Exporter):
    """ONNX models, with the programs that run them."""

    name = "onnx"
    title = "ONNX Runtime"
    described_files = MappingProxyType(
        {
            MODEL: "the model to deploy: ONNX, any batch size",
            UINT8: "the same for one picture as bytes, of any size: it resizes and normalises",
            STEP: "the model for one token of a text at a time",
            file_in("int8"): "the model in whole numbers of eight bits",
            file_in("float16"): "the model in float16",
            file_in("int8", STEP): "that for one token in whole numbers of eight bits",
            file_in("float16", STEP): "that for one token in float16",
        }
    )

    def files(self, model: Model) -> dict[str, bytes]:
        """Return the models, what they need to be used, and programs that use them."""
        facts = model.facts
        return {**_models(model), **facts.files(), **programs(facts, facts.programs)}

    def run(self, written: Written) -> Run:
        """Return what runs the model with ONNX Runtime."""
        return run_of(written.model(MODEL))

    def sequence_runs(self, written: Written) -> Mapping[str, SequenceRun]:
        """Return what runs both models with ONNX Runtime."""
        whole, step = (sequence_run_of(written.model(name)) for name in (MODEL, STEP))
        return {WHOLE: whole, STEPWISE: with_time(step)}


def _models(model: Model) -> dict[str, bytes]:
    graph, arrays = model.network.graph, model.network.arrays()
    given, names = (model.name, model.metadata), model.facts.class_names
    versions = Versions(model.settings.opset, model.settings.ir_version)
    one = to_onnx(graph, arrays, *given, class_names=names, versions=versions)
    protos = {MODEL: one}
    if graph.is_sequence:
        protos = {MODEL: to_onnx_sequence(graph, arrays, *given, versions), STEP: one}
    how = model.facts.preprocessing
    if how is not None:
        protos[UINT8] = with_preprocessing(one, how, model.facts.goal)
    return {name: proto.SerializeToString(deterministic=True) for name, proto in protos.items()}


def declared_by(proto: ModelProto) -> Declared:
    """Return the versions that a model declares, with the oldest runtime that loads it."""
    (opset,) = (declared.version for declared in proto.opset_import)
    runtime = oldest_runtime(proto)
    return Declared(opset=opset, ir_version=proto.ir_version, oldest_runtime=runtime)


def run_of(model: Loaded) -> Run:
    """Return what runs one ONNX model of a network that is not recurrent."""
    runner = model.session()
    names = [value.name for value in runner.get_inputs()]

    def run(inputs: Inputs) -> np.ndarray:
        given = dict(zip(names, inputs.values(), strict=True))
        return np.asarray(runner.run(None, given)[0])

    return run


def sequence_run_of(model: Loaded) -> SequenceRun:
    """Return what runs one ONNX model; that of a single step reads and gives no axis of time."""
    runner = model.session(threads=1)
    tokens_input, *inputs = runner.get_inputs()

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        batch = tokens.shape[-1]
        states = states or tuple(np.zeros((batch, i.shape[1]), np.float32) for i in inputs)
        given = {value.name: state for value, state in zip(inputs, states, strict=True)}
        logits, *nexts = runner.run(None, {tokens_input.name: tokens, **given})
        return logits, tuple(nexts)

    return run
