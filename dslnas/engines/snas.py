"""SNAS: stochastic neural architecture search (Xie et al., ICLR 2019, arXiv:1812.09926)."""

from __future__ import annotations

from dslnas.engines.gumbel_engine import GumbelEngine


class Snas(GumbelEngine):
    """All operations run, weighed by a random point near a corner of the simplex.

    The paper trains alpha and the weights on one loss, that of the training data: mixed-level with
    lambda = 0, which is the default. Its resource constraint is `require` with a `penalty`.
    """
