"""Complete steps of SIF, and its second order.

The program trains the element-wise networks twice, by both optimisers; in the product they are a
part of the architecture and train once, as `single_update` has it. Where the other way is compared
with, the test puts the fault in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.constraints import constrain
from dslnas.backends.torch.losses import embedding_norms
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.nasp import Nasp
from dslnas.engines.objectives import unrolled
from dslnas.engines.objectives.accumulation import Gradients, LossAndGrads, filled
from dslnas.engines.objectives.hessian import SHIFT, Move
from dslnas.engines.optimisers import WeightOptimiser, norm_of
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.settings.values import Adagrad, Adam, Sgd
from dslnas.space import choice_table
from tests.reference.interactions import PAIRS, TRIPLES, Case, fresh, projected
from tests.reference.load import EXACT, assert_close, assert_numbers
from tests.reference.test_nasp_steps import first_wins

FILES = (*PAIRS, TRIPLES)
VARIANTS = ("single_update", "as_coded", "same_batch")


def train_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put their fault in: what belongs to the architecture is among the weights as well."""
    monkeypatch.setattr(Supernet, "weights", lambda supernet: list(supernet.network.parameters()))


def start(case: Case) -> Nasp:
    """Return the engine at the file's state."""
    settings = NaspSettings(
        epochs=1,
        weights=Adagrad(lr=case.facts["hyper"]["lr"], clip=case.facts["hyper"]["grad_clip"]),
        arch=Adam(lr=case.facts["hyper"]["arch_lr"]),
        box="step",
    )
    engine = Nasp(case.supernet, settings, torch.Generator())
    (alpha,) = engine.alphas().values()
    alpha[0].copy_(case.in_our_order(case.tensors["in/alpha"]))
    names: dict[Tensor, str] = {weight: theirs for theirs, weight in case.weights.items()}
    done = torch.tensor(float(case.facts["optimizer_steps_already_done"]))
    for variable in [alpha, *case.supernet.searched()]:
        theirs = "alpha" if variable is alpha else names[variable]

        def moment(of: str, like: Tensor = variable, key: str = theirs) -> Tensor:
            found = case.tensors[f"adam_{of}/{key}"].clone()
            return case.in_our_order(found)[None] if key == "alpha" else found.view(like.shape)

        engine._alpha._descent.buffers[variable] = {
            "step": done.clone(), "exp_avg": moment("m"), "exp_avg_sq": moment("v"),
        }  # fmt: skip
    for weight in case.supernet.weights():
        total = case.tensors[f"adagrad_sum/{names[weight]}"].view(weight.shape).clone()
        engine._weights._descent.buffers[weight] = {"step": done.clone(), "sum": total}
    engine.start_epoch(0)
    return engine


