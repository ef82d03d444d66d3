from __future__ import annotations

import pytest
import torch

from dslnas.engines.resource_constraints import any_choice
from dslnas.engines.surrogate import Surrogate
from dslnas.engines.tokens import Tokens
from dslnas.graph.analysis.plan import DROPPED
from tests.engines.small import TEXTS, space, supernet_of


@pytest.mark.parametrize("name", TEXTS)
def test_every_architecture_is_the_one_of_its_tokens_in_any_order(name: str) -> None:
    tables = supernet_of(space(TEXTS[name])).tables
    tokens, generator = Tokens(tables), torch.Generator().manual_seed(0)
    for _ in range(10):
        choice = any_choice(tables, generator)
        sequence = tokens.sequence(choice)
        assert len(sequence) == tokens.length
        assert max(sequence) < tokens.count
        swapped = tokens.swapped(sequence, generator)
        assert tokens.choice(sequence) == tokens.choice(swapped) == choice
        for step, token in enumerate(swapped):
            assert bool(tokens.legal(torch.tensor([swapped[:step]]))[0, token])


def test_edges_of_every_cell_swap_where_a_node_keeps_several() -> None:
    tables = supernet_of(space(TEXTS["darts"])).tables
    tokens, generator = Tokens(tables), torch.Generator().manual_seed(0)
    sequence = tokens.sequence(any_choice(tables, generator))
    swapped = tokens.swapped(sequence, generator)
    half = tokens.length // 2
    assert swapped[:half] != sequence[:half]
    assert swapped[half:] != sequence[half:]
    alone = Tokens(supernet_of(space(TEXTS["nasp"])).tables)
    sequence = alone.sequence(any_choice(supernet_of(space(TEXTS["nasp"])).tables, generator))
    assert alone.swapped(sequence, generator) == sequence


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_decoded_is_an_architecture_of_the_space(name: str) -> None:
    tables = supernet_of(space(TEXTS[name])).tables
    tokens, generator = Tokens(tables), torch.Generator().manual_seed(0)
    surrogate = Surrogate(tokens.count, 4, 1, 4, generator).eval()
    sequences = [tokens.sequence(any_choice(tables, generator)) for _ in range(5)]
    encoded = surrogate.encode(torch.tensor(sequences))
    found, _ = surrogate.decode(encoded, tokens.length, tokens.legal)
    for choice in map(tokens.choice, found.tolist()):
        for cell, table in tables.items():
            for columns, column in zip(table.candidates, choice[cell], strict=True):
                assert column in (DROPPED, *columns)
            for rows in table.choosing:
                assert sum(choice[cell][row] != DROPPED for row in rows) == table.kept(rows)
