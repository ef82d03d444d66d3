"""Search methods and the ways in which their steps are measured.

`usual` is a method as one would write it on the supernet, on the plain lowering: what is not chosen
has weight 0 but runs forward and backward like everything else, and MiLeNAS takes three passes.
`plain` is the method of this package on the plain lowering, `compiled` on the rewritten one. No way
computes gradients in the weights where only those in alpha are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from dslnas.backends.torch.losses import BatchOutput
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.discretise import one_hot
from dslnas.engines.protocol import StepReport
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import Oles, PerturbAdversarially
from dslnas.tasks.language_settings import SETTINGS as TEXT
from measuring import added_peak_mib
from workloads import Workload


@dataclass(frozen=True)
class Way:
    """How the step of a method runs.

    Attributes:
        name: `usual`, `plain` or `compiled`.
        title: The same with what matters in this method.
        plain: The lowering.
        everything: Whether operations run that are not chosen.
        settings: What differs from the method's.
    """

    name: str
    title: str
    plain: bool
    everything: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A row of a table: the word of the language and what differs from its defaults."""

    name: str
    title: str
    word: str
    ways: tuple[Way, ...]
    settings: Mapping[str, object] = field(default_factory=dict)


_BOTH = (Way("plain", "plain", True), Way("compiled", "compiled", False))
_MIXED = (
    Way("usual", "plain, alternating", True, settings={"update": "alternating"}),
    Way("plain", "plain, simultaneous", True),
    Way("compiled", "compiled, simultaneous", False),
)
_DISCRETE = (
    Way("usual", "plain, all operations run", True, everything=True),
    Way("plain", "plain, only chosen ones run", True),
    Way("compiled", "compiled, only chosen ones run", False),
)
_SECOND = {"order": "second"}
_ADVERSARY = {"perturb": PerturbAdversarially()}

METHODS = {
    method.name: method
    for method in (
        Method("darts-second", "DARTS, second order", "darts", _BOTH, _SECOND),
        Method("darts", "DARTS, first order", "darts", _BOTH),
        Method("milenas", "MiLeNAS, first order", "milenas", _MIXED),
        Method("nasp", "NASP", "nasp", _DISCRETE),
        Method("gdas", "GDAS", "gdas", _DISCRETE),
        Method("milenas-second", "MiLeNAS, second order", "milenas", _MIXED, _SECOND),
        Method("single-level", "single-level", "single_level", _BOTH),
        Method("snas", "SNAS", "snas", _BOTH),
        Method("random", "random sampling", "random", _DISCRETE),
        Method("asng", "ASNG-NAS", "asng", _DISCRETE),
        Method("enas", "ENAS", "enas", _DISCRETE),
        Method("evolution", "evolution, shared weights", "evolution", _DISCRETE),
        Method("nao", "NAO", "nao", _DISCRETE),
        Method("drnas", "DrNAS", "drnas", _BOTH),
        Method("sdarts", "SmoothDARTS at random", "sdarts", _BOTH),
        Method("sdarts-adversary", "SmoothDARTS by an adversary", "sdarts", _BOTH, _ADVERSARY),
        Method("darts-minus", "DARTS-", "darts_minus", _BOTH),
        Method("fair-darts", "Fair DARTS", "fair_darts", _BOTH),
        Method("beta-darts", "beta-DARTS", "beta_darts", _BOTH),
        Method("asap", "ASAP, before it prunes", "asap", _BOTH),
        Method("bayesnas", "BayesNAS, before it prunes", "bayesnas", _BOTH),
        Method("reinmax", "GDAS with ReinMax", "gdas", _DISCRETE, {"sampler": "reinmax"}),
        Method("oles", "DARTS with OLES", "darts", _BOTH, {"freeze": Oles()}),
    )
}
MAIN = ("darts-second", "darts", "milenas", "nasp", "gdas")
WAYS = ("usual", "plain", "compiled")


class EverythingRuns(Supernet):
    """A supernet in which choosing an operation is weighing the others by 0."""

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        """Return the loss, of which the value is that of the choice alone."""
        if mixing.chosen is not None:
            chosen = {
                cell: one_hot(self.tables[cell], choice).to(self.device, self.dtype)
                for cell, choice in mixing.chosen.items()
            }
            mixing = Mixing(mixing.weights or chosen)
        return super().loss(batch, mixing, regularised=regularised)


class Search:
    """A method at work in one way on one workload, ready for its first step."""

    def __init__(self, workload: Workload, method: Method, way: Way) -> None:
        """Make supernet, engine and batches, the same ones for every way."""
        model = SEARCH[method.word]
        defaults = {} if workload.shape else TEXT.defaults_of(model)
        settings = model.model_validate({**defaults, **method.settings, **way.settings})
        generator = torch.Generator().manual_seed(0)
        kind = EverythingRuns if way.everything else Supernet
        space = workload.space
        space = replace(space, network=replace(space.network, has_skips=settings.has_skips))
        self.supernet = kind(
            space,
            build_supernet_graph(space),
            generator,
            Runtime(torch.device("cpu")),
            slowness=settings.slowness or 0.0,
        )
        network = self.supernet.network
        network.plain = way.plain
        network.run_state.generator = torch.Generator().manual_seed(0)
        network.run_state.dropout = {} if settings.dropout is None else settings.dropout.rates()
        network.train()
        self.engine = make_engine(self.supernet, settings, generator)
        self.engine.start_epoch(settings.warm_epochs)
        self._batches = workload.batches()

    def step(self, turn: int) -> StepReport:
        """Take a step from where no operations tie, which is the same place in a turn."""
        self.engine.break_ties(torch.Generator().manual_seed(turn))
        return self.engine.step(*self._batches)


@dataclass
class Passes:
    """Passes through the supernet, whole ones: forward, and backward from its logits."""

    forward: int = 0
    backward: int = 0

    def __str__(self) -> str:
        """Return both as a table shows them."""
        return f"{self.forward} + {self.backward}"


def passes(search: Search) -> Passes:
    """Count the passes of a step; penalties in alpha alone are none."""
    found, run = Passes(), Supernet._run

    def went_back(_: Tensor) -> None:
        found.backward += 1

    def counted(supernet: Supernet, *how: Any, **others: Any) -> BatchOutput:
        output = run(supernet, *how, **others)
        found.forward += 1
        if output.pieces[0].requires_grad:
            output.pieces[0].register_hook(went_back)  # type: ignore[no-untyped-call]
        return output

    with patch.object(Supernet, "_run", counted):
        search.step(0)
    return found


def peak_mib(workload: Workload, method: Method, way: Way) -> float:
    """Return by how much two steps raise the memory of this process at most, in MiB."""
    search = Search(workload, method, way)
    return added_peak_mib(lambda: [search.step(turn) for turn in range(2)])
