"""A network in torch: the tensors of a graph, and the loop that runs a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.plan import Choice, Step, make_plan
from dslnas.backends.torch.primitives import FORMS
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.primitives.spec import Weight

Made = TypeVar("Made")


class TorchNetwork(nn.Module):
    """Runs a primitive graph.

    Its parameters and buffers are named as in the graph: `cell0/n1_in2/sep_conv_3/1_conv/weight`.

    Attributes:
        graph: What is run.
        run_state: Training flag, randomness and drop-path rate of the next run.
    """

    def __init__(self, graph: PrimitiveGraph, generator: torch.Generator) -> None:
        """Make the tensors, in the graph's order, with random numbers from `generator` (CPU)."""
        super().__init__()
        self.graph = graph
        self.run_state = RunState()
        self._made: dict[object, Any] = {}
        for node in graph.nodes:
            for weight in node.owned:
                name, tensor = f"{node.name}/{weight.name}", initial(weight, generator)
                if weight.trained:
                    self.register_parameter(name, nn.Parameter(tensor))
                else:
                    self.register_buffer(name, tensor)

    def forward(
        self,
        images: Tensor,
        mixing: Mapping[str, Tensor] | None = None,
        chosen: Choice | None = None,
        *,
        observe: bool = False,
    ) -> tuple[Tensor, ...]:
        """Return the logits, and the auxiliary logits where the graph has them and trains.

        Args:
            images: (batch, channels, height, width).
            mixing: By cell the weights of its operations, (edges, operations).
            chosen: The one operation per edge that runs; None runs all.
            observe: With `chosen`: run the other operations forward only, for their weights'
                gradient.

        Returns:
            (batch, classes) each.
        """
        outputs = self.graph.outputs if self.training else (self.graph.output,)
        self.run_state.training = self.training
        values = {INPUT: images}
        self._execute(self._plan(outputs, chosen, observe), values, Weighing(mixing))
        return tuple(values[name] for name in outputs)

    def _execute(self, steps: Iterable[Step], values: dict[str, Tensor], weigh: Weighing) -> None:
        """Run steps on the values that are there; those that nobody reads any more are dropped."""
        for step in steps:
            inputs = [values[name] for name in step.inputs]
            if step.node.mix is not None:
                result = weigh(step, inputs)
            elif step.observed:
                with torch.no_grad():  # an identity hands on its input, gradient and all
                    result = self._run(step, inputs).detach()
            else:
                result = self._run(step, inputs)
            values[step.node.name] = result
            for name in step.last_use:
                del values[name]

    def _run(self, step: Step, inputs: Sequence[Tensor]) -> Tensor:
        own = [self._tensor(name) for name in step.node.tensors]
        return FORMS[step.node.primitive](step.node, inputs, own, self.run_state)

    def _tensor(self, name: str) -> Tensor:
        tensor: Tensor | None = self._parameters.get(name)
        if tensor is None:
            tensor = self._buffers[name]
        assert tensor is not None
        return tensor

    def _plan(
        self, outputs: tuple[str, ...], chosen: Choice | None, observe: bool
    ) -> tuple[Step, ...]:
        return self._kept(
            (outputs, key_of(chosen), observe),
            lambda: make_plan(self.graph, outputs, chosen, observe=observe),
        )

    def _kept(self, key: object, make: Callable[[], Made]) -> Made:
        """Return what was made for a key, or make it; only so much is kept."""
        if key not in self._made:
            if len(self._made) >= 64:  # sampled architectures rarely come back
                self._made.pop(next(iter(self._made)))
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all tensors as numpy arrays on the CPU, named as in the graph."""
        return {k: v.detach().cpu().numpy() for k, v in self.state_dict().items()}

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over all tensors; names and shapes must be those of the graph."""
        state = {k: torch.from_numpy(np.array(v)) for k, v in arrays.items()}
        self.load_state_dict(state, strict=True)


def key_of(chosen: Choice | None) -> object:
    """Return what tells choices apart, to keep things by."""
    return None if chosen is None else tuple(sorted(chosen.items()))


def initial(weight: Weight, generator: torch.Generator) -> Tensor:
    """Return the start value of a tensor: uniform in +-1/sqrt(fan_in), or constant."""
    if weight.fan_in == 0:
        return torch.full(weight.shape, weight.fill)
    bound = 1.0 / math.sqrt(weight.fan_in)
    return torch.empty(weight.shape).uniform_(-bound, bound, generator=generator)
