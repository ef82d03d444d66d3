"""Costs as terms of a loss: by hand, against finite differences, and against derived networks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.engines.discretise import nearest, one_hot
from dslnas.engines.expected_cost import (
    complexity,
    costs_of_network,
    costs_of_operations,
    expected_cost,
    penalty,
)
from dslnas.graph.analysis.costs import COUNTED, CostTable, cost_table
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Limit, Quantity
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import derive
from tests.engines.small import RECURRENT, SPACES, padded_scores, space, supernet_of
from tests.spaces import random_scores, space_of

# Two nodes: one edge of two operations; three edges, of which two are kept.
TABLE = CostTable(10.0, {"cell": ((4.0, 8.0), (1.0, 2.0, 3.0), (0.0, 6.0), (5.0,))})
CHOICES = {"cell": ChoiceTable("cell", (2, 3, 2, 1), ((0, 1), (0, 1, 2), (0, 1), (0,)),
                               ((0,), (1, 2, 3)), 2)}  # fmt: skip
WEIGHTS = torch.tensor(
    [[0.25, 0.75, 0.0], [0.5, 0.3, 0.2], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0]], dtype=torch.float64
)


def softmax(alpha: Tensor) -> Tensor:
    exists = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=torch.bool)
    return alpha.masked_fill(~exists, -torch.inf).softmax(-1)


def some_alpha() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn((4, 3), generator=generator, dtype=torch.float64).requires_grad_()


def test_expected_cost_by_hand() -> None:
    first, rest = 0.25 * 4 + 0.75 * 8, (0.5 + 0.6 + 0.6) + 0.6 + 5
    found = expected_cost(TABLE, CHOICES, {"cell": WEIGHTS})
    assert found.item() == pytest.approx(10 + first + 2 / 3 * rest, rel=1e-15)
    chosen = expected_cost(TABLE, CHOICES, {"cell": WEIGHTS}, edges_chosen=True)
    assert chosen.item() == pytest.approx(10 + first + rest, rel=1e-15)


def test_expected_cost_of_all_edges_counts_each_in_full() -> None:
    choices = CHOICES["cell"]
    kept = {"cell": ChoiceTable("cell", choices.rows, choices.candidates, choices.nodes, None)}
    found = expected_cost(TABLE, kept, {"cell": WEIGHTS})
    assert found == expected_cost(TABLE, CHOICES, {"cell": WEIGHTS}, edges_chosen=True)


def test_gradient_of_the_expected_cost_is_share_times_what_is_dearer_than_the_mean() -> None:
    weights = WEIGHTS.clone().requires_grad_()
    expected_cost(TABLE, CHOICES, {"cell": weights}).backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None
    share = torch.tensor([[1.0], [2 / 3], [2 / 3], [2 / 3]]).double()
    costs = torch.tensor([[4.0, 8, 0], [1, 2, 3], [0, 6, 0], [5, 0, 0]]).double()
    exists = softmax(torch.zeros(4, 3)) > 0
    above = costs - (WEIGHTS * costs).sum(-1, keepdim=True)
    torch.testing.assert_close(weights.grad, share * above * exists)


def test_what_may_not_be_derived_costs_nothing_however_likely_it_is() -> None:
    choices = CHOICES["cell"]
    no_first = tuple(columns[1:] or columns for columns in choices.candidates)
    without = {"cell": ChoiceTable("cell", choices.rows, no_first, choices.nodes, 2)}
    first, rest = 8.0, (0.3 * 2 + 0.2 * 3) / 0.5 + 6 + 5
    found = expected_cost(TABLE, without, {"cell": WEIGHTS})
    assert found.item() == pytest.approx(10 + first + 2 / 3 * rest, rel=1e-15)


def test_expected_cost_of_a_softmax_with_none_is_that_of_what_is_derived() -> None:
    """`none` weighs most, yet the derived network has none of it."""
    searched = space(
        "use papers.darts\ncell normal { nodes 1; keep all }\n"
        "network { channels 4; cells normal }\nevaluate { channels 4 }\n"
    )
    supernet = supernet_of(searched)
    table = costs_of_network(searched, "params")
    alpha = torch.zeros(2, 8, dtype=torch.float64)
    alpha[:, 0], alpha[:, 5] = 40.0, 39.0  # none, sep_conv(5)
    found = expected_cost(table, supernet.tables, {"normal": alpha.softmax(-1)})
    derived = build_derived_graph(derive(searched, {"normal": alpha.tolist()}))
    assert found.item() == pytest.approx(derived.params(), rel=1e-9)


@pytest.mark.parametrize("edges_chosen", [False, True])
def test_gradients_in_alpha_are_those_of_finite_differences(edges_chosen: bool) -> None:
    def excess(alpha: Tensor) -> Tensor:
        weights = {"cell": softmax(alpha)}
        cost = expected_cost(TABLE, CHOICES, weights, edges_chosen=edges_chosen)
        return penalty({"params": cost}, [Limit("params", 7.0)], 0.5)

    assert excess(some_alpha()) > 0
    assert torch.autograd.gradcheck(excess, some_alpha())


@pytest.mark.parametrize("name", sorted(SPACES))
def test_a_choice_costs_what_the_derived_network_costs(name: str) -> None:
    searched = space(SPACES[name])
    scores = padded_scores(searched, 2)
    tables = searched.tables
    weights = {
        of: one_hot(table, nearest(table, scores[of])).double() for of, table in tables.items()
    }
    found = expected_cost(costs_of_network(searched, "flops"), tables, weights, edges_chosen=True)
    architecture = derive(searched, scores)
    derived = cost_table(architecture, COUNTED["flops"])
    assert derived.by_cell == {}
    # A node that no kept edge reads is chosen, but not derived.
    assert found == pytest.approx(derived.fixed) if name != "last" else found >= derived.fixed


@pytest.mark.sample(0)
def test_expected_cost_is_the_mean_over_random_architectures() -> None:
    searched = space(SPACES["darts"])
    tables = searched.tables
    uniform = {}
    for of, table in tables.items():
        matrix = torch.zeros((len(table.rows), table.width), dtype=torch.float64)
        for row, columns in enumerate(table.candidates):
            matrix[row, list(columns)] = 1 / len(columns)
        uniform[of] = matrix
    expected = expected_cost(costs_of_network(searched, "params"), tables, uniform).item()
    found = [
        build_derived_graph(derive(searched, random_scores(searched, seed))).params()
        for seed in range(150)
    ]
    assert expected == pytest.approx(sum(found) / len(found), rel=0.02)


@pytest.mark.sample(0)
def test_costs_fit_the_weights_of_a_supernet() -> None:
    searched = space(SPACES["uneven"])
    supernet = supernet_of(searched, dtype=torch.float32)
    weights = {of: supernet.exists(of).float() for of in supernet.tables}
    for quantity in ("params", "flops", "latency"):
        table = costs_of_network(searched, quantity)
        cost = expected_cost(table, supernet.tables, weights)
        assert cost.dtype == torch.float32
        assert cost.shape == ()
        assert cost > table.fixed >= 0
        for of in supernet.tables:
            rows = costs_of_operations(searched, of, quantity)
            assert [len(row) for row in rows] == list(supernet.tables[of].rows)


def test_penalty_is_the_sum_of_relative_excesses() -> None:
    expected: dict[Quantity, Tensor] = {"params": torch.tensor(6.0), "flops": torch.tensor(3.0)}
    limits = [Limit("params", 4.0), Limit("flops", 2.0), Limit("flops", 10.0)]
    assert penalty(expected, limits, 0.1).item() == pytest.approx(0.1 * (0.5 + 0.5))
    assert penalty(expected, limits[2:], 0.1) == 0.0
    assert penalty(expected, [], 0.1) == 0.0


def test_penalty_has_no_gradient_below_the_limit() -> None:
    cost = torch.tensor(3.0, requires_grad=True)
    penalty({"flops": cost}, [Limit("flops", 10.0)], 1.0).backward()  # type: ignore[no-untyped-call]
    assert cost.grad == 0.0


def test_complexity_by_hand() -> None:
    weights = torch.tensor([[1.0, 0.5], [0.0, 0.25], [0.5, 1.0]], requires_grad=True)
    found = complexity(((1.0, 3.0), (0.0, 0.0), (2.0,)), weights)
    assert found.item() == 0.25 * 1 + 0.75 * 0.25 + 0 + 0.25
    found.backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None
    assert weights.grad.tolist() == [[0.5, 0.75], [0.0, 0.0], [1.0, 0.0]]


def test_gradient_of_the_complexity_is_that_of_finite_differences() -> None:
    costs = TABLE.by_cell["cell"]
    assert torch.autograd.gradcheck(lambda a: complexity(costs, a), some_alpha())


def test_complexity_of_nasp_weighs_by_the_published_counts() -> None:
    searched = space_of("use papers.nasp\nevaluate { channels 12 }")
    rows = costs_of_operations(searched, "normal", "params")
    published = torch.tensor([0, 864, 252, 144, 1296, 504, 888, 1464], dtype=torch.float64) / 5412
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand((14, 8), generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        complexity(rows, weights), (published * weights**2).sum(), rtol=1e-14, atol=0
    )


def test_activations_of_a_recurrent_cell_have_no_weights_but_take_time() -> None:
    searched = space(RECURRENT)
    rows = costs_of_operations(searched, "searched", "params")
    assert [sum(row) for row in rows] == [0.0] * 3
    weights = torch.rand((3, 3), dtype=torch.float64, requires_grad=True)
    regulariser = complexity(rows, weights)
    assert regulariser == 0.0
    assert not torch.autograd.grad(regulariser, weights)[0].any()
    times = costs_of_operations(searched, "searched", "latency")
    assert [[time > 0 for time in row] for row in times][1] == [True, True]
    assert costs_of_network(searched, "latency").fixed >= 0, "what is measured less may be noise"
