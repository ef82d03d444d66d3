"""Cells run by `torch.compile`: those that are built alike share one function.

The steps of each cell in a plan become one call. The differences between cells of a kind are
arguments: the values that a cell reads, its tensors and alpha. The rest, its body, is traced and
compiled once, however many cells have it and wherever they are. Bodies run the library's functions:
the compiler makes its own kernels of them.

Preprocessing of a cell's inputs stays outside, since it differs with the cells before. So do random
numbers, which a compiled function would draw in another way: they are drawn before and handed in.
A primitive that may draw in an unknown way stays outside altogether.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from time import perf_counter
from types import FunctionType
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.fast import FAST_FORMS, WEIGHED_FORMS
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.primitives import FORMS
from dslnas.backends.torch.randomness import RunState
from dslnas.backends.torch.slices import sliced
from dslnas.diagnostics import user_error
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.fold_norms import FOLD_NORMS

BACKEND = "inductor"
"""Backend of `torch.compile`."""

COMPILING = (
    "Compiling cells by torch.compile, in every process anew: each kind of cell takes seconds, "
    "once for the gradients of the weights and once for those of alpha"
)

_FORMS = {**FORMS, "conv": FAST_FORMS["conv"]}

Function: TypeAlias = Callable[
    [list[Tensor], list[Tensor], list[Tensor], dict[str, Tensor] | None], list[Tensor]
]
"""From the values that a body reads, its tensors, the factors of its random primitives and the
weights by alpha to the values that it gives."""


@dataclass(frozen=True)
class Body:
    """Common body of cells of a kind: its names only say where a value comes from.

    Attributes:
        steps: Steps of a plan.
        reads: Names of the values from outside.
        tensors: Names of the tensors.
        gives: Names of the values that are read behind it.
    """

    steps: tuple[Step, ...]
    reads: tuple[str, ...]
    tensors: tuple[str, ...]
    gives: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A cell of a plan as a call of its body.

    Attributes:
        body: Body of the cell.
        reads: Names in the network of the values that the body reads, in the same order.
        tensors: Names in the network of its tensors, in the same order.
        gives: Names in the network of the values that it gives, in the same order.
        random: The nodes that draw, in order.
        last_use: Names of values that nobody reads after it.
    """

    body: Body
    reads: tuple[str, ...]
    tensors: tuple[str, ...]
    gives: tuple[str, ...]
    random: tuple[Node, ...]
    last_use: tuple[str, ...]


def passes_for_calls(names: Iterable[str]) -> tuple[str, ...]:
    """Return the passes without folding: a sum only sums in a body, the compiler does the rest."""
    return tuple(name for name in names if name != FOLD_NORMS.name)


def with_calls(graph: PrimitiveGraph, steps: Sequence[Step]) -> tuple[Step | Call, ...]:
    """Return a plan with the steps of every cell as one call.

    The steps free all that is not wanted behind them.
    """
    cells = {scope.path for scope in graph.scopes if scope.kind == "cell"}
    fitting = tuple(f"{scope.path}/" for scope in graph.scopes if scope.kind == "preprocess")

    def cell_of(step: Step) -> str:
        part = step.node.name.partition("/")[0]
        inside = part in cells and not step.node.name.startswith(fitting)
        # it is known how it draws random numbers, if it does
        known = has_trait(step.node.primitive, Trait.UNORDERED) or _draws(step.node)
        return part if inside and known else ""

    found: list[Step | Call] = []
    for cell, row in groupby(steps, cell_of):
        if cell:
            found.append(_call(tuple(row)))
        else:
            found.extend(row)
    return tuple(found)


def _draws(node: Node) -> bool:
    return has_trait(node.primitive, Trait.DRAWS_FACTOR)


def _call(steps: tuple[Step, ...]) -> Call:
    made = {step.node.name: f"made{number}" for number, step in enumerate(steps)}
    read = dict.fromkeys(name for step in steps for name in step.inputs if name not in made)
    own = dict.fromkeys(name for step in steps for name in step.node.tensors)
    freed = dict.fromkeys(name for step in steps for name in step.last_use)
    gives = tuple(name for name in made if name not in freed)
    names = made | {name: f"read{number}" for number, name in enumerate(read)}
    tensors = {name: f"tensor{number}" for number, name in enumerate(own)}
    body = Body(
        tuple(_anonymous(step, names, tensors) for step in steps),
        tuple(names[name] for name in read),
        tuple(tensors.values()),
        tuple(names[name] for name in gives),
    )
    random = tuple(step.node for step in steps if _draws(step.node))
    last_use = tuple(name for name in freed if name not in made)
    return Call(body, tuple(read), tuple(own), gives, random, last_use)


