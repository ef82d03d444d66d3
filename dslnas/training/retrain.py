"""Training a found architecture from scratch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.batches import batch_count, batches
from dslnas.data.tensors import Data
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.graph.build import build_derived_graph
from dslnas.settings.sections import DataSettings, EvaluateSettings
from dslnas.space.space import SearchSpace
from dslnas.training.measure import measure
from dslnas.training.records import EpochRecord, Report, StepRecord, check_finite


@dataclass(frozen=True)
class Trained:
    """A trained network with what was measured.

    Attributes:
        network: Without auxiliary head and drop path: as it is exported.
        validation_accuracy: After the last epoch, from 0 to 1.
        test_accuracy: Measured once, at the end.
        seconds: How long the training took.
    """

    network: TorchNetwork
    validation_accuracy: float
    test_accuracy: float
    seconds: float


def fresh_network(architecture: SearchSpace, seed: int) -> TorchNetwork:
    """Return an architecture's network with untrained weights, on the CPU, evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    return TorchNetwork(build_derived_graph(architecture), generator).eval()


def retrain(
    architecture: SearchSpace,
    settings: EvaluateSettings,
    data_settings: DataSettings,
    data: Data,
    seed: int,
    device: torch.device,
    report: Report,
) -> Trained:
    """Train an architecture on all training data, with fresh weights.

    SGD on the cross-entropy; drop path rises linearly from 0 (DARTS, appendix A.2). The network of
    the last epoch is the result: validation and test choose nothing.

    Raises:
        UserError: NAS701 if a loss is not finite, NAS4xx if the network cannot be built.
    """
    begin = time.perf_counter()
    graph = build_derived_graph(architecture, training=True)
    generator = torch.Generator().manual_seed(seed)
    network = TorchNetwork(graph, generator).to(device)
    network.run_state.generator = torch.Generator(device).manual_seed(seed)
    optimiser = WeightOptimiser(list(network.parameters()), settings.weights, settings.epochs)
    augment = (*data_settings.augment, *settings.augment)
    training = data.training
    steps = batch_count(training, settings.batch)
    accuracy = 0.0
    for epoch in range(settings.epochs):
        optimiser.start_epoch(epoch)
        network.train()
        network.run_state.drop_path_rate = settings.drop_path * epoch / settings.epochs
        total = 0.0
        for step, (images, labels) in enumerate(
            batches(training, settings.batch, generator, augment), 1
        ):
            loss = _loss(network(images), labels, settings.auxiliary)
            optimiser.descend(loss)
            value = float(loss.detach())
            check_finite("training loss", value, epoch + 1, step, "retraining")
            total += value
            report(StepRecord("retrain", epoch + 1, settings.epochs, step, steps))
        network.eval()
        measured = measure(lambda images: network(images)[0], data.validation)
        check_finite("validation loss", measured.loss, epoch + 1, steps, "retraining")
        accuracy = measured.accuracy
        report(
            EpochRecord(
                stage="retrain",
                epoch=epoch + 1,
                epochs=settings.epochs,
                train_loss=total / steps,
                architecture_loss=None,
                validation_loss=measured.loss,
                validation_accuracy=measured.accuracy,
                seconds=time.perf_counter() - begin,
            )
        )
    test = measure(lambda images: network(images)[0], data.test)
    exported = fresh_network(architecture, seed)
    arrays = network.arrays()
    exported.load_arrays({name: arrays[name] for name in exported.state_dict()})
    return Trained(exported, accuracy, test.accuracy, time.perf_counter() - begin)


def _loss(logits: Sequence[Tensor], labels: Tensor, auxiliary: float) -> Tensor:
    """Cross-entropy, plus `auxiliary` times that of the second head."""
    loss = functional.cross_entropy(logits[0], labels)
    for second in logits[1:]:
        loss = loss + auxiliary * functional.cross_entropy(second, labels)
    return loss
