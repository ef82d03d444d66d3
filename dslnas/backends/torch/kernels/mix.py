"""The weighted sum of an edge's operations, each with the batch norm and drop path at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.availability import channels_last, has_loops, plain_cpu
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.mix_args import MixBackward, MixForward
from dslnas.backends.torch.kernels.norm import (
    Norm,
    Rule,
    flags,
    norm_gradients,
    norm_stats,
    normalised,
    sizes_of,
)
from dslnas.backends.torch.kernels.once_differentiable import once_differentiable


class _Setting(NamedTuple):
    """All that is known of a sum besides its values.

    Attributes:
        norms: By input its norm; None if it is taken as it is.
        rule: How they normalise.
        counts: By input what each example counts; None for ones.
    """

    norms: tuple[Norm | None, ...]
    rule: Rule
    counts: tuple[Tensor | None, ...]

    @property
    def counted(self) -> bool:
        """Whether examples count differently."""
        return any(count is not None for count in self.counts)

    @property
    def normalised(self) -> tuple[bool, ...]:
        """By input whether the batch's statistics are used."""
        return tuple(self.rule.training and norm is not None for norm in self.norms)


def mix(
    inputs: Sequence[Tensor],
    weights: Tensor | None,
    norms: Sequence[Norm | None],
    rule: Rule,
    counts: Sequence[Tensor | None] = (),
) -> Tensor:
    """Return the sum over k of a_k * f_k * N_k(y_k); no normalised tensor is made or kept.

    N_k(y) = gamma_k * (y - m_k) / sqrt(v_k + eps) + beta_k per channel where there is a norm, else
    y; f_k is a number per example. So with s_k = a_k * gamma_k / sqrt(v_k + eps) the sum is that of
    f_k * (s_k * y_k + a_k * beta_k - s_k * m_k). In training m_k and v_k are the batch's, of n
    values per channel, and gradients are, from the sum's g, with yhat_k the normalised input,

        G_k = sum f_k * g,  D_k = sum f_k * g * yhat_k  per channel;
        dgamma_k = a_k * D_k;  dbeta_k = a_k * G_k;
        da_k = sum over channels of gamma_k * D_k + beta_k * G_k;
        dy_k = s_k * (f_k * g - G_k / n - yhat_k * D_k / n).

    In evaluation dy_k = s_k * f_k * g; without a norm da_k = sum f_k * g * y_k and
    dy_k = a_k * f_k * g. An example that counts nothing is read for its statistics alone.

    Args:
        inputs: K tensors (B, C, H, W).
        weights: a, (K,); None for ones.
        norms: By input its norm, or None.
        rule: How they normalise.
        counts: By input f, (B,), or None for ones; empty for ones everywhere.

    Reference: Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167, section 3.
    """
    setting = _Setting(tuple(norms), rule, tuple(counts) or (None,) * len(inputs))
    if _has_loops(inputs, setting, weights):
        scales = [norm and norm.scale for norm in norms]
        offsets = [norm and norm.offset for norm in norms]
        result: Tensor = _Mix.apply(  # type: ignore[no-untyped-call]
            setting, weights, *map(channels_last, inputs), *scales, *offsets
        )
        return result
    terms = (
        _term(x, None if weights is None else weights[k], norm, rule, count)
        for k, (x, norm, count) in enumerate(zip(inputs, norms, setting.counts, strict=True))
    )
    return sum(terms, start=next(terms))


def _term(
    x: Tensor, weight: Tensor | None, norm: Norm | None, rule: Rule, count: Tensor | None
) -> Tensor:
    if norm is not None:
        x = normalised(x, weight, norm, rule)
    elif weight is not None:
        x = weight * x
    return x if count is None else x * count.view(-1, *[1] * (x.dim() - 1))


def _has_loops(inputs: Sequence[Tensor], setting: _Setting, weights: Tensor | None) -> bool:
    """Say whether loops can be used for these tensors: of images, on a CPU."""
    x, norms = inputs[0], [norm for norm in setting.norms if norm is not None]
    running = [tensor for norm in norms for tensor in norm[:2]]
    others = (weights, *setting.counts, *(tensor for norm in norms for tensor in norm[2:]))
    given = [*running, *(tensor for tensor in others if tensor is not None)]
    return (
        has_loops("mix")
        and x.dim() == 4
        and x.numel() > x.shape[1]  # more than one pixel
        and plain_cpu([*inputs, *given])
        and all(map(Tensor.is_contiguous, given))
        and len(set(map(Tensor.data_ptr, running))) == len(running)
    )


