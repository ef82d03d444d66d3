"""Architectures as sequences of tokens (NAO, Luo et al., NeurIPS 2018, section 3.1).

For each edge that a node keeps there are two tokens: the place of its row among those of the node,
and its operation. Token 0 begins a sequence, then come places, then operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.decisions import vocabulary
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable

BEGIN = 0


class Tokens:
    """The language of a space.

    Attributes:
        length: Tokens of an architecture.
        count: Tokens that there are.
    """

    def __init__(self, tables: Mapping[str, ChoiceTable]) -> None:
        self._tables = tables
        self._operations = vocabulary(tables)
        self._first_operation = 1 + max(
            len(rows) for table in tables.values() for rows in table.choosing
        )
        self.count = self._first_operation + len(self._operations)
        self.length = 2 * sum(kept for _, _, kept in self._nodes())

    def _nodes(self) -> Iterator[tuple[ChoiceTable, tuple[int, ...], int]]:
        """Yield the nodes with choices, their rows, and how many of them stay."""
        for table in self._tables.values():
            for rows in table.choosing:
                yield table, rows, table.kept(rows)

    def sequence(self, choice: Choice) -> list[int]:
        """Return the tokens of an architecture, edges in the order of their rows."""
        tokens = []
        for table, rows, _ in self._nodes():
            for place, row in enumerate(rows, 1):
                column = choice[table.cell][row]
                if column != DROPPED:
                    operation = self._operations.index(table.operations[row][column])
                    tokens += [place, self._first_operation + operation]
        return tokens

    def choice(self, sequence: Sequence[int]) -> Choice:
        """Return the architecture of some tokens; the edges of a node may have any order."""
        columns = {cell: [DROPPED] * len(table.rows) for cell, table in self._tables.items()}
        tokens = iter(sequence)
        for table, rows, kept in self._nodes():
            for place, operation in zip(*[_first(tokens, 2 * kept)] * 2, strict=True):
                row, text = rows[place - 1], self._operations[operation - self._first_operation]
                columns[table.cell][row] = table.operations[row].index(text)
        return {cell: tuple(found) for cell, found in columns.items()}

    def legal(self, begun: Tensor) -> Tensor:
        """Return which tokens may be next after (sequences, tokens): (sequences, count)."""
        may = torch.zeros(len(begun), self.count, dtype=torch.bool)
        table, rows, start = self._node_at(begun.shape[1])
        for number, tokens in enumerate(begun.tolist()):
            of_node = tokens[start:]
            if len(of_node) % 2 == 0:
                may[number, [p for p in range(1, len(rows) + 1) if p not in of_node[::2]]] = True
                continue
            row = rows[of_node[-1] - 1]
            for column in table.candidates[row]:
                operation = self._operations.index(table.operations[row][column])
                may[number, self._first_operation + operation] = True
        return may

    def _node_at(self, step: int) -> tuple[ChoiceTable, tuple[int, ...], int]:
        """Return the node that a token belongs to: its rows, and where it begins."""
        start = 0
        for table, rows, kept in self._nodes():
            if step < start + 2 * kept:
                return table, rows, start
            start += 2 * kept
        raise ValueError(f"an architecture has {self.length} tokens, not {step + 1}")

    def swapped(self, sequence: Sequence[int], generator: torch.Generator) -> list[int]:
        """Return the same architecture with two edges of a node swapped, in every cell."""
        tokens = list(sequence)
        for starts in self._swaps().values():
            if starts:
                start, kept = starts[int(torch.randint(len(starts), (), generator=generator))]
                first, second = torch.randperm(kept, generator=generator)[:2].tolist()
                swap(tokens, start + 2 * first, start + 2 * second)
        return tokens

    def _swaps(self) -> dict[str, list[tuple[int, int]]]:
        """Return by cell where nodes begin that keep several edges, and how many they keep."""
        found: dict[str, list[tuple[int, int]]] = {cell: [] for cell in self._tables}
        start = 0
        for table, _, kept in self._nodes():
            if kept > 1:
                found[table.cell].append((start, kept))
            start += 2 * kept
        return found


def swap(tokens: list[int], first: int, second: int) -> None:
    """Let two edges that begin at some places change them."""
    one, other = slice(first, first + 2), slice(second, second + 2)
    tokens[one], tokens[other] = tokens[other], tokens[one]


def _first(tokens: Iterator[int], count: int) -> Iterator[int]:
    return iter([next(tokens) for _ in range(count)])
