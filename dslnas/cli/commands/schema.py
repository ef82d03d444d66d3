"""`dslnas schema`: what the JSON files of a run hold."""

from __future__ import annotations

import click

from dslnas.cli.options import print_json
from dslnas.json_model import JsonModel, json_schema

FILES = ("manifest", "summary", "sweep", "data", "check")


@click.command()
@click.argument("file", type=click.Choice(FILES), default=FILES[0])
def schema(file: str) -> None:
    """Print the JSON Schema of a file of runs, or of what a command prints as JSON.

    `manifest` is manifest.json of a run, `summary` summary.json of repeated ones, `sweep`
    sweep.json of a sweep; `data` is what `dslnas data --json` prints, `check` what `dslnas check
    --format json` does.

    Fields marked `measurement` are times and roundings: equal runs may differ in them.
    """
    print_json(json_schema(model_of(file)))


def model_of(file: str) -> type[JsonModel]:
    """Return the model of one of `FILES`."""
    from dslnas.app.check_report import CheckReport
    from dslnas.app.data_report import DataReport
    from dslnas.runs.manifest import Manifest
    from dslnas.runs.summary import Summary
    from dslnas.runs.sweep_table import SweepTable

    models: tuple[type[JsonModel], ...] = (Manifest, Summary, SweepTable, DataReport, CheckReport)
    return models[FILES.index(file)]
