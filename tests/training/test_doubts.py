"""Warnings of a search that learns nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.tensor_part import TensorPart
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.tasks.language_model import LanguageModel
from dslnas.tasks.task import Measurement
from dslnas.training.doubts import FIRST_EPOCHS, Doubts, doubts_of_training
from dslnas.training.measure import measure
from tests.loading import IMAGES
from tests.spaces import space_of
from tests.training.tiny import random_data
from tests.training.tiny_text import text_data

TASK = IMAGES
SPACE = """use papers.nas_bench_201
network { channels 2; repeat 1 }
evaluate { channels 2; repeat 1 }
"""
DEAD = Mixing(None, {"cell201": (0, 0, 3, 0, 0, 4)})
DATA = random_data((1, 8, 8))
ALIVE = Mixing(None, {"cell201": (0, 0, 3, 1, 0, 4)})


def measured(accuracy: float) -> Measurement:
    return Measurement(1.0, {"accuracy": accuracy})


def supernet_of_images() -> Supernet:
    space = space_of(SPACE, (1, 8, 8), classes=4)
    generator, runtime = torch.Generator().manual_seed(0), Runtime(torch.device("cpu"))
    return Supernet(space, build_supernet_graph(space), generator, runtime)


def doubts() -> tuple[Doubts, Supernet]:
    supernet = supernet_of_images()
    return Doubts(supernet, TASK, DATA), supernet


def look(found: Doubts, supernet: Supernet, mixing: Mixing, epoch: int = 1) -> tuple[str, ...]:
    supernet.network.eval()
    data = DATA.validation
    result = measure(found.watched(lambda batch: supernet.logits(batch, mixing)), data, TASK)
    return found.after([result] * epoch, mixing)


def test_a_network_that_reads_nothing_is_told_at_once_with_the_edges_that_cut_it() -> None:
    found, supernet = doubts()
    assert look(found, supernet, DEAD) == (
        "outputs are the same for all examples: cell `cell201` hands on nothing, with `none` on "
        "in1 -> n1, `none` on in1 -> n2, `none` on in1 -> n3, `none` on n1 -> n3 [NAS721]",
    )
    assert look(found, supernet, DEAD, 2) == (), "once"


def test_a_network_that_reads_its_input_is_not_doubted() -> None:
    found, supernet = doubts()
    assert look(found, supernet, ALIVE) == ()


def test_weights_that_let_nothing_through_are_told() -> None:
    found, supernet = doubts()
    with torch.no_grad():
        for weight in supernet.weights():
            weight.zero_()
    (warning,) = look(found, supernet, ALIVE)
    assert "lower the learning rate of `weights`" in warning


def test_accuracy_at_chance_is_told_after_the_first_epochs() -> None:
    found, _ = doubts()
    epochs = [measured(0.1)] * FIRST_EPOCHS
    assert [found.after(epochs[:e], ALIVE) for e in range(1, FIRST_EPOCHS)] == [(), ()]
    (warning,) = found.after([*epochs[1:], measured(0.11)], ALIVE)
    assert "after 3 epochs the network is no better than always the most frequent class" in warning
    assert warning.endswith("[NAS722]")
    assert found.after([*epochs, measured(0.1)], ALIVE) == (), "once"


def test_text_is_doubted_as_long_as_frequencies_of_tokens_foretell_it_better() -> None:
    task, data = LanguageModel(), text_data()
    chance, supernet = task.chance(data), supernet_of_images()
    for better, warnings in ((-1e-3, 1), (1e-3, 0)):
        found = Doubts(supernet, task, data)
        loss = -chance.worth - better
        assert len(found.after([Measurement(loss, {})] * FIRST_EPOCHS, ALIVE)) == warnings


def test_one_epoch_above_chance_is_enough() -> None:
    found, _ = doubts()
    assert found.after([measured(0.9), measured(0.1), measured(0.1)], ALIVE) == ()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_outputs_are_compared_by_their_size_and_over_batches(scale: float) -> None:
    found, _ = doubts()
    outputs = iter([torch.ones(4, 3) * scale, torch.ones(4, 3) * scale * 1.01])

    def output_of(_: object) -> Tensor:
        return next(outputs)

    watched = found.watched(output_of)
    batch = next(DATA.validation.in_order(4))
    watched(batch)
    assert found._is_constant()
    watched(batch)
    assert not found._is_constant()


def falls(found: Doubts, accuracies: list[float], *, may_fall: bool = False) -> list[bool]:
    """Return after which of some epochs a fall is told."""
    epochs = [measured(accuracy) for accuracy in accuracies]
    return [
        any("NAS723" in text for text in found.after(epochs[:e], ALIVE, may_fall=may_fall))
        for e in range(1, len(epochs) + 1)
    ]


def test_an_epoch_that_loses_half_of_what_was_learnt_is_told_once() -> None:
    found, _ = doubts()  # four classes, a guess has 25 %
    assert falls(found, [0.3, 0.65, 0.46, 0.45, 0.25]) == [False, False, False, True, False]


def test_the_warning_of_a_fall_says_from_where_and_what_helps() -> None:
    found, _ = doubts()
    epochs = [measured(0.65), measured(0.25)]
    assert found.after(epochs, ALIVE, may_fall=False) == (
        "validation fell from 65.00% after epoch 1 to 25.00%: lower the learning rates; "
        "`derive { epoch best }` takes the best epoch [NAS723]",
    )


def test_a_network_that_learnt_nothing_cannot_fall() -> None:
    found, _ = doubts()
    assert falls(found, [0.3, 0.34, 0.2]) == [False] * 3


def test_a_warm_up_and_architectures_that_are_drawn_may_fall() -> None:
    found, _ = doubts()
    assert falls(found, [0.9, 0.3], may_fall=True) == [False, False]


# ---- after a training ---------------------------------------------------------------------------


def test_a_trained_network_at_chance_is_told() -> None:
    assert doubts_of_training(TASK, DATA, [measured(0.25)], measured(0.3)) == (
        "The trained network is not clearly better than a guess that reads nothing (always the "
        "most frequent class: an accuracy of 25.00%, with luck 54.05%): in the test it has 30.00%.",
    )
    assert doubts_of_training(TASK, DATA, [measured(0.25)], measured(0.95)) == ()


@pytest.mark.parametrize(
    ("classes", "examples", "guess"),
    [([0], "1 image", "100.00"), ([1], "1 image", "0.00"), ([0, 1, 1, 0], "4 images", "50.00")],
)
def test_a_part_in_which_luck_may_be_right_of_all_tells_nothing(
    classes: list[int], examples: str, guess: str
) -> None:
    training, few = (
        TensorPart({"image": torch.zeros(len(numbers), 1)}, targets=torch.tensor(numbers))
        for numbers in ([0, 0, 1], classes)
    )
    data = replace(DATA, weights=training, validation=few, test=few)
    for right in (0.0, 1.0):
        (doubt,) = doubts_of_training(TASK, data, [measured(1.0), measured(0.0)], measured(right))
        assert doubt == (
            f"The test part has {examples}, too few to tell whether the trained network is better "
            "than a guess that reads nothing (always the most frequent class: an accuracy of "
            f"{guess}%): in the test it has {right:.2%}."
        )
    found = Doubts(supernet_of_images(), TASK, data)
    assert found.after([measured(0.0)] * FIRST_EPOCHS, ALIVE) == ()


def test_a_training_that_ends_below_its_best_is_told() -> None:
    history = [measured(0.95), measured(0.5)]
    assert doubts_of_training(TASK, DATA, history, measured(0.95)) == (
        "In training validation fell from 95.00% after epoch 1 to 50.00%.",
    )


@pytest.mark.parametrize(("perplexity", "told"), [(5e18, "5e18"), (30.0, "30.00"), (2.0, None)])
def test_text_is_compared_with_the_frequencies_of_its_tokens(
    perplexity: float, told: str | None
) -> None:
    task, data = LanguageModel(), text_data()
    result = task.measurement({"loss": math.log(perplexity), "right": 0.1})
    sentences = doubts_of_training(task, data, [result], result)
    if told is None:
        assert sentences == ()
    else:
        (sentence,) = sentences
        assert sentence.endswith(f"): in the test it has perplexity {told}.")
        assert "(frequencies of tokens: a perplexity of " in sentence
