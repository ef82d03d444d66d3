"""Manifests made up for tests."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.runs.manifest import Manifest


def made_manifest(results: Mapping[str, object], **entries: object) -> Manifest:
    """Return the manifest of a run on a CPU with such results."""
    facts: dict[str, object] = {
        "status": "running",
        "spec": "small",
        "spec_hash": "f00",
        "method": "darts",
        "seed": 0,
        "device": "cpu",
        "passes": ("separable",),
        "compiled": False,
        "precision": "float32",
        "settings": {"data": {"source": "digits"}},
        "versions": {"dslnas": "0.1.0"},
        "machine": {"system": "Linux"},
        "results": results,
    }
    return Manifest.model_validate({**facts, **entries})
