"""Scores by what is lost: on logits made by hand, and at the end of a search."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.data.rows import RowPart
from dslnas.settings.rule import Derivation
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import derive
from dslnas.training.perturbation import perturbation_scores
from dslnas.training.records import StepRecord
from tests.loading import IMAGES
from tests.training.tiny import Listener, random_data, run_search, tiny_space

RIGHT, NOTHING, WRONG = 0, 1, 2
CLASSES, COUNT = 4, 8


class ByHand(Supernet):
    """One edge of three operations: one knows the answer, one says nothing, one is wrong."""

    def __init__(self, part: RowPart) -> None:
        self.network = nn.Identity()  # type: ignore[assignment]
        self.tables = {"one": ChoiceTable("one", (3,), ((0, 1, 2),), ((0,),), None)}
        self._answers = nn.functional.one_hot(part.targets, CLASSES).float()
        self.modes: list[bool] = []

    def logits(self, batch: Batch, mixing: Mixing) -> Tensor:
        self.modes.append(self.network.training)
        assert mixing.weights is not None
        right, _, wrong = mixing.weights["one"][0]
        logits: Tensor = right * 2 * self._answers + wrong * self._answers.roll(1, 1)
        return logits


def loss_of(logits: list[float], label: int) -> float:
    """Return the cross-entropy of one example."""
    return math.log(sum(math.exp(x) for x in logits)) - logits[label]


@pytest.fixture
def part() -> RowPart:
    return RowPart({"image": torch.zeros(COUNT, 1, 1, 1)}, torch.arange(COUNT) % CLASSES)


def test_an_operation_is_worth_the_accuracy_that_is_lost_without_it(part: RowPart) -> None:
    supernet, told = ByHand(part), []
    weights = {"one": torch.tensor([[0.5, 0.2, 0.3]])}
    scores = perturbation_scores(supernet, weights, part, IMAGES, lambda *done: told.append(done))

    # logits of the right class, of the one beside it, and of two others; accuracy
    whole = ([1.0, 0.3, 0.0, 0.0], 1.0)
    without = {
        RIGHT: ([0.0, 0.3, 0.0, 0.0], 0.0),
        NOTHING: whole,
        WRONG: ([1.0, 0.0, 0.0, 0.0], 1.0),
    }

    def value(logits: list[float], accuracy: float) -> float:
        return accuracy - math.tanh(loss_of(logits, 0)) / (2 * COUNT)

    expected = [value(*whole) - value(*without[o]) for o in (RIGHT, NOTHING, WRONG)]
    (found,) = scores["one"]
    assert found == pytest.approx(expected, abs=1e-6)
    assert expected[RIGHT] > 1
    assert expected[NOTHING] == 0
    assert -0.1 < expected[WRONG] < 0, "no example more is right without it, only the loss is lower"
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert weights["one"].tolist() == torch.tensor([[0.5, 0.2, 0.3]]).tolist()


def test_it_is_measured_in_evaluation_mode_and_trains_again(part: RowPart) -> None:
    supernet = ByHand(part)
    weights = {"one": torch.tensor([[0.5, 0.2, 0.3]], requires_grad=True)}
    perturbation_scores(supernet, weights, part, IMAGES, lambda *_: None)
    assert supernet.modes == [False] * 4
    assert supernet.network.training


def test_the_loss_never_outweighs_one_example() -> None:
    """Its share is at most half of that, from no loss to an infinite one."""
    part = RowPart({"image": torch.zeros(COUNT, 1, 1, 1)}, torch.zeros(COUNT, dtype=torch.int64))

    class Sure(ByHand):
        def __init__(self) -> None:
            super().__init__(part)
            self.left: Iterator[tuple[int, float]] = iter(
                # how many examples are right, and how sure the wrong answers are
                [(4, 1.0), (5, 1e6), (4, 1e6), (4, 1e-6)]
            )

        def logits(self, batch: Batch, mixing: Mixing) -> Tensor:
            right, sure = next(self.left)
            logits = torch.zeros(COUNT, CLASSES)
            logits[:right, 0] = 1.0
            logits[right:, 1] = sure
            return logits

    weights = {"one": torch.full((1, 3), 1 / 3)}
    scores = perturbation_scores(Sure(), weights, part, IMAGES, lambda *_: None)
    better, worse_loss, better_loss = scores["one"][0]
    assert better < better_loss < 0 < worse_loss < 1 / COUNT


def test_a_search_can_end_with_it() -> None:
    reports = Listener(), Listener()
    data = random_data()
    by_magnitude = run_search("darts", data, epochs=2, report=reports[0])
    plan = Derivation(by="perturbation")
    found = run_search("darts", data, epochs=2, report=reports[1], derivation=plan)
    compared = [r for r in reports[1].records if r.stage == "compare"]
    places = sum(len(row) for rows in found.scores.values() for row in rows)
    expected = [StepRecord("compare", 1, 1, n, places) for n in range(1, places + 1)]
    assert compared == expected == reports[1].records[-places:]
    assert found.scores != by_magnitude.scores
    assert found.architecture.cells == derive(tiny_space(), found.scores).cells
    assert all(torch.equal(a, by_magnitude.alphas[name]) for name, a in found.alphas.items())
    timeless = [[(e.train_loss, e.validation_loss) for e in r.epochs] for r in reports]
    assert timeless[0] == timeless[1]
