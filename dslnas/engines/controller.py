"""An LSTM that decides on architectures one by one (ENAS, Pham et al., ICML 2018, section 2.2).

The state (h, c) goes through all cells. A cell begins with a step for each position that its nodes
may read and that is none of them: an input, say. Then come the nodes in their order. A node decides
which position each of its edges reads, then the operation of each; every decision is a step, which
reads what was decided before: the anchor of the position, or the embedding of the operation. A last
step reads the last operation, and its h is the anchor of the node. Logits are

    of a position j    tanh_constant * tanh(v . tanh(W_1 h_j + W_2 h))       h_j the anchor's h
    of an operation    tanh_constant / 2.5 * tanh(W h + b) + preference

each divided by `temperature` inside of the outer tanh. Anchors of positions without decisions are 0
as the published program has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from dslnas.engines.decisions import NodePlan, kept_edges, node_plans, vocabulary
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable

INITIAL = 0.1
"""Weights start in U(-0.1, 0.1)."""

OPERATION_SHARE = 2.5
"""Logits of operations are so much smaller than those of positions."""

Decide: TypeAlias = Callable[[Tensor], Tensor]
"""From logits (architectures, choices) to the choice of each, int64."""


@dataclass(frozen=True)
class CellPlan:
    """The decisions of a cell.

    Attributes:
        starts: How many positions come before the first node.
        nodes: The nodes with decisions.
        positions: For every row the position that it reads; nodes follow the starts.
        operations: For every row which operations of the vocabulary it may have.
    """

    starts: int
    nodes: tuple[NodePlan, ...]
    positions: tuple[int, ...]
    operations: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class Decided:
    """Some architectures, as they were decided.

    Attributes:
        decisions: In their order, (architectures,) each: the place of a row in its slot, or an
            operation of the vocabulary.
        log_probabilities: Those of the decisions, (decisions, architectures).
        log_probability: Their sum, (architectures,).
        entropy: Sum over the decisions, (architectures,), without gradients.
    """

    decisions: list[Tensor]
    log_probabilities: Tensor
    log_probability: Tensor
    entropy: Tensor


class Controller(nn.Module):
    """The LSTM and what reads it."""

    def __init__(
        self,
        plans: Sequence[CellPlan],
        operations: int,
        units: int,
        generator: torch.Generator,
        *,
        tanh: float = 1.1,
        temperature: float = 1.0,
        preference: Tensor | None = None,
    ) -> None:
        """Draw the weights from `generator`; `preference` is by cell, (cells, operations)."""
        super().__init__()
        self._plans, self._tanh, self._temperature = plans, tanh, temperature
        self._preference = torch.zeros(len(plans), operations) if preference is None else preference

        def drawn(*shape: int) -> nn.Parameter:
            uniform = torch.rand(shape, generator=generator)
            return nn.Parameter(INITIAL * (2 * uniform - 1))

        self.lstm = drawn(2 * units, 4 * units)  # of [x, h], to [i, f, o, g]
        self.begin = drawn(1, units)
        self.embedding = drawn(operations, units)
        self.operation = drawn(units, operations)
        self.bias = drawn(1, operations)
        self.of_anchor = drawn(units, units)
        self.of_state = drawn(units, units)
        self.attention = drawn(units, 1)

    def forward(self, count: int, decide: Decide) -> Decided:
        """Decide on `count` architectures."""
        return _Run(self, count, decide).all(self._plans)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return (h, c) after a step."""
        i, f, o, g = (torch.cat([x, h], 1) @ self.lstm).chunk(4, 1)
        c = i.sigmoid() * g.tanh() + f.sigmoid() * c
        return o.sigmoid() * c.tanh(), c

    def position_logits(self, keys: Tensor, h: Tensor) -> Tensor:
        """Return (architectures, positions) from keys (architectures, positions, units)."""
        query = (h @ self.of_state)[:, None]
        logits = ((keys + query).tanh() @ self.attention)[..., 0]
        return self._tanh * (logits / self._temperature).tanh()

    def operation_logits(self, cell: int, h: Tensor) -> Tensor:
        """Return (architectures, operations)."""
        logits = (h @ self.operation + self.bias) / self._temperature
        return self._tanh / OPERATION_SHARE * logits.tanh() + self._preference[cell]


