from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.darts import Darts
from dslnas.engines.optimisers import value_at
from dslnas.engines.relaxations.edge_normalised import EdgeNormalised
from dslnas.graph.graph import edges_of
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.gradient_methods import PcDartsSettings
from dslnas.settings.values import Adam, Sgd
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.engines.by_hand import HandAdam, HandSgd, softmax
from tests.engines.small import CLASSES, CPU, SHAPE, SPACES, batch, space, supernet_of
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same
from tests.spaces import space_of

# n1 is at stride 2; n2 has a fixed edge beside its choosing ones. One node's edges differ in width.
TINY = """use std.cnn
op bare_pool = max_pool2d(3)
cell one {
    inputs  1
    stride  2
    node n1 = {conv(3), bare_pool}(in1) + {conv(1), conv(3), bare_pool}(in1)
    node n2 = {identity, conv(3)}(n1) + tanh(n1)
    output  concat
}
network { channels 4; cells one; stem conv(3, out = C); head global_avg_pool -> linear(classes) }
evaluate { channels 4 }
"""


def tiny(shape: tuple[int, int, int] = SHAPE) -> SearchSpace:
    return space_of(TINY, shape, ("search=pc_darts", "search.partial=2"), classes=CLASSES)


def start(name: str, seed: int = 0) -> tuple[Supernet, EdgeNormalised]:
    """Return a supernet and a relaxation of it that is far from uniform."""
    supernet = supernet_of(space(SPACES[name], "pc_darts"))
    relaxation = EdgeNormalised(supernet, torch.Generator().manual_seed(seed))
    spread(relaxation)
    return supernet, relaxation


def spread(relaxation: EdgeNormalised) -> None:
    generator = torch.Generator().manual_seed(7)
    for alpha in relaxation.alphas.values():
        alpha.data = torch.randn(alpha.shape, generator=generator, dtype=alpha.dtype)


# ---- the forward pass by hand -------------------------------------------------------------------


class Hand:
    """The network of TINY written with torch alone; every line is one of the paper's sentences."""

    def __init__(self, supernet: Supernet) -> None:
        self.weights = {k: v.detach() for k, v in supernet.network.state_dict().items()}

    def conv(self, x: Tensor, path: str, size: int, stride: int = 1) -> Tensor:
        return F.conv2d(x, self.weights[f"{path}/0_conv/weight"], None, stride, size // 2)

    def past(self, x: Tensor, stride: int) -> Tensor:
        if stride == 1:
            return x
        odd = x.shape[-1] % 2
        return F.max_pool2d(F.pad(x, (odd, 0, odd, 0), value=-torch.inf), 2)

    def edge(self, x: Tensor, mixed: Tensor, stride: int) -> Tensor:
        """Join the mixture of the first two channels with the other two, in turn."""
        a, b = mixed.unbind(1)
        c, d = self.past(x[:, 2:], stride).unbind(1)
        return torch.stack([a, c, b, d], dim=1)

    def logits(self, images: Tensor, p: list[Tensor], q: list[Tensor]) -> Tensor:
        """Return the logits for weights p of operations, by edge, and q of edges, by node."""
        x = self.conv(images, "stem", 3)
        half = x[:, :2]
        first = p[0][0] * self.conv(half, "cell0/n1_in1/conv_3", 3, 2)
        first = first + p[0][1] * F.max_pool2d(half, 3, 2, 1)
        second = p[1][0] * self.conv(half, "cell0/n1_in1_2/conv_1", 1, 2)
        second = second + p[1][1] * self.conv(half, "cell0/n1_in1_2/conv_3", 3, 2)
        second = second + p[1][2] * F.max_pool2d(half, 3, 2, 1)
        n1 = q[0][0] * self.edge(x, first, 2) + q[0][1] * self.edge(x, second, 2)
        half = n1[:, :2]
        third = p[2][0] * half + p[2][1] * self.conv(half, "cell0/n2_n1/conv_3", 3)
        n2 = q[1][0] * self.edge(n1, third, 1) + torch.tanh(n1)
        features = torch.cat([n1, n2], 1).mean((2, 3))
        head = "head/1_linear"
        return F.linear(features, self.weights[f"{head}/weight"], self.weights[f"{head}/bias"])


@pytest.mark.parametrize("size", [6, 7])
def test_loss_and_gradients_are_those_of_the_network_by_hand(size: int) -> None:
    searched = tiny((2, size, size))
    graph = build_supernet_graph(searched)
    supernet = Supernet(
        searched, graph, torch.Generator().manual_seed(0), Runtime(CPU, precision="float64")
    )
    relaxation = EdgeNormalised(supernet, torch.Generator().manual_seed(0))
    assert {k: tuple(a.shape) for k, a in relaxation.alphas.items()} == graph.alphas
    assert graph.alphas == {"one": (3, 3), "one.edges": (2, 2)}
    spread(relaxation)
    generator = torch.Generator().manual_seed(1)
    images = torch.randn((5, 2, size, size), generator=generator, dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 1, 0])

    alpha, beta = (a.detach() for a in relaxation.alphas.values())
    lengths, nodes = (2, 3, 2), (2, 1)
    p = [
        (row[:n].exp() / row[:n].exp().sum()).requires_grad_()
        for row, n in zip(alpha, lengths, strict=True)
    ]
    q = [
        (row[:n].exp() / row[:n].exp().sum()).requires_grad_()
        for row, n in zip(beta, nodes, strict=True)
    ]
    expected = F.cross_entropy(Hand(supernet).logits(images, p, q), labels)
    loss = relaxation.loss(Batch({"image": images}, labels))
    assert_same([loss.detach()], [expected.detach()])

    # dL/dalpha_k = p_k * (dL/dp_k - sum_o p_o * dL/dp_o), and the same for beta
    found = relaxation.gradients(loss)
    slopes = torch.autograd.grad(expected, [*p, *q])
    for matrix, weights, of in ((found[0], p, slopes[:3]), (found[1], q, slopes[3:])):
        for row, w, g in zip(matrix, weights, of, strict=True):
            by_hand = (w * (g - (w * g).sum())).detach()
            assert_same([row[: len(w)]], [by_hand])
            assert not row[len(w) :].any()


