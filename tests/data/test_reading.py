"""A reading is stored between any two batches, and another one goes on with it to the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor

from dslnas.data.batches import Batch, Part, Reading, forever
from dslnas.data.stream import StreamPart
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.values import Augmentation, Crop, Cutout, Flip, ResizedCrop
from dslnas.state import State, StateError, joined, number

SEEDS = st.integers(0, 2**40)
CHANGES: tuple[Augmentation, ...] = (ResizedCrop(), Crop(pad=1), Flip(), Cutout(size=1))
PASSES = 3


def rows(count: int) -> TensorPart:
    images = torch.arange(count * 12.0).reshape(count, 1, 3, 4)
    return TensorPart({"image": images}, targets=torch.arange(count) % 3)


def stream(count: int, steps: int = 6) -> StreamPart:
    return StreamPart(torch.arange(count) * 7 % 11, steps)


PARTS = st.one_of(
    st.builds(rows, st.integers(2, 40)),
    st.builds(stream, st.integers(4, 250), st.integers(2, 12)),
)


@dataclass(frozen=True)
class Arguments:
    """Arguments that a reading is made with, but for the generator."""

    part: Part
    size: int
    vary: bool
    is_endless: bool

    def read(self, generator: Generator) -> Reading:
        if self.is_endless:
            return forever(self.part, self.size, generator, CHANGES)
        return self.part.batches(self.size, generator, CHANGES, vary=self.vary)


ARGUMENTS = st.builds(Arguments, PARTS, st.integers(2, 12), st.booleans(), st.booleans())


def run_on(batch: Batch, drawn: Generator) -> None:
    """Do what networks may do to a batch: carry states to its end, or forget those of its start."""
    dice = int(torch.randint(4, (), generator=drawn))
    if dice == 0:
        batch.start = None
    elif dice > 1:
        columns = batch.targets.shape[batch.axis]
        batch.end = tuple(torch.randn(columns, 2, generator=drawn) for _ in range(2))


def copied(state: Mapping[str, Tensor]) -> State:
    return {name: tensor.clone() for name, tensor in state.items()}


def flat(batch: Batch) -> State:
    """Return all of a batch by name, as it was when it was read."""
    start = {str(index): tensor for index, tensor in enumerate(batch.start or ())}
    return copied({**joined({"inputs": batch.inputs, "start": start}), "targets": batch.targets})


def equal(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@dataclass(frozen=True)
class Stored:
    """A reading with its generators between two batches."""

    reading: State
    order: Tensor
    runs: Tensor


def read_all(
    reading: Reading, generator: Generator, runs: Generator, most: int
) -> tuple[list[State], list[Stored]]:
    """Read at most so many batches; return them, and all that is stored around them."""
    batches: list[State] = []

    def store() -> Stored:
        return Stored(copied(reading.state()), generator.get_state(), runs.get_state())

    places = [store()]
    while len(batches) < most:
        batch = next(reading, None)
        if batch is None:
            break
        batches.append(flat(batch))
        run_on(batch, runs)
        places.append(store())
    return batches, places


@given(ARGUMENTS, SEEDS)
def test_it_goes_on_from_any_place_bit_for_bit(made: Arguments, seed: int) -> None:
    most = PASSES * made.part.batch_count(made.size) + 1 if made.is_endless else 1_000
    generator, runs = Generator().manual_seed(seed), Generator().manual_seed(seed)
    whole, places = read_all(made.read(generator), generator, runs, most)
    assert len(places) == len(whole) + 1
    for place, stored in enumerate(places):
        generator, runs = Generator(), Generator()
        reading = made.read(generator)
        reading.take(stored.reading)
        generator.set_state(stored.order)
        runs.set_state(stored.runs)
        rest, again = read_all(reading, generator, runs, most - place)
        assert len(rest) == len(whole) - place
        assert all(equal(*pair) for pair in zip(whole[place:], rest, strict=True))
        assert equal(again[0].reading, stored.reading)
        assert torch.equal(again[-1].order, places[-1].order)


def test_taking_a_state_draws_nothing() -> None:
    for part in (rows(20), stream(200)):
        state = after(part, 4, 2)
        generator = Generator().manual_seed(5)
        before = generator.get_state()
        part.batches(4, generator, vary=True).take(state)
        assert torch.equal(generator.get_state(), before)


def after(part: Part, size: int, count: int) -> State:
    """Return the state after some batches; networks end those of streams with two states."""
    reading = part.batches(size, Generator().manual_seed(0))
    for _ in range(count):
        next(reading).end = (torch.ones(size, 2), torch.ones(size, 3))
    return reading.state()


@pytest.mark.parametrize(
    ("of", "state", "why"),
    [
        (rows(20), {}, "`read` is missing"),
        (rows(20), after(rows(20), 5, 2), "it has read 2 batches of 5, needs 5 of 4 at most"),
        (rows(20), after(rows(40), 4, 9), "it has read 9 batches of 4, needs 5 of 4 at most"),
        (rows(20), after(rows(40), 4, 2), r"`order` is int64 \(40,\), needs int64 \(20,\)"),
        (rows(20), after(stream(200), 4, 2), "`read` is missing"),
        (rows(20), after(rows(20), 4, 0) | {"read": number(1)}, "`order` is missing"),
        (rows(20), after(rows(20), 4, 1) | {"read": number(0)}, "`order` is not of this work"),
        (stream(200), after(rows(20), 4, 2), "`place` is missing"),
        (stream(200), after(stream(240), 4, 2), "it reads 4 columns of 59 tokens and is at 12, "),
        (stream(200), after(stream(200), 5, 2), "needs 4 columns of 49 tokens"),
        (stream(200), after(stream(200), 4, 1) | {"place": number(50)}, "is at 50, needs"),
        (stream(200), after(stream(200), 4, 1) | {"order": number(0)}, "`order` is not of this"),
        (
            stream(200),
            {k: v for k, v in after(stream(200), 4, 1).items() if k != "states/0"},
            "`states/1` is not of this work",
        ),
    ],
)
def test_a_state_of_another_reading_is_refused(of: Part, state: State, why: str) -> None:
    for reading in (of.batches(4, Generator()), forever(of, 4, Generator())):
        with pytest.raises(StateError, match=why):
            reading.take(state)
