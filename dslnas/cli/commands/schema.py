"""`dslnas schema`: what the JSON files of a run hold."""

from __future__ import annotations

import click

from dslnas.cli.options import print_json
from dslnas.json_model import json_schema

FILES = ("manifest", "summary")


@click.command()
@click.argument("file", type=click.Choice(FILES), default=FILES[0])
def schema(file: str) -> None:
    """Print the JSON Schema of a run's manifest.json, or of the summary.json of repeated runs.

    Fields marked `measurement` are times and roundings: equal runs may differ in them.
    """
    from dslnas.runs.manifest import Manifest
    from dslnas.runs.summary import Summary

    print_json(json_schema(Manifest if file == "manifest" else Summary))
