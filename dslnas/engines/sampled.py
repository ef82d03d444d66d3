"""What methods on a sampled relaxation share."""

from __future__ import annotations

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.goals import Goals
from dslnas.engines.gumbel import Gumbel
from dslnas.engines.levels import Bilevel, Level, MixedLevel
from dslnas.engines.relaxed import Relaxed
from dslnas.settings.search import SampledSettings


class Sampled(Relaxed):
    """Search on random mixtures, bilevel or mixed-level; alpha and then the weights.

    Both updates of a step draw their own sample.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: SampledSettings,
        relaxation: Gumbel,
        goals: Goals | None,
    ) -> None:
        super().__init__(supernet, settings, relaxation, goals)
        common = (supernet, relaxation, self._weights, settings.order, settings.hessian)
        self._level: Level = (
            Bilevel(*common)
            if settings.level == "bilevel"
            else MixedLevel(*common, settings.lambda_)
        )

    def level(self, epoch: int) -> Level:
        """Return the level that the settings say."""
        return self._level
