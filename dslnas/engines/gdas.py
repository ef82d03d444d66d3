"""GDAS: a robust architecture in four GPU hours (Dong and Yang, CVPR 2019, arXiv:1910.04465)."""

from __future__ import annotations

from dataclasses import replace

from dslnas.engines.gumbel_engine import GumbelEngine
from dslnas.engines.protocol import LargestPass
from dslnas.settings.gradient_methods import GdasSettings
from dslnas.settings.search_base import SearchSettings


class Gdas(GumbelEngine):
    """One operation per edge runs, drawn anew for every pass; alpha learns through the sample.

    The paper is bilevel; `level mixed` is MiLeNAS on the same samples (its section 4.5). `sampler
    reinmax` takes another gradient of the sample.
    """

    largest_pass = LargestPass("edges")

    @classmethod
    def largest_pass_with(cls, settings: SearchSettings) -> LargestPass:
        """Return the pass of alpha, in which ReinMax observes what is not drawn."""
        observe = isinstance(settings, GdasSettings) and settings.sampler == "reinmax"
        return replace(cls.largest_pass, observe=observe)
