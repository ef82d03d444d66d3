"""The improvements of DARTS on the state of a file of DARTS, with their draws given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.objectives.objectives import Bilevel
from dslnas.engines.objectives.regularisers import regulariser
from dslnas.engines.perturbations import Perturber
from dslnas.engines.relaxations.dirichlet import Dirichlet
from dslnas.engines.relaxations.gumbel import Gumbel, HardGumbel
from dslnas.engines.relaxations.reinmax import ReinMax
from dslnas.engines.relaxations.sigmoid import Sigmoid
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.search_parts import (
    BetaDecay,
    Fading,
    Kl,
    PerturbAdversarially,
    Perturbation,
    PerturbRandomly,
    Regulariser,
    ZeroOne,
)
from dslnas.space.derive.derive import derive
from tests.reference.genotypes import NAMES, cells_of
from tests.reference.load import ALPHAS, ENDS, assert_alphas, assert_close, facts, tensors
from tests.reference.names import FACTORISED, Names
from tests.reference.networks import CPU, Case, fresh
from tests.spaces import chosen, space_of

NAME = "dropins_c4_l3"
Kind = TypeVar("Kind", bound=Relaxation)


def case() -> Case:
    return fresh(facts(NAME)["state_from"])


def stored(key: str) -> dict[str, Tensor]:
    """Return the tensors `KEY_normal` and `KEY_reduce` by cell."""
    return {cell: tensors(NAME)[f"{key}_{end}"].clone() for cell, end in ENDS.items()}


def relaxed(kind: type[Kind], network: Case, alphas: str = "in/alphas") -> Kind:
    """Return a relaxation at the file's alphas."""
    relaxation = kind(network.supernet, torch.Generator())
    for cell, alpha in stored(alphas).items():
        relaxation.alphas[cell].data.copy_(alpha)
    return relaxation


def assert_gradient(
    key: str, relaxation: Relaxation, network: Case, added: Tensor | None = None
) -> None:
    """Compare the validation loss, with what is added to it, and its gradient in alpha."""
    found = Bilevel(network.supernet, relaxation, network.optimiser(momentum=False)).gradient(
        network.train, network.valid
    )
    assert found.loss is not None
    loss, gradients = found.loss, found.gradients
    if added is not None:
        loss = loss + added.detach()
        pairs = zip(gradients, relaxation.gradients(added), strict=True)
        gradients = tuple(g + h for g, h in pairs)
    assert float(loss) == pytest.approx(facts(NAME)[key]["loss"], rel=1e-9)
    assert_alphas(NAME, f"{key}/grad", gradients)


def assert_stored(key: str, found: Mapping[str, Tensor]) -> None:
    """Compare tensors by cell with `KEY_normal` and `KEY_reduce`."""
    for cell, expected in stored(key).items():
        assert_close(found[cell], expected)


def test_mixing_weights_have_the_gradient_of_the_network() -> None:
    network = case()
    with torch.no_grad():
        weights = relaxed(Relaxation, network).weights()
    wanted = [p.requires_grad_() for p in weights.values()]
    loss = network.supernet.loss(network.valid, Mixing(weights))
    found = dict(zip(weights, torch.autograd.grad(loss, wanted), strict=True))
    for cell, end in ENDS.items():
        assert_close(found[cell], tensors(NAME)[f"mixing_weight_gradient/{end}"])


def test_softmax() -> None:
    network = case()
    assert_gradient("darts1", relaxed(Relaxation, network), network)


# ---- DrNAS --------------------------------------------------------------------------------------


def test_drnas() -> None:
    network = case()
    relaxation = relaxed(Dirichlet, network)
    assert_stored("drnas/concentration", relaxation.concentrations())
    relaxation._draws = stored("drnas/in/draw")
    assert_gradient("drnas", relaxation, network)


def test_the_divergence_of_drnas() -> None:
    key, network = "drnas_kl_term_scale_0.001", case()
    relaxation = relaxed(Dirichlet, network)
    found = regulariser(Kl(weight=0.001), relaxation, ENDS, 0)
    assert float(found.detach()) == pytest.approx(facts(NAME)[key]["loss"], rel=1e-9)
    assert_alphas(NAME, f"{key}/grad", relaxation.gradients(found))


