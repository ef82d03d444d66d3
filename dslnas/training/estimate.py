"""Memory and time of a search and a training, from their graphs and from a few steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.threads import threads_for, wait_for
from dslnas.data.dataset import Data
from dslnas.graph.analysis.memory import fits
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.architecture import Architecture
from dslnas.tasks.catalogue import task_of
from dslnas.timing import median_seconds
from dslnas.training.memory_check import memory_of
from dslnas.training.memory_estimate import Needs, search_needs, training_needs
from dslnas.training.search_plan import SearchPlan
from dslnas.training.steps import search_step, training_step


@dataclass(frozen=True)
class Estimate:
    """Memory and time of a stage.

    Attributes:
        stage: `search` or `training`.
        needs: Memory.
        fits: Whether it may fit into the memory of the device.
        step: Seconds of a step, the median; None if none was taken.
        steps: Steps of an epoch; None if the data are not there to count.
        epochs: As the settings say; rules may stop a search earlier.
    """

    stage: str
    needs: Needs
    fits: bool
    step: float | None
    steps: int | None
    epochs: int

    @property
    def epoch(self) -> float | None:
        """Seconds of the steps of an epoch, without the measurement after them."""
        return None if self.step is None or self.steps is None else self.step * self.steps

    @property
    def whole(self) -> float | None:
        """Seconds of all epochs."""
        return None if self.epoch is None else self.epoch * self.epochs


def estimate_search(
    plan: SearchPlan, data: Data, steps_of_epoch: int | None, runtime: Runtime, timed: int
) -> Estimate:
    """Return what a search needs and takes: a step as in the last epoch, when warm-ups are over.

    The data, or noise, are on the device of `runtime`. So many steps are timed, after one that
    is not; 0 times none. `steps_of_epoch` is None if it is not known.
    """
    needs = search_needs(plan, runtime)
    may, settings, seconds = fits(needs.peak, memory_of(runtime.device)), plan.settings, None
    if may and timed > 0:
        with threads_for(
            plan.graph.flops() * plan.data.batch * task_of(plan.data).steps(plan.data)
        ):
            step = search_step(plan, data, runtime)
            seconds = median_seconds(step, timed, wait=partial(wait_for, runtime.device))
    return Estimate("search", needs, may, seconds, steps_of_epoch, settings.epochs)


def estimate_training(
    architecture: Architecture,
    settings: EvaluateSettings,
    data_settings: DataSettings,
    data: Data,
    steps_of_epoch: int | None,
    runtime: Runtime,
    timed: int,
) -> Estimate:
    """Return what training an architecture from scratch needs and takes; see `estimate_search`."""
    needs = training_needs(architecture, settings, data_settings, runtime)
    may, seconds = fits(needs.peak, memory_of(runtime.device)), None
    if may and timed > 0:
        graph = build_derived_graph(architecture, training=True)
        steps = task_of(data_settings).steps(data_settings)
        with threads_for(graph.flops() * settings.batch * steps):
            step = training_step(architecture, settings, data_settings, data, runtime)
            seconds = median_seconds(step, timed, wait=partial(wait_for, runtime.device))
    return Estimate("training", needs, may, seconds, steps_of_epoch, settings.epochs)
