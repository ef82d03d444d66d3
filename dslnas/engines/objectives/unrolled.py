"""Second order: gradients in alpha at weights that have taken one step (DARTS, section 2.3).

w' = w - xi * (mu * b + g + weight_decay * w) with g = grad_w L_train(w, alpha), xi the learning
rate, mu the momentum and b its buffers. By the chain rule the gradient in alpha of an outer loss X
at (w'(alpha), alpha) is

    grad_alpha X(w', alpha) - xi * H v,   v = grad_w' X(w', alpha),

H v = grad_alpha (grad_w L_train(w, alpha) . v), see `dslnas.engines.objectives.hessian`.

The convolutional program of DARTS does not clip in here, though its step does. Its recurrent
program clips g in w' and v before it is used, and scales H v by the factor of g, taken as a
constant. Its factor may exceed 1, and its w' leaves out the embedding that is tied; both are
mistakes of the program and not repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.objectives.accumulation import Gradients, LossAndGrads, filled, in_parts, summed
from dslnas.engines.objectives.hessian import Hessian, Noise, difference, exact, movable
from dslnas.engines.optimisers import WeightOptimiser, norm_of, scaled
from dslnas.engines.relaxations.softmax import Relaxation


@dataclass(frozen=True)
class Lookahead:
    """How w' and H v are made.

    Attributes:
        hessian: H v by central differences of the gradient in alpha (DARTS, eq. 8), or by
            differentiating twice.
        clipped: Whether g and v are clipped at the norm at which the step itself clips.
        regularised: Whether the losses on the training batch are those that the weights lower, and
            not the bare ones.
    """

    hessian: Hessian = "difference"
    clipped: bool = False
    regularised: bool = False


@dataclass(frozen=True)
class OuterLoss:
    """An outer loss, and its whole gradient in every alpha."""

    loss: Tensor
    gradients: tuple[Tensor, ...]


@dataclass(frozen=True)
class Unrolled:
    """One outer loss for every outer batch, and L_train(w, alpha) with its gradient in w.

    The latter is for those who want to step along it; None if it is not known.
    """

    outers: tuple[OuterLoss, ...]
    weights: LossAndGrads | None


def unroll(
    supernet: Supernet,
    relaxation: Relaxation,
    optimiser: WeightOptimiser,
    train: Batch,
    outers: Sequence[Batch],
    ahead: Lookahead,
) -> Unrolled:
    """Return the gradients in alpha of the losses on `outers` after one step on `train`.

    The weights are moved in place and come back bit by bit; there is one more copy of them while
    this runs, and none of the network. The passes at w' leave the running statistics alone, those
    at w and at w + eps * v and w - eps * v move them, as in the published program. A stream of text
    goes on from the pass at w in the training batch, and from the one at w' in the others.

    The passes at w and around it have the same dropout: H is a derivative of the very function
    along whose gradient w' was reached. Those at w' draw masks of their own, also the one over the
    training batch of a mixed level: v may be the gradient of any X, and with the masks of the step,
    which went down for these very masks, X would come out too small.

    H v is made in float32 whatever the precision of the rest: w + eps * v and w - eps * v differ by
    less than a weight's last bit in bfloat16, or in TF32.
    """
    weights, alphas = supernet.weights(), relaxation.variables
    is_exact, with_penalty = ahead.hessian == "exact", ahead.regularised
    noise = Noise(supernet.network.run_state.generator)
    inner: Gradients = ()
    if is_exact:  # what leads to the gradient is kept: `check_search` lets no batch run in parts
        for part, share in in_parts(train, 1, supernet.ranks):
            with supernet.differentiable_twice():
                loss = share * relaxation.loss(part, regularised=with_penalty)
                inner = torch.autograd.grad(loss, weights, allow_unused=True, create_graph=True)
            here = summed(loss, inner, supernet.ranks)
    else:
        here = relaxation.loss_and_grads(
            train, weights, alpha_gradient=False, regularised=with_penalty
        )
    end, gradients = train.end, here.gradients
    factor = optimiser.clip_factor(gradients) if ahead.clipped else 1.0

    def alpha_grads() -> tuple[Tensor, ...]:
        with noise.again(), supernet.precise():
            found = relaxation.loss_and_grads(train, alphas, regularised=with_penalty)
        return filled(found.gradients, alphas)

    with movable(weights) as move:
        move(optimiser.direction(scaled(gradients, factor)), -optimiser.rate)
        at_step = [
            grads_at(
                supernet, relaxation, weights, batch, regularised=with_penalty and batch is train
            )
            for batch in outers
        ]
        results = []
        for number, (loss, direct, vector) in enumerate(at_step, 1):
            v = scaled(vector, optimiser.clip_factor(vector)) if ahead.clipped else vector
            if norm_of(v) == 0.0:
                results.append(OuterLoss(loss, direct))
                continue
            if is_exact:
                move(v, 0.0)
                with supernet.precise():
                    own = exact(inner, v, alphas, keep=number < len(at_step))
                product = filled(supernet.ranks.sums(own), alphas)
            else:
                product = difference(move, alpha_grads, v)
            pairs = zip(direct, product, strict=True)
            results.append(
                OuterLoss(loss, tuple(d - optimiser.rate * factor * h for d, h in pairs))
            )
    train.end = end
    return Unrolled(tuple(results), here)


def grads_at(
    supernet: Supernet,
    relaxation: Relaxation,
    weights: Sequence[nn.Parameter],
    batch: Batch,
    *,
    regularised: bool = False,
) -> tuple[Tensor, tuple[Tensor, ...], Gradients]:
    """Return a loss and its gradients in alpha and in the weights, by one backward pass."""
    alphas = relaxation.variables
    with supernet.untracked():
        found = relaxation.loss_and_grads(batch, [*alphas, *weights], regularised=regularised)
    of_alpha, of_weights = found.gradients[: len(alphas)], found.gradients[len(alphas) :]
    return found.loss, filled(of_alpha, alphas), of_weights