class Masked(Dirichlet):
    """Draws of which some entries are dropped and the others rescaled, as the program has them.

    They are distributed as draws of those that stay alone, which is what ours are when operations
    are pruned; but the gradient of a given draw is another.
    """

    def weights(self) -> dict[str, Tensor]:
        kept = {
            cell: p * stored("drnas_pruned/mask")[cell] for cell, p in super().weights().items()
        }
        return {cell: p / p.sum(-1, keepdim=True) for cell, p in kept.items()}


def test_drnas_pruned() -> None:
    network = case()
    relaxation = relaxed(Masked, network)
    for cell, theirs in ALPHAS.items():
        alpha = tensors(NAME)[f"drnas_pruned/{theirs}_after_prune"]
        relaxation.alphas[cell].data.copy_(alpha)
    relaxation._draws = stored("drnas_pruned/in/draw")
    assert_stored("drnas_pruned/weights", relaxation.weights())
    assert_gradient("drnas_pruned", relaxation, network)


# ---- SmoothDARTS --------------------------------------------------------------------------------


def attack(
    network: Case, settings: Perturbation, alphas: str = "in/alphas"
) -> tuple[Perturber, Mixing]:
    """Return what perturbs, and the mixture at the file's alphas."""
    relaxation = relaxed(Relaxation, network, alphas)
    perturb = Perturber(network.supernet, relaxation.exists, settings, 1, torch.Generator())
    with torch.no_grad():
        return perturb, relaxation.mixing()


