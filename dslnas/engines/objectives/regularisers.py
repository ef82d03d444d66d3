"""Regularisers: functions of alpha alone that are added to the loss that alpha lowers."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from dslnas.engines.relaxations.dirichlet import Dirichlet
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.search_parts import BetaDecay, Kl, Regulariser, ZeroOne


def regulariser(
    settings: Regulariser, relaxation: Relaxation, cells: Collection[str], epoch: int
) -> Tensor:
    """Return a regulariser with its weight in an epoch, counted from 0; `cells` have alphas."""
    match settings:
        case BetaDecay(growth=growth):
            return growth * epoch * beta_decay(relaxation, cells)
        case ZeroOne(weight=weight, norm=norm):
            return weight * zero_one(relaxation, cells, 1 if norm == "l1" else 2)
        case Kl(weight=weight):
            assert isinstance(relaxation, Dirichlet), "checked by the settings"
            return weight * kl_to_uniform(relaxation, cells)


def beta_decay(relaxation: Relaxation, cells: Collection[str]) -> Tensor:
    """Return the mean over edges of log sum_o exp(alpha_o).

    Its gradient is softmax(alpha): the larger an operation's probability, the more its alpha decays
    (beta-DARTS: Ye et al., CVPR 2022, arXiv:2203.01665). The program does not settle how the means
    of two cells are joined; here it is one mean over all edges.
    """
    rows = [relaxation.existing(cell, relaxation.alphas[cell]).logsumexp(-1) for cell in cells]
    return torch.cat(rows).mean()


def zero_one(relaxation: Relaxation, cells: Collection[str], power: int) -> Tensor:
    """Return -mean |p_o - 1/2|^power over all operations (Fair DARTS, arXiv:1911.12126)."""
    weights = relaxation.weights()
    entries = torch.cat([weights[cell][relaxation.exists[cell]] for cell in cells])
    return -(entries - 0.5).abs().pow(power).mean()


def kl_to_uniform(relaxation: Dirichlet, cells: Collection[str]) -> Tensor:
    """Return the sum over edges of KL(Dirichlet(c) || Dirichlet(1)) (DrNAS, arXiv:2006.10355).

    Of K operations with c_0 = sum_i c_i it is log Gamma(c_0) - sum_i log Gamma(c_i) -
    log Gamma(K) + sum_i (c_i - 1) * (digamma(c_i) - digamma(c_0)).
    """
    total = torch.zeros(())
    for cell, concentration in relaxation.concentrations().items():
        if cell not in cells:
            continue
        exists = relaxation.exists[cell]
        whole = concentration.masked_fill(~exists, 0.0).sum(-1, keepdim=True)
        terms = (concentration - 1) * (concentration.digamma() - whole.digamma())
        terms = (terms - concentration.lgamma()).masked_fill(~exists, 0.0)
        rows = whole.lgamma()[:, 0] + terms.sum(-1) - exists.sum(-1).to(whole).lgamma()
        total = total.to(whole) + rows.sum()
    return total
