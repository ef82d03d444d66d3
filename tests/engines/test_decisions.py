from __future__ import annotations

import pytest
import torch

from dslnas.engines.controller import Controller, Decisions
from dslnas.engines.reinforce import forced
from dslnas.engines.resource_constraints import any_choice
from dslnas.graph.analysis.plan import DROPPED
from tests.engines.small import TEXTS, space, supernet_of

UNITS = 4


@pytest.mark.parametrize("name", TEXTS)
def test_every_architecture_is_the_one_of_its_decisions(name: str) -> None:
    tables = supernet_of(space(TEXTS[name])).tables
    decisions = Decisions(tables)
    generator = torch.Generator().manual_seed(0)
    choices = [any_choice(tables, generator) for _ in range(10)]
    assert decisions.choices(decisions.decisions(choices)) == choices


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_controller_decides_is_an_architecture_of_the_space(name: str) -> None:
    tables = supernet_of(space(TEXTS[name])).tables
    decisions = Decisions(tables)
    generator = torch.Generator().manual_seed(0)
    controller = Controller(decisions.plans, len(decisions.operations), UNITS, generator)
    decided = controller(
        30, lambda logits: torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    )
    for choice in decisions.choices(decided.decisions):
        for cell, table in tables.items():
            for columns, column in zip(table.candidates, choice[cell], strict=True):
                assert column in (DROPPED, *columns)
            for rows in table.choosing:
                assert sum(choice[cell][row] != DROPPED for row in rows) == table.kept(rows)


def test_probabilities_of_all_architectures_add_up_to_one() -> None:
    """So every architecture is decided on in one way; a batch decides like one after the other."""
    tables = supernet_of(space(TEXTS["recurrent"])).tables
    decisions, generator = Decisions(tables), torch.Generator().manual_seed(0)
    controller = Controller(decisions.plans, len(decisions.operations), UNITS, generator)
    (cell,) = tables
    table = tables[cell]
    assert [len(rows) for rows in table.choosing] == [1, 2]
    choices = []
    for first in table.candidates[table.choosing[0][0]]:
        for row in table.choosing[1]:
            for column in table.candidates[row]:
                columns = [DROPPED] * len(table.rows)
                columns[table.choosing[0][0]], columns[row] = first, column
                choices.append({cell: tuple(columns)})
    together = controller(len(choices), forced(decisions.decisions(choices))).log_probability
    assert float(together.exp().sum().detach()) == pytest.approx(1)
    for choice, logs in zip(choices, together, strict=True):
        alone = controller(1, forced(decisions.decisions([choice]))).log_probability
        assert float(alone.detach()) == pytest.approx(float(logs.detach()), rel=1e-5)
