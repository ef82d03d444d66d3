"""Objectives of alpha: the gradients of bilevel and of mixed-level search.

L_train and L_val are losses on the batches that train the weights and alpha. A level is one formula
for the gradient in alpha; how operations are weighed is the relaxation's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.objectives.accumulation import LossAndGrads, filled
from dslnas.engines.objectives.hessian import Hessian
from dslnas.engines.objectives.unrolled import Lookahead, OuterLoss, Unrolled, unroll
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import Relaxation

Order = Literal["first", "second"]


@dataclass(frozen=True)
class AlphaStep:
    """The gradient in every alpha.

    Attributes:
        gradients: One per alpha.
        loss: L_val; None if the level did not look at the architecture data.
        weights: Gradients by weights of the training loss, where the level has them anyway.
    """

    gradients: tuple[Tensor, ...]
    loss: Tensor | None
    weights: LossAndGrads | None = None


class Objective(Protocol):
    """How alpha's gradient is made from a batch of each kind."""

    def gradient(self, train: Batch, architecture: Batch) -> AlphaStep:
        """Return the gradient in alpha; neither alpha nor the weights are updated."""
        ...


class _Base:
    def __init__(
        self,
        supernet: Supernet,
        relaxation: Relaxation,
        weights: WeightOptimiser,
        order: Order = "first",
        hessian: Hessian = "difference",
        *,
        clipped: bool = False,
    ) -> None:
        """Take the parts; `hessian` and `clipped` say how second order looks ahead."""
        self._supernet = supernet
        self._relaxation = relaxation
        self._weights = weights
        self._order = order
        self._ahead = Lookahead(hessian, clipped)

    def _unroll(self, train: Batch, *outers: Batch) -> Unrolled:
        return unroll(self._supernet, self._relaxation, self._weights, train, outers, self._ahead)


class Bilevel(_Base):
    """min over alpha of L_val(w*(alpha), alpha), w*(alpha) = argmin over w of L_train(w, alpha).

    First order: grad_alpha L_val(w, alpha). Second order: that of L_val(w'(alpha), alpha), see
    `dslnas.engines.objectives.unrolled` (DARTS, section 2.3).
    """

    def gradient(self, train: Batch, architecture: Batch) -> AlphaStep:
        """Return the gradient of L_val."""
        if self._order == "second":
            found = self._unroll(train, architecture)
            return AlphaStep(found.outers[0].gradients, found.outers[0].loss)
        alphas = list(self._relaxation.alphas.values())
        here = self._relaxation.loss_and_grads(architecture, alphas)
        return AlphaStep(filled(here.gradients, alphas), here.loss)


class MixedLevel(_Base):
    """min over alpha and w of L_train(w*(alpha), alpha) + lambda * L_val(w*(alpha), alpha).

    First order: grad_alpha L_train(w, alpha) + lambda * grad_alpha L_val(w, alpha), where one pass
    over the training batch gives its gradient in w as well. Second order: both terms at w'(alpha)
    (MiLeNAS, eq. 8 and 9). With lambda = 0, the single-level method, the architecture data are not
    looked at.
    """

    def __init__(
        self,
        supernet: Supernet,
        relaxation: Relaxation,
        weights: WeightOptimiser,
        order: Order = "first",
        hessian: Hessian = "difference",
        lambda_: float = 1.0,
        *,
        clipped: bool = False,
        with_weights: bool = False,
    ) -> None:
        """Take the parts; `with_weights` asks for the weights' gradient at the same point."""
        super().__init__(supernet, relaxation, weights, order, hessian, clipped=clipped)
        self._lambda = lambda_
        self._with_weights = with_weights
        # One pass has one loss: where the weights step along its gradient it is the one that they
        # lower, so alpha sees their penalty too, in every term of the training batch.
        self._ahead = replace(self._ahead, regularised=with_weights)

    def gradient(self, train: Batch, architecture: Batch) -> AlphaStep:
        """Return the gradient of L_train + lambda * L_val, and the weights' gradient with it."""
        both = [train, architecture] if self._lambda > 0 else [train]
        found = self._unroll(train, *both) if self._order == "second" else self._here(both)
        of_train, *of_architecture = found.outers
        if not of_architecture:
            return AlphaStep(of_train.gradients, None, found.weights)
        held_out = of_architecture[0]
        pairs = zip(of_train.gradients, held_out.gradients, strict=True)
        gradients = tuple(g + self._lambda * h for g, h in pairs)
        return AlphaStep(gradients, held_out.loss, found.weights)

    def _here(self, batches: list[Batch]) -> Unrolled:
        """Return the gradients at w itself."""
        alphas = list(self._relaxation.alphas.values())
        weights = self._supernet.weights() if self._with_weights else []
        both = self._relaxation.loss_and_grads(
            batches[0], [*alphas, *weights], regularised=self._with_weights
        )
        outers = [OuterLoss(both.loss, filled(both.gradients[: len(alphas)], alphas))]
        for batch in batches[1:]:
            held_out = self._relaxation.loss_and_grads(batch, alphas)
            outers.append(OuterLoss(held_out.loss, filled(held_out.gradients, alphas)))
        step = (
            LossAndGrads(both.loss, both.gradients[len(alphas) :]) if self._with_weights else None
        )
        return Unrolled(tuple(outers), step)
