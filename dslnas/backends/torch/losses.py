"""What networks of either kind, for images or text, give for a batch."""

from __future__ import annotations

from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.batches import Batch


def network_logits(network: TorchNetwork, batch: Batch) -> tuple[Tensor, ...]:
    """Return the logits, and the auxiliary logits where the network has them and trains.

    Of text, the states after the segment are left in the batch.

    Returns:
        (N, classes) each, N as in `batch.targets.flatten()`.
    """
    if isinstance(network, SequenceNetwork):
        run = network.run(batch.inputs, batch.start)
        batch.end = tuple(state.detach() for state in run.states)
        return (run.logits.flatten(0, 1),)
    outputs: tuple[Tensor, ...] = network(batch.inputs)
    return outputs


def slowness_penalty(outputs: Tensor) -> Tensor:
    """Return the mean of (o_{t+1} - o_t)^2 over a segment: cells shall not jump.

    Temporal activation regularisation of Merity et al. (arXiv:1708.01009, section 4.5), with the
    square per feature.

    Args:
        outputs: (T, B, features).
    """
    if len(outputs) < 2:
        return outputs.new_zeros(())
    return (outputs[1:] - outputs[:-1]).pow(2).mean()
