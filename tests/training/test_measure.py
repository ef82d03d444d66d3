from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from dslnas.data.batches import Batch
from dslnas.data.tensor_part import TensorPart
from dslnas.training.measure import measure
from tests.loading import IMAGES

BATCH = IMAGES.measured_at_once


def part_of(count: int) -> TensorPart:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((count, 3, 1, 1), generator=generator)
    return TensorPart({"image": images}, targets=torch.randint(3, (count,), generator=generator))


def logits_of(batch: Batch) -> Tensor:
    return 2 * batch.inputs["image"].flatten(1)


@pytest.mark.parametrize("count", [1, 5, BATCH, BATCH + 1, 2 * BATCH + 7])
def test_every_example_counts_alike(count: int) -> None:
    part = part_of(count)
    logits = logits_of(Batch(part.inputs, part.targets))
    measured = measure(logits_of, part, IMAGES)
    assert measured.loss == pytest.approx(float(F.cross_entropy(logits, part.targets)), rel=1e-5)
    right = sum(int(row.argmax()) == int(y) for row, y in zip(logits, part.targets, strict=True))
    assert measured.metrics["accuracy"] == right / count


def test_all_right_and_all_wrong() -> None:
    part = part_of(10)
    best = F.one_hot(part.targets, 3).float()
    assert measure(lambda batch: best, part, IMAGES).metrics["accuracy"] == 1.0
    assert measure(lambda batch: -best, part, IMAGES).metrics["accuracy"] == 0.0


def test_nothing_is_recorded_for_gradients() -> None:
    seen = []

    def watch(batch: Batch) -> Tensor:
        seen.append(torch.is_inference_mode_enabled())
        return logits_of(batch)

    measure(watch, part_of(BATCH + 1), IMAGES)
    assert seen == [True, True]
