"""Steps of a search and of a training on their own, to be timed: what they learn is thrown away."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeAlias

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import forever
from dslnas.data.dataset import Data
from dslnas.engines.catalogue import make_engine
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.architecture import Architecture
from dslnas.training.epochs import Epochs
from dslnas.training.keeping import KeepsNothing
from dslnas.training.search import make_supernet
from dslnas.training.search_plan import SearchPlan
from dslnas.training.training_state import Trainee

SEED = 0

TakeStep: TypeAlias = Callable[[], object]
"""Takes the next step."""


def search_step(plan: SearchPlan, data: Data, runtime: Runtime) -> TakeStep:
    """Return what takes a step of a search, as in its last epoch, when warm-ups are over."""
    batch, augment, settings = plan.data.batch, plan.data.augmentations, plan.settings
    generators = [torch.Generator().manual_seed(SEED) for _ in range(3)]
    train = forever(data.weights, batch, generators[0], augment)
    architecture = forever(data.architecture, batch, generators[1], augment)
    supernet = make_supernet(plan, generators[2], SEED, runtime)
    engine = make_engine(supernet, settings, generators[2])
    engine.start_epoch(settings.epochs - 1)
    supernet.network.train()
    engine.break_ties(generators[2])
    return lambda: engine.step(next(train), next(architecture))


def training_step(
    architecture: Architecture,
    settings: EvaluateSettings,
    data_settings: DataSettings,
    data: Data,
    runtime: Runtime,
) -> TakeStep:
    """Return what takes a step of training an architecture from scratch, as in its last epoch."""
    graph = build_derived_graph(architecture, training=True)
    trainee = Trainee(graph, settings, SEED, runtime)
    epochs = Epochs(trainee, settings, data_settings, data, lambda record: None, KeepsNothing())
    epochs.begin(settings.epochs)
    batches = (batch for _ in count() for batch in epochs.batches())
    return lambda: epochs.step(next(batches))
