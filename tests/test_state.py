"""States of work that is made of parts, copies that stay, and generators that go on."""

from __future__ import annotations

import math

import pytest
import torch

from dslnas.state import (
    Generators,
    State,
    StateError,
    Tensors,
    copied,
    hash_of,
    number,
    state_of,
    take_parts,
    taken,
)


def parts() -> dict[str, Tensors]:
    return {
        "first": Tensors({"a": torch.zeros(2), "b/c": torch.zeros(3, dtype=torch.bool)}),
        "second": Tensors({"a": torch.ones(1, requires_grad=True)}),
    }


def some() -> State:
    """Return a state of such parts."""
    return {
        "first/a": torch.tensor([1.0, 2.0]),
        "first/b/c": torch.tensor([True, False, True]),
        "second/a": torch.tensor([3.0]),
    }


def test_parts_have_the_state_that_they_took() -> None:
    taking = parts()
    take_parts(taking, {**some(), "epoch": number(3)}, besides=["epoch"])
    found = state_of(taking)
    assert sorted(found) == sorted(some())
    assert all(torch.equal(found[name], tensor) for name, tensor in some().items())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"third/a": torch.zeros(1)}, "`third/a` is not of this work"),
        ({"first": torch.zeros(1)}, "`first` is not of this work"),
        ({"first/d": torch.zeros(1)}, "first: `d` is not of this work"),
        ({"second/a": torch.zeros(2)}, "second: `a` is float32 (2,), needs float32 (1,)"),
        ({"first/b/c": torch.zeros(3)}, "first: `b/c` is float32 (3,), needs bool (3,)"),
    ],
)
def test_what_is_of_other_work_is_named_with_its_part(changed: State, reason: str) -> None:
    with pytest.raises(StateError) as raised:
        take_parts(parts(), {**some(), **changed})
    assert str(raised.value) == reason


def test_a_part_of_which_there_is_nothing_is_missing() -> None:
    state = {name: tensor for name, tensor in some().items() if name != "second/a"}
    with pytest.raises(StateError, match=r"^second: `a` is missing$"):
        take_parts(parts(), state)


def test_a_state_is_written_into_the_tensors_that_others_hold() -> None:
    weight = torch.zeros(2, requires_grad=True)
    given = torch.tensor([1.0, 2.0])
    Tensors({"weight": weight}).take({"weight": given})
    given.zero_()
    assert weight.tolist() == [1.0, 2.0]
    assert weight.requires_grad


def test_of_a_state_that_does_not_fit_nothing_is_written() -> None:
    first, second = torch.zeros(1), torch.zeros(1)
    with pytest.raises(StateError):
        Tensors({"a": first, "b": second}).take({"a": torch.ones(1), "b": torch.ones(2)})
    assert first == second == 0


@pytest.mark.parametrize("value", [0, 2**53 + 1, -1, True, 0.1, 1e-320, math.inf])
def test_a_number_comes_back_exactly(value: float) -> None:
    found = number(value)
    assert found.item() == value
    assert taken({"value": found}, "value", number(value)).item() == value


def test_a_copy_stays_as_it_was_and_lies_in_order() -> None:
    image = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)
    before = image.clone()
    kept = copied({"image": image, "number": torch.tensor(3)})
    image.zero_()
    assert torch.equal(kept["image"], before)
    assert kept["image"].is_contiguous()
    assert int(kept["number"]) == 3


def test_generators_go_on_with_the_next_numbers() -> None:
    first, second = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    state = copied(Generators({"first": first, "second": second}).state())
    drawn = [torch.rand(3, generator=generator) for generator in (first, second)]
    others = torch.Generator(), torch.Generator()
    Generators(dict(zip(("first", "second"), others, strict=True))).take(state)
    for expected, generator in zip(drawn, others, strict=True):
        assert torch.equal(torch.rand(3, generator=generator), expected)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({}, "`order` is missing"),
        ({"order": torch.zeros(5056)}, "`order` is not of a generator on this device"),
        ({"order": torch.zeros(16, dtype=torch.uint8)}, "`order` is not of a generator"),
        ({"masks": torch.zeros(3)}, "`masks` is not of this work"),
    ],
)
def test_generators_refuse_what_is_no_state_of_theirs(
    state: dict[str, torch.Tensor], why: str
) -> None:
    with pytest.raises(StateError, match=why):
        Generators({"order": torch.Generator()}).take(state)


def test_a_hash_tells_bits_shapes_types_and_names_apart() -> None:
    some = torch.arange(6.0)
    other = some.clone()
    other[0] = -0.0
    different = [
        ("a", some), ("b", some), ("a", other), ("a", some.view(2, 3)), ("a", some.double()),
        ("a", some[:1]), ("a", some[:0]), ("a", some[::2]),
    ]  # fmt: skip
    assert len({hash_of([one]) for one in different}) == len(different)


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 0)])
def test_a_hash_takes_any_strides(shape: tuple[int, ...]) -> None:
    strided = torch.zeros(4, dtype=torch.int64).as_strided(shape, (0,) * len(shape))
    assert hash_of([("", strided)]) == hash_of([("", torch.zeros(shape, dtype=torch.int64))])
    expanded = torch.tensor(2.0).expand(3)
    assert hash_of([("", expanded)]) == hash_of([("", torch.full((3,), 2.0))])
