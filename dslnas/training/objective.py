"""What a training from scratch minimises."""

from __future__ import annotations

from torch import Tensor

from dslnas.backends.torch.losses import (
    cross_entropy,
    mean_cross_entropy,
    run_batch,
    slowness_penalty,
)
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.batches import Batch
from dslnas.settings.sections import EvaluateSettings


def training_loss(
    network: TorchNetwork, batch: Batch, settings: EvaluateSettings
) -> tuple[Tensor, Tensor]:
    """Return what is descended on a batch, and what is reported of it.

    Of images both are the cross-entropy, plus `auxiliary` times that of the second head. Of text
    the slowness penalty is descended but not reported, so that e to the loss is a perplexity.

    Args:
        network: In training mode.
        batch: If it is text, its end is set.
        settings: The weights of the parts.

    Returns:
        Scalars with gradients.
    """
    found = run_batch(network, batch)
    loss = mean_cross_entropy(found, batch)
    if found.auxiliary is not None:
        loss = loss + settings.auxiliary * cross_entropy(found.auxiliary, batch)
    if found.outputs is None or not settings.slowness:
        return loss, loss
    return loss + settings.slowness * slowness_penalty(found.outputs), loss
