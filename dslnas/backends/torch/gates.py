"""Finding the gates of a plan that can run as one piece of work. Knows no tensors.

After the passes, the edges into a node of a recurrent supernet with highway gates (DARTS,
arXiv:1806.09055, appendix A.1.2) are steps that compute from a product y and the states s

    c, h = split(y)
    sum over edges of  A * s + sigmoid(c) * (sum over k of a_k * f_k(h) - A * s),  A = sum of a_k

with a row of alpha for every edge. `dslnas.backends.torch.gated` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dslnas.backends.torch.plan import Step

ACTIVATIONS = ("tanh", "relu", "sigmoid", "identity")
"""What f can be."""

_FIRST = ("split", "share")
"""What reads y and s, and ends the formula, however they are computed."""

_INSIDE = (*ACTIVATIONS, *_FIRST, "mix", "add", "subtract", "multiply", "sum_stack")
_FORMULA = re.compile(
    r"(?:sum_stack\()?"
    r"add\(share\((?P<state>[^()]+)\), multiply\(sigmoid\(split 2 0\((?P<product>[^()]+)\)\), "
    rf"subtract\(mix\((?P<terms>(?:(?:{'|'.join(ACTIVATIONS)})\(split 2 1\((?P=product)\)\)"
    r"(?:, )?)+)\), share\((?P=state)\)\)\)\)"
    r"\)?"
)


@dataclass(frozen=True)
class Gate:
    """Some steps of a plan, one behind the other.

    Attributes:
        steps: All of them.
        product: Name of y.
        state: Name of s.
        activations: The primitives f, in the order in which they are weighed.
        mix: The step that weighs them.
        last_use: Names of values from before that nobody reads behind the gate.
    """

    steps: tuple[Step, ...]
    product: str
    state: str
    activations: tuple[str, ...]
    mix: Step
    last_use: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the sum."""
        return self.steps[-1].node.name


def with_gates(steps: Sequence[Step]) -> tuple[Step | Gate, ...]:
    """Return steps in which those of a gate are one.

    Args:
        steps: They free all values that nobody wants behind them.
    """
    found: list[Step | Gate] = []
    for step in reversed(steps):
        if found and isinstance(found[-1], Gate) and step in found[-1].steps:
            continue
        found.append(_gate(step, steps) or step)
    return tuple(reversed(found))


def _gate(end: Step, steps: Sequence[Step]) -> Gate | None:
    """Return the gate that ends in a step, if nobody else looks into it."""
    inside = {step.node.name: step for step in steps if step.node.primitive in _INSIDE}
    reached: dict[str, Step] = {}
    match = _FORMULA.fullmatch(_formula(end.node.name, inside, reached))
    if match is None:
        return None
    place = steps.index(end)
    row = tuple(steps[place + 1 - len(reached) : place + 1])
    freed = [name for step in row for name in step.last_use]
    hidden = {name for name in reached if name != end.node.name}
    weighed = [step for step in row if step.node.mix is not None]
    alone = hidden == hidden.intersection(freed) and {s.node.name for s in row} == set(reached)
    if not alone or len({step.node.mix for step in weighed}) != 1:
        return None
    mix = next(step for step in weighed if step.node.primitive == "mix")
    return Gate(
        row,
        match["product"],
        match["state"],
        tuple(re.findall(r"(\w+)\(split", match["terms"])),
        mix,
        tuple(name for name in freed if name not in hidden),
    )


def _formula(name: str, inside: Mapping[str, Step], reached: dict[str, Step]) -> str:
    """Return how a value is computed, noting the steps; of what comes from elsewhere the name."""
    if name not in inside:
        return name
    step = reached.setdefault(name, inside[name])
    node, reads = step.node, step.inputs
    if node.primitive not in _FIRST:
        reads = tuple(_formula(source, inside, reached) for source in reads)
    values = (str(value) for _, value in node.attributes if node.primitive == "split")
    return f"{' '.join((node.primitive, *values))}({', '.join(reads)})"
