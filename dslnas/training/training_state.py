"""A network in training, with everything that decides how its training goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import torch
from pydantic import NonNegativeInt, model_validator
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import make_network
from dslnas.diagnostics import user_error
from dslnas.graph.graph import PrimitiveGraph
from dslnas.json_model import JsonModel, Seconds
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.task import Measurement
from dslnas.training.averaging import Average
from dslnas.training.records import EpochRecord
from dslnas.training.resumable_sgd import ResumableSGD

WEIGHTS, BEST, MOMENTUM, AVERAGE = "weights", "best", "momentum", "average"
ORDER, MASKS = "generator/order", "generator/masks"


class Progress(JsonModel):
    """How far a training is, in numbers.

    Attributes:
        measured: On the validation part, after every epoch so far.
        best: The epoch with the lowest loss, counted from 1; 0 where the last one counts.
        averages: Whether the weights are averaged from now on.
        average_count: How many values of each weight are in the average.
        seconds: How long it took so far.
    """

    measured: tuple[Measurement, ...] = ()
    best: NonNegativeInt = 0
    averages: bool = False
    average_count: NonNegativeInt = 0
    seconds: Seconds = 0.0

    @model_validator(mode="after")
    def _has_its_best_epoch(self) -> Self:
        if self.best > len(self.measured):
            raise ValueError(f"the best epoch is {self.best} of {len(self.measured)}")
        return self

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self.measured)

    @property
    def losses(self) -> tuple[float, ...]:
        """On the validation part, after every epoch."""
        return tuple(measured.loss for measured in self.measured)

    @property
    def result(self) -> Measurement:
        """Measurement of the epoch that counts: the best one or the last."""
        return self.measured[self.best - 1]


@dataclass(frozen=True)
class TrainingState:
    """A training after an epoch.

    Attributes:
        progress: The numbers.
        arrays: Weights, averages, momentum, best weights and the states of generators.
        where: File that it was read from, for messages.
    """

    progress: Progress
    arrays: Mapping[str, np.ndarray]
    where: str = ""


SaveHook: TypeAlias = Callable[[EpochRecord, TrainingState], None]
"""Stores an epoch, and the training after it in place of what was stored before."""


class Trainee:
    """A network in training.

    Attributes:
        network: On the device.
        optimiser: Optimiser of its weights.
        generator: On the CPU: of the first weights, then of the order of the examples.
        average: Average of the weights, once validation has stalled.
        best: All tensors of the network at the best epoch; none where the last one counts.
        progress: How far it is.
    """

    def __init__(
        self, graph: PrimitiveGraph, settings: EvaluateSettings, seed: int, runtime: Runtime
    ) -> None:
        """Make fresh weights."""
        self.generator = torch.Generator().manual_seed(seed)
        self.network: TorchNetwork = runtime.place(make_network(graph, self.generator))
        self._masks = torch.Generator(runtime.device).manual_seed(seed)
        self.network.run_state.generator = self._masks
        weights = list(self.network.parameters())
        self.optimiser = ResumableSGD(weights, settings.weights, settings.epochs)
        self.average = Average(weights)
        self.best: dict[str, Tensor] = {}
        self.progress = Progress()

    def keep_best(self) -> None:
        """Take the network as it is for the best so far."""
        self.best = {name: t.detach().clone() for name, t in self.network.state_dict().items()}

    def use_best(self) -> None:
        """Go back to the best network, if one was kept."""
        if self.best:
            self.network.load_state_dict(self.best)

    def save(self) -> TrainingState:
        """Return a copy of everything."""
        groups = {
            WEIGHTS: self.network.state_dict(),
            BEST: self.best,
            MOMENTUM: self.optimiser.buffers(),
            AVERAGE: {str(number): mean for number, mean in enumerate(self.average.means)},
        }
        arrays = {
            f"{group}/{name}": tensor.detach().cpu().numpy().copy()
            for group, tensors in groups.items()
            for name, tensor in tensors.items()
        }
        arrays[ORDER] = self.generator.get_state().numpy()
        arrays[MASKS] = self._masks.get_state().numpy()
        return TrainingState(self.progress, arrays)

    def take(self, saved: TrainingState) -> None:
        """Go on from where a training was saved; raise NAS026 if it does not fit."""
        groups = _groups(saved.arrays, saved.where)
        state = self.network.state_dict()
        numbered = {str(n): weight for n, weight in enumerate(self.network.parameters())}
        for group, wanted, is_there in (
            (WEIGHTS, state, True),
            (BEST, state, saved.progress.best > 0),
            (MOMENTUM, numbered, self.optimiser.has_momentum),
            (AVERAGE, numbered, saved.progress.average_count > 0),
        ):
            _check(group, groups[group], wanted if is_there else {}, saved.where)
        self.network.load_state_dict(groups[WEIGHTS])
        device = next(iter(state.values())).device
        self.best = {name: tensor.to(device) for name, tensor in groups[BEST].items()}
        self.optimiser.take(groups[MOMENTUM])
        averages = groups[AVERAGE]
        self.average.means = [averages[n].to(device) for n in numbered if n in averages]
        self.average.count = saved.progress.average_count
        try:
            self.generator.set_state(torch.from_numpy(saved.arrays[ORDER]))
            self._masks.set_state(torch.from_numpy(saved.arrays[MASKS]))
        except (KeyError, RuntimeError, TypeError):
            why = "states of the random numbers are not those of this device"
            raise foreign(why, saved.where) from None
        self.progress = saved.progress


def foreign(why: str, where: str) -> Exception:
    """Return the error for a checkpoint that does not fit."""
    return user_error(
        "NAS026",
        f"checkpoint does not fit: {why}",
        where=where,
        help="without `--resume`, and with another `--out`, the run starts again",
    )


def _groups(arrays: Mapping[str, np.ndarray], where: str) -> dict[str, dict[str, Tensor]]:
    """Return the arrays by group, as tensors on the CPU that own their memory."""
    groups: dict[str, dict[str, Tensor]] = {g: {} for g in (WEIGHTS, BEST, MOMENTUM, AVERAGE)}
    for key, array in arrays.items():
        group, _, name = key.partition("/")
        if group in groups:
            groups[group][name] = torch.from_numpy(np.array(array))
        elif key not in (ORDER, MASKS):
            raise foreign(f"the training has no `{key}`", where)
    return groups


def _check(
    group: str, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str
) -> None:
    """Check that the tensors of a group are those that are wanted."""
    for name in found:
        full = f"{group}/{name}"
        if name not in wanted:
            raise foreign(f"the training has no `{full}`", where)
        if found[name].shape != wanted[name].shape or found[name].dtype != wanted[name].dtype:
            shapes = f"{tuple(found[name].shape)}, needs {tuple(wanted[name].shape)}"
            raise foreign(f"`{full}` has shape {shapes}", where)
    if found.keys() != wanted.keys():
        raise foreign(f"`{group}/{min(wanted.keys() - found.keys())}` is missing", where)
