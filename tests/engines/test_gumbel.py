"""Sampled relaxations: the samples themselves, and GDAS and SNAS by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.gdas import Gdas
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.optimisers import value_at
from dslnas.engines.relaxations.gumbel import Gumbel, HardGumbel
from dslnas.engines.relaxations.reinmax import ReinMax
from dslnas.graph.analysis.plan import Choice, make_plan
from dslnas.settings.gradient_methods import GdasSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Linear, Schedule
from tests.engines.by_hand import HandAdam, HandSgd, gumbel, softmax
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same

BOTH = pytest.mark.parametrize("kind", [Gumbel, HardGumbel])


def relaxation_of(
    kind: type[Gumbel], name: str = "uneven", temperature: Schedule = 1.0, alpha: float = 1.0
) -> Gumbel:
    """Return a relaxation whose alpha is normally distributed."""
    found = kind(Twin(name).supernet, torch.Generator().manual_seed(5), temperature, EPOCHS)
    generator = torch.Generator().manual_seed(6)
    for tensor in found.alphas.values():
        tensor.data = alpha * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
    return found


# ---- samples ------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("temperature", [0.1, 5.0])
def test_an_operation_is_largest_as_often_as_softmax_says(
    kind: type[Gumbel], temperature: float
) -> None:
    relaxation, draws = relaxation_of(kind, temperature=temperature), 1500
    counts = {cell: torch.zeros_like(alpha) for cell, alpha in relaxation.alphas.items()}
    with torch.no_grad():
        for _ in range(draws):
            relaxation.draw()
            for cell, p in relaxation.weights().items():
                counts[cell] += p == p.amax(-1, keepdim=True)
        probabilities = relaxation.probabilities()
    for cell, count in counts.items():
        assert not count[probabilities[cell] == 0].any(), "what does not exist is never drawn"
        torch.testing.assert_close(count / draws, probabilities[cell], rtol=0, atol=0.05)


def test_a_soft_sample_is_a_point_of_the_simplex() -> None:
    relaxation = relaxation_of(Gumbel, "uneven")
    for cell, p in relaxation.weights().items():
        torch.testing.assert_close(p.sum(-1), torch.ones(len(p), dtype=torch.float64))
        assert bool((p >= 0).all())
        assert bool((p[relaxation.probabilities()[cell] == 0] == 0).all())


@BOTH
def test_a_sample_stays_until_the_next_draw(kind: type[Gumbel]) -> None:
    relaxation = relaxation_of(kind)
    first, again = relaxation.weights(), relaxation.weights()
    relaxation.draw()
    other = relaxation.weights()
    for cell in first:
        assert torch.equal(first[cell], again[cell])
        assert not torch.equal(first[cell], other[cell])


def test_the_temperature_decides_how_close_to_a_corner_samples_are() -> None:
    schedule = Linear(start=10.0, end=0.1)
    relaxation = relaxation_of(Gumbel, "nasp", temperature=schedule, alpha=1e-3)
    largest = []
    for epoch in range(EPOCHS):
        relaxation.start_epoch(epoch)
        assert relaxation.temperature == pytest.approx(10.0 - 9.9 * epoch / (EPOCHS - 1))
        largest.append(float(relaxation.weights()["normal"].amax(-1).mean().detach()))
    assert largest == sorted(largest)
    assert largest[0] < 0.3
    assert largest[-1] > 0.9


def test_a_hard_sample_is_zero_and_one_with_the_gradient_of_the_soft_one() -> None:
    relaxation = relaxation_of(HardGumbel, temperature=0.7)
    mixing, soft = relaxation.mixing(), relaxation.weights()
    assert mixing.weights is not None
    assert mixing.chosen is not None
    generator = torch.Generator().manual_seed(1)
    for cell, hard in mixing.weights.items():
        assert hard.tolist() == [
            [float(column == chosen) for column in range(hard.shape[1])]
            for chosen in mixing.chosen[cell]
        ]
        assert mixing.chosen[cell] == tuple(soft[cell].argmax(-1).tolist())
        factors = torch.randn(hard.shape, generator=generator, dtype=torch.float64)
        of_hard, of_soft = (
            torch.autograd.grad((factors * p).sum(), relaxation.alphas[cell])[0]
            for p in (hard, soft[cell])
        )
        torch.testing.assert_close(of_hard, of_soft, rtol=1e-12, atol=1e-15)
        assert bool(of_hard.any())


def test_the_gradient_of_reinmax_is_its_formula() -> None:
    relaxation = relaxation_of(ReinMax, "uneven", temperature=1.5)
    mixing = relaxation.mixing()
    assert mixing.observe
    assert mixing.weights is not None
    generator = torch.Generator().manual_seed(1)
    for cell, table in Twin("uneven").supernet.tables.items():
        hard, alpha = mixing.weights[cell], relaxation.alphas[cell]
        g = torch.randn(hard.shape, generator=generator, dtype=torch.float64)
        found = torch.autograd.grad((g * hard).sum(), alpha)[0]
        p = softmax(alpha.detach(), table.rows)
        q = (softmax(alpha.detach() / 1.5, table.rows) + hard.detach()) / 2
        of_q, of_p = (v * g - v * (v * g).sum(-1, keepdim=True) for v in (q, p))
        torch.testing.assert_close(found, 2 * of_q - of_p / 2, rtol=1e-12, atol=1e-15)


def test_reinmax_observes_only_where_alpha_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    twin, engine = start("gdas", "nasp", sampler="reinmax")
    seen: list[bool] = []
    loss = twin.supernet.loss

    def watched(examples: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        seen.append(mixing.observe)
        return loss(examples, mixing, regularised=regularised)

    monkeypatch.setattr(twin.supernet, "loss", watched)
    engine.step(batch(0), batch(1))
    assert seen == [True, False]
    assert Gdas.largest_pass_with(GdasSettings(sampler="reinmax")).observe
    assert not Gdas.largest_pass_with(GdasSettings()).observe


def test_without_randomness_operations_are_as_sharp_as_samples_or_the_largest_runs() -> None:
    soft, hard = relaxation_of(Gumbel), relaxation_of(HardGumbel)
    found = soft.deterministic().weights
    assert found is not None
    for cell, table in Twin("uneven").supernet.tables.items():
        expected = softmax(soft.alphas[cell].detach() / soft.temperature, table.rows)
        torch.testing.assert_close(found[cell].detach(), expected, rtol=1e-12, atol=0)
    deterministic = hard.deterministic()
    assert deterministic.weights is None
    assert deterministic.chosen == {c: tuple(p.argmax(-1).tolist()) for c, p in found.items()}


# ---- GDAS and SNAS ------------------------------------------------------------------------------


def start(method: str, name: str = "uneven", **given: Any) -> tuple[Twin, GradientEngine]:
    """Return a twin and an engine at work on it; `given` are settings."""
    twin = Twin(name)
    settings = SEARCH[method](**{"epochs": EPOCHS, "weights": UNCLIPPED, "arch": ADAM, **given})
    engine = make_engine(twin.supernet, settings, twin.generator)
    assert isinstance(engine, GradientEngine)
    return twin, engine


class Sampler:
    """Draws what the engine of an equal twin draws."""

    def __init__(self, twin: Twin, alphas: list[Tensor], *, hard: bool) -> None:
        self._twin, self._hard = twin, hard
        for alpha in alphas:  # the first alpha comes from the same generator
            torch.randn(alpha.shape, generator=twin.generator)
        self.noise = self.draw(alphas)

    def draw(self, alphas: list[Tensor]) -> list[Tensor]:
        """Return -log(E) for every entry, E exponentially distributed: Gumbel's distribution."""
        empty = (torch.empty(alpha.shape, dtype=torch.float64) for alpha in alphas)
        return [-e.exponential_(generator=self._twin.generator).log() for e in empty]

    def mixing(self, alphas: list[Tensor], noise: list[Tensor], temperature: float) -> Mixing:
        """Return p; of a hard sample 1 where it is largest, with the gradient of p there."""
        tables = self._twin.supernet.tables
        rows = zip(tables.items(), alphas, noise, strict=True)
        soft = {cell: gumbel(a, table.rows, g, temperature) for (cell, table), a, g in rows}
        if not self._hard:
            return Mixing(soft)
        largest = {cell: p == p.amax(-1, keepdim=True) for cell, p in soft.items()}
        chosen = {cell: tuple(where.int().argmax(-1).tolist()) for cell, where in largest.items()}
        hard = {cell: largest[cell] * (1 + p - p.detach()) for cell, p in soft.items()}
        return Mixing(hard, chosen)


