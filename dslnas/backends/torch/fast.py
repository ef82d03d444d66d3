"""The torch forms that run where nothing is differentiated twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from dslnas.backends.torch.depthwise import depthwise
from dslnas.backends.torch.primitives import FORMS, Form
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.graph import Node
from dslnas.primitives.rules import pair


def _conv(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    """Run a depthwise convolution; others are the library's."""
    a, (x,) = dict(node.attributes), inputs
    if not a["groups"] == a["out"] == x.shape[1] > 1 or a["bias"]:
        return FORMS["conv"](node, inputs, own, run)
    return depthwise(x, own[0], pair(a["stride"]), pair(a["padding"]), pair(a["dilation"]))


FAST_FORMS: Mapping[str, Form] = {**FORMS, "conv": _conv}
