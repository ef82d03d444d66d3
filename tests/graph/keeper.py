"""The memory that autograd keeps for a backward pass."""

from __future__ import annotations

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


class Keeper(saved_tensors_hooks):
    """Adds up what autograd keeps of what runs inside of it; every piece of memory once."""

    def __init__(self, network: nn.Module, least: int = 1) -> None:
        """Leave out a network's own tensors, and pieces of fewer than `least` bytes."""
        super().__init__(self._pack, lambda tensor: tensor)
        self._own = {t.untyped_storage().data_ptr() for t in network.state_dict().values()}
        self._least = least
        self._pieces: dict[int, Tensor] = {}

    def _pack(self, tensor: Tensor) -> Tensor:
        memory = tensor.untyped_storage()
        if memory.data_ptr() not in self._own and memory.nbytes() >= self._least:
            self._pieces[memory.data_ptr()] = tensor
        return tensor

    @property
    def bytes(self) -> int:
        return sum(tensor.untyped_storage().nbytes() for tensor in self._pieces.values())
