"""Selection by perturbation: on worths made by hand, and at the end of a search."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from dslnas.data.dataset import Data
from dslnas.settings.rule import Derivation
from dslnas.space.choice_table import ChoiceTable, best_choice
from dslnas.space.derive.derive import Scores, derive
from dslnas.tasks.task import Measurement
from dslnas.training.fine_tuning import FineTuning
from dslnas.training.perturbation import Selection
from dslnas.training.records import StepRecord
from tests.loading import IMAGES
from tests.training.tiny import Listener, random_data, run_search, tiny_space

ONE = ChoiceTable("one", (3, 3, 3), ((0, 1, 2), (1, 2), (0, 1, 2)), ((0, 1, 2),), 1)
"""One node that sums three edges and keeps one; of the second an operation cannot be derived."""

VALUES = torch.tensor([[1.0, 5.0, 0.0], [9.0, 2.0, 3.0], [4.0, 3.0, 2.0]])
"""By operation, what it adds to the worth."""

UNIFORM = {"one": torch.full((3, 3), 1 / 3)}


class Watched:
    """Linear worths, and the weights that were asked for."""

    def __init__(self) -> None:
        self.asked: list[Tensor] = []

    def __call__(self, weights: Mapping[str, Tensor]) -> float:
        self.asked.append(weights["one"])
        return float((weights["one"] * VALUES).sum())


def select(seed: int = 0) -> tuple[Scores, Watched, Selection]:
    watched = Watched()
    generator = torch.Generator().manual_seed(seed)
    selection = Selection({"one": ONE}, UNIFORM, watched, generator)
    return selection.scores(), watched, selection


@pytest.mark.parametrize("seed", range(4))
def test_an_edge_keeps_the_operation_whose_absence_hurts_most_in_any_order(seed: int) -> None:
    scores, _, _ = select(seed)
    for row, best in enumerate((1, 2, 0)):
        columns = ONE.candidates[row]
        assert max(columns, key=scores["one"][row].__getitem__) == best
    assert scores["one"][1][0] < 1, "what cannot be derived is not asked"


@pytest.mark.parametrize("seed", range(4))
def test_a_node_loses_the_edges_whose_absence_costs_least(seed: int) -> None:
    scores, _, _ = select(seed)
    assert best_choice(ONE, scores["one"]) == {0: 1}
    largest = [max(row) for row in scores["one"]]
    assert largest == [2.75, 0.75, 1.75], "edges of worth 5, 3 and 4: the smallest goes first"


def test_every_decision_is_made_with_those_before_it() -> None:
    _, watched, selection = select()
    assert selection.rounds == 3 + 1
    assert len(watched.asked) == selection.measurements == (3 + 2 + 3) + (3 + 2)
    decided = [int(((w == 1).sum(1) == 1).sum()) for w in watched.asked[:8]]
    assert sorted(decided) == decided
    assert decided[-1] == 2
    for weights in watched.asked[8:11]:
        assert sorted(weights.sum(1).tolist()) == [0, 1, 1], "all operations are, an edge is away"
    for weights in watched.asked[11:]:
        assert sorted(weights.sum(1).tolist()) == [0, 0, 1]
    assert torch.equal(UNIFORM["one"], torch.full((3, 3), 1 / 3)), "what was given stays"


def test_orders_are_random() -> None:
    firsts = set()
    for seed in range(8):
        _, watched, _ = select(seed)
        (first,) = (watched.asked[0] == 0).any(1).nonzero()[:, 0].tolist()
        firsts.add(first)
    assert firsts == {0, 1, 2}


def test_of_equals_any_is_taken() -> None:
    found = set()
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        selection = Selection({"one": ONE}, UNIFORM, lambda weights: 1.0, generator)
        found.add(tuple(best_choice(ONE, selection.scores()["one"]).items()))
    assert len(found) > 2


def test_what_cannot_be_measured_is_not_missed() -> None:
    """A supernet that breaks without an operation keeps it."""

    def worth(weights: Mapping[str, Tensor]) -> float:
        return float("-inf") if weights["one"][0, 2] == 0 else 0.0

    generator = torch.Generator().manual_seed(0)
    scores = Selection({"one": ONE}, UNIFORM, worth, generator).scores()
    assert scores["one"][0][2] == max(scores["one"][0])


def test_weights_train_between_rounds() -> None:
    watched = Watched()
    selection = Selection({"one": ONE}, UNIFORM, watched, torch.Generator().manual_seed(0))
    trained: list[tuple[int, Tensor]] = []
    selection.tune = lambda weights: trained.append((len(watched.asked), weights["one"].clone()))
    selection.scores()
    assert len(trained) == selection.rounds - 1
    assert [int((w == 1).sum()) for _, w in trained] == [1, 2, 3]
    assert all(asked < len(watched.asked) for asked, _ in trained)


@pytest.mark.parametrize("loss", [1e-6, 1.0, 1e6])
def test_the_loss_decides_between_equals_and_never_outweighs_one_example(loss: float) -> None:
    def worth(right: int, loss: float) -> float:
        return IMAGES.fine_worth(Measurement(loss, {"accuracy": right / 8}), 8)

    assert worth(5, 1e9) > worth(4, loss)
    assert worth(4, loss) > worth(4, 2 * loss) or loss > 20


def test_a_round_decides_in_every_cell() -> None:
    tables = {"one": ONE, "two": ChoiceTable("two", (2, 2), ((0, 1), (0, 1)), ((0,), (1,)), None)}
    weights = {**UNIFORM, "two": torch.full((2, 2), 0.5)}
    generator = torch.Generator().manual_seed(0)
    selection = Selection(tables, weights, lambda weights: 0.0, generator)
    decided: list[tuple[int, int]] = []
    selection.tune = lambda w: decided.append(
        (int((w["one"] == 1).sum()), int((w["two"] == 1).sum()))
    )
    selection.scores()
    assert decided == [(1, 1), (2, 2), (3, 2)]
    assert selection.rounds == 4


# ---- at the end of a search ---------------------------------------------------------------------


def end(data: Data, **given: float) -> tuple[Scores, Listener]:
    report = Listener()
    plan = Derivation.model_validate({"by": "perturbation", **given})
    found = run_search("darts", data, epochs=2, report=report, derivation=plan)
    assert found.architecture.cells == derive(tiny_space(), found.scores).cells
    return found.scores, report


@pytest.mark.sample(0)
def test_a_search_can_end_with_it() -> None:
    reports = Listener(), Listener()
    data = random_data()
    by_magnitude = run_search("darts", data, epochs=2, report=reports[0])
    plan = Derivation(by="perturbation")
    found = run_search("darts", data, epochs=2, report=reports[1], derivation=plan)
    compared = [r for r in reports[1].records if r.stage == "compare"]
    edges, operations = 2 + 3, 3  # of two nodes, which keep one edge
    count = edges * operations + 2 + (3 + 2)
    assert compared == [StepRecord("compare", 1, 1, n, count) for n in range(1, count + 1)]
    assert found.scores != by_magnitude.scores
    assert all(torch.equal(a, by_magnitude.alphas[name]) for name, a in found.alphas.items())
    timeless = [[(e.train_loss, e.validation_loss) for e in r.epochs] for r in reports]
    assert timeless[0] == timeless[1]


@pytest.mark.sample(0)
def test_fine_tuning_takes_a_tenth_of_the_rate_and_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    train = FineTuning._train

    def watched(self: FineTuning, mixing: object) -> None:
        rates.append(self._weights.rate)
        train(self, mixing)  # type: ignore[arg-type]

    monkeypatch.setattr(FineTuning, "_train", watched)
    end(random_data(), tune=2, tune_rate=0.5)
    assert len(rates) == 2 * (5 + 2 - 1)
    assert rates[0] == 0.5
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] > 0
    rates.clear()
    end(random_data(), tune=1)
    assert rates[0] == pytest.approx(0.025 / 10)


@pytest.mark.sample(0)
def test_fine_tuning_moves_what_is_measured() -> None:
    plain, _ = end(random_data())
    tuned, _ = end(random_data(), tune=1)
    assert plain != tuned
    assert end(random_data(), tune=1)[0] == tuned
