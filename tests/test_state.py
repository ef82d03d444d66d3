"""States of work that is made of parts."""

from __future__ import annotations

import math

import pytest
import torch

from dslnas.state import State, StateError, Tensors, number, state_of, take_parts, taken


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
