"""How much memory a search or a training needs, told before it starts from the graphs alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.engines.catalogue import engine_type
from dslnas.engines.discretise import uniform
from dslnas.engines.protocol import Running
from dslnas.graph.analysis.activations import NUMBER_BYTES, Activations, activations
from dslnas.graph.analysis.plan import Choice, make_plan
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.passes.manager import optimised
from dslnas.settings.data_base import DataSettings
from dslnas.settings.precision import AnyPrecision
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.values import Adam, AdamW, AnyOptimiser
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import task_of
from dslnas.training.search_plan import SearchPlan

DRAWS = 6
"""Random choices of which the one that needs most is taken."""

PROGRAM_BYTES = 32 * 2**20
"""Memory of the first step besides its values: the library's own code and buffers."""

ALLOCATED = 1.15
"""Memory that is taken from the system per byte that is in use: freed pieces do not fit exactly."""

COPIES = 3
"""Copies of the weights: themselves, their gradients, their momentum."""

MIXED_COPIES = 0.5
"""In mixed precision: products and convolutions read the weights in bfloat16."""

COPIES_AHEAD = 4
"""Second order: the weights as they were, g, the step along it, and v."""


@dataclass(frozen=True)
class Needs:
    """Memory that a search or a training needs, in bytes.

    Attributes:
        params: Number of trained weights.
        weights: The weights with their gradients and all other copies.
        kept: Activations that the backward pass of a part of a batch needs.
        peak: The most at once, the data and the program not counted.
        rows: Examples of a part of a batch, or tokens.
    """

    params: int
    weights: int
    kept: int
    peak: int
    rows: int


def search_needs(plan: SearchPlan, runtime: Runtime) -> Needs:
    """Return what a search needs: the graph of its supernet as the runtime's passes rewrite it."""
    settings, engine = plan.settings, engine_type(plan.settings)
    largest = engine.largest_pass_with(settings)
    task = task_of(plan.data)
    steps = task.steps(plan.data)
    rows = -(-plan.data.batch // settings.accumulate) * steps
    measured = task.measured_at_once * steps
    # gates have loops in float32 only
    loops = runtime.precision in ("float32", "auto") and runtime.runs_loops("gate")
    of_step, of_measuring = [], []
    for chosen in _choices(plan.space, largest.running):
        running = _running(plan.graph, runtime, chosen)
        step = make_plan(running, running.ends, chosen, observe=largest.observe)
        of_step.append(activations(running, step, alpha=largest.alpha, loops=loops))
        forward = make_plan(running, running.ends, chosen)
        of_measuring.append(activations(running, forward, gradients=False).peak)
    worst = max(of_step, key=lambda found: found.peak)
    copies = _copies(settings) + engine.weight_copies
    measuring = measured * max(of_measuring) * _width_of_values(plan.graph, runtime.precision)
    return _needs(plan.graph, copies, worst, rows, measuring, runtime.precision)


def training_needs(
    architecture: Architecture,
    settings: EvaluateSettings,
    data: DataSettings,
    runtime: Runtime,
) -> Needs:
    """Return what training an architecture from scratch needs."""
    graph = build_derived_graph(architecture, training=True)
    task = task_of(data)
    steps = task.longest(data, settings)
    rows = -(-settings.batch // settings.accumulate) * steps
    running = _running(graph, runtime)
    plan = make_plan(running, running.ends)
    # the last measurement, on the test part, is never mixed
    measured = activations(running, plan, gradients=False).peak * _width(runtime.precision)
    # where an epoch is selected, its network is kept, and the mean of many; averages are swapped
    is_averaged = task.selects(settings) or settings.ema is not None
    copies = COPIES + (settings.accumulate > 1) + 2 * is_averaged + _more_moments(settings.weights)
    at_once = task.measured_at_once * steps
    found = activations(running, plan)
    return _needs(graph, copies, found, rows, at_once * measured, runtime.precision)


def _running(
    graph: PrimitiveGraph, runtime: Runtime, chosen: Choice | None = None
) -> PrimitiveGraph:
    """Return the graph that is run; of text a choice runs as it is lowered."""
    if graph.is_sequence and chosen is not None:
        return graph
    return optimised(graph, runtime.paying, choosable=chosen is not None)


def _copies(settings: SearchSettings) -> int:
    """Return how many copies of the weights there are at once, an engine's own not counted."""
    copies = COPIES + (settings.accumulate > 1) + settings.freezes
    return copies + COPIES_AHEAD * settings.looks_ahead + _more_moments(settings.weights)


def _more_moments(weights: AnyOptimiser) -> int:
    """Return how many copies an optimiser keeps besides one: Adam has two moments of gradients."""
    return int(isinstance(weights, Adam | AdamW))


def _needs(
    graph: PrimitiveGraph,
    copies: float,
    found: Activations,
    rows: int,
    measuring: float,
    precision: AnyPrecision,
) -> Needs:
    """Put together what there is.

    Copies of the weights are at once; a pass of so many examples or tokens holds what was found for
    one in float32; `measuring` are bytes in all.
    """
    width = _width_of_values(graph, precision)
    turned = _width(precision) * NUMBER_BYTES * _turned(graph)
    kept, step = (int(width * rows * size + turned) for size in (found.kept, found.peak))
    copies = _width(precision) * copies + MIXED_COPIES * (precision == "bfloat16")
    weights = int(copies * NUMBER_BYTES * graph.params())
    peak = weights + max(step, measuring)
    return Needs(graph.params(), weights, kept, PROGRAM_BYTES + int(ALLOCATED * peak), rows)


def _turned(graph: PrimitiveGraph) -> int:
    """Return how many numbers of matrices a recurrent network turns once for all time steps."""
    if not graph.is_sequence:
        return 0
    owners = (node for node in graph.nodes if node.owned)
    readers = (node for node in owners if not PRIMITIVES[node.primitive].reads_tokens)
    return sum(w.size for node in readers for w in node.owned if len(w.shape) == 2)


def _width(precision: AnyPrecision) -> float:
    """Return the memory of a number, such as a weight, in that of a float32."""
    return 2 if precision == "float64" else 1


def _width_of_values(graph: PrimitiveGraph, precision: AnyPrecision) -> float:
    """Return the memory of a value between operations, in that of a float32.

    In mixed precision what convolutions read and give is half as wide, and so is what follows from
    it. Gates of recurrent cells are precise, so cells of texts count as if everything were.
    """
    is_narrow = precision == "bfloat16" and not graph.is_sequence
    return 0.5 if is_narrow else _width(precision)


def _choices(space: SearchSpace, running: Running) -> list[Choice | None]:
    """Return what may run: None for everything, or some random choices, always the same ones."""
    if running == "all":
        return [None]
    generator = torch.Generator().manual_seed(0)
    tables = space.tables
    if running == "kept":
        return [
            {cell: uniform(table, generator) for cell, table in tables.items()}
            for _ in range(DRAWS)
        ]
    return [
        {
            cell: tuple(int(torch.randint(n, (), generator=generator)) for n in table.rows)
            for cell, table in tables.items()
        }
        for _ in range(DRAWS)
    ]
