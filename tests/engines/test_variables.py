from __future__ import annotations

import pytest
import torch

from dslnas.diagnostics import UserError
from dslnas.engines.discretise import one_hot
from dslnas.engines.natural_gradient import NaturalGradient
from dslnas.engines.resource_constraints import any_choice
from dslnas.engines.variables import UNSAID, Variables
from dslnas.graph.analysis.plan import DROPPED
from dslnas.space.choice_table import ChoiceTable
from tests.engines.small import TEXTS, space, supernet_of


@pytest.mark.parametrize("name", TEXTS)
def test_every_architecture_is_the_one_of_its_values(name: str) -> None:
    variables = Variables(tables := supernet_of(space(TEXTS[name])).tables)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        choice = any_choice(tables, generator)
        values = variables.values(choice)
        dropped = sum(columns.count(DROPPED) for columns in choice.values())
        assert values.count(UNSAID) == dropped
        assert variables.choice([max(value, 0) for value in values]) == choice


def test_an_architecture_is_certain_where_its_values_are() -> None:
    variables = Variables(tables := supernet_of(space(TEXTS["darts"])).tables)
    choice = any_choice(tables, torch.Generator().manual_seed(1))
    values = variables.values(choice)
    pairs = zip(values, variables.categories, strict=True)
    certain = [[float(k == max(value, 0)) for k in range(count)] for value, count in pairs]
    for cell, weights in variables.weights(certain).items():
        assert torch.equal(weights.float(), one_hot(tables[cell], choice[cell]))


def test_probabilities_of_a_row_add_up_to_that_of_its_edge() -> None:
    variables = Variables(tables := supernet_of(space(TEXTS["darts"])).tables)
    chance = NaturalGradient(variables.categories, 1.5, 1.0)
    for cell, weights in variables.weights(chance.theta.tolist()).items():
        for rows in tables[cell].choosing:
            expected = tables[cell].kept(rows) / len(rows)  # all sets of rows are alike likely
            found = weights[list(rows)].sum(1).tolist()
            assert found == pytest.approx([expected] * len(rows))


@pytest.mark.parametrize("categories", [[2], [3], [2, 2], [3, 2], [2, 1], [5, 4]])
def test_few_variables_with_few_values_can_learn(categories: list[int]) -> None:
    """The published floor leaves them no room, or is no number."""
    chance = NaturalGradient(categories, 1.5, 1.0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        samples = [chance.sample(generator) for _ in range(2)]
        chance.update(samples, [float(sum(values)) for values in samples])
    assert chance.likeliest() == [0] * len(categories)
    several = [row for row, count in zip(chance.theta, categories, strict=True) if count > 1]
    assert all(float(row.max()) > 1.4 / int((row > 0).sum()) for row in several)
    assert torch.allclose(chance.theta.sum(1), torch.ones(len(categories), dtype=torch.float64))


def test_a_variable_that_no_sample_tells_of_stays() -> None:
    chance = NaturalGradient([3, 4], 1.5, 1.0)
    before = chance.theta.clone()
    chance.update([[0, UNSAID], [1, UNSAID]], [1.0, 2.0])
    assert chance.theta[1].tolist() == pytest.approx(before[1].tolist())
    assert float(chance.theta[0, 0]) > float(before[0, 0])


def test_losses_that_tie_move_nothing() -> None:
    chance = NaturalGradient([3, 4], 1.5, 1.0)
    before = chance.state()
    chance.update([[0, 1], [1, 2]], [1.0, 1.0])
    assert all(
        torch.equal(a, b) for a, b in zip(chance.state().values(), before.values(), strict=True)
    )


def test_a_node_that_can_keep_its_edges_in_too_many_ways_is_refused() -> None:
    rows = tuple(range(24))
    table = ChoiceTable("wide", (2,) * 24, ((0, 1),) * 24, (rows,), 12)
    with pytest.raises(UserError, match=r"keep 12 of 24 edges in 2,704,156 ways"):
        Variables({"wide": table})