def record_norms(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return where the norm of the weights' gradients goes, at every step."""
    norms: list[float] = []
    step = WeightOptimiser.step

    def recorded(optimiser: WeightOptimiser, gradients: Gradients) -> None:
        norms.append(norm_of(gradients))
        step(optimiser, gradients)

    monkeypatch.setattr(WeightOptimiser, "step", recorded)
    return norms


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FILES)
def test_three_steps(name: str, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = fresh(name, sums=name == TRIPLES)
    if variant != "single_update":
        train_twice(monkeypatch)
    monkeypatch.setattr(choice_table, "tie_breaks", first_wins)
    norms, engine = record_norms(monkeypatch), start(case)
    for number, told in enumerate(case.facts["steps"][variant], 1):
        train = case.batch("train", number - 1)
        other = train if variant == "same_batch" else case.batch("valid", number - 1)
        with torch.no_grad():  # part of the loss that they tell; alpha sees nothing of it
            penalty = case.supernet.norms * embedding_norms(case.supernet.network, other)
        report = engine.step(train, other)
        assert report.architecture is not None
        found = {
            "loss_train_in_w_step": float(report.train),
            "loss_valid_in_alpha_step": float(report.architecture + penalty),
            "grad_norm_before_clip": norms[-1],
        }
        assert_numbers(found, told)
        assert (norms[-1] > case.facts["hyper"]["grad_clip"]) == told["clipped"]
        if number != 2:
            assert_state(case, engine, f"step/{variant}/after_{number}")


def assert_state(case: Case, engine: Nasp, key: str) -> None:
    """Compare alpha and all parameters, and what both optimisers keep where the file has it."""
    (alpha,) = engine.alphas().values()
    assert_close(alpha[0], case.in_our_order(case.tensors[f"{key}/alpha"]))
    for theirs, weight in case.weights.items():
        expected = projected(theirs, case.tensors[f"{key}/{theirs}"])
        assert_close(weight.view(expected.shape), expected)
    variables: dict[str, Tensor] = {"alpha": alpha, **case.weights}
    kept = (
        ("adagrad_sum", "sum", engine._weights._descent.buffers),
        ("adam_m", "exp_avg", engine._alpha._descent.buffers),
        ("adam_v", "exp_avg_sq", engine._alpha._descent.buffers),
    )
    for theirs, ours, states in kept:
        for name, variable in variables.items():
            where = f"{key}/{theirs}/{name}"
            if where not in case.tensors or variable not in states:
                continue
            expected = case.tensors[where]
            if name == "alpha":
                expected = case.in_our_order(expected)
            assert_close(states[variable][ours].view(expected.shape), expected)


class Binarised(Relaxation):
    """Alpha as the one-hot vector of its largest entry, with their ways of second order put in.

    Rows are projected at the beginning of every pass, where we do so behind a step; every loss has
    the norms of the embeddings in it; what a loss does not depend on has a gradient of zero.
    """

    def __init__(self, case: Case) -> None:
        super().__init__(case.supernet, torch.Generator())
        self._weights = list(case.weights.values())
        column = case.columns[int(case.tensors["in/alpha"].argmax())]
        self._chosen = {case.cell: (column,)}
        one_hot = torch.eye(len(case.columns), dtype=torch.float64)[[column]]
        self.alphas = {case.cell: one_hot.requires_grad_()}

    def mixing(self) -> Mixing:
        return Mixing(self.alphas, self._chosen, observe=True)

    def loss_and_grads(
        self,
        batch: Batch,
        variables: Sequence[Tensor],
        *,
        alpha_gradient: bool = True,
        regularised: bool = False,
    ) -> LossAndGrads:
        constrain(self._weights)
        found = super().loss_and_grads(batch, variables, regularised=True)
        return LossAndGrads(found.loss, filled(found.gradients, variables))


@pytest.mark.parametrize("name", FILES)
def test_second_order_as_coded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = fresh(name, sums=name == TRIPLES)
    train_twice(monkeypatch)
    weights, left = case.supernet.weights(), dict[str, Tensor]()

    def difference(
        move: Move, slope: Callable[[], tuple[Tensor, ...]], vector: Gradients
    ) -> tuple[Tensor, ...]:
        """Go from where each pass has left the weights, their fault, and not from the start."""
        eps = SHIFT / norm_of(vector)
        move([None] * len(weights), 0.0)
        slopes = []
        for distance in (eps, -2 * eps):
            go(vector, distance)
            slopes.append(slope())
        go(vector, eps)
        left.update({theirs: weight.detach().clone() for theirs, weight in case.weights.items()})
        return tuple((p - m) / (2 * eps) for p, m in zip(*slopes, strict=True))

    def go(vector: Gradients, distance: float) -> None:
        for weight, v in zip(weights, vector, strict=True):
            assert v is not None
            weight.data.add_(v, alpha=distance)

    monkeypatch.setattr(unrolled, "difference", difference)
    relaxation = Binarised(case)
    settings = Sgd(lr=case.facts["hyper"]["lr"], momentum=0, weight_decay=case.supernet.norms)
    optimiser = WeightOptimiser(weights, settings, 1)
    train, valid = case.batch("train"), case.batch("valid")
    (found,) = unrolled.unroll(
        case.supernet, relaxation, optimiser, train, [valid], unrolled.Lookahead()
    ).outers
    told = case.facts["unrolled_as_coded"]["loss_valid_at_unrolled"]
    assert float(found.loss) == pytest.approx(told, rel=EXACT)
    names = {id(weight): theirs for theirs, weight in case.weights.items()}
    key = "grad/unrolled_as_coded"
    of_alpha, *of_searched = found.gradients
    assert_close(of_alpha[0], case.in_our_order(case.tensors[f"{key}/alpha"]))
    for variable, gradient in zip(case.supernet.searched(), of_searched, strict=True):
        expected = case.tensors[f"{key}/{names[id(variable)]}"]
        assert_close(gradient.view(expected.shape), expected)
    for theirs in case.weights:
        expected = case.tensors[f"w/{theirs}"]
        expected = case.tensors.get(f"unrolled_as_coded/changed_w/{theirs}", expected)
        assert_close(left[theirs].view(expected.shape), expected)
