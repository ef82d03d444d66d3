"""Manifests made up for tests."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.runs.manifest import Manifest
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.images import Digits
from dslnas.settings.rule import AS_PUBLISHED
from dslnas.settings.sections import EvaluateSettings, ExportSettings
from dslnas.settings.spec import SpecSettings

SETTINGS = SpecSettings(
    data=Digits(),
    search=DartsSettings(),
    derive=AS_PUBLISHED,
    evaluate=EvaluateSettings(),
    export=ExportSettings(),
)


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
        "execution": "eager",
        "precision": "float32",
        "settings": SETTINGS,
        "versions": {"dslnas": "0.1.0"},
        "machine": {"system": "Linux"},
        "results": results,
    }
    return Manifest.model_validate({**facts, **entries})
