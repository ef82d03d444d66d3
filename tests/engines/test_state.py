"""Methods that keep more than alpha go on from a state as if they had never stopped."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.sampled_engine import SampledEngine
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Sgd
from tests.engines.small import TEXTS, space, supernet_of
from tests.engines.test_contract import FEW, batches, some

EPOCHS, STEPS = 4, 2
METHODS = [method for method, engine in ENGINES.items() if issubclass(engine, SampledEngine)]


def start(method: str, name: str) -> tuple[Supernet, torch.Generator, SampledEngine]:
    supernet = supernet_of(space(TEXTS[name]), 0, torch.float32)
    generator = torch.Generator().manual_seed(1)
    given: dict[str, Any] = {**FEW.get(method, {}), "weights": Sgd(momentum=0.0)}
    engine = make_engine(supernet, SEARCH[method](epochs=EPOCHS, **given), generator)
    assert isinstance(engine, SampledEngine)
    return supernet, generator, engine


def run(engine: SampledEngine, name: str, epochs: range) -> None:
    for epoch in epochs:
        engine.start_epoch(epoch)
        for step in range(STEPS):
            engine.step(*batches(name, STEPS * epoch + step))
        engine.end_epoch(some(name, 70 + 9 * epoch + number) for number in count())


@pytest.mark.parametrize("name", ["uneven", "recurrent"])
@pytest.mark.parametrize("method", METHODS)
def test_a_search_goes_on_from_a_state_bit_for_bit(method: str, name: str) -> None:
    whole, _, uninterrupted = start(method, name)
    run(uninterrupted, name, range(EPOCHS))

    first, generator, engine = start(method, name)
    run(engine, name, range(2))
    state = engine.state()
    second, other, resumed = start(method, name)
    second.network.load_state_dict(first.network.state_dict())
    resumed.take({key: value.clone() for key, value in state.items()})
    other.set_state(generator.get_state())
    run(engine, name, range(2, 3))  # what was stored does not change with what it was taken of
    run(resumed, name, range(2, EPOCHS))

    weights = whole.network.state_dict()
    for key, value in second.network.state_dict().items():
        assert torch.equal(value, weights[key])
    found = resumed.state()
    for key, value in uninterrupted.state().items():
        assert torch.equal(found[key], value), key
    assert resumed.scores() == uninterrupted.scores()
