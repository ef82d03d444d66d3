"""Runs models where nothing but numpy and ONNX Runtime is installed; prints their differences.

Arguments: a folder with models, and inputs and outputs of each beside it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def difference(model: Path) -> float:
    """Return the largest difference of an output from what is written beside a model."""
    known = dict(np.load(model.with_suffix(".npz")))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    found = session.run(None, {i.name: known["in_" + i.name] for i in session.get_inputs()})
    outputs = [known["out_" + o.name] for o in session.get_outputs()]
    return max(float(np.abs(a - b).max()) for a, b in zip(found, outputs))  # noqa: B905


if __name__ == "__main__":
    print(json.dumps({p.stem: difference(p) for p in sorted(Path(sys.argv[1]).glob("*.onnx"))}))
