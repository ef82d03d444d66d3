from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from dslnas.data.batches import Batch, ImagePart
from dslnas.training.measure import BATCH, measure


def part_of(count: int) -> ImagePart:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((count, 3, 1, 1), generator=generator)
    return ImagePart(images, torch.randint(3, (count,), generator=generator))


def logits_of(batch: Batch) -> Tensor:
    return 2 * batch.inputs.flatten(1)


@pytest.mark.parametrize("count", [1, 5, BATCH, BATCH + 1, 2 * BATCH + 7])
def test_every_example_counts_alike(count: int) -> None:
    part = part_of(count)
    logits = logits_of(Batch(part.images, part.labels))
    measured = measure(logits_of, part)
    assert measured.loss == pytest.approx(float(F.cross_entropy(logits, part.labels)), rel=1e-5)
    right = sum(int(row.argmax()) == int(y) for row, y in zip(logits, part.labels, strict=True))
    assert measured.accuracy == right / count


def test_all_right_and_all_wrong() -> None:
    part = part_of(10)
    best = F.one_hot(part.labels, 3).float()
    assert measure(lambda batch: best, part).accuracy == 1.0
    assert measure(lambda batch: -best, part).accuracy == 0.0


def test_nothing_is_recorded_for_gradients() -> None:
    seen = []

    def watch(batch: Batch) -> Tensor:
        seen.append(torch.is_inference_mode_enabled())
        return logits_of(batch)

    measure(watch, part_of(BATCH + 1))
    assert seen == [True, True]
