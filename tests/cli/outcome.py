"""Running a search from the command line, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from dslnas.cli.main import run

Interrupt: TypeAlias = Callable[[str, int], None]
"""Says where the next runs are interrupted: a stage, and an epoch of it, 0 for never."""


def search(spec: Path, out: Path, *arguments: str) -> int:
    return run(["compile", str(spec), "--search", "--out", str(out), *arguments])


def manifest_in(out: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def results_in(out: Path) -> dict[str, Any]:
    """Return the results that do not depend on the clock."""
    results: dict[str, Any] = manifest_in(out)["results"]
    return {k: v for k, v in results.items() if "seconds" not in k and "latency" not in k}


def metrics_in(out: Path) -> list[dict[str, Any]]:
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


def assert_same(a: Path, b: Path) -> None:
    """Assert that two runs came to the same, to the bit."""
    names = [sorted(path.name for path in folder.iterdir()) for folder in (a, b)]
    assert names[0] == names[1]
    for name in ("architecture.nas", "model.safetensors", "model.onnx", "model.py"):
        assert (a / name).read_bytes() == (b / name).read_bytes(), name
    assert results_in(a) == results_in(b)
    assert metrics_in(a) == metrics_in(b)
