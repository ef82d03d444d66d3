"""Steps along gradients by torch's formulas, each in one call for all tensors.

torch's own optimiser objects take a call for every tensor, or for several, and import its compiler
when the first is made, which takes a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from dslnas.settings.values import Adagrad, Adam, AdamW, AnyOptimiser, RmsProp, Sgd
from dslnas.state import State, StateError, taken

Buffers = Mapping[str, list[Tensor]]
"""By the name of a buffer that of each tensor that moves."""


class Descent:
    """Moves tensors along gradients; one without a gradient stays as it is, and its buffers do.

    Attributes:
        tensors: Weights, or alphas.
        eps: Added by Adam to the root of a second moment.
        buffers: Memory of each tensor that has moved, by name.
    """

    def __init__(self, tensors: Sequence[Tensor], settings: AnyOptimiser) -> None:
        self.tensors, self.eps = list(tensors), 1e-8
        self.buffers: dict[Tensor, State] = {}
        self._settings = settings

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor | None], rate: float) -> None:
        """Take a step at a learning rate, with a gradient or None for each tensor."""
        pairs = zip(self.tensors, gradients, strict=True)
        given = [(tensor, _laid_out(g, tensor)) for tensor, g in pairs if g is not None]
        if not given:
            return
        tensors, along = map(list, zip(*given, strict=True))
        for tensor in tensors:
            if tensor not in self.buffers:
                like = self._buffers_like(tensor)
                self.buffers[tensor] = {name: torch.zeros_like(each) for name, each in like.items()}
        names = self._buffers_like(tensors[0])
        buffers = {name: [self.buffers[tensor][name] for tensor in tensors] for name in names}
        self._move(tensors, along, buffers, rate)

    def _move(
        self, tensors: list[Tensor], gradients: list[Tensor], buffers: Buffers, rate: float
    ) -> None:
        decay, none = self._settings.weight_decay, [None] * len(tensors)
        match self._settings:
            case Sgd(momentum=momentum):
                sgd(
                    tensors, gradients, [*(buffers.get("momentum_buffer") or none)],
                    lr=rate, weight_decay=decay, momentum=momentum,
                    dampening=0, nesterov=False, maximize=False, fused=True,
                )  # fmt: skip
            case Adam(betas=betas) | AdamW(betas=betas):
                rule = adam if isinstance(self._settings, Adam) else adamw
                rule(
                    tensors, gradients,
                    buffers["exp_avg"], buffers["exp_avg_sq"], [], buffers["step"],
                    lr=rate, weight_decay=decay, beta1=betas[0], beta2=betas[1], eps=self.eps,
                    amsgrad=False, maximize=False, fused=True,
                )  # fmt: skip
            case RmsProp(decay=alpha, momentum=momentum):
                rmsprop(
                    tensors, gradients,
                    buffers["square_avg"], [], [*buffers.get("momentum_buffer", [])],
                    buffers["step"], lr=rate, weight_decay=decay, alpha=alpha, eps=self.eps,
                    momentum=momentum, centered=False, foreach=True,
                )  # fmt: skip
            case Adagrad():
                adagrad(
                    tensors, gradients, buffers["sum"], buffers["step"],
                    lr=rate, weight_decay=decay, lr_decay=0, eps=1e-10,
                    maximize=False, foreach=True,
                )  # fmt: skip

    def _buffers_like(self, tensor: Tensor) -> State:
        """Return by name a tensor like each buffer of one that moves."""
        count = torch.zeros(())
        match self._settings:
            case Adam() | AdamW():
                count = count.to(tensor.device)
                return {"step": count, "exp_avg": tensor, "exp_avg_sq": tensor}
            case Adagrad():
                return {"step": count, "sum": tensor}
            case RmsProp(momentum=momentum):
                own: State = {"step": count, "square_avg": tensor}
                return {**own, "momentum_buffer": tensor} if momentum > 0 else own
            case Sgd(momentum=momentum):
                return {"momentum_buffer": tensor} if momentum > 0 else {}

    def state(self) -> State:
        """Return the buffers themselves, by number of the tensor, of those that moved."""
        return {
            f"{number}/{name}": buffer
            for number, tensor in enumerate(self.tensors)
            for name, buffer in self.buffers.get(tensor, {}).items()
        }

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Replace all buffers by copies of others, of tensors of the same sizes."""
        found: dict[Tensor, State] = {}
        left = set(state)
        for number, tensor in enumerate(self.tensors):
            wanted = self._buffers_like(tensor)
            names = {name: f"{number}/{name}" for name in wanted}
            if left.isdisjoint(names.values()):
                continue  # it never moved
            left.difference_update(names.values())
            found[tensor] = {
                name: taken(state, names[name], like).clone() for name, like in wanted.items()
            }
        if left:
            raise StateError(f"`{min(left)}` is not of this optimiser")
        self.buffers = found


def _laid_out(gradient: Tensor, tensor: Tensor) -> Tensor:
    """Return a gradient whose values lie in memory as those of its tensor."""
    if gradient.stride() == tensor.stride():
        return gradient
    return torch.empty_like(tensor).copy_(gradient)