def _anonymous(step: Step, names: Mapping[str, str], tensors: Mapping[str, str]) -> Step:
    """Return a step of a body; it frees nothing, which the compiler sees to."""
    inputs, node = tuple(names[name] for name in step.inputs), step.node
    lent = zip((weight.name for weight in node.weights), node.tensors, strict=True)
    borrowed = tuple((weight, tensors[name]) for weight, name in lent)
    changed = replace(node, name=names[node.name], inputs=inputs, borrowed=borrowed)
    return replace(step, node=changed, inputs=inputs, folded=(), last_use=())


_listeners: list[Callable[[str], None]] = []


@contextmanager
def telling_of_compiled_cells(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell when cells are compiled in the body, and how long each takes."""
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def _tell(text: str) -> None:
    for tell in _listeners:
        tell(text)


def _compiled_graphs() -> int:
    """Return how many graphs this process has compiled: a function has one for each use."""
    compiler = sys.modules.get("torch._dynamo.utils")  # takes seconds to import: `compile` does
    return 0 if compiler is None else int(compiler.counters["stats"]["unique_graphs"])


class Bodies:
    """The compiled functions of one network, each made when it is first called."""

    def __init__(self) -> None:
        self._functions: dict[tuple[Body, bool], Function] = {}

    def __len__(self) -> int:
        """Return how many functions there are."""
        return len(self._functions)

    def __call__(
        self,
        call: Call,
        values: Mapping[str, Tensor],
        tensor: Callable[[str], Tensor],
        mixing: Mapping[str, Tensor] | None,
        run: RunState,
    ) -> dict[str, Tensor]:
        """Return what a cell gives in training, by name.

        Mixing is by cell the weights of its operations, (edges, operations); None counts each 1.
        """
        key = call.body, run.tracking
        if key not in self._functions:
            if not self:
                _tell(COMPILING)
            self._functions[key] = _compiled(f"cell{len(self)}", call.body, tracking=run.tracking)
        inputs = [values[name] for name in call.reads]
        own = [tensor(name) for name in call.tensors]
        drawn = [_factor(node, inputs[0], run) for node in call.random]
        alphas = None if mixing is None else dict(mixing)
        begin, before = perf_counter(), _compiled_graphs()
        given = self._functions[key](inputs, own, drawn, alphas)
        if _compiled_graphs() > before:
            _tell(f"  a cell of {len(call.body.steps)} primitives: {perf_counter() - begin:.1f} s")
        return dict(zip(call.gives, given, strict=True))


def _factor(node: Node, like: Tensor, run: RunState) -> Tensor:
    """Return the factor of a random primitive: itself of ones."""
    shape = (1,) * len(node.shape) if node.primitive == "drop_path" else node.shape
    return FORMS[node.primitive](node, [like.new_ones((len(like), *shape))], (), run)


def _compiled(name: str, body: Body, *, tracking: bool) -> Function:
    state = RunState(training=True, tracking=tracking)
    for step in body.steps:  # the tracer reads cached properties but cannot make them
        _ = step.node.arguments
    own = [
        (step, [(n, w.shape) for n, w in zip(step.node.tensors, step.node.weights, strict=True)])
        for step in body.steps
    ]

    def run(
        inputs: list[Tensor],
        tensors: list[Tensor],
        drawn: list[Tensor],
        alphas: dict[str, Tensor] | None,
    ) -> list[Tensor]:
        values = dict(zip(body.reads, inputs, strict=True))
        by_name = dict(zip(body.tensors, tensors, strict=True))
        factors, weigh = iter(drawn), Weighing(alphas)
        for step, names in own:
            node, reads = step.node, [values[name] for name in step.inputs]
            if node.mix is not None:
                result = WEIGHED_FORMS[node.primitive](step, reads, weigh)
            elif _draws(node):
                result = reads[0] * next(factors)
            else:
                mine = [sliced(by_name[name], shape) for name, shape in names]
                result = _FORMS[node.primitive](node, reads, mine, state)
            values[node.name] = result
        return [values[name] for name in body.gives]

    # Compiled versions are kept by the code of a function, and only a few of them: every body has
    # code of its own.
    code = run.__code__.replace(co_name=name)
    function = FunctionType(code, run.__globals__, name, None, run.__closure__)
    compiled: Function = torch.compile(function, dynamic=False, fullgraph=True, backend=BACKEND)
    return compiled


def check_compiler(device: torch.device) -> None:
    """Check that functions can be compiled for a device, by compiling a little.

    Raises:
        UserError: NAS013 if it cannot.
    """
    from torch._dynamo.exc import TorchDynamoException

    try:
        torch.compile(lambda x: x + 1, backend=BACKEND)(torch.ones(2, device=device))
    except (TorchDynamoException, RuntimeError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        raise user_error(
            "NAS013",
            f"nothing can be compiled for `{device}`: {reason.strip()}",
            where="execution",
            help="install a C++ compiler such as g++, or leave out `execution`",
        ) from None
