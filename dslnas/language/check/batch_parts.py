"""Batches that run in parts: each needs two examples."""

from __future__ import annotations

from dslnas.language.check.context import Context
from dslnas.settings.data import DataSettings
from dslnas.settings.search import SearchSettings
from dslnas.settings.sections import EvaluateSettings

LEAST = 2
"""Batch normalisation cannot train on one example."""


def check_parts(
    data: DataSettings, search: SearchSettings | None, evaluate: EvaluateSettings, context: Context
) -> None:
    """Check that `accumulate` leaves two examples for every part; NAS512 is recorded."""
    stages: list[tuple[SearchSettings | EvaluateSettings, int, str]] = [
        (evaluate, evaluate.batch, "evaluate")
    ]
    if search is not None:
        stages.append((search, data.batch, "data"))
    for stage, batch, section in stages:
        if LEAST * stage.accumulate <= batch:
            continue
        places = (f"{stage.kind}.accumulate", f"{section}.batch")
        context.diagnostics.add(
            "NAS512",
            f"batch of {batch} cannot be cut into {stage.accumulate} parts of {LEAST} or more",
            next((context.spans[place] for place in places if place in context.spans), None),
            help=f"lower `accumulate` to {batch // LEAST} or less, or raise `{section}.batch`",
        )