@pytest.mark.parametrize(
    ("method", "level", "lambda_"),
    [
        ("gdas", "bilevel", 1.0),
        ("gdas", "mixed", 0.3),
        ("snas", "bilevel", 1.0),
        ("snas", "mixed", 0.3),
        ("snas", "mixed", 0.0),
    ],
)
@pytest.mark.sample(3)
def test_a_step_is_alpha_on_one_sample_then_the_weights_on_another(
    method: str, level: str, lambda_: float
) -> None:
    in_turn = {"update": "alternating"} if method == "snas" and level == "mixed" else {}
    ours, engine = start(method, weights=CLIPPED, level=level, lambda_=lambda_, **in_turn)
    hand = Twin("uneven")
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    sampler = Sampler(hand, alphas, hard=method == "gdas")
    on_weights, on_alpha = HandSgd(CLIPPED), HandAdam(ADAM)
    temperature = SEARCH[method]().temperature  # type: ignore[attr-defined]
    for number in range(3):
        engine.start_epoch(number)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        tau = value_at(temperature, number, EPOCHS)
        alphas = [alpha.requires_grad_() for alpha in alphas]
        mixing = sampler.mixing(alphas, sampler.draw(alphas), tau)
        held_out = hand.supernet.loss(architecture, mixing)
        loss = held_out
        if level == "mixed":
            loss = hand.supernet.loss(train, mixing) + lambda_ * held_out
        gradients = torch.autograd.grad(loss, alphas, materialize_grads=True)
        rate = value_at(ADAM.lr, number, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)
        train_loss = hand.supernet.loss(train, sampler.mixing(alphas, sampler.draw(alphas), tau))
        hand.descend(on_weights, train_loss, value_at(CLIPPED.lr, number, EPOCHS))

        assert_same([found.train], [train_loss.detach()])
        assert (found.architecture is None) == (level == "mixed" and lambda_ == 0)
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())


