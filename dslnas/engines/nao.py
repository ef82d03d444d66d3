"""NAO on shared weights (Luo, Tian, Qin, Chen, Liu, NeurIPS 2018, arXiv:1808.07233)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.choices import Choices
from dslnas.engines.mutation import pick
from dslnas.engines.protocol import Progress, counting
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine, mean_weights
from dslnas.engines.surrogate import Surrogate, moved
from dslnas.engines.surrogate_training import fit
from dslnas.engines.tokens import Tokens
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import NaoSettings
from dslnas.state import Stateful, Tensors

LAYERS, WIDTH = 3, 200
"""Hidden layers of the predictor, and their width."""

FARTHEST = 50
"""Steps of 1 along the gradient after which no more architectures are looked for."""

DRAWS = 20
"""Draws for each random architecture wanted, before a small space is taken for empty."""


class Nao(SampledEngine):
    """A pool of architectures is judged now and then; a model of it says which come next.

    Weights train on a random member of the pool per batch. After every `each` epochs the pool is
    judged by its loss L on one batch of the architecture data. Encoder, predictor and decoder learn
    how good its members are, exp(-L) from the worst at 0 to the best at 1. From the best `parents`
    steps along the gradient of what is predicted lead to new architectures, farther and farther
    until there are `fresh` of them: they take the places of the worst. After the last epoch the
    pool is judged alone.
    """

    learns_between = True

    def __init__(
        self,
        supernet: Supernet,
        settings: NaoSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random pool; `generator` (CPU) draws."""
        super().__init__(supernet, settings, generator, constraints)
        self._settings = settings
        self._tokens = Tokens(supernet.tables)
        self._surrogate = Surrogate(self._tokens.count, settings.units, LAYERS, WIDTH, generator)
        self._pool = Choices(supernet.tables, self._random(settings.pool, []))

    def draws(self) -> Sequence[Choice]:
        """Draw a member of the pool."""
        return [pick(self._pool.all, self._generator)]

    def learn_between(self, batches: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Judge the pool and make it anew, if it is time to."""
        done, settings, pool = self._epoch + 1, self._settings, self._pool.all
        is_last = done == settings.epochs
        if done % settings.epochs_each and not is_last:
            return None
        after_each = counting(progress, len(pool) + (0 if is_last else settings.fits))
        losses = self.losses(pool, next(batches), after_each)
        mean = torch.tensor(losses).mean()
        if mean.isfinite():  # else the search ends here, and says so
            order = sorted(range(len(losses)), key=losses.__getitem__)
            self._pool.all = [pool[place] for place in order]
            if not is_last:
                self._renew([losses[place] for place in order], after_each)
        return mean

    def _renew(self, losses: Sequence[float], after_each: Callable[[], None]) -> None:
        """Learn from the pool, the best member first, and put new members for its worst."""
        goods = [math.exp(-loss) for loss in losses]
        spread = max(goods) - min(goods) or 1.0
        goals = [(good - min(goods)) / spread for good in goods]
        settings, pool = self._settings, self._pool.all
        fit(
            self._surrogate,
            self._tokens,
            pool,
            goals,
            self._generator,
            settings,
            self._epoch,
            after_each,
        )
        fresh = self._near(pool[: settings.parents])
        fresh += self._random(settings.fresh - len(fresh), [*pool, *fresh])
        self._pool.all = [*pool[: settings.pool - len(fresh)], *fresh]

    @torch.no_grad()
    def _near(self, parents: Sequence[Choice]) -> list[Choice]:
        """Return new architectures that are predicted to be better than those near to them."""
        known, fresh = {_key(choice) for choice in self._pool.all}, list[Choice]()
        sequences = torch.tensor([self._tokens.sequence(choice) for choice in parents])
        encoded = self._surrogate.encode(sequences)
        gradient = self._surrogate.gradient(encoded)
        for eta in range(1, FARTHEST + 1):
            latent = moved(encoded, gradient, eta)
            tokens, _ = self._surrogate.decode(latent, self._tokens.length, self._tokens.legal)
            for sequence in tokens.tolist():
                choice = self._tokens.choice(sequence)
                if _key(choice) not in known and self.allows(choice):
                    fresh.append(choice)
                known.add(_key(choice))
                if len(fresh) == self._settings.fresh:
                    return fresh
        return fresh

    def _random(self, count: int, known: Sequence[Choice]) -> list[Choice]:
        """Return random architectures that are not known; fewer where there are no more."""
        found = {_key(choice): choice for choice in known}
        for _ in range(DRAWS * count):
            if len(found) == len(known) + count:
                break
            choice = self.uniform()
            found.setdefault(_key(choice), choice)
        return list(found.values())[len(known) :]

    def best(self) -> Choice:
        """Return the member with the lowest loss, when the pool was judged last."""
        return self._pool.all[0]

    def candidates(self) -> Sequence[Choice]:
        """Return the pool."""
        return self._pool.all

    def alphas(self) -> Mapping[str, Tensor]:
        """Return which share of the best members has an edge with an operation."""
        return mean_weights(self._supernet, self._pool.all[: self._settings.parents])

    def knowledge(self) -> dict[str, Stateful]:
        """Return the model and the pool, the best member first."""
        return {"model": Tensors(self._surrogate.state_dict()), "pool": self._pool}


def _key(choice: Choice) -> tuple[tuple[int, ...], ...]:
    return tuple(choice.values())
