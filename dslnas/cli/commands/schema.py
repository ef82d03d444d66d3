"""`dslnas schema`: what the JSON files of a run hold."""

from __future__ import annotations

import click

from dslnas.cli.options import print_json
from dslnas.json_model import JsonModel, json_schema

FILES = ("manifest", "summary", "data")


@click.command()
@click.argument("file", type=click.Choice(FILES), default=FILES[0])
def schema(file: str) -> None:
    """Print the JSON Schema of a run's manifest.json, of repeated runs' summary.json, or of `data`.

    Fields marked `measurement` are times and roundings: equal runs may differ in them.
    """
    from dslnas.app.data_report import DataReport
    from dslnas.runs.manifest import Manifest
    from dslnas.runs.summary import Summary

    models: tuple[type[JsonModel], ...] = (Manifest, Summary, DataReport)
    print_json(json_schema(models[FILES.index(file)]))
