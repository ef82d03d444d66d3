from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator

from dslnas.data.batches import forever
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.values import Flip


def numbered(count: int) -> TensorPart:
    """Return a part whose images hold their own number, which is their label as well."""
    labels = torch.arange(count)
    images = labels.float()[:, None, None, None].expand(-1, 1, 2, 3).clone()
    return TensorPart({"image": images}, targets=labels)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


@given(st.integers(2, 40), st.integers(2, 12), st.integers(0, 2**40))
def test_a_pass_is_full_batches_of_different_examples(count: int, size: int, seed: int) -> None:
    part = numbered(count)
    found = list(part.batches(size, seeded(seed)))
    assert len(found) == part.batch_count(size)
    assert [len(batch) for batch in found] == [min(size, count)] * max(1, count // size)
    labels = torch.cat([batch.targets for batch in found]).tolist()
    assert len(set(labels)) == len(labels)
    for batch in found:
        images = batch.targets.float()[:, None, None, None].expand(-1, 1, 2, 3)
        assert torch.equal(batch.inputs["image"], images)
        assert batch.start is None


def test_the_order_is_the_seeds() -> None:
    part = numbered(10)
    first, again, other = (
        [b.targets.tolist() for b in part.batches(5, seeded(s))] for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(("count", "size"), [(10, 1), (1, 4), (0, 4)])
def test_no_batch_of_one(count: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"batches of {size} from {count} examples"):
        next(numbered(count).batches(size, seeded(0)))


def test_training_images_are_changed_and_the_part_is_not() -> None:
    images = torch.arange(8.0).reshape(4, 1, 1, 2)
    part = TensorPart({"image": images.clone()}, targets=torch.arange(4))
    (batch,) = part.batches(4, seeded(0), (Flip(),))
    mirrored = batch.inputs["image"] != images[batch.targets]
    assert mirrored.any()
    assert not mirrored.all()
    assert torch.equal(part.inputs["image"], images)


def test_forever_starts_again_in_another_order() -> None:
    labels = [b.targets.tolist() for b in islice(forever(numbered(6), 3, seeded(0)), 4)]
    assert sorted(labels[0] + labels[1]) == sorted(labels[2] + labels[3]) == list(range(6))
    assert labels[:2] != labels[2:]


@pytest.mark.parametrize(("count", "sizes"), [(7, [3, 3, 1]), (6, [3, 3]), (2, [2])])
def test_in_order_is_everything_unchanged(count: int, sizes: list[int]) -> None:
    part = numbered(count)
    found = list(part.in_order(3))
    assert [len(batch) for batch in found] == sizes
    assert torch.equal(torch.cat([batch.inputs["image"] for batch in found]), part.inputs["image"])
    assert torch.equal(torch.cat([batch.targets for batch in found]), part.targets)
