from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch.nn import functional as F

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines import sampled_engine
from dslnas.engines.discretise import uniform
from dslnas.engines.random_sampling import RandomSampling
from dslnas.graph.analysis.plan import Choice, make_plan
from dslnas.settings.sampled_methods import RandomSettings
from dslnas.settings.values import Sgd
from dslnas.space.derive.derive import derive
from tests.engines.by_hand import HandSgd
from tests.engines.small import SPACES, batch, space
from tests.engines.twin import CLIPPED, UNCLIPPED, Twin, alphas_of, assert_same


def start(name: str, samples: int = 5, sgd: Sgd = UNCLIPPED) -> tuple[Twin, RandomSampling]:
    twin = Twin(name)
    settings = RandomSettings(epochs=3, weights=sgd, samples=samples)
    return twin, RandomSampling(twin.supernet, settings, twin.generator)


def draw(twin: Twin) -> Choice:
    """Draw the next architecture as the engine of an equal twin does."""
    tables = twin.supernet.tables
    return {cell: uniform(table, twin.generator) for cell, table in tables.items()}


def test_every_step_trains_a_new_architecture_by_the_formula() -> None:
    ours, engine = start("uneven", sgd=CLIPPED.replace(lr=0.2))
    hand, sgd = Twin("uneven"), HandSgd(CLIPPED)
    draw(hand)  # the one that the engine starts with
    seen = set()
    for number in range(4):
        report = engine.step(batch(number), batch(50 + number))
        choice = draw(hand)
        loss = hand.supernet.loss(batch(number), Mixing(None, choice))
        hand.descend(sgd, loss, 0.2)
        assert report.architecture is None
        assert engine.mixing() == Mixing(None, choice)
        assert_same([report.train], [loss.detach()])
        assert_same(ours.weights(), hand.weights())
        seen.add(tuple(choice.values()))
    assert len(seen) > 1


def test_weights_of_operations_that_are_not_drawn_do_not_move() -> None:
    twin, engine = start("nasp")
    network = twin.supernet.network
    for number in range(3):
        before = {k: v.detach().clone() for k, v in network.named_parameters()}
        engine.step(batch(number), batch(50 + number))
        steps = make_plan(network.graph, network.graph.outputs, engine.mixing().chosen)
        trained = {f"{s.node.name}/{w.name}" for s in steps for w in s.node.weights if w.trained}
        moved = {k for k, v in network.named_parameters() if not torch.equal(v, before[k])}
        assert moved == trained
        assert len(moved) < len(before)


def test_the_architecture_data_train_nothing() -> None:
    states = []
    for seed in (1, 2):
        twin, engine = start("darts")
        engine.step(batch(0), batch(seed))
        states.append(twin.supernet.network.state_dict().values())
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def losses_of(twin: Twin, choice: Choice, held_out: Sequence[Batch]) -> list[float]:
    """Return the loss of an architecture on every batch."""
    with torch.no_grad():
        logits = [twin.supernet.logits(b, Mixing(None, choice)) for b in held_out]
    return [float(F.cross_entropy(z, b.targets)) for z, b in zip(logits, held_out, strict=True)]


def test_the_best_on_one_batch_are_compared_on_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampled_engine, "FINALISTS", 3)
    held_out = [batch(seed) for seed in (80, 81, 82)]
    _, engine = start("uneven", samples=12)
    done: list[tuple[int, int]] = []
    engine.finish(held_out, lambda number, all_: done.append((number, all_)))
    assert done == [(number, 15) for number in range(1, 16)]
    hand = Twin("uneven")
    draw(hand)
    draws = [draw(hand) for _ in range(12)]
    losses = [losses_of(hand, choice, held_out) for choice in draws]
    on_the_first, on_all = [x[0] for x in losses], [sum(x) for x in losses]
    finalists = sorted(range(12), key=on_the_first.__getitem__)[:3]
    best = min(finalists, key=on_all.__getitem__)
    assert best != finalists[0], "the best on the first batch is not that on all"
    assert on_all[best] != min(on_all), "nor does the best on all come into the final"
    assert engine.mixing() == Mixing(None, draws[best])


def test_the_best_of_the_drawn_architectures_is_the_result() -> None:
    """The loss of a sample is the mean over all examples, also where batches differ in size."""
    ours, engine = start("uneven", samples=12)
    hand = Twin("uneven")
    held_out = [batch(63, size=6), batch(163, size=2)]
    scores = engine.finish(held_out, lambda *_: None)
    draw(hand)
    draws = [draw(hand) for _ in range(12)]
    losses, of_batches = [], []
    for choice in draws:
        large, small = losses_of(hand, choice, held_out)
        losses.append((6 * large + 2 * small) / 8)
        of_batches.append((large + small) / 2)
    best = draws[losses.index(min(losses))]
    assert best != draws[of_batches.index(min(of_batches))]
    assert engine.mixing() == Mixing(None, best)
    for cell, columns in best.items():
        found = [row.index(1.0) if 1.0 in row else -1 for row in scores[cell]]
        assert tuple(found) == columns
        assert sum(map(sum, scores[cell])) == sum(column >= 0 for column in columns)
    assert [a.tolist() for a in alphas_of(engine)] == [scores[cell] for cell in engine.alphas()]
    assert_same(ours.weights(), Twin("uneven").weights())  # comparing trains nothing
    architecture = derive(space(SPACES["uneven"]), scores)
    assert len(architecture.cells["wide"].edges) == 3  # one per node, and the fixed one
