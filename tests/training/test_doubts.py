"""Warnings of a search that learns nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.tasks.image_classification import ImageClassification
from dslnas.tasks.language_model import LanguageModel
from dslnas.tasks.task import Measurement
from dslnas.training.doubts import FIRST_EPOCHS, Doubts
from dslnas.training.measure import measure
from tests.spaces import space_of
from tests.training.tiny import random_data
from tests.training.tiny_text import text_data

TASK = ImageClassification()
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
    return found.after(epoch, result, mixing)


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
    assert [found.after(e, measured(0.1), ALIVE) for e in range(1, FIRST_EPOCHS)] == [(), ()]
    (warning,) = found.after(FIRST_EPOCHS, measured(0.11), ALIVE)
    assert "after 3 epochs the network is no better than always the most frequent class" in warning
    assert warning.endswith("[NAS722]")
    assert found.after(FIRST_EPOCHS + 1, measured(0.1), ALIVE) == (), "once"


def test_text_is_doubted_as_long_as_frequencies_of_tokens_foretell_it_better() -> None:
    task, data = LanguageModel(), text_data()
    chance, supernet = task.chance(data), supernet_of_images()
    for better, warnings in ((-1e-3, 1), (1e-3, 0)):
        found = Doubts(supernet, task, data)
        loss = -chance.worth - better
        assert len(found.after(FIRST_EPOCHS, Measurement(loss, {}), ALIVE)) == warnings


def test_one_epoch_above_chance_is_enough() -> None:
    found, _ = doubts()
    found.after(1, measured(0.9), ALIVE)
    assert found.after(FIRST_EPOCHS, measured(0.1), ALIVE) == ()


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