def started(perturb: Perturber, mixing: Mixing, noise: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return where an attack starts."""
    assert mixing.weights is not None
    return {cell: perturb.clipped(cell, p + noise[cell]) for cell, p in mixing.weights.items()}


def assert_step_of_weights(key: str, network: Case, mixing: Mixing) -> None:
    """Compare a mixture, and the training loss and its gradient there."""
    assert mixing.weights is not None
    assert_stored(f"{key}/weights", mixing.weights)
    wanted = network.supernet.weights()
    found = loss_and_grads_of(network.supernet, network.train, mixing, wanted)
    assert float(found.loss) == pytest.approx(facts(NAME)[key]["loss_train"], rel=1e-9)
    norms = network.norms(found.gradients)
    assert_close(norms, tensors(NAME)[f"{key}/grad_w_norm_per_param"])
    assert float(norms.norm()) == pytest.approx(facts(NAME)[key]["grad_w_global_norm"], rel=1e-9)
    gradients = dict(zip(wanted, found.gradients, strict=True))
    for name in ("stem.0.weight", "classifier.weight"):
        gradient = gradients[network.weights[name]]
        assert gradient is not None
        assert_close(gradient, tensors(NAME)[f"{key}/grad_w/{name}"])


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_sdarts_at_random(epsilon: float) -> None:
    key, network = f"sdarts_rs_eps_{epsilon}", case()
    perturb, mixing = attack(network, PerturbRandomly(epsilon=epsilon))
    found = perturb.perturbed(mixing, stored(f"{key}/in/noise"), network.train)
    assert_step_of_weights(key, network, found)


@pytest.mark.sample(0)
def test_sdarts_by_an_adversary() -> None:
    key, network = "sdarts_adv_eps_0.3", case()
    perturb, mixing = attack(network, PerturbAdversarially(epsilon=0.3))
    noise = stored(f"{key}/in/noise")
    start = started(perturb, mixing, noise)
    assert_stored(f"{key}/start", start)
    with network.supernet.evaluating():
        for number, point in enumerate(perturb.ascent(mixing, start, network.train)):
            for cell, path in stored(f"{key}/trajectory").items():
                assert_close(point[cell], path[number])
    found = perturb.perturbed(mixing, noise, network.train)
    assert_step_of_weights(key, network, found)


@pytest.mark.sample(0)
def test_an_attack_that_helps_is_undone() -> None:
    key, network = "sdarts_adv_undone", case()
    settings = PerturbAdversarially(epsilon=0.01)
    perturb, mixing = attack(network, settings, f"{key}/in/alphas")
    noise = stored(f"{key}/in/noise")
    with network.supernet.evaluating():
        *_, end = perturb.ascent(mixing, started(perturb, mixing, noise), network.train)
    assert_stored(f"{key}/last_point", end)
    assert_step_of_weights(key, network, perturb.perturbed(mixing, noise, network.train))


# ---- DARTS- -------------------------------------------------------------------------------------


def with_skips() -> Case:
    """Return the network of the file with skip connections beside the operations of its edges."""
    base = case()
    space = replace(base.space, network=replace(base.space.network, has_skips=True))
    runtime = Runtime(CPU, precision="float64")
    supernet = Supernet(space, build_supernet_graph(space), torch.Generator(), runtime)
    supernet.network.load_state_dict(base.state, strict=False)
    weights = dict(base.weights)
    for name, weight in supernet.network.named_parameters():
        if name in base.state:
            continue
        weight.data.copy_(tensors(NAME)[f"darts_minus/w_extra/{skip_of(base, name)}"])
        weights[skip_of(base, name)] = weight
    stored = [key for key in tensors(NAME) if key.startswith("darts_minus/w_extra/")]
    assert len(weights) == len(base.weights) + len(stored)
    return replace(base, space=space, supernet=supernet, weights=weights)


def skip_of(base: Case, name: str) -> str:
    """Return the file's name of a weight of an auxiliary skip connection."""
    names = Names(base.space, base.space.network.layout, frozenset())
    part, edge, slug, layer, tensor = name.split("/")
    assert slug == "auxiliary_skip"
    place = names.theirs(f"{part}/{edge}/sep_conv_3/1_conv/{tensor}").split(".")
    return ".".join([*place[:4], "auxiliary_op", FACTORISED[int(layer.split("_")[0])], tensor])


@pytest.mark.parametrize("factor", [1.0, 0.6, 0.0])
@pytest.mark.sample(1)
def test_darts_minus(factor: float) -> None:
    network = with_skips()
    network.supernet.skip = factor
    assert_gradient(f"darts_minus_beta_{factor}", relaxed(Relaxation, network), network)


def test_weights_of_a_skip_connection_learn() -> None:
    key, name = "darts_minus_beta_0.6", "cells.1._ops.0.auxiliary_op.conv_1.weight"
    network = with_skips()
    network.supernet.skip = 0.6
    weight = network.weights[name]
    found = relaxed(Relaxation, network).loss_and_grads(network.train, [weight])
    assert float(found.loss) == pytest.approx(facts(NAME)[key]["loss_train"], rel=1e-9)
    assert found.gradients[0] is not None
    assert_close(found.gradients[0], tensors(NAME)[f"{key}/grad_train_w/{name}"])


@pytest.mark.parametrize("shape", ["linear", "cosine", "slow_cosine", "constant"])
def test_skip_connections_fade_as_published(shape: str) -> None:
    fading = Fading.model_validate({"shape": shape})
    expected = facts(NAME)["darts_minus_schedules"]["None" if shape == "constant" else shape]
    found = [fading.factor(epoch, len(expected)) for epoch in range(len(expected))]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


# ---- Fair DARTS and beta-DARTS ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("fairdarts_l2", ZeroOne()),
        ("fairdarts_l1", ZeroOne(norm="l1")),
        ("fairdarts_no_term", ZeroOne(weight=0.0)),
    ],
)
def test_fair_darts(key: str, settings: Regulariser) -> None:
    network = case()
    relaxation = relaxed(Sigmoid, network)
    assert_gradient(key, relaxation, network, regulariser(settings, relaxation, ENDS, 0))


@pytest.mark.parametrize("number", range(3))
def test_cells_of_fair_darts_without_a_threshold(number: int) -> None:
    expected = facts(NAME)["fairdarts_genotypes"][number]
    operations = ", ".join(NAMES[operation] for operation in expected["op_order"])
    texts = (f"cell {cell} {{ choose {operations} }}" for cell in ALPHAS)
    scores = torch.tensor(expected["alphas"], dtype=torch.float64).sigmoid().tolist()
    derived = derive(
        space_of("\n".join(["use papers.darts", *texts])), dict.fromkeys(ALPHAS, scores)
    )
    wanted = cells_of({"normal": expected["darts"], "reduce": expected["darts"]})
    for cell, nodes in wanted.items():
        found = chosen(derived.cells[cell])
        assert {n: sorted(kept) for n, kept in found.items()} == {
            n: sorted(kept) for n, kept in nodes.items()
        }


