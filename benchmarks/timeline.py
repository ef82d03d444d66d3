"""Where the time of a search step goes: to which primitive, forward or backward.

The primitives of a network are watched while an engine runs its real step, so nothing is computed
that the step does not compute, and every moment belongs to one entry: the sum is the step. A
backward pass runs the nodes of autograd in the reverse order of their making, so all of a primitive
runs between the moment its output's gradient is there and the same moment of another one.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal
from unittest.mock import patch

import torch
from torch import Tensor

from dslnas.backends.torch.bundles import Bundle
from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.shapes import pair
from floor import Speed

WATCHED = ("_run", "_weighed")
"""Methods of a network that run one step of a plan: a primitive, or a sum weighed by alpha."""

BUNDLED = "_bundled"
"""The one that runs a bundle."""

Direction = Literal["forward", "backward"]
Entry = tuple[str, Direction] | None
"""A kind of primitive in one direction; None for all that is no primitive."""


@dataclass
class Timeline:
    """Counts of watched networks.

    Attributes:
        speed: Of the machine, for floors.
        seconds: Of every entry.
        calls: Of every kind, forward.
        multiply_adds: Those of every kind; convolutions and linear maps count.
        bytes: Read and written forward, weights included; a view moves nothing.
        floors: Seconds that the forward calls take at least.
    """

    speed: Speed
    seconds: defaultdict[Entry, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)
    multiply_adds: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    floors: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        self._entry: Entry = None
        self._since = time.perf_counter()

    def turn_to(self, entry: Entry) -> None:
        """Give the time since the last turn to what was entered then, and enter another."""
        now = time.perf_counter()
        self.seconds[self._entry] += now - self._since
        self._entry, self._since = entry, now

    def skip(self) -> None:
        """Leave out the time since the last turn."""
        self._since = time.perf_counter()

    def count(self, kind: str, work: tuple[int, int]) -> None:
        """Count one forward call: its multiply-adds, and the bytes it moves."""
        multiply_adds, moved = work
        self.calls[kind] += 1
        self.multiply_adds[kind] += multiply_adds
        self.bytes[kind] += moved
        self.floors[kind] += self.speed.floor(multiply_adds, moved)


@contextmanager
def watched(speed: Speed) -> Iterator[Timeline]:
    """Watch all networks inside of this, on the CPU."""
    timeline = Timeline(speed)
    with ExitStack() as stack:
        for name in WATCHED:
            method = getattr(TorchNetwork, name)
            stack.enter_context(patch.object(TorchNetwork, name, _timed(method, timeline)))
        method = getattr(TorchNetwork, BUNDLED)
        stack.enter_context(patch.object(TorchNetwork, BUNDLED, _timed_bundle(method, timeline)))
        grad = _ended(torch.autograd.grad, timeline)
        stack.enter_context(patch.object(torch.autograd, "grad", grad))
        yield timeline
        timeline.turn_to(None)


def _timed(method: Callable[..., Tensor], timeline: Timeline) -> Callable[..., Tensor]:
    """Return a method that enters its primitive, and does so again in the backward pass."""

    @wraps(method)
    def run(network: TorchNetwork, step: Step, inputs: Sequence[Tensor], *rest: Any) -> Tensor:
        kind = kind_of(step.node, inputs)
        timeline.turn_to((kind, "forward"))
        result = method(network, step, inputs, *rest)
        timeline.turn_to(None)
        if all(result is not value for value in inputs):  # an identity hands its input on
            _enter_backward(kind, result, timeline)
        timeline.count(kind, work_of(step.node, inputs, result))
        timeline.skip()
        return result

    return run


def _enter_backward(kind: str, result: Tensor, timeline: Timeline) -> None:
    """Enter a primitive again when the gradient of its result is there."""
    if result.grad_fn is not None:
        result.grad_fn.register_prehook(lambda gradients: timeline.turn_to((kind, "backward")))


def _timed_bundle(
    method: Callable[..., dict[str, Tensor]], timeline: Timeline
) -> Callable[..., dict[str, Tensor]]:
    """Do for a bundle, which is one call, what `_timed` does for a primitive."""

    @wraps(method)
    def run(
        network: TorchNetwork, bundle: Bundle, values: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        kind = bundle.steps[0].node.primitive
        timeline.turn_to((kind, "forward"))
        found = method(network, bundle, values)
        timeline.turn_to(None)
        _enter_backward(kind, next(iter(found.values())), timeline)
        works = [
            work_of(step.node, [values[step.inputs[0]]], found[step.node.name])
            for step in bundle.steps
        ]
        moved = sum(work[1] for work in works)
        again = sum(values[step.inputs[0]].nbytes for step in bundle.steps)
        once = sum(values[name].nbytes for name in bundle.inputs)
        timeline.count(kind, (sum(work[0] for work in works), moved - again + once))
        timeline.skip()
        return found

    return run


def _ended(function: Callable[..., Any], timeline: Timeline) -> Callable[..., Any]:
    """Return a function that belongs to no primitive where it starts and ends."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        timeline.turn_to(None)
        try:
            return function(*args, **kwargs)
        finally:
            timeline.turn_to(None)

    return run


def kind_of(node: Node, inputs: Sequence[Tensor]) -> str:
    """Return the primitive, of convolutions with what decides how fast they are."""
    if node.primitive != "conv":
        return node.primitive
    (height, width), groups = pair(node.attribute("kernel")), node.attribute("groups")
    dilated = pair(node.attribute("dilation")) != (1, 1)
    depthwise = groups == inputs[0].shape[1] and groups != 1
    grouped = "" if groups == 1 else " depthwise" if depthwise else " grouped"
    return f"conv {height}x{width}{grouped}{' dilated' if dilated else ''}"


def work_of(node: Node, inputs: Sequence[Tensor], result: Tensor) -> tuple[int, int]:
    """Return multiply-adds and bytes moved of one forward call."""
    shapes = tuple(tuple(value.shape[1:]) for value in inputs)
    per_row = PRIMITIVES[node.primitive].flops(
        dict(node.attributes), shapes, tuple(result.shape[1:])
    )
    places = {value.untyped_storage().data_ptr(): value for value in inputs}
    if result.untyped_storage().data_ptr() in places:
        return per_row * len(result), 0
    own = sum(weight.size for weight in node.weights) * result.element_size()
    return per_row * len(result), sum(v.nbytes for v in places.values()) + own + result.nbytes
