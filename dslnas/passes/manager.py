"""The passes by name, and the one way to run them: in order, each verified and timed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslnas.diagnostics import suggestion, user_error
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import verify_graph
from dslnas.passes.channels_last import CHANNELS_LAST
from dslnas.passes.distribute_mix import DISTRIBUTE_MIX
from dslnas.passes.drop_zeros import DROP_ZEROS
from dslnas.passes.fold_norms import FOLD_NORMS
from dslnas.passes.fuse_gates import FUSE_GATES
from dslnas.passes.merge_sums import MERGE_SUMS
from dslnas.passes.norm_relu import NORM_RELU
from dslnas.passes.rewrite import Pass
from dslnas.passes.separable import SEPARABLE
from dslnas.passes.share_equal import SHARE_EQUAL
from dslnas.passes.stack_edges import STACK_EDGES

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
        NORM_RELU,
        SEPARABLE,
        CHANNELS_LAST,
    )
}
"""In the order in which they run."""

USUAL = tuple(PASSES)
"""Those that run if nothing else is said: all."""


@dataclass(frozen=True)
class Passed:
    """What one pass did.

    Attributes:
        name: Of the pass.
        graph: After it, verified.
        seconds: That the rewrite took, without the verification.
    """

    name: str
    graph: PrimitiveGraph
    seconds: float


def passes_named(text: str) -> tuple[str, ...]:
    """Return the passes that a user names, in their order: some, `all` the usual ones, or `none`.

    Args:
        text: Names with commas between them.

    Raises:
        UserError: NAS806 for a name that is no pass.
    """
    if text in ("all", "none"):
        return USUAL if text == "all" else ()
    given = [name.strip() for name in text.split(",")]
    alone = next((name for name in given if name in ("all", "none")), None)
    if alone is not None:
        raise user_error(
            "NAS806",
            f"`{alone}` among the names of passes",
            where="--passes",
            help=f"write `--passes {alone}`, or names of passes alone",
        )
    names = [pass_named(name) for name in given]
    return tuple(name for name in PASSES if name in names)


def pass_named(name: str, where: str = "--passes") -> str:
    """Return the name of a pass if it is one.

    Args:
        name: What the user wrote.
        where: What it was written for.

    Raises:
        UserError: NAS806 if it is none.
    """
    if name not in PASSES:
        raise user_error(
            "NAS806", f"unknown pass `{name}`", where=where, help=suggestion(name, PASSES)
        )
    return name


def run_passes(
    graph: PrimitiveGraph, names: Iterable[str] = USUAL, *, choosable: bool = False
) -> Iterator[Passed]:
    """Run passes, and yield what each of them gives, verified.

    Args:
        graph: Where they begin.
        names: Of the passes, in order.
        choosable: Leave out those after which not every operation can run alone.

    Raises:
        InternalError: A pass broke a law of the graph.
    """
    for this in _wanted(names, choosable):
        begin = time.perf_counter()
        graph = this.rewrite(graph)
        seconds = time.perf_counter() - begin
        verify_graph(graph)
        yield Passed(this.name, graph, seconds)


def optimised(
    graph: PrimitiveGraph, names: Iterable[str] = USUAL, *, choosable: bool = False
) -> PrimitiveGraph:
    """Return the graph behind the passes, not verified; all else as in `run_passes`."""
    for this in _wanted(names, choosable):
        graph = this.rewrite(graph)
    return graph


def _wanted(names: Iterable[str], choosable: bool) -> list[Pass]:
    wanted = [PASSES[name] for name in names]
    return [this for this in wanted if this.keeps_choices or not choosable]