@pytest.mark.parametrize(
    ("join", "settings"),
    [
        ("mean_of_28_rows", BetaDecay()),
        # The cells have as many edges, so the sum of their means is twice the mean over both.
        ("sum_of_two_means", BetaDecay(growth=1.0)),
    ],
)
def test_beta_darts_in_its_eleventh_epoch(join: str, settings: Regulariser) -> None:
    network = case()
    relaxation = relaxed(Relaxation, network)
    added = regulariser(settings, relaxation, ENDS, 10)
    assert_gradient(f"beta_darts_epoch_10_{join}", relaxation, network, added)


def test_the_weight_of_beta_darts_grows_by_the_epoch() -> None:
    relaxation = relaxed(Relaxation, case())
    expected = facts(NAME)["beta_darts"]
    for cell, end in ENDS.items():
        for epoch, weight in expected["weights"].items():
            found = regulariser(BetaDecay(), relaxation, [cell], int(epoch))
            wanted = weight * expected[f"penalty_{end}"]
            assert float(found.detach()) == pytest.approx(wanted, rel=1e-9)
        found = regulariser(BetaDecay(growth=1.0), relaxation, [cell], 1)
        gradient = torch.autograd.grad(found, relaxation.alphas[cell])[0]
        assert_close(gradient, tensors(NAME)[f"beta_darts/penalty_grad/{ALPHAS[cell]}"])


# ---- GDAS and SNAS ------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [10, 1])
def test_gdas(temperature: float) -> None:
    network = case()
    relaxation = sampled(HardGumbel, network, temperature)
    chosen = relaxation.mixing().chosen
    assert chosen == {cell: tuple(i.tolist()) for cell, i in stored("gumbel/index").items()}
    assert_gradient(f"gdas_tau_{temperature}_selected_only", relaxation, network)


@pytest.mark.parametrize("temperature", [10, 1])
def test_gdas_with_gradients_of_what_does_not_run(temperature: float) -> None:
    """The plain straight-through estimate, which is not the method's."""
    network = case()
    relaxation = sampled(HardGumbel, network, temperature)
    mixing = replace(relaxation.mixing(), observe=True)
    found = relaxation.gradients(network.supernet.loss(network.valid, mixing))
    assert_alphas(NAME, f"gdas_tau_{temperature}_all_operations/grad", found)


@pytest.mark.parametrize("temperature", [1, 0.1])
def test_snas(temperature: float) -> None:
    key, network = f"snas_tau_{temperature}", case()
    relaxation = sampled(Gumbel, network, temperature)
    assert_stored(f"{key}/weights", relaxation.weights())
    assert_gradient(key, relaxation, network)


@pytest.mark.parametrize("temperature", [1, 1.3])
def test_reinmax(temperature: float) -> None:
    network, index = case(), stored("categorical/in/index")
    relaxation = sampled(ReinMax, network, temperature)
    for cell, noise in relaxation._noise.items():  # as large as draws what the file drew
        noise.zero_()[range(len(noise)), index[cell]] = 100.0
    mixing = relaxation.mixing()
    assert mixing.chosen == {cell: tuple(i.tolist()) for cell, i in index.items()}
    weights = {cell: w.detach().requires_grad_() for cell, w in (mixing.weights or {}).items()}
    loss = network.supernet.loss(network.valid, replace(mixing, weights=weights))
    gradients = torch.autograd.grad(loss, list(weights.values()))
    assert_stored("categorical/weight_gradient", dict(zip(weights, gradients, strict=True)))
    assert_gradient(f"reinmax_tau_{temperature}", relaxation, fresh(network.name))


Sampled = TypeVar("Sampled", bound=Gumbel)


def sampled(kind: type[Sampled], network: Case, temperature: float) -> Sampled:
    """Return a sampled relaxation at the file's alphas with the file's noise."""
    relaxation = kind(network.supernet, torch.Generator(), temperature, 1)
    network.put_alphas(relaxation.alphas)
    relaxation._noise = stored("gumbel/in/gumbel")
    return relaxation
