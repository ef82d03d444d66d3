"""The passes by name, and the one way to run them: in order, each verified and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dslnas.diagnostics import suggestion, user_error
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import verify_graph
from dslnas.passes.channels_last import channels_last
from dslnas.passes.distribute_mix import distribute_mix
from dslnas.passes.drop_zeros import drop_zeros
from dslnas.passes.fold_norms import fold_norms
from dslnas.passes.fuse_gates import fuse_gates
from dslnas.passes.merge_sums import merge_sums
from dslnas.passes.norm_relu import norm_relu
from dslnas.passes.separable import separable
from dslnas.passes.share_equal import share_equal
from dslnas.passes.stack_edges import stack_edges


@dataclass(frozen=True)
class Pass:
    """A rewrite of a graph that keeps what it computes.

    Attributes:
        rewrite: Takes and returns a graph; running it twice changes nothing more.
        summary: One line.
        keeps_choices: Whether every operation of every edge can still be run without the others,
            as methods do that sample operations.
    """

    rewrite: Callable[[PrimitiveGraph], PrimitiveGraph]
    summary: str
    keeps_choices: bool

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.rewrite.__name__


PASSES: dict[str, Pass] = {
    p.name: p
    for p in (
        Pass(drop_zeros, "operations that give zeros are left out of sums", False),
        Pass(stack_edges, "all edges into a node of a recurrent cell run as one", False),
        Pass(share_equal, "what is computed twice from the same values is computed once", True),
        Pass(distribute_mix, "operations are weighed before what is done alike to all", False),
        Pass(fuse_gates, "the highway gates into a node of a recurrent cell run as one", False),
        Pass(merge_sums, "all operations into a node are weighed and summed in one go", True),
        Pass(fold_norms, "mixing weights are folded into the batch norms they scale", True),
        Pass(norm_relu, "a batch norm and the ReLU behind it run as one", True),
        Pass(separable, "a depthwise convolution and the pixelwise one behind it run as one", True),
        Pass(channels_last, "images with their channels innermost in memory", True),
    )
}  # fmt: skip
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
