"""Search methods at work: this tool's step on a workload, and the published program's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import get_args

import torch
from torch import Tensor

from contest import Step
from dslnas.backends.torch.kernels.availability import without_loops
from dslnas.backends.torch.kernels.kernel_args import Kernel
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.catalogue import make_engine
from dslnas.engines.protocol import StepReport
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import Oles, PerturbAdversarially
from dslnas.tasks.language_settings import SETTINGS as TEXT
from published import darts, discrete, recurrent, recurrent_search, supernet
from workloads import CPU, Workload

KERNELS: tuple[Kernel, ...] = get_args(Kernel)


@dataclass(frozen=True)
class Method:
    """A row of a table: the word of the language and what differs from its defaults."""

    name: str
    title: str
    word: str
    settings: Mapping[str, object] = field(default_factory=dict)


METHODS = {
    method.name: method
    for method in (
        Method("darts-second", "DARTS, second order", "darts", {"order": "second"}),
        Method("darts", "DARTS, first order", "darts"),
        Method("milenas", "MiLeNAS, first order", "milenas"),
        Method("nasp", "NASP", "nasp"),
        Method("gdas", "GDAS", "gdas"),
        Method("milenas-second", "MiLeNAS, second order", "milenas", {"order": "second"}),
        Method("single-level", "single-level", "single_level"),
        Method("snas", "SNAS", "snas"),
        Method("random", "random sampling", "random"),
        Method("asng", "ASNG-NAS", "asng"),
        Method("enas", "ENAS", "enas"),
        Method("evolution", "evolution, shared weights", "evolution"),
        Method("nao", "NAO", "nao"),
        Method("drnas", "DrNAS", "drnas"),
        Method("sdarts", "SmoothDARTS at random", "sdarts"),
        Method(
            "sdarts-adversary",
            "SmoothDARTS by an adversary",
            "sdarts",
            {"perturb": PerturbAdversarially()},
        ),
        Method("darts-minus", "DARTS-", "darts_minus"),
        Method("fair-darts", "Fair DARTS", "fair_darts"),
        Method("beta-darts", "beta-DARTS", "beta_darts"),
        Method("asap", "ASAP, before it prunes", "asap"),
        Method("bayesnas", "BayesNAS, before it prunes", "bayesnas"),
        Method("reinmax", "GDAS with ReinMax", "gdas", {"sampler": "reinmax"}),
        Method("oles", "DARTS with OLES", "darts", {"freeze": Oles()}),
    )
}
ON_CPU = Runtime(CPU)
MAIN = ("darts", "darts-second", "milenas", "nasp", "gdas")


class Search:
    """A method at work on one workload, ready for its first step."""

    def __init__(
        self,
        workload: Workload,
        method: Method,
        *,
        plain: bool = False,
        runtime: Runtime = ON_CPU,
    ) -> None:
        """Make supernet, engine and batches; plain runs the graph as it is first lowered."""
        model = SEARCH[method.word]
        defaults = {} if workload.shape else TEXT.defaults_of(model)
        settings = model.model_validate({**defaults, **method.settings})
        generator = torch.Generator().manual_seed(0)
        space = workload.space
        space = replace(space, network=replace(space.network, has_skips=settings.has_skips))
        self.supernet = Supernet(
            space,
            build_supernet_graph(space),
            generator,
            runtime,
            slowness=settings.slowness or 0.0,
        )
        network = self.supernet.network
        network.plain = plain
        network.run_state.generator = torch.Generator(runtime.device).manual_seed(0)
        network.run_state.dropout = {} if settings.dropout is None else settings.dropout.rates()
        network.train()
        self.engine = make_engine(self.supernet, settings, generator)
        self.engine.start_epoch(settings.warm_epochs)
        self._batches = workload.batches(runtime.device)

    def step(self, turn: int) -> StepReport:
        """Take a step from where no operations tie, which is the same place in a turn."""
        self.engine.break_ties(torch.Generator().manual_seed(turn))
        return self.engine.step(*self._batches)


def ours(
    workload: Workload,
    method: str,
    plain: bool = False,
    without: Sequence[Kernel] = (),
    runtime: Runtime = ON_CPU,
) -> Step:
    """Return this tool's step, plain or without the loops of some kernels."""

    def off() -> AbstractContextManager[None]:
        return without_loops(*without) if without else nullcontext()

    with off():
        search = Search(workload, METHODS[method], plain=plain, runtime=runtime)

    def step(turn: int) -> StepReport:
        with off():
            return search.step(turn)

    return step


