"""Loss of a training from scratch: what is descended, and what is reported."""

from __future__ import annotations

from torch import Tensor

from dslnas.backends.torch.losses import BatchOutput, run_batch, slowness_penalty
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.batches import Batch
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.task import Task


def training_loss(
    network: TorchNetwork, batch: Batch, settings: EvaluateSettings, task: Task
) -> tuple[Tensor, Tensor]:
    """Return what is descended on a batch, and what is reported of it: scalars with gradients.

    Both are the loss, plus `auxiliary` times that of the second head where there is one. The
    slowness penalty of recurrent cells is descended but not reported, so that e to the loss is a
    perplexity.
    """
    found = run_batch(network, batch)
    loss = task.training_loss(found, batch, settings)
    if found.auxiliary is not None:
        second = BatchOutput((found.auxiliary,))
        loss = loss + settings.auxiliary * task.training_loss(second, batch, settings)
    if found.outputs is None or not settings.slowness:
        return loss, loss
    return loss + settings.slowness * slowness_penalty(found.outputs), loss
