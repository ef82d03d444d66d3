"""Batches that run in parts: each needs two examples."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.settings.data import DataSettings
from dslnas.settings.search import SearchSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.source import Span

LEAST = 2
"""Batch normalisation cannot train on one example."""


def check_parts(
    data: DataSettings,
    search: SearchSettings | None,
    evaluate: EvaluateSettings,
    spans: Mapping[str, Span],
    diagnostics: Diagnostics,
) -> None:
    """Check that `accumulate` leaves two examples for every part; NAS512 is recorded.

    Args:
        data: Has the batch of the search.
        search: The search, if there is one.
        evaluate: Has a batch of its own.
        spans: Where settings are written, by path.
        diagnostics: Takes the mistakes.
    """
    stages: list[tuple[SearchSettings | EvaluateSettings, int, str]] = [
        (evaluate, evaluate.batch, "evaluate")
    ]
    if search is not None:
        stages.append((search, data.batch, "data"))
    for stage, batch, section in stages:
        if LEAST * stage.accumulate <= batch:
            continue
        places = (f"{stage.kind}.accumulate", f"{section}.batch")
        diagnostics.add(
            "NAS512",
            f"batch of {batch} cannot be cut into {stage.accumulate} parts of {LEAST} or more",
            next((spans[place] for place in places if place in spans), None),
            help=f"lower `accumulate` to {batch // LEAST} or less, or raise `{section}.batch`",
        )