# ---- the relaxation -----------------------------------------------------------------------------


def test_alpha_and_beta_start_small_and_random() -> None:
    supernet = supernet_of(space(SPACES["darts"], "pc_darts"))
    relaxation = EdgeNormalised(supernet, torch.Generator().manual_seed(0))
    assert list(relaxation.alphas) == ["normal", "reduction", "normal.edges", "reduction.edges"]
    for alpha in relaxation.alphas.values():
        assert alpha.requires_grad
        assert 0 < float(alpha.detach().abs().max()) < 5e-3
    other = EdgeNormalised(supernet, torch.Generator().manual_seed(1))
    for name, alpha in relaxation.alphas.items():
        assert not torch.equal(alpha, other.alphas[name])


@pytest.mark.parametrize("name", sorted(SPACES))
def test_weights_of_edges_are_a_softmax_over_the_choosing_edges_of_the_node(name: str) -> None:
    supernet, relaxation = start(name)
    weights = relaxation.weights()
    for cell, table in supernet.tables.items():
        lengths = [len(rows) for rows in table.nodes if rows]
        beta = weights[edges_of(cell)]
        assert_same([beta], [softmax(relaxation.alphas[edges_of(cell)].detach(), lengths)])
        torch.testing.assert_close(beta.sum(1), torch.ones(len(lengths)).double())


def test_entries_that_do_not_exist_change_nothing() -> None:
    supernet, relaxation = start("uneven")
    loss = relaxation.loss(batch(0))
    for cell in supernet.tables:
        relaxation.alphas[cell].data[~supernet.exists(cell)] = 1e6
        relaxation.alphas[edges_of(cell)].data[~supernet.edges_exist(cell)] = 1e6
    assert torch.equal(loss, relaxation.loss(batch(0)))


