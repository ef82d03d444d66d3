"""Export as a Python module, which reads its weights from a file beside it."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from dslnas.diagnostics import InternalError
from dslnas.exporters.exporter import Exporter, Model
from dslnas.exporters.parity import Inputs, Run
from dslnas.exporters.programs import programs
from dslnas.exporters.sequence_parity import STEPWISE, WHOLE, SequenceRun, torch_run, with_time
from dslnas.exporters.written import Written

MODULE = "model.py"


class PythonExporter(Exporter):
    """A Python module that needs torch and safetensors only."""

    name = "python"
    title = MODULE
    described_files = MappingProxyType(
        {MODULE: "the same network as a Python module; needs torch and safetensors only"}
    )

    def files(self, model: Model) -> dict[str, bytes]:
        """Return the module, and what it needs to be used."""
        how = model.facts.preprocessing
        source = model.module.source(
            name=model.name,
            metadata={k: v for k, v in model.metadata.items() if k != "preprocessing"},
            class_names=model.facts.class_names,
            preprocessing=json.dumps(asdict(how), indent=4) if how is not None else "",
            goal=model.facts.goal,
        )
        return {**model.facts.files(), **programs(model.facts), MODULE: source.encode()}

    def run(self, written: Written) -> Run:
        """Return what runs the module."""
        module = _load(written.folder / MODULE)

        def run(inputs: Inputs) -> np.ndarray:
            with torch.inference_mode():
                return np.asarray(module(*map(torch.from_numpy, inputs.values())).numpy())

        return run

    def sequence_runs(self, written: Written) -> Mapping[str, SequenceRun]:
        """Return what runs the module over many steps, and its single step."""
        module: Any = _load(written.folder / MODULE)
        return {WHOLE: torch_run(module), STEPWISE: with_time(torch_run(module.step))}


def _load(path: Path) -> torch.nn.Module:
    """Return the network of a generated module, with the weights beside it."""
    spec = importlib.util.spec_from_file_location(f"_dslnas_generated_{id(path)}", path)
    if spec is None or spec.loader is None:
        raise InternalError(f"generated module {path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        network: torch.nn.Module = module.load()
    finally:
        del sys.modules[spec.name]
    return network
