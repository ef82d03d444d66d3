"""Models run in old releases of ONNX Runtime, which come from the package index."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto

from dslnas.backends.onnx.float16 import to_float16
from dslnas.backends.onnx.int8 import to_int8
from dslnas.backends.onnx.runtimes import oldest_runtime
from dslnas.backends.onnx.session import session
from dslnas.backends.onnx.uint8 import with_preprocessing
from dslnas.data.preprocessing import Preprocessing
from dslnas.exporters.calibration import calibrated
from tests.backends.test_onnx_soundness import graph_of, inputs_of, models_of
from tests.kinds_of_specs import SPECS

RELEASES = ("1.15.1", "1.18.1", "1.23.2")
"""Releases for Python 3.11, the first of them the oldest; by hand it was tried from 1.0 on."""

TRIED = (
    *("digits_darts", "digits_vit", "digits_mobilenet", "digits_hierarchical"),
    *("text_lstm", "text_darts", "ratings_sif"),
)
LOSSES = {"float16": 5e-3, "int8": 5e-2, "float32": 1e-5}
"""Largest difference by precision: sums are rounded in another order."""


def models() -> Iterator[tuple[str, ModelProto]]:
    """Yield models of every kind that is exported, by names that end in their precision."""
    for spec in SPECS:
        if spec.stem in TRIED:
            for number, model in enumerate(models_of(graph_of(spec))):
                yield f"{spec.stem}_{number}_float32", model
    image = next(models_of(graph_of(next(s for s in SPECS if s.stem == "digits_darts"))))
    how = Preprocessing("L", 8, 8, "pad", (0.5,), (0.5,))
    yield "bytes_float32", with_preprocessing(image, how, "classification")
    yield "half_float16", to_float16(image)
    yield "whole_int8", to_int8(image, calibrated(image, inputs_of(image)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with inputs, and outputs of the installed release."""
    folder = tmp_path_factory.mktemp("models")
    for name, model in models():
        content, inputs = model.SerializeToString(), inputs_of(model)
        outputs = session(content, threads=1).run(None, inputs)
        given = {f"in_{key}": array for key, array in inputs.items()}
        found = (f"out_{value.name}" for value in model.graph.output)
        (folder / f"{name}.onnx").write_bytes(content)
        arrays: dict[str, Any] = {**given, **dict(zip(found, outputs, strict=True))}
        np.savez(folder / f"{name}.npz", **arrays)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="old releases are for Python 3.11")
@pytest.mark.parametrize("release", RELEASES)
def test_models_compute_the_same_in_old_releases(
    release: str, folder: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / "bin" / "python"
    packages = (f"onnxruntime=={release}", "numpy<2")
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", *packages], capture_output=True, text=True
    )
    if installed.returncode:
        pytest.skip(f"the package index is out of reach: {installed.stderr.splitlines()[-1]}")
    script = Path(__file__).with_name("releases.py")
    done = subprocess.run([python, "-I", script, folder], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    differences: dict[str, float] = json.loads(done.stdout)
    assert len(differences) == len(list(folder.glob("*.onnx")))
    for name, difference in differences.items():
        assert difference < LOSSES[name.rpartition("_")[2]], name


def test_every_kind_of_model_runs_in_the_oldest_of_them() -> None:
    first = tuple(map(int, RELEASES[0].split(".")))
    for name, model in models():
        assert tuple(map(int, oldest_runtime(model).split("."))) <= first, name
