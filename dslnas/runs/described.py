"""The files of a run, described."""

from __future__ import annotations

from collections.abc import Iterable
from os.path import exists
from pathlib import Path

from dslnas.runs.family import FAMILY
from dslnas.runs.folder import ALPHAS, ARCHITECTURE, CHECKPOINTS, METRICS, REPORT, SPEC
from dslnas.runs.manifest import MANIFEST
from dslnas.runs.pulse import PULSE
from dslnas.tasks.task import Task

FILES = {
    REPORT: "the run as a page to look at, to mail and to print",
    ARCHITECTURE: "the cells as a spec, to edit and to train again",
    METRICS: "what every epoch lost and measured, one line each",
    MANIFEST: "settings, seed, versions and results",
}
"""Files that every finished run has, with their meanings."""

OTHER_FILES = {
    SPEC: "the spec as it ran, with every value written out and the place of its data",
    ALPHAS: "the architecture parameters at the end of the search",
    f"{FAMILY}/*.nas": "the best cells of every size, each to be trained: `epoch every_size`",
    PULSE: "while it runs: where it is in its epoch, for `dslnas status`",
    CHECKPOINTS["search"][0]: "during the search: where `--resume` goes on; beside it the one "
    "before",
    CHECKPOINTS["retrain"][0]: "the same during the training",
}
"""Files that a run itself writes and reads, with their meanings."""


def described_files(run: Path, task: Task) -> dict[str, str]:
    """Return the files of a run that are there, each with its meaning, exported ones first."""
    meanings = {**exported_files((task,)), **FILES}
    return {name: meaning for name, meaning in meanings.items() if exists(run / name)}


def exported_files(tasks: Iterable[Task]) -> dict[str, str]:
    """Return the files that runs of some tasks may export, each with its meaning."""
    from dslnas.exporters.catalogue import EXPORTERS
    from dslnas.exporters.web.page import PAGE
    from dslnas.exporters.weights import WEIGHTS

    models = (exporter.described_files for exporter in EXPORTERS.values())
    written = {name: meaning for files in models for name, meaning in files.items()}
    web = "a page that labels pictures in a browser; by `dslnas export RUN --web`"
    beside = {name: meaning for task in tasks for name, meaning in task.files.items()}
    return {**written, WEIGHTS: "its weights", PAGE: web, **beside}
