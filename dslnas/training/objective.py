"""What a training from scratch minimises."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.losses import network_logits, slowness_penalty
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.batches import NOTHING, Batch
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
    if isinstance(network, SequenceNetwork):
        run = network.run(batch.inputs, batch.start)
        batch.end = tuple(state.detach() for state in run.states)
        loss = _cross_entropy(run.logits.flatten(0, 1), batch)
        if not settings.slowness:
            return loss, loss
        return loss + settings.slowness * slowness_penalty(run.outputs), loss
    first, *others = network_logits(network, batch)
    loss = _cross_entropy(first, batch)
    for other in others:
        loss = loss + settings.auxiliary * _cross_entropy(other, batch)
    return loss, loss


def _cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    return functional.cross_entropy(logits, batch.targets.flatten(), ignore_index=NOTHING)
