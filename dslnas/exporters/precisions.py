"""A network in other precisions: written, tried on the data, and delivered if it is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from onnx import ModelProto

from dslnas.backends.onnx.equalise import equalised
from dslnas.backends.onnx.float16 import to_float16
from dslnas.backends.onnx.int8 import to_int8
from dslnas.backends.onnx.session import Loaded
from dslnas.backends.onnx.versions import Versions
from dslnas.exporters.calibration import calibrated, carried
from dslnas.exporters.judge import Judge, Trial, Verdict, arrays_of
from dslnas.exporters.onnx import MODEL, STEP
from dslnas.exporters.parity import Inputs
from dslnas.exporters.written import Written
from dslnas.settings.sections import ExportSettings

CALIBRATED = 256
"""Training examples whose values are looked at, or columns of a text."""

Models: TypeAlias = Mapping[str, ModelProto]
"""By the name that its file has in float32."""

Writer: TypeAlias = Callable[[Models, Inputs, Versions], Models]
"""From models in float32, and examples that they were trained on, to those in a precision."""


def _in_float16(models: Models, inputs: Inputs, versions: Versions) -> Models:
    return {name: to_float16(model, versions) for name, model in models.items()}


def _in_int8(models: Models, inputs: Inputs, versions: Versions) -> Models:
    """Return models in int8; both of a recurrent network round alike, as its step has it."""
    alike = {name: equalised(model) for name, model in models.items()}
    base = alike[STEP if STEP in alike else MODEL]
    ranges = calibrated(base, inputs)
    return {
        name: to_int8(model, ranges if model is base else carried(ranges, base, model), versions)
        for name, model in alike.items()
    }


WRITERS: Mapping[str, Writer] = {"float16": _in_float16, "int8": _in_int8}


def write_precisions(
    written: Written, settings: ExportSettings, trial: Trial, units: Sequence[tuple[float, float]]
) -> Verdict:
    """Write the precisions that settings ask for beside the float32 models, and tell of all.

    A precision that is not delivered leaves no file behind.

    Args:
        written: Folder with the float32 models.
        settings: Which precisions, and how much worse they may be.
        trial: Data to calibrate, measure and judge on; test decides nothing.
        units: Factor and offset of every output, see `Facts.units`.
    """
    plain = {name: written.model(name) for name in (MODEL, STEP) if written.has(name)}
    models = {name: model.proto for name, model in plain.items()}
    inputs = arrays_of(trial.data.weights.spread(CALIBRATED))
    versions = Versions(settings.opset, settings.ir_version)
    made = {
        precision: {
            name: Loaded(model.SerializeToString(deterministic=True))
            for name, model in WRITERS[precision](models, inputs, versions).items()
        }
        for precision in settings.others
    }
    verdict = Judge(settings.within, trial, units, plain).verdict(made)
    for precision, loaded in made.items():
        files = verdict.records[precision].files
        for file, model in zip(files, loaded.values(), strict=bool(files)):
            (written.folder / file).write_bytes(model.content)
    return verdict
