"""A table of what the passes do to a network."""

from __future__ import annotations

from itertools import pairwise

from dslnas.cli.render.tables import aligned
from dslnas.graph.graph import PrimitiveGraph
from dslnas.passes.manager import PASSES, USUAL, run_passes

WORDS = ("pass", "what it does")
"""Columns that are no numbers."""


def passes_text(graph: PrimitiveGraph) -> str:
    """Return a table of all passes in their order: nodes before and after, milliseconds.

    Those for training or exports are only named. Graphs are verified, which is not timed.
    """
    done = list(run_passes(graph))
    counts = [len(graph.nodes), *(len(passed.graph.nodes) for passed in done)]
    rows = [("pass", "nodes", "then", "ms", "what it does")]
    for passed, (before, after) in zip(done, pairwise(counts), strict=True):
        milliseconds = f"{1000 * passed.seconds:.1f}"
        summary = PASSES[passed.name].summary
        rows.append((passed.name, f"{before:,}", f"{after:,}", milliseconds, summary))
    whole = f"{1000 * sum(passed.seconds for passed in done):.1f}"
    rows.append(("all", f"{counts[0]:,}", f"{counts[-1]:,}", whole, ""))
    others = (this for name, this in PASSES.items() if name not in USUAL)
    rows += [(this.name, "", "", "", f"{this.summary}; {this.phase.value}") for this in others]
    return "\n".join(aligned(rows, WORDS))
