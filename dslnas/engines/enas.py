"""ENAS (Pham, Guan, Zoph, Le, Dean, ICML 2018, arXiv:1802.03268)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.alone_engine import AloneEngine
from dslnas.engines.choices import Choices, Judged
from dslnas.engines.policy import Policy
from dslnas.engines.protocol import Progress, counting
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.sampled_engine import SampledEngine, mean_weights
from dslnas.graph.analysis.plan import Choice
from dslnas.settings.sampled_methods import EnasSettings
from dslnas.state import Stateful


class Enas(SampledEngine):
    """An LSTM decides on architectures, and learns by REINFORCE from how good they are.

    Weights train on an architecture of the controller per batch. After each epoch come `updates` of
    the controller, each by `samples` architectures and their losses on a batch of the architecture
    data. Then `candidates` of the controller are judged on one batch; the best one is what would be
    derived.
    """

    learns_between = True

    def __init__(
        self,
        supernet: Supernet,
        settings: EnasSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random controller; `generator` (CPU) draws it and its architectures."""
        super().__init__(supernet, settings, generator, constraints)
        self._settings = settings
        self._policy = Policy(supernet.tables, settings, generator)
        self._judged = Choices(supernet.tables, self._drawn(1))

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rates."""
        super()._set_epoch(epoch)
        self._policy.start_epoch(epoch)

    def draws(self) -> Sequence[Choice]:
        """Let the controller decide on one."""
        return self._drawn(1)

    def learn_between(self, batches: Iterator[Batch], progress: Progress) -> Tensor:
        """Train the controller, then judge some of its architectures."""
        means, settings = [], self._settings
        judgements = settings.updates * settings.samples + settings.candidates
        after_each = counting(progress, judgements)
        for _ in range(settings.updates):
            choices = self._drawn(settings.samples)
            losses = self.losses(choices, next(batches), after_each)
            means.append(torch.tensor(losses).mean())
            if not means[-1].isfinite():  # the search ends here, and says so
                return means[-1]
            self._policy.learn(choices, losses)
        choices = self._drawn(settings.candidates)
        losses = self.losses(choices, next(batches), after_each)
        order = sorted(range(len(choices)), key=losses.__getitem__)
        self._judged.all = [choices[number] for number in order]
        return torch.stack(means).mean()

    def _drawn(self, count: int) -> list[Choice]:
        """Return so many architectures of the controller, which keep to the constraints."""
        proposals = self._policy.proposals(count)
        return [self.kept(lambda: next(proposals)) for _ in range(count)]

    def best(self) -> Choice:
        """Return the best of those that were judged last."""
        return self._judged.all[0]

    def candidates(self) -> Sequence[Choice]:
        """Let the controller decide on some more, beside those that were judged last."""
        return [*self._judged.all, *self._drawn(self._settings.candidates)]

    def alphas(self) -> Mapping[str, Tensor]:
        """Return which share of those that were judged last has an edge with an operation."""
        return mean_weights(self._supernet, self._judged.all)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the controller with its training, and what was judged last, the best first."""
        return {"controller": self._policy, "judged": self._judged}


class EnasAlone(AloneEngine):
    """The search of NASNet (Zoph, Vasudevan, Shlens, Le, CVPR 2018): every child trains alone.

    The controller decides on one architecture after the other, and learns from every `samples` of
    them that have been trained. The result is the best architecture of all that were.
    """

    def __init__(
        self,
        supernet: Supernet,
        settings: EnasSettings,
        generator: torch.Generator,
        constraints: ResourceConstraints | None = None,
    ) -> None:
        """Start with a random controller; `generator` (CPU) draws it and its architectures."""
        self._policy = Policy(supernet.tables, settings, generator)
        self._samples = settings.samples
        self._judged = Judged(supernet.tables)
        super().__init__(supernet, settings, generator, constraints)

    def _set_epoch(self, epoch: int) -> None:
        """Set the learning rates."""
        super()._set_epoch(epoch)
        self._policy.start_epoch(epoch)

    def next(self) -> Choice:
        """Let the controller decide on one."""
        proposals = self._policy.proposals(1)
        return self.kept(lambda: next(proposals))

    def learn(self, choice: Choice, loss: float) -> None:
        """Train the controller once enough architectures have been judged since it last was."""
        self._judged.add(choice, loss)
        if len(self._judged.losses) == self._samples:
            self._policy.learn(self._judged.choices, self._judged.losses)
            self._judged = Judged(self._supernet.tables)

    def knowledge(self) -> dict[str, Stateful]:
        """Return the controller with its training, and what it will learn from next."""
        return {"controller": self._policy, "judged": self._judged}
