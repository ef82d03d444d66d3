from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import is_connected
from dslnas.engines.nasp import Nasp
from dslnas.engines.optimisers import value_at
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.settings.values import Adam, Sgd
from dslnas.space.choice_table import tie_breaks
from dslnas.space.derive.derive import derive
from tests.engines.by_hand import HandAdam, HandSgd, columns, proximal
from tests.engines.small import CPU, batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same
from tests.spaces import space_of

FAST = Adam(lr=0.3, weight_decay=0.0)  # so that other operations are chosen at every step


def start(name: str, sgd: Sgd = UNCLIPPED, adam: Adam = FAST) -> tuple[Twin, Nasp]:
    twin = Twin(name)
    settings = NaspSettings(epochs=EPOCHS, weights=sgd, arch=adam)
    return twin, Nasp(twin.supernet, settings, twin.generator)


def discrete(twin: Twin, continuous: list[Tensor]) -> dict[str, Tensor]:
    """Return prox_C1 of every cell's A."""
    tables = twin.supernet.tables
    seed = twin.generator.initial_seed()
    return {
        cell: proximal(
            a, table.candidates, table.nodes, table.keep, tie_breaks(seed, cell, table.rows)
        )
        for (cell, table), a in zip(tables.items(), continuous, strict=True)
    }


@pytest.mark.parametrize(
    ("name", "sgd", "adam", "changes"),
    [
        ("nasp", CLIPPED, ADAM, True),
        ("darts", UNCLIPPED, FAST, True),
        ("uneven", UNCLIPPED, FAST, True),
        ("last", UNCLIPPED, FAST, False),
        ("skipped", UNCLIPPED, ADAM, False),
    ],
)
@pytest.mark.sample(3)
def test_a_step_is_the_three_lines_of_the_algorithm(
    name: str, sgd: Sgd, adam: Adam, changes: bool
) -> None:
    ours, engine = start(name, sgd, adam)
    hand = Twin(name)
    continuous = [torch.full_like(a, 0.5) for a in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(sgd), HandAdam(adam)
    seen = set()
    for number in range(5):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        # 1: all operations run, weighed by 0 and 1
        weights = {cell: a.requires_grad_() for cell, a in discrete(hand, continuous).items()}
        architecture_loss = hand.supernet.loss(architecture, Mixing(weights))
        # 2: the gradient is taken at the discrete point, the step at the continuous one
        gradients = torch.autograd.grad(
            architecture_loss, list(weights.values()), materialize_grads=True
        )
        rate = value_at(adam.lr, epoch, EPOCHS)
        continuous = [a.clamp(0, 1) for a in on_alpha.step(continuous, gradients, rate)]
        # 3: the weights of what is chosen now
        choice = columns(discrete(hand, continuous))
        train_loss = hand.supernet.loss(train, Mixing(None, choice))
        hand.descend(on_weights, train_loss, value_at(sgd.lr, epoch, EPOCHS))

        assert_same([found.train], [train_loss.detach()])
        assert found.architecture is not None
        assert_same([found.architecture], [architecture_loss.detach()])
        assert_same(alphas_of(engine), continuous)
        assert_same(ours.weights(), hand.weights())
        assert engine.mixing() == Mixing(None, choice)
        seen.add(tuple(choice.values()))
    assert len(seen) > 1 or not changes, "a step that chooses nothing else shows little"


def test_starts_from_one_half_with_random_operations() -> None:
    _, engine = start("nasp")
    assert all(bool((a == 0.5).all()) for a in alphas_of(engine))
    choice = engine.mixing().chosen
    assert choice is not None
    operations = [column for columns in choice.values() for column in columns if column >= 0]
    assert len(set(operations)) > 1


@pytest.mark.parametrize("first", ["none", "skip_connect"])
def test_never_starts_from_a_dead_network_whatever_comes_first(first: str) -> None:
    menu = ", ".join(sorted(("none", "skip_connect", "zero"), key=lambda name: name != first))
    searched = space_of(
        "use papers.nas_bench_201\nnetwork { channels 2; repeat 1 }\n"
        f"cell cell201 {{ choose {menu} }}",
        (3, 8, 8),
    )
    graph = build_supernet_graph(searched)
    starts = set()
    images = Batch({"image": torch.randn(2, 3, 8, 8)}, torch.tensor([0, 1]))
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        supernet = Supernet(searched, graph, generator, Runtime(CPU))
        engine = Nasp(supernet, NaspSettings(epochs=1), generator)
        choice = engine.mixing().chosen
        assert choice is not None
        assert is_connected(supernet.tables["cell201"], choice["cell201"])
        cell = derive(searched, engine.scores(), seed=seed).cells["cell201"]
        menus = [
            [operation.text for operation in e.operations] for e in searched.cells["cell201"].edges
        ]
        assert [e.operations[0].text for e in cell.edges] == [
            menu[column] for menu, column in zip(menus, choice["cell201"], strict=True)
        ]
        starts.add(choice["cell201"])
        logits = supernet.logits(images, engine.mixing())
        assert not torch.allclose(logits[0], logits[1])
    assert len(starts) > 10


def test_alphas_stay_between_zero_and_one() -> None:
    _, engine = start("nasp", adam=Adam(lr=0.7, weight_decay=0.0))
    for number in range(6):
        engine.step(batch(number), batch(50 + number))
        assert all(bool(((a >= 0) & (a <= 1)).all()) for a in alphas_of(engine))
    ends = torch.cat([a.flatten() for a in alphas_of(engine)])
    assert (ends == 0).any()
    assert (ends == 1).any()


def test_weights_of_operations_that_are_not_chosen_do_not_move() -> None:
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


def test_a_cell_that_the_choice_cuts_off_has_gradient_zero() -> None:
    """With one edge per node all of them may read the cell before the last one."""
    twin, engine = start("nasp")
    with torch.no_grad():
        for cell, alpha in engine.alphas().items():
            alpha.zero_()
            for rows in twin.supernet.tables[cell].nodes:
                alpha[rows[0]] = 0.5  # the edge from in1
    report = engine.step(batch(0), batch(1))
    assert report.train.isfinite()
    reduction = engine.alphas()["reduction"]  # between two normal cells
    edges = [rows[0] for rows in twin.supernet.tables["reduction"].nodes]
    assert bool((reduction[edges] == 0.5).all())
    assert int((reduction != 0).any(1).sum()) == len(edges)
