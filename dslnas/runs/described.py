"""The files of a run, described."""

from __future__ import annotations

from pathlib import Path

from dslnas.runs.folder import ARCHITECTURE, METRICS, REPORT
from dslnas.runs.manifest import MANIFEST
from dslnas.tasks.task import Task

FILES = {
    REPORT: "the run as a page to look at, to mail and to print",
    ARCHITECTURE: "the cells as a spec, to edit and to train again",
    METRICS: "what every epoch lost and measured, one line each",
    MANIFEST: "settings, seed, versions and results",
}
"""Files that every finished run has, with their meanings."""


def described_files(run: Path, task: Task) -> dict[str, str]:
    """Return the files of a run that are there, each with its meaning, exported ones first."""
    from dslnas.exporters.catalogue import EXPORTERS
    from dslnas.exporters.weights import WEIGHTS

    models = (exporter.described_files for exporter in EXPORTERS.values())
    written = {name: meaning for files in models for name, meaning in files.items()}
    meanings = {**written, WEIGHTS: "its weights", **task.files, **FILES}
    return {name: meaning for name, meaning in meanings.items() if (run / name).exists()}
