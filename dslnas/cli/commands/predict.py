"""`dslnas predict`: labels of pictures, by the model of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from dslnas.app.predict import predictor_of


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument(
    "pictures",
    metavar="PICTURE_OR_FOLDER...",
    nargs=-1,
    required=True,
)
@click.option(
    "--top", type=click.IntRange(1), default=1, show_default=True, help="Classes to tell."
)
@click.option("--json", "form", flag_value="json", help="Print JSON for machines.")
@click.option("--csv", "form", flag_value="csv", help="Print a table.")
def predict(
    run: Path, pictures: tuple[str, ...], top: int, form: Literal["json", "csv"] | None
) -> int:
    """Label pictures, and those in folders, with the model that a RUN exported.

    `predict.py` in the folder of the run does the same without dslnas.
    """
    predictor = predictor_of(run)
    from dslnas.exporters.predict import print_predictions

    return print_predictions(predictor, pictures, top, form or "text")
