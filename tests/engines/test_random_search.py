from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.random_search import RandomSearch
from dslnas.settings.sampled_methods import RandomSearchSettings
from dslnas.settings.values import Cosine, Sgd
from dslnas.space.derive.derive import Scores
from tests.engines.small import RECURRENT, batch, segment, space, supernet_of
from tests.engines.twin import Twin

EACH, SAMPLES = 2, 3


def engine_of(twin: Twin) -> RandomSearch:
    settings = RandomSearchSettings(
        epochs=EACH * SAMPLES, each=EACH, weights=Sgd(lr=Cosine(start=0.1, end=0.01))
    )
    return RandomSearch(twin.supernet, settings, twin.generator)


def run(twin: Twin) -> tuple[RandomSearch, list[tuple[float, Scores]]]:
    """Search; return what every architecture lost on the architecture data in its last epoch."""
    engine = engine_of(twin)
    found: list[tuple[float, Scores]] = []
    for epoch in range(EACH * SAMPLES):
        engine.start_epoch(epoch)
        report = engine.step(batch(epoch), batch(50))
        is_last = epoch % EACH == EACH - 1
        assert (report.architecture is not None) == is_last
        if report.architecture is not None:
            chosen = engine.mixing().chosen
            assert chosen is not None
            weights = {
                cell: [[float(c == column) for c in range(table.width)] for column in chosen[cell]]
                for cell, table in twin.supernet.tables.items()
            }
            found.append((float(report.architecture), weights))
    return engine, found


def test_the_architecture_with_the_lowest_loss_is_found() -> None:
    engine, found = run(Twin("darts"))
    assert len(found) == SAMPLES
    assert len({repr(scores) for _, scores in found}) == SAMPLES
    assert engine.finish([], lambda *_: None) == min(found, key=lambda pair: pair[0])[1]


def test_every_architecture_begins_with_the_same_weights_and_rate() -> None:
    twin = Twin("uneven")
    first = [w.detach().clone() for w in twin.supernet.weights()]
    statistics = {k: v.clone() for k, v in twin.supernet.network.named_buffers()}
    engine = engine_of(twin)
    engine.start_epoch(0)
    for number in range(3):
        engine.step(batch(number), batch(9))
    engine.start_epoch(EACH)
    assert all(torch.equal(a, b) for a, b in zip(twin.supernet.weights(), first, strict=True))
    buffers = dict(twin.supernet.network.named_buffers())
    assert all(torch.equal(buffers[name], value) for name, value in statistics.items())


def test_measuring_moves_neither_weights_nor_statistics() -> None:
    states = []
    for held_out in (5, 6):
        twin = Twin("darts")
        engine = engine_of(twin)
        for epoch in range(EACH):
            engine.start_epoch(epoch)
            engine.step(batch(epoch), batch(held_out))
        states.append(list(twin.supernet.network.state_dict().values()))
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def test_every_architecture_reads_a_text_from_the_start() -> None:
    """The memory of another architecture means nothing to it, in both streams."""
    supernet = supernet_of(space(RECURRENT, "random_search"))
    seen: list[tuple[bool, bool]] = []
    loss = supernet.loss

    def watch(batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        seen.append((regularised, batch.start is None))
        return loss(batch, mixing, regularised=regularised)

    supernet.loss = watch  # type: ignore[method-assign]
    settings = RandomSearchSettings(epochs=4, each=2, weights=Sgd(lr=0.1))
    engine = RandomSearch(supernet, settings, torch.Generator().manual_seed(0))
    train, held_out = segment(1), segment(2)
    for epoch in range(4):
        engine.start_epoch(epoch)
        for _ in range(2):
            engine.step(train, held_out)
            train, held_out = (replace(b, start=b.end, end=None) for b in (train, held_out))
    anew = [[is_new for trains, is_new in seen if trains == of] for of in (True, False)]
    assert anew == [[True, False, False, False] * 2, [True, False] * 2]