@pytest.mark.parametrize("lambda_", [0.0, 0.3])
def test_a_step_of_snas_goes_down_one_loss_on_one_sample(lambda_: float) -> None:
    ours, engine = start("snas", weights=CLIPPED, lambda_=lambda_)
    hand = Twin("uneven")
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    sampler = Sampler(hand, alphas, hard=False)
    on_weights, on_alpha = HandSgd(CLIPPED), HandAdam(ADAM)
    engine.start_epoch(0)
    train, architecture = batch(10), batch(20)
    found = engine.step(train, architecture)

    alphas = [alpha.requires_grad_() for alpha in alphas]
    tau = value_at(SEARCH["snas"]().temperature, 0, EPOCHS)  # type: ignore[attr-defined]
    mixing = sampler.mixing(alphas, sampler.draw(alphas), tau)
    train_loss = hand.supernet.loss(train, mixing)
    loss = train_loss
    if lambda_ > 0:
        loss = loss + lambda_ * hand.supernet.loss(architecture, mixing)
    gradients = torch.autograd.grad(loss, alphas, materialize_grads=True, retain_graph=True)
    rate = value_at(ADAM.lr, 0, EPOCHS)
    moved = on_alpha.step([a.detach() for a in alphas], gradients, rate)
    hand.descend(on_weights, train_loss, value_at(CLIPPED.lr, 0, EPOCHS))

    assert_same([found.train], [train_loss.detach()])
    assert (found.architecture is None) == (lambda_ == 0)
    assert_same(alphas_of(engine), moved)
    assert_same(ours.weights(), hand.weights())


def test_snas_is_single_level_and_gdas_bilevel_by_default() -> None:
    for method, looks in (("snas", False), ("gdas", True)):
        _, engine = start(method)
        report = engine.step(batch(0), batch(1))
        assert (report.architecture is not None) == looks


def watch(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """Return what will be chosen in every pass of a twin's supernet."""
    seen: list[Choice] = []
    loss = twin.supernet.loss

    def watched(examples: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.chosen is not None
        seen.append(mixing.chosen)
        return loss(examples, mixing, regularised=regularised)

    monkeypatch.setattr(twin.supernet, "loss", watched)
    return seen


def test_only_operations_that_are_drawn_run_and_train(monkeypatch: pytest.MonkeyPatch) -> None:
    twin, engine = start("gdas", "nasp")
    seen = watch(twin, monkeypatch)
    network = twin.supernet.network
    for number in range(3):
        before = {k: v.detach().clone() for k, v in network.named_parameters()}
        engine.step(batch(number), batch(50 + number))
        steps = make_plan(network.graph, network.graph.outputs, seen[-1])
        trained = {f"{s.node.name}/{w.name}" for s in steps for w in s.node.weights if w.trained}
        moved = {k for k, v in network.named_parameters() if not torch.equal(v, before[k])}
        assert moved == trained
        assert len(moved) < 0.5 * len(before)


@pytest.mark.parametrize("hessian", ["difference", "exact"])
@pytest.mark.parametrize("level", ["bilevel", "mixed"])
def test_all_passes_of_a_second_order_step_see_the_same_sample(
    hessian: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, engine = start("gdas", "darts", order="second", hessian=hessian, level=level)
    seen = watch(twin, monkeypatch)
    passes = (2 if level == "bilevel" else 3) + (0 if hessian == "exact" else 2)
    passes += 2 if level == "mixed" and hessian == "difference" else 0
    samples = []
    for number in range(2):
        engine.step(batch(number), batch(50 + number))
        *of_alpha, of_weights = seen
        assert len(of_alpha) == passes
        assert all(choice == of_alpha[0] for choice in of_alpha)
        samples += [of_alpha[0], of_weights]
        seen.clear()
    assert len({repr(sample) for sample in samples}) == 4