class _Run:
    """Goes through the decisions once."""

    def __init__(self, controller: Controller, count: int, decide: Decide) -> None:
        self._controller, self._decide = controller, decide
        self._begin = controller.begin.expand(count, -1)
        self._h = self._c = torch.zeros_like(self._begin)
        self._everyone = torch.arange(count)
        self._decisions: list[Tensor] = []
        self._log_probabilities: list[Tensor] = []
        self._log_probability: Tensor = self._h.new_zeros(count)
        self._entropy: Tensor = self._h.new_zeros(count)

    def all(self, plans: Sequence[CellPlan]) -> Decided:
        for number, plan in enumerate(plans):
            self._cell(number, plan)
        each = torch.stack(self._log_probabilities)
        return Decided(self._decisions, each, self._log_probability, self._entropy)

    def _cell(self, number: int, plan: CellPlan) -> None:
        keys, anchors = [], []
        for _ in range(plan.starts):
            self._step(self._begin)
            keys.append(self._h @ self._controller.of_anchor)
            anchors.append(torch.zeros_like(self._h))
        for node in plan.nodes:
            self._node(number, plan, node, torch.stack(keys, 1), torch.stack(anchors, 1))
            keys.append(self._h @ self._controller.of_anchor)
            anchors.append(self._h)

    def _node(
        self, cell: int, plan: CellPlan, node: NodePlan, keys: Tensor, anchors: Tensor
    ) -> None:
        """Decide on a node and leave its anchor as the state."""
        x = self._begin
        taken: list[Tensor] = []
        for slot in node.slots:
            rows = torch.tensor(slot)
            chosen = rows[:1].expand(len(x))
            if len(slot) > 1:
                self._step(x)
                places = torch.tensor([plan.positions[row] for row in slot])
                logits = self._controller.position_logits(keys[:, places], self._h)
                free = torch.ones_like(logits, dtype=torch.bool)
                if taken:
                    free = rows > taken[-1][:, None]
                place = self._choose(logits.masked_fill(~free, -torch.inf))
                chosen, x = rows[place], anchors[self._everyone, places[place]]
            taken.append(chosen)
        allowed = torch.tensor(plan.operations)
        for chosen in taken:
            self._step(x)
            logits = self._controller.operation_logits(cell, self._h)
            operation = self._choose(logits.masked_fill(~allowed[chosen], -torch.inf))
            x = self._controller.embedding[operation]
        self._step(x)

    def _step(self, x: Tensor) -> None:
        self._h, self._c = self._controller.step(x, self._h, self._c)

    def _choose(self, logits: Tensor) -> Tensor:
        choice = self._decide(logits)
        logs = logits.log_softmax(1)
        self._decisions.append(choice)
        self._log_probabilities.append(logs[self._everyone, choice])
        self._log_probability = self._log_probability + self._log_probabilities[-1]
        self._entropy = self._entropy + torch.special.entr(logs.detach().exp()).sum(1)
        return choice


class Decisions:
    """Decisions of a controller in a space, and the architectures that they stand for."""

    def __init__(self, tables: Mapping[str, ChoiceTable]) -> None:
        self._tables = tables
        self.operations = vocabulary(tables)
        self.plans = tuple(self._plan(table) for table in tables.values())

    def _plan(self, table: ChoiceTable) -> CellPlan:
        nodes = [name for name, rows in zip(table.names, table.nodes, strict=True) if rows]
        starts = [s for s in dict.fromkeys(table.sources) if s not in nodes]
        place = {name: number for number, name in enumerate([*starts, *nodes])}
        may = tuple(
            tuple(name in {written[c] for c in columns} for name in self.operations)
            for written, columns in zip(table.operations, table.candidates, strict=True)
        )
        positions = tuple(place[source] for source in table.sources)
        return CellPlan(len(starts), tuple(node_plans(table)), positions, may)

    def choices(self, decisions: Sequence[Tensor]) -> list[Choice]:
        """Return the architectures of some decisions, in the order in which they are made."""
        each = torch.stack(list(decisions), 1).tolist()
        return [self._choice(iter(places)) for places in each]

    def _choice(self, places: Iterator[int]) -> Choice:
        choice = {}
        for plan, (cell, table) in zip(self.plans, self._tables.items(), strict=True):
            columns = [DROPPED] * len(table.rows)
            for node in plan.nodes:
                rows = [slot[next(places)] if len(slot) > 1 else slot[0] for slot in node.slots]
                for row in rows:
                    columns[row] = table.operations[row].index(self.operations[next(places)])
            choice[cell] = tuple(columns)
        return choice

    def decisions(self, choices: Sequence[Choice]) -> list[Tensor]:
        """Return the decisions that give some architectures; the inverse of `choices`."""
        each = [list(self._of(choice)) for choice in choices]
        return [torch.tensor(places) for places in zip(*each, strict=True)]

    def _of(self, choice: Choice) -> Iterator[int]:
        for plan, (cell, table) in zip(self.plans, self._tables.items(), strict=True):
            for node, edges in zip(plan.nodes, kept_edges(table, choice[cell]), strict=True):
                for slot, (row, _) in zip(node.slots, edges, strict=True):
                    if len(slot) > 1:
                        yield slot.index(row)
                for row, column in edges:
                    yield self.operations.index(table.operations[row][column])
