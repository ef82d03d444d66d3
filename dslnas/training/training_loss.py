"""Loss of a training from scratch: what is descended, and what is reported."""

from __future__ import annotations

from torch import Tensor

from dslnas.backends.torch.loss_graphs import Losses, Weights, losses_of
from dslnas.backends.torch.losses import (
    BatchOutput,
    embedding_norms,
    run_batch,
    slowness_penalty,
)
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.batches import Batch
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.task import Task


def training_loss(
    network: TorchNetwork, batch: Batch, settings: EvaluateSettings, task: Task
) -> tuple[Tensor, Tensor]:
    """Return what is descended on a batch, and what is reported of it: scalars with gradients.

    Both are the loss, plus `auxiliary` times that of the second head where there is one. The
    slowness penalty of recurrent cells, so that e to the loss is a perplexity, and the norms of
    embeddings are descended but not reported.
    """

    def compute(batch: Batch, weights: Weights | None) -> Losses:
        return _losses(run_batch(network, batch), network, batch, settings, task)

    descended, reported = losses_of(network, batch, None, compute, "training")
    return descended, reported


def _losses(
    found: BatchOutput, network: TorchNetwork, batch: Batch, settings: EvaluateSettings, task: Task
) -> Losses:
    loss = task.training_loss(found, batch, settings)
    if found.auxiliary is not None:
        second = BatchOutput((found.auxiliary,))
        loss = loss + settings.auxiliary * task.training_loss(second, batch, settings)
    descended = loss
    if found.outputs is not None and settings.slowness:
        descended = descended + settings.slowness * slowness_penalty(found.outputs)
    if settings.norms:
        descended = descended + settings.norms * embedding_norms(network, batch)
    return descended, loss