@pytest.mark.parametrize("name", sorted(SPACES))
def test_scores_are_the_weight_of_the_operation_times_that_of_its_edge(name: str) -> None:
    supernet, relaxation = start(name)
    weights, scores = relaxation.weights(), relaxation.scores()
    assert list(scores) == list(supernet.tables)
    for cell, table in supernet.tables.items():
        p, q = weights[cell].tolist(), weights[edges_of(cell)].tolist()
        summing = [rows for rows in table.nodes if rows]
        for node, rows in enumerate(summing):
            for place, row in enumerate(rows):
                expected = [x * q[node][place] for x in p[row]]
                assert scores[cell][row] == pytest.approx(expected, rel=1e-12)


def test_beta_decides_between_edges_as_far_as_alpha_lets_it() -> None:
    searched = space(SPACES["last"], "pc_darts")
    relaxation = EdgeNormalised(supernet_of(searched), torch.Generator().manual_seed(0))
    alpha, beta = (relaxation.alphas[name].data for name in ("cell201", "cell201.edges"))
    alpha.zero_()
    beta.zero_()
    # 1 of 5 operations ahead: e^2 / (e^2 + 4) = 0.65 and e^0.1 / (e^0.1 + 4) = 0.22
    alpha[:, 2] = torch.tensor([0.0, 2.0, 0.1, 2.0, 2.0, 0.1])
    beta[1, 1] = 1.0  # of in1 -> n2 and n1 -> n2: 0.27 and 0.73, too little
    beta[2, 2] = 5.0  # of in1 -> n3, n1 -> n3 and n2 -> n3: 0.99 for the last
    derived = derive(searched, relaxation.scores()).cells["cell201"]
    assert [(e.source, e.target) for e in derived.edges] == [
        ("in1", "n2"),
        ("n2", "n3"),
    ]


# ---- the steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sgd"), [("darts", CLIPPED), ("skipped", CLIPPED), ("uneven", UNCLIPPED)]
)
@pytest.mark.sample(1)
def test_a_step_is_that_of_darts_on_alpha_and_beta(name: str, sgd: Sgd) -> None:
    settings = PcDartsSettings(epochs=EPOCHS, warmup=1, weights=sgd, arch=ADAM)
    ours, hand = (Twin(name, method="pc_darts") for _ in range(2))
    engine = Darts(ours.supernet, settings, ours.generator)
    names = list(engine.alphas())
    tables = hand.supernet.tables
    lengths = [
        *(table.rows for table in tables.values()),
        *([len(rows) for rows in table.nodes if rows] for table in tables.values()),
    ]
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    assert isinstance(settings.arch, Adam)
    on_weights, on_alpha = HandSgd(settings.weights), HandAdam(settings.arch)

    def mixing(alphas: list[Tensor]) -> Mixing:
        rows = zip(names, alphas, lengths, strict=True)
        return Mixing({name: softmax(alpha, length) for name, alpha, length in rows})

    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        train, architecture = batch(10 + epoch), batch(20 + epoch)
        found = engine.step(train, architecture)
        if epoch > 0:
            alphas = [alpha.requires_grad_() for alpha in alphas]
            loss = hand.supernet.loss(architecture, mixing(alphas))
            gradients = torch.autograd.grad(loss, alphas, materialize_grads=True)
            rate = value_at(settings.arch.lr, epoch, EPOCHS)
            alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)
            assert found.architecture is not None
            assert_same([found.architecture], [loss.detach()])
        else:
            assert found.architecture is None, "the weights are warmed up"
        train_loss = hand.supernet.loss(train, mixing(alphas))
        hand.descend(on_weights, train_loss, value_at(settings.weights.lr, epoch, EPOCHS))
        assert_same([found.train], [train_loss.detach()])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())


def test_second_order_reaches_beta() -> None:
    steps = []
    for order in ("first", "second"):
        twin = Twin("uneven", method="pc_darts")
        settings = PcDartsSettings.model_validate(
            {"epochs": 1, "warmup": 0, "order": order, "hessian": "exact", "weights": UNCLIPPED}
        )
        engine = Darts(twin.supernet, settings, twin.generator)
        spread_of = engine.objective(0).gradient(batch(0), batch(1)).gradients
        steps.append(dict(zip(engine.alphas(), spread_of, strict=True)))
    for name in ("wide.edges", "narrow.edges"):
        assert steps[0][name].any()
        assert not torch.allclose(steps[0][name], steps[1][name], rtol=1e-3, atol=0)
