"""The passes by name, and the one way to run them: in order, each verified and timed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslnas.diagnostics import user_error
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import LAWS, verify_graph
from dslnas.passes.absorb_norms import ABSORB_NORMS
from dslnas.passes.bundle_convs import BUNDLE_CONVS
from dslnas.passes.channels_last import CHANNELS_LAST
from dslnas.passes.distribute_mix import DISTRIBUTE_MIX
from dslnas.passes.drop_identities import DROP_IDENTITIES
from dslnas.passes.drop_zeros import DROP_ZEROS
from dslnas.passes.fold_norms import FOLD_NORMS
from dslnas.passes.fuse_concats import FUSE_CONCATS
from dslnas.passes.fuse_gates import FUSE_GATES
from dslnas.passes.fuse_reads import FUSE_READS
from dslnas.passes.merge_sums import MERGE_SUMS
from dslnas.passes.rewrite import Pass, Phase
from dslnas.passes.separable import SEPARABLE
from dslnas.passes.share_equal import SHARE_EQUAL, SHARE_EVERYWHERE
from dslnas.passes.skip_zeros import SKIP_ZEROS
from dslnas.passes.stack_edges import STACK_EDGES
from dslnas.spelling import suggestion

PASSES: dict[str, Pass] = {
    this.name: this
    for this in (
        DROP_ZEROS,
        STACK_EDGES,
        SHARE_EQUAL,
        DISTRIBUTE_MIX,
        FUSE_GATES,
        MERGE_SUMS,
        FOLD_NORMS,
        SEPARABLE,
        FUSE_READS,
        FUSE_CONCATS,
        CHANNELS_LAST,
        BUNDLE_CONVS,
        DROP_IDENTITIES,
        SKIP_ZEROS,
        SHARE_EVERYWHERE,
        ABSORB_NORMS,
    )
}
"""All passes, in the order in which they run."""

USUAL = tuple(name for name, this in PASSES.items() if this.phase is Phase.RUN)
"""Passes that rewrite every network before it runs, unless others are named."""

TRAINING = tuple(name for name, this in PASSES.items() if this.phase is Phase.TRAIN)
"""Passes that rewrite a step of training, once it is known which operations run."""

PREDICTING = tuple(name for name, this in PASSES.items() if this.phase is Phase.PREDICT)
"""Passes that rewrite a network before it is exported."""


@dataclass(frozen=True)
class Passed:
    """Result of one pass.

    Attributes:
        name: Name of the pass.
        graph: After it, verified.
        seconds: Time of the rewrite, without the verification.
    """

    name: str
    graph: PrimitiveGraph
    seconds: float


def passes_named(text: str) -> tuple[str, ...]:
    """Return the passes that a user names, in their order: some, `all` the usual ones, or `none`.

    `all - fold_norms` are the usual ones without some.

    Raises:
        UserError: NAS806 for a name that is no pass.
    """
    if text in ("all", "none"):
        return USUAL if text == "all" else ()
    first, *left_out = (name.strip() for name in text.split("-"))
    if first == "all":
        without = {pass_named(name) for name in left_out}
        return tuple(name for name in USUAL if name not in without)
    given = [name.strip() for name in text.split(",")]
    alone = next((name for name in given if name in ("all", "none")), None)
    if alone is not None:
        raise user_error(
            "NAS806",
            f"`{alone}` among the names of passes",
            where="passes",
            help=f"write `{alone}` alone, or names of passes alone",
        )
    names = [pass_named(name) for name in given]
    return tuple(name for name in USUAL if name in names)


def pass_named(name: str, where: str = "passes") -> str:
    """Return the name of a pass that rewrites networks before they run; NAS806 if it is none."""
    if name in PASSES and name not in USUAL:
        raise user_error(
            "NAS806",
            f"pass `{name}` cannot be chosen: it runs by itself {PASSES[name].phase.value}",
            where=where,
            help=f"those before a network runs are {', '.join(f'`{usual}`' for usual in USUAL)}",
        )
    if name not in USUAL:
        raise user_error(
            "NAS806", f"unknown pass `{name}`", where=where, help=suggestion(name, USUAL)
        )
    return name


def run_passes(graph: PrimitiveGraph, names: Iterable[str] = USUAL) -> Iterator[Passed]:
    """Run passes, and yield what each of them gives; graphs are verified before and behind it."""
    for this in map(PASSES.__getitem__, names):
        verify_graph(graph, this.requires)
        begin = time.perf_counter()
        graph = this.rewrite(graph)
        seconds = time.perf_counter() - begin
        verify_graph(graph, (*LAWS, *this.requires))
        yield Passed(this.name, graph, seconds)


def optimised(
    graph: PrimitiveGraph, names: Iterable[str] = USUAL, *, choosable: bool = False
) -> PrimitiveGraph:
    """Return the graph behind the passes, not verified.

    Where operations are chosen, those are left out after which not every one can run alone.
    """
    for this in map(PASSES.__getitem__, names):
        if this.keeps_choices or not choosable:
            graph = this.rewrite(graph)
    return graph
