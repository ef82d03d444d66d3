"""A network in torch: the tensors of a graph, and the loop that runs a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from dslnas.backends.torch.bundles import Bundle, with_bundles
from dslnas.backends.torch.constraints import parameter
from dslnas.backends.torch.fast import FAST_FORMS, WEIGHED_FORMS
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.primitives import FORMS
from dslnas.backends.torch.randomness import RunState
from dslnas.backends.torch.slices import sliced
from dslnas.backends.torch.sums import Sums
from dslnas.backends.torch.torch_compile import Bodies, Call, passes_for_calls, with_calls
from dslnas.graph.analysis.plan import Choice, Kept, Step, make_plan
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.primitive import Weight
from dslnas.passes.manager import USUAL, optimised

if TYPE_CHECKING:
    from dslnas.backends.torch.loss_graphs import LossGraphs

Made = TypeVar("Made")
Inputs: TypeAlias = Tensor | Mapping[str, Tensor]
"""Values that a network reads, by name; a tensor where it is only one."""

MOST_KEPT = 64
"""Plans of a network that are kept; a search measures an architecture after every epoch."""

Planned: TypeAlias = Step | Bundle | Call


class TorchNetwork(nn.Module):
    """Runs a primitive graph.

    Its parameters and buffers are named as in the graph: `cell0/n1_in2/sep_conv_3/1_conv/weight`.

    Attributes:
        graph: Graph that is run.
        run_state: Training flag, randomness and drop-path rate of the next run.
        passes: Names of the passes that rewrite the graph before it runs.
        plain: Run the graph as it is, primitive after primitive, by the library's functions alone:
            slow, the oracle. Of images, what is not plain can be differentiated only once.
        torch_compile: Run cells of images by torch.compile where all of their operations train.
        is_mixed: Compute in bfloat16 what is precise enough in it, see `runtime.mixed`.
        graphs: Recordings of its losses; None runs every loss by itself.
    """

    def __init__(self, graph: PrimitiveGraph, generator: torch.Generator) -> None:
        """Make the tensors, in the graph's order, with random numbers from `generator` (CPU)."""
        super().__init__()
        self.graph = graph
        self.run_state = RunState()
        self.passes = USUAL
        self.plain = False
        self.torch_compile = False
        self.is_mixed = False
        self.graphs: LossGraphs | None = None
        self._bodies = Bodies()
        self._sums = Sums(self._tensors)
        self._rewritten: dict[object, PrimitiveGraph] = {}
        self._made: dict[object, Any] = {}
        for name, weight in graph.tensors.items():
            tensor = initial(weight, generator)
            if weight.trained:
                self.register_parameter(name, parameter(tensor, weight))
            else:
                self.register_buffer(name, tensor)

    def forward(
        self,
        inputs: Inputs,
        mixing: Mapping[str, Tensor] | None = None,
        chosen: Choice | Kept | None = None,
        *,
        observe: bool = False,
    ) -> tuple[Tensor, ...]:
        """Return the logits, and the auxiliary logits where the graph has them and trains.

        Args:
            inputs: Batches of what the network reads, such as (batch, channels, height, width).
            mixing: By cell the weights of its operations, (edges, operations).
            chosen: The operation, or the operations, of every edge that run; None runs all.
            observe: With `chosen`: run the other operations forward only, for their weights'
                gradient.

        Returns:
            (batch, classes) each.
        """
        outputs = self.graph.outputs if self.training else (self.graph.output,)
        self.run_state.training = self.training
        values = self._given(inputs)
        steps = self._steps(outputs, chosen, observe=observe)
        self._execute(steps, values, Weighing(mixing))
        return tuple(values[name] for name in outputs)

    def _given(self, inputs: Inputs) -> dict[str, Tensor]:
        """Return what is given by the names of nodes.

        Raises:
            ValueError: They are not what the network reads.
        """
        nodes = self.graph.inputs
        given = {"": inputs} if isinstance(inputs, Tensor) else inputs
        if len(nodes) == len(given) == 1:  # whatever it is called
            given = dict(zip(nodes, given.values(), strict=True))
        if given.keys() != nodes.keys():
            raise ValueError(f"network reads {sorted(nodes)} by name, found {sorted(given)}")
        return {node.name: given[name] for name, node in nodes.items()}

    def _steps(
        self, outputs: tuple[str, ...], chosen: Choice | Kept | None, *, observe: bool
    ) -> tuple[Planned, ...]:
        """Return the plan; in training its cells are calls under torch.compile, else bundles.

        A measurement comes once in an epoch with large batches of another size, and sampled
        architectures differ at every step: compiling takes longer than they run. Bundles bring
        results forward, which training keeps in any case, but a measurement could have dropped.
        """
        has_calls = self.torch_compile and not self.plain and self.training and chosen is None
        training = self.training

        def make() -> tuple[Planned, ...]:
            graph = self._lowered(chosen, has_calls=has_calls)
            steps = make_plan(graph, outputs, chosen, observe=observe)
            if has_calls:
                return with_calls(graph, steps)
            return with_bundles(graph, steps) if training else steps

        key = outputs, key_of(chosen), observe, self._lowering, has_calls, training
        return self._kept(key, make)

    def _execute(
        self, steps: Iterable[Planned], values: dict[str, Tensor], weigh: Weighing
    ) -> None:
        """Run steps on the values that are there; those that nobody reads any more are dropped."""
        for step in steps:
            if isinstance(step, Call):
                run = self.run_state
                values.update(self._bodies(step, values, self._tensor, weigh.mixing, run))
            elif isinstance(step, Bundle):
                values.update(self._bundled(step, values))
            else:
                values[step.node.name] = self._value(step, values, weigh)
            for name in step.last_use:
                del values[name]

    def _value(self, step: Step, values: Mapping[str, Tensor], weigh: Weighing) -> Tensor:
        inputs = [values[name] for name in step.inputs]
        if step.node.mix is not None:
            return self._weighed(step, inputs, weigh)
        if step.observed:
            with torch.no_grad():  # an identity hands on its input, gradient and all
                return self._run(step, inputs).detach()
        return self._run(step, inputs)

    def _bundled(self, bundle: Bundle, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if bundle.observed:
            with torch.no_grad():
                return bundle.run(values, self._tensors, self.run_state)
        return bundle.run(values, self._tensors, self.run_state)

    def _run(self, step: Step, inputs: Sequence[Tensor]) -> Tensor:
        if self._sums.takes(step):
            return self._sums(step, inputs, None, self.run_state)
        forms = FORMS if self.plain else FAST_FORMS
        return forms[step.node.primitive](
            step.node, inputs, self._tensors(step.node), self.run_state
        )

    def _weighed(self, step: Step, inputs: Sequence[Tensor], weigh: Weighing) -> Tensor:
        if not self.plain and self._sums.takes(step):
            return self._sums(step, inputs, weigh.mixing, self.run_state)
        return WEIGHED_FORMS[step.node.primitive](step, inputs, weigh)

    def _tensors(self, node: Node) -> list[Tensor]:
        """Return what a node computes with, in order."""
        return [
            sliced(self._tensor(name), weight.shape)
            for name, weight in zip(node.tensors, node.weights, strict=True)
        ]

    def _tensor(self, name: str) -> Tensor:
        tensor: Tensor | None = self._parameters.get(name)
        if tensor is None:
            tensor = self._buffers[name]
        assert tensor is not None
        return tensor

    @property
    def _lowering(self) -> tuple[str, ...]:
        return () if self.plain else self.passes

    def _lowered(self, chosen: Choice | Kept | None, *, has_calls: bool = False) -> PrimitiveGraph:
        """Return the graph as the passes leave it; for choices with all that could be chosen."""
        names = passes_for_calls(self._lowering) if has_calls else self._lowering
        key = (names, chosen is None)
        if key not in self._rewritten:
            self._rewritten[key] = optimised(self.graph, names, choosable=chosen is not None)
        return self._rewritten[key]

    def _kept(self, key: object, make: Callable[[], Made]) -> Made:
        """Return what was made for a key, or make it; what was used last is kept."""
        if key not in self._made:
            if len(self._made) >= MOST_KEPT:  # sampled architectures rarely come back
                self._made.pop(next(iter(self._made)))
            self._made[key] = make()
        made: Made = self._made.pop(key)
        self._made[key] = made
        return made

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all tensors as numpy arrays on the CPU, named as in the graph."""
        return {k: v.detach().cpu().numpy() for k, v in self.state_dict().items()}

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over all tensors; names and shapes must be those of the graph."""
        state = {k: torch.from_numpy(np.array(v)) for k, v in arrays.items()}
        self.load_state_dict(state, strict=True)


def key_of(chosen: Choice | Kept | None) -> object:
    """Return what tells choices apart, to keep things by."""
    return None if chosen is None else tuple(sorted(chosen.items()))


def initial(weight: Weight, generator: torch.Generator) -> Tensor:
    """Return the start value of a tensor: uniform in +-1/sqrt(fan_in), constant, or as given."""
    if weight.values:
        return torch.tensor(weight.values).view(weight.shape)
    if weight.fan_in == 0:
        return torch.full(weight.shape, weight.fill)
    bound = 1.0 / math.sqrt(weight.fan_in)
    return torch.empty(weight.shape).uniform_(-bound, bound, generator=generator)