class _Mix(torch.autograd.Function):
    """Mix by loops: keeps what it reads again and numbers per channel, but nothing normalised.

    Tensors are K inputs, K scales and K offsets, of which some are None.
    """

    @staticmethod
    def forward(
        ctx: Any, setting: _Setting, weights: Tensor | None, *tensors: Tensor | None
    ) -> Tensor:
        count = len(setting.norms)
        inputs = [x for x in tensors[:count] if x is not None]
        x, sizes = inputs[0], sizes_of(count, inputs[0])
        stats = norm_stats(sizes, inputs, setting.norms, setting.rule, weights)
        out = torch.empty_like(x)
        args = MixForward(
            **vars(sizes),
            counted=setting.counted,
            sources=inputs,
            counts=setting.counts,
            stats=stats,
            target=out,
        )
        KernelCall(args, x.dtype).run("forward", sizes.parts)
        reads = _reads(ctx, setting)
        kept = (x if read else None for x, read in zip(inputs, reads, strict=True))
        ctx.save_for_backward(weights, *kept, *tensors[count:])
        ctx.setting, ctx.sizes, ctx.stats = setting, sizes, stats
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        g, sizes, setting, count = (
            channels_last(gradient),
            ctx.sizes,
            ctx.setting,
            ctx.sizes.inputs,
        )
        weights, *saved = ctx.saved_tensors
        grads = _to_be_filled(ctx, g, is_weighted=weights is not None)
        targets = [None if grad is g else grad for grad in grads]
        sums = torch.empty((sizes.parts * 2 * count, sizes.channels), dtype=torch.float64)
        totals = torch.empty(sizes.stats_shape, dtype=torch.float64)
        normalised = flags(setting.normalised)
        args = MixBackward(
            **vars(sizes),
            counted=setting.counted,
            sources=saved[:count],
            counts=setting.counts,
            normalised=normalised,
            stats=ctx.stats,
            gradient=g,
            targets=targets,
            sums=sums,
            totals=totals,
        )
        call, needs = KernelCall(args, g.dtype), ctx.needs_input_grad
        if needs[1] or any(needs[2 + count :]) or any(_through_statistics(ctx, setting)):
            call.run("part_dots", sizes.parts)
            norm_gradients(sizes, ctx.stats, sums, totals, normalised, g.dtype)
        if any(target is not None for target in targets):
            call.run("backward", sizes.parts)
        found = totals.view(4, count, -1)[:2]
        to_weights = _of_weights(found, saved[count:]).to(g.dtype) if needs[1] else None
        return None, to_weights, *grads, *_of_norms(found, weights, needs[2 + count :], g.dtype)


def _to_be_filled(ctx: Any, g: Tensor, *, is_weighted: bool) -> list[Tensor | None]:
    """Return the gradients of inputs, not yet computed; that of a mere summand is the sum's."""
    setting, needs = ctx.setting, ctx.needs_input_grad[2:]
    passed = (
        norm is None and count is None and not is_weighted
        for norm, count in zip(setting.norms, setting.counts, strict=True)
    )
    return [
        None if not need else g if same else torch.empty_like(g)
        for need, same in zip(needs, passed, strict=False)
    ]


def _of_weights(found: Tensor, trained: Sequence[Tensor | None]) -> Tensor:
    """Return the gradients of the weights: from sums of g times normalised inputs, and of g."""
    dots, sums = found.unbind()
    scales, offsets = trained[: len(dots)], trained[len(dots) :]
    if all(tensor is None for tensor in trained):
        return dots.sum(1)
    return torch.stack(
        [
            (dot if scale is None else scale * dot).sum()
            + (0.0 if offset is None else (offset * total).sum())
            for dot, total, scale, offset in zip(dots, sums, scales, offsets, strict=True)
        ]
    )


def _of_norms(
    found: Tensor, weights: Tensor | None, needs: Sequence[bool], dtype: torch.dtype
) -> Iterator[Tensor | None]:
    """Yield the gradients of scales and offsets."""
    if not any(needs):
        yield from (None for _ in needs)
        return
    of_each = found if weights is None else found * weights[:, None]
    for need, gradient in zip(needs, of_each.to(dtype).flatten(0, 1).unbind(), strict=True):
        yield gradient if need else None


def _reads(ctx: Any, setting: _Setting) -> list[bool]:
    """Return which inputs are read again for the gradient."""
    scales = ctx.needs_input_grad[2 + len(setting.norms) :]
    every = ctx.needs_input_grad[1]
    return [
        every or through or scale
        for through, scale in zip(_through_statistics(ctx, setting), scales, strict=False)
    ]


def _through_statistics(ctx: Any, setting: _Setting) -> list[bool]:
    """Return which inputs have a gradient that depends on the batch's statistics."""
    needs = ctx.needs_input_grad[2:]
    return [need and used for need, used in zip(needs, setting.normalised, strict=False)]
