"""A network in training, with everything that decides how its training goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

import torch
from pydantic import NonNegativeInt, model_validator
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import make_network
from dslnas.data.batches import Reading
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.graph.graph import PrimitiveGraph
from dslnas.settings.sections import EvaluateSettings
from dslnas.state import Generators, State, Stateful, Tensors, copied, state_of, take_parts
from dslnas.tasks.task import Measurement
from dslnas.training.averaging import Average
from dslnas.training.keeping import LoopProgress, Saved


class Progress(LoopProgress):
    """How far a training is.

    Attributes:
        measured: On the validation part, after every epoch so far.
        best: The epoch with the lowest loss, counted from 1; 0 where the last one counts.
        averages: Whether the weights are averaged from now on.
        loss: Sum of the training losses of the steps in the epoch under way.
    """

    measured: tuple[Measurement, ...] = ()
    best: NonNegativeInt = 0
    averages: bool = False
    loss: float = 0.0

    @model_validator(mode="after")
    def _has_its_best_epoch(self) -> Self:
        if self.best > len(self.measured):
            raise ValueError(f"the best epoch is {self.best} of {len(self.measured)}")
        return self

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self.measured)

    def after_step(self, loss: float) -> Self:
        """Return what it is after one more step of the epoch under way."""
        return self.model_copy(update={"steps": self.steps + 1, "loss": self.loss + loss})

    @property
    def losses(self) -> tuple[float, ...]:
        """On the validation part, after every epoch."""
        return tuple(measured.loss for measured in self.measured)

    @property
    def result(self) -> Measurement:
        """Measurement of the epoch that counts: the best one or the last."""
        return self.measured[self.best - 1]


class Trainee:
    """A network in training.

    Attributes:
        network: On the device.
        optimiser: Optimiser of its weights.
        generator: On the CPU: of the first weights, then of the order of the examples.
        average: Average of the weights, from the first step on or once validation has stalled.
        best: All tensors of the network at the best epoch; none where the last one counts.
        reading: Pass over the training data in the epoch under way; none between two epochs.
        progress: How far it is.
        ranks: The processes that train it together.
    """

    def __init__(
        self, graph: PrimitiveGraph, settings: EvaluateSettings, seed: int, runtime: Runtime
    ) -> None:
        """Make fresh weights."""
        self._begin = time.perf_counter()
        self.generator = torch.Generator().manual_seed(seed)
        self.ranks = runtime.ranks
        self.network: TorchNetwork = runtime.place(make_network(graph, self.generator))
        masks = torch.Generator(runtime.device).manual_seed(seed)
        self.network.run_state.generator = masks
        self._generators = Generators({"order": self.generator, "masks": masks})
        weights = list(self.network.parameters())
        self.optimiser = WeightOptimiser(weights, settings.weights, settings.epochs)
        averaged = weights if settings.ema is None else _floats(self.network)
        self.average = Average(averaged, settings.ema)
        self.best: State = {}
        self.reading: Reading | None = None
        self.progress = Progress(averages=settings.ema is not None)

    def keep_best(self) -> None:
        """Take the network as it is for the best so far."""
        self.best = {name: t.detach().clone() for name, t in self.network.state_dict().items()}

    def use_result(self) -> None:
        """Take the best network if one was kept, else the average if there is one."""
        if self.best:
            self.network.load_state_dict(self.best)
        else:
            self.average.use()

    @property
    def seconds(self) -> float:
        """How long it took so far, what was before an interruption included."""
        return time.perf_counter() - self._begin

    def save(self) -> Saved[Progress]:
        """Return a copy of everything as it is now, between two steps or two epochs."""
        progress = self.progress.model_copy(update={"seconds": self.seconds})
        return Saved(progress, copied(state_of(self._parts())))

    def take(self, saved: Saved[Progress], read: Callable[[], Reading]) -> None:
        """Go on from where a training was saved; `read` begins to read the training data.

        Raises:
            StateError: It is another training.
        """
        self.progress = saved.progress
        self._begin -= saved.progress.seconds
        if saved.progress.steps > 0:
            self.reading = read()
        if saved.progress.best > 0:
            self.keep_best()  # the place for the one that is taken
        take_parts(self._parts(), saved.state)

    def _parts(self) -> dict[str, Stateful]:
        """Return all that is stored, in the order in which it is taken."""
        parts: dict[str, Stateful] = {
            "network": Tensors(self.network.state_dict()),
            "optimiser": self.optimiser,
            "average": self.average,
        }
        if self.best:
            parts["best"] = Tensors(self.best)
        if self.reading is not None:
            parts["reading"] = self.reading
        return {**parts, "generators": self._generators}


def _floats(network: TorchNetwork) -> list[Tensor]:
    """Return all numbers of a network that steps move: weights, and running statistics."""
    return [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
