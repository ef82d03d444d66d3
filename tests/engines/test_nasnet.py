"""A controller whose children train alone, as NASNet's search has it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from dslnas.engines.enas import EnasAlone
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.settings.sampled_methods import EnasSettings
from dslnas.settings.search_parts import Proximal
from dslnas.settings.values import Adam
from tests.engines.planted import BATCH, Planted

SAMPLES = 5


@dataclass
class Search:
    """A search at work, and the architectures that it has trained."""

    planted: Planted
    engine: EnasAlone
    seen: list[Choice]

    def train(self, epochs: range) -> None:
        for epoch in epochs:
            self.engine.start_epoch(epoch)
            chosen = self.engine.mixing().chosen
            assert chosen is not None
            self.seen.append(chosen)
            self.engine.step(BATCH, BATCH)


def begin(trained: int, name: str = "nasp") -> Search:
    settings = EnasSettings(
        epochs=trained,
        children="alone",
        each=1,
        units=16,
        samples=SAMPLES,
        reward=100.0,
        decay=0.9,
        tanh=8.0,
        arch=Adam(lr=0.02, betas=(0.9, 0.999), weight_decay=0.0),
        update=Proximal(passes=3),
    )
    planted = Planted(name)
    return Search(planted, EnasAlone(planted, settings, torch.Generator().manual_seed(0)), [])


def controller_of(engine: EnasAlone) -> dict[str, torch.Tensor]:
    state = engine.state().items()
    return {name: value.clone() for name, value in state if name.startswith("controller/")}


def test_the_controller_learns_when_enough_children_are_trained() -> None:
    search = begin(3 * SAMPLES)
    search.train(range(SAMPLES))
    before = controller_of(search.engine)
    search.train(range(SAMPLES, SAMPLES + 1))  # the last of the first is judged as the next begins
    after = controller_of(search.engine)
    assert any(not torch.equal(value, before[name]) for name, value in after.items())
    search.train(range(SAMPLES + 1, 2 * SAMPLES))
    assert all(torch.equal(v, after[n]) for n, v in controller_of(search.engine).items())


@pytest.mark.sample(0)
def test_children_get_better() -> None:
    search = begin(300, "recurrent")
    search.train(range(300))
    wrong = [search.planted.wrong(choice) for choice in search.seen]
    assert sum(wrong[-50:]) < 0.7 * sum(wrong[:50])
    scores = search.engine.finish([], lambda *_: None)
    best = min(search.seen, key=search.planted.wrong)
    for cell, columns in best.items():
        found = [row.index(1.0) if any(row) else DROPPED for row in scores[cell]]
        assert found == list(columns)
