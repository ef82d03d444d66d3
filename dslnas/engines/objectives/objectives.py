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
from dslnas.engines.objectives.accumulation import Gradients, LossAndGrads, filled
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
        held_out: Gradients by weights of L_val, where they are watched.
    """

    gradients: tuple[Tensor, ...]
    loss: Tensor | None
    weights: LossAndGrads | None = None
    held_out: Gradients = ()


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
        watched: bool = False,
    ) -> None:
        """Take the parts; `hessian` and `clipped` say how second order looks ahead.

        Where the weights are `watched`, first order gives their gradient of L_val as well.
        """
        self._supernet = supernet
        self._relaxation = relaxation
        self._weights = weights
        self._order = order
        self._ahead = Lookahead(hessian, clipped)
        self._watched = supernet.weights() if watched else []

    def _held_out(self, architecture: Batch) -> tuple[OuterLoss, Gradients]:
        """Return L_val at w with its gradient in alpha, and that in the weights if watched."""
        alphas = self._relaxation.variables
        found = self._relaxation.loss_and_grads(architecture, [*alphas, *self._watched])
        of_alpha, watched = found.gradients[: len(alphas)], found.gradients[len(alphas) :]
        return OuterLoss(found.loss, filled(of_alpha, alphas)), watched

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
        here, watched = self._held_out(architecture)
        return AlphaStep(here.gradients, here.loss, held_out=watched)


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
        watched: bool = False,
        with_weights: bool = False,
    ) -> None:
        """Take the parts; `with_weights` asks for the weights' gradient at the same point."""
        super().__init__(
            supernet, relaxation, weights, order, hessian, clipped=clipped, watched=watched
        )
        self._lambda = lambda_
        self._with_weights = with_weights
        # One pass has one loss: where the weights step along its gradient it is the one that they
        # lower, so alpha sees their penalty too, in every term of the training batch.
        self._ahead = replace(self._ahead, regularised=with_weights)

    def gradient(self, train: Batch, architecture: Batch) -> AlphaStep:
        """Return the gradient of L_train + lambda * L_val, and the weights' gradient with it."""
        both = [train, architecture] if self._lambda > 0 else [train]
        watched: Gradients = ()
        if self._order == "second":
            found = self._unroll(train, *both)
        else:
            found, watched = self._here(both)
        of_train, *of_architecture = found.outers
        if not of_architecture:
            return AlphaStep(of_train.gradients, None, found.weights)
        held_out = of_architecture[0]
        pairs = zip(of_train.gradients, held_out.gradients, strict=True)
        gradients = tuple(g + self._lambda * h for g, h in pairs)
        return AlphaStep(gradients, held_out.loss, found.weights, watched)

    def _here(self, batches: list[Batch]) -> tuple[Unrolled, Gradients]:
        """Return the gradients at w itself, and those of the last batch in watched weights."""
        alphas = self._relaxation.variables
        weights = self._supernet.weights() if self._with_weights else []
        both = self._relaxation.loss_and_grads(
            batches[0], [*alphas, *weights], regularised=self._with_weights
        )
        outers = [OuterLoss(both.loss, filled(both.gradients[: len(alphas)], alphas))]
        watched: Gradients = ()
        for batch in batches[1:]:
            held_out, watched = self._held_out(batch)
            outers.append(held_out)
        step = (
            LossAndGrads(both.loss, both.gradients[len(alphas) :]) if self._with_weights else None
        )
        return Unrolled(tuple(outers), step), watched
