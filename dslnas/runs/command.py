"""The command that goes on with a run."""

from __future__ import annotations

from pathlib import Path

from dslnas.diagnostics import command
from dslnas.passes.manager import USUAL
from dslnas.runs.folder import SPEC
from dslnas.runs.manifest import Manifest


def resuming(path: Path, manifest: Manifest) -> str:
    """Return the command that goes on with a run: its own spec, its seed and how it ran."""
    made = ["train", path / SPEC]
    if manifest.method is not None:
        made = ["compile", path / SPEC, "--search"]
    options = {
        "--seed": (manifest.seed, 0),
        "--device": (manifest.device, "cpu"),
        "--passes": (manifest.passes, USUAL),
        "--execution": (manifest.execution, "eager"),
        "--precision": (manifest.precision, "float32"),
        "--batch-norm": (manifest.batch_norm, "together"),
    }
    for option, (value, usual) in options.items():
        if value != usual:
            made += [option, ",".join(value) or "none" if isinstance(value, tuple) else value]
    return command(*made, "--out", path, "--resume")
