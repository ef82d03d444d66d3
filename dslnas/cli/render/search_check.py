"""The result of a search beside random architectures, in a sentence."""

from __future__ import annotations

from dslnas.cli.render.summary import many
from dslnas.tasks.catalogue import METRICS
from dslnas.training.records import SearchCheck


def check_text(check: SearchCheck) -> str:
    """Return whether the result beats the median of the random architectures, with both."""
    metric = METRICS[check.metric]
    others = many(len(check.random), "random architecture")
    verb = "beats" if check.beats_random else "does not beat"
    return (
        f"With the shared weights, the result of the search {verb} the median of {others}: "
        f"{metric.told(check.found)} against {metric.told(check.median)}."
    )