GRADIENTS: Mapping[str, darts.AlphaGradient] = {
    "darts": darts.first_order,
    "darts-second": darts.second_order,
    "milenas": darts.mixed_level,
}
RECURRENT: Mapping[str, recurrent_search.AlphaGradient] = {
    "darts": recurrent_search.first_order,
    "darts-second": recurrent_search.second_order,
}
DISCRETE: Mapping[str, type[discrete.Nasp] | type[discrete.Gdas]] = {
    "nasp": discrete.Nasp,
    "gdas": discrete.Gdas,
}


def is_published(workload: Workload, method: str) -> bool:
    """Whether a program of `published` takes such steps."""
    known = GRADIENTS.keys() | DISCRETE.keys() if workload.shape else RECURRENT.keys()
    return workload.is_published and method in known


def published(
    workload: Workload, method: str, layout: torch.memory_format, device: torch.device = CPU
) -> Step:
    """Return the step of the published program, in a layout of images and weights."""
    torch.manual_seed(0)
    if not workload.shape:
        return _text(workload, method, device)
    return _images(workload, method, layout, device)


def _images(
    workload: Workload, method: str, layout: torch.memory_format, device: torch.device
) -> Step:
    operations = {
        8: (supernet.DARTS, supernet.DARTS),
        5: (discrete.NORMAL, discrete.REDUCTION),
    }[workload.space.cells["reduction"].width]
    frame = workload.space.network
    network = supernet.SearchNetwork(
        frame.channels, len(frame.layout), workload.classes, *operations
    )
    _check_same(network, workload)
    network.to(device, memory_format=layout).train()  # type: ignore[call-overload]
    network.alphas = [_leaf(alpha, device) for alpha in network.alphas]
    train, held_out = (
        darts.Batch(batch.inputs["image"].contiguous(memory_format=layout), batch.targets)
        for batch in workload.batches(device)
    )
    if method in GRADIENTS:
        search = darts.Search(network, GRADIENTS[method])
        return lambda turn: search.step(train, held_out)
    choosing = DISCRETE[method](network)

    def step(turn: int) -> float:
        generator = torch.Generator().manual_seed(turn)  # NASP chooses what this tool does
        for alpha in network.alphas:
            if method == "nasp":
                alpha.data.copy_(torch.rand(alpha.shape, generator=generator))
        return choosing.step(train, held_out)

    return step


def _text(workload: Workload, method: str, device: torch.device) -> Step:
    width = workload.space.network.channels
    network = recurrent.SearchNetwork(workload.classes, width, recurrent.PUBLISHED).train()
    _check_same(network, workload)
    network.to(device).alpha = _leaf(network.alpha, device)
    start = torch.zeros(workload.batch, width, device=device)
    train, held_out = (
        recurrent.Segment(batch.inputs["token"], batch.targets, start)
        for batch in workload.batches(device)
    )
    search = recurrent_search.Search(network, RECURRENT[method], recurrent_search.Settings())
    return lambda turn: search.step(train, held_out)


def _leaf(alpha: Tensor, device: torch.device) -> Tensor:
    return alpha.detach().to(device).requires_grad_()


def _check_same(network: torch.nn.Module, workload: Workload) -> None:
    """Raise an error if the published network is not that of the workload."""
    found = sum(weight.numel() for weight in network.parameters())
    wanted = build_supernet_graph(workload.space).params()
    if found != wanted:
        raise ValueError(f"{workload}: {wanted} weights, but {found} as published")
