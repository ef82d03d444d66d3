"""MiLeNAS: mixed-level reformulation (He, Ye, Shen, Zhang, CVPR 2020, arXiv:2003.12238)."""

from __future__ import annotations

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel, Objective
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.gradient_methods import MilenasSettings, SingleLevelSettings


class Milenas(GradientEngine):
    """Mixed-level search.

    min over alpha and w of L_train(w*(alpha), alpha) + lambda * L_val(w*(alpha), alpha):
    w <- w - eta_w * grad_w L_train(w, alpha) and
    alpha <- alpha - eta_alpha * grad_alpha (L_train(w, alpha) + lambda * L_val(w, alpha)).
    `update simultaneous` takes all gradients at the same (w, alpha), as the paper writes it: one
    backward pass over the training batch gives both of its gradients. `update alternating`, as the
    published program does it, takes the gradient in w at the new alpha. The first `bilevel` epochs
    are those of DARTS (section 4.2). With lambda = 0 this is the single-level method.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: MilenasSettings | SingleLevelSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start the search; `generator` (CPU) draws the first alpha."""
        relaxation = RELAXATIONS[settings.relaxation](supernet, generator)
        super().__init__(supernet, settings, relaxation, generator, constraints)
        common = (supernet, self._relaxation, self._weights, settings.order, settings.hessian)
        clipped, watched = settings.clips_ahead, settings.freeze is not None
        self._bilevel = Bilevel(*common, clipped=clipped, watched=watched)
        self.simultaneous = settings.is_simultaneous
        lambda_, self._switch = (
            (settings.lambda_, settings.bilevel)
            if isinstance(settings, MilenasSettings)
            else (0.0, 0)
        )
        self._mixed = MixedLevel(
            *common,
            lambda_,
            clipped=clipped,
            watched=watched,
            with_weights=self.simultaneous,
        )

    def objective(self, epoch: int) -> Objective:
        """Return the mixed-level gradient, or before the switch the bilevel one."""
        return self._bilevel if epoch < self._switch else self._mixed


class SingleLevel(Milenas):
    """Mixed-level search with lambda = 0: alpha and the weights on the training data alone."""
