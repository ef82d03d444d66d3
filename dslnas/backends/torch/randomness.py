"""The state of a run, with all that is random in it, and the torch forms of dropout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.products import SharedLinear
from dslnas.backends.torch.stacks import Stacks
from dslnas.data.batches import Place
from dslnas.graph.graph import Node
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ranks import ALONE, Ranks

MaskKey: TypeAlias = tuple[str, str, int]
"""Owner of a mask: a cell, the stem or the head has one for each primitive and width."""


@dataclass
class RunState:
    """State of a run besides weights and inputs.

    Attributes:
        training: Batch statistics and dropout, or running statistics and none.
        tracking: Whether batches move the running statistics while training.
        generator: Source of the randomness of all dropout, on the device.
        drop_path_rate: Probability with which `drop_path` zeroes an example.
        dropout: Rates of variational dropout: `words`, `embedded`, `input`, `state` and `output`;
            0 if it is not given.
        batch: Sequences that run side by side.
        masks: Masks of variational dropout, (batch, features) each; none where nothing is dropped.
        counts: By folded drop path what each example counts, (batch,), until the sum behind it
            takes it; none where nothing is dropped.
        shared: Linear maps that run at many time steps, by weight; None outside of such a run.
        stacks: Makes the stacks of a time step; None outside of the loop over time.
        ranks: The processes whose examples batch norm normalises together.
        place: Where the examples stand in the batch that several processes share.
    """

    training: bool = True
    tracking: bool = True
    generator: torch.Generator | None = None
    drop_path_rate: float = 0.0
    dropout: Mapping[str, float] = field(default_factory=dict)
    batch: int = 1
    masks: dict[MaskKey, Tensor] = field(default_factory=dict)
    counts: dict[str, Tensor] = field(default_factory=dict)
    shared: dict[object, SharedLinear] | None = None
    stacks: Stacks | None = None
    ranks: Ranks = ALONE
    place: Place | None = None

    def begin(self, batch: int, nodes: Iterable[Node], like: Tensor, *, training: bool) -> None:
        """Begin a run over a batch of sequences; values are like `like`, in type and device.

        Masks are drawn in the order of the nodes, so they are the same however the nodes are
        divided between what runs once and what runs for every step.
        """
        self.batch, self.training, self.masks = batch, training, {}
        self.shared = self.stacks = None
        for node in nodes:
            rate = self.dropout.get(mask_rate(node), 0.0)
            if training and rate > 0 and _mask_of(node) not in self.masks:
                ones = like.new_ones((batch, *node.shape))
                self.masks[_mask_of(node)] = drop(ones, rate, ones.shape, self)


def mask_rate(node: Node) -> str:
    """Return the name of the rate of a node's variational dropout; empty if it is none."""
    primitive = PRIMITIVES.get(node.primitive)
    return "" if primitive is None else primitive.run_mask


def _mask_of(node: Node) -> MaskKey:
    return node.primitive, node.name.partition("/")[0], node.shape[0]


def drop(
    x: Tensor, rate: float, shape: torch.Size, run: RunState, *, by_example: bool = True
) -> Tensor:
    """Zero a part of a value at random and scale the rest by 1 / (1 - rate), while training.

    The mask may have a shape that is broadcast to that of the value; its first axis is that of
    examples, or they all have the same.
    """
    if not run.training or rate == 0.0:
        return x
    kept = _uniform(x, shape, run, run.place if by_example else None) >= rate
    return x * kept / (1.0 - rate)


def _uniform(like: Tensor, shape: torch.Size, run: RunState, place: Place | None) -> Tensor:
    """Draw numbers from [0, 1), on the device and in the type of a value.

    Processes that share a batch all draw those of the whole, and each takes its own.
    """

    def drawn(*sizes: int) -> Tensor:
        return torch.rand(sizes, generator=run.generator, device=like.device, dtype=like.dtype)

    if place is None:
        return drawn(*shape)
    first, own, whole = place
    rows, *rest = shape
    times = rows // own  # examples of several time steps stand one step after the other
    return drawn(times, whole, *rest)[:, first : first + own].reshape(shape)


def dropout(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    """Drop single numbers; a form as in `FORMS`, as the others here."""
    rate = node.attribute("rate")
    assert isinstance(rate, float)
    return drop(inputs[0], rate, inputs[0].shape, run)


def drop_path(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    """Drop all of an example's value."""
    x = inputs[0]
    return drop(x, run.drop_path_rate, torch.Size((x.shape[0], *[1] * (x.dim() - 1))), run)


def folded_drop(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Draw like `drop_path`, and leave it to the sum behind it to multiply."""
    x = inputs[0]
    if run.training and run.drop_path_rate > 0.0:
        ones = x.new_ones(len(x))
        run.counts[node.name] = drop(ones, run.drop_path_rate, ones.shape, run)
    return x


def variational(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Drop by one mask for all steps of a sequence (Gal and Ghahramani, 2016).

    Values may be those of many steps or edges, one after the other, of `run.batch` rows each.
    """
    x, mask = inputs[0], run.masks.get(_mask_of(node))
    return x if mask is None else (x.view(-1, *mask.shape) * mask).view(x.shape)
