"""Training a found architecture from scratch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import make_network
from dslnas.data.dataset import Data
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.architecture import Architecture
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Measurement
from dslnas.training.doubts import doubts_of_training
from dslnas.training.epochs import Epochs
from dslnas.training.keeping import Keeper, Saved
from dslnas.training.records import Report, check_diverged
from dslnas.training.training_state import Progress, Trainee


@dataclass(frozen=True)
class Trained:
    """A trained network with what was measured.

    Attributes:
        network: Without auxiliary head, drop path and dropout: as it is exported.
        validation: Measurement after the epoch whose network it is.
        test: Measured once, at the end.
        epoch: Whose network it is, counted from 1.
        seconds: How long the training took.
        doubts: Sentences on a network that is hardly better than a guess, or was better before.
        outputs: Those of the test part, (N, K), where examples stand alone.
    """

    network: TorchNetwork
    validation: Measurement
    test: Measurement
    epoch: int
    seconds: float
    doubts: tuple[str, ...] = ()
    outputs: Tensor | None = None


def fresh_network(architecture: Architecture, seed: int) -> TorchNetwork:
    """Return an architecture's network with untrained weights, on the CPU, evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    return make_network(build_derived_graph(architecture), generator).eval()


def train(
    architecture: Architecture,
    settings: EvaluateSettings,
    data_settings: DataSettings,
    data: Data,
    seed: int,
    runtime: Runtime,
    report: Report,
    keeper: Keeper[Progress],
    saved: Saved[Progress] | None = None,
) -> Trained:
    """Train an architecture on all training data, with fresh weights.

    Images: cross-entropy; drop path rises linearly from 0 (DARTS, appendix A.2). The network of the
    last epoch, or its average over the steps, is the result: validation and test choose nothing,
    unless settings ask for the best epoch by validation.

    Text: SGD, averaged once validation stalls, with variational dropout and slowness penalty
    (DARTS, appendix A.3; Merity et al., ICLR 2018). The network of the epoch with the lowest
    validation loss is the result: test chooses nothing.

    Args:
        architecture: The architecture that is trained.
        settings: How.
        data_settings: Augmentations.
        data: The examples, on the device of `runtime`.
        seed: Seed of weights, order of examples and everything dropped.
        runtime: How it trains; the test is measured without bfloat16.
        report: Gets a record after every step and every epoch.
        keeper: Stores the training after steps, and epochs before they are reported.
        saved: The same training as it was stored, from which it goes on to the same bits.

    Raises:
        UserError: NAS701 if a loss is not finite, NAS4xx if the network cannot be built, NAS611 if
            there is too little text for a batch.
        StateError: The stored training is another one.
        KeyboardInterrupt: The keeper wants the training to end.
    """
    graph = build_derived_graph(architecture, training=True)
    trainee = Trainee(graph, settings, seed, runtime)
    epochs = Epochs(trainee, settings, data_settings, data, report, keeper)
    if saved is not None:
        trainee.take(saved, epochs.batches)
    task = task_of(data_settings)
    guess = task.guess_loss(data)
    while trainee.progress.epochs < settings.epochs:
        record = epochs.run_one()
        check_diverged(record, guess, "training")
        keeper.after_epoch(record, trainee.save)
        report(record)
    trainee.use_result()
    trainee.network.is_mixed = False
    meter = task.meter()
    test = epochs.measure(data.test, meter)
    network, arrays = fresh_network(architecture, seed), trainee.network.arrays()
    network.load_arrays({name: arrays[name] for name in network.state_dict()})
    progress = trainee.progress
    epoch = progress.best or progress.epochs
    doubts = doubts_of_training(task, data, progress.measured[:epoch], test)
    return Trained(network, progress.result, test, epoch, trainee.seconds, doubts, meter.outputs)
