"""GDAS: a robust architecture in four GPU hours (Dong and Yang, CVPR 2019, arXiv:1910.04465)."""

from __future__ import annotations

from dslnas.engines.gumbel_engine import GumbelEngine
from dslnas.engines.protocol import LargestPass
from dslnas.engines.relaxations.gumbel import HardGumbel


class Gdas(GumbelEngine):
    """One operation per edge runs, drawn anew for every pass; alpha learns through the sample.

    The paper is bilevel; `level mixed` is MiLeNAS on the same samples (its section 4.5).
    """

    relaxation = HardGumbel
    largest_pass = LargestPass("edges")
