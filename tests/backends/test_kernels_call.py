"""Loops are called through one door: what does not fit is refused before any address is taken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.kernels import (
    gate,
    kernel_call,
    mix,
    norm,
    pointwise_conv,
    separable_conv,
    separable_conv_call,
)
from dslnas.backends.torch.kernels.availability import available, channels_last
from dslnas.backends.torch.kernels.kernel_args import Access, KernelArgs
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.backends.torch.kernels.moments import remember
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.kernels.pointwise_conv_args import PointwiseArgs
from dslnas.backends.torch.kernels.separable_conv_args import SeparableArgs
from dslnas.backends.torch.kernels.window import Window
from dslnas.diagnostics import InternalError
from tests.python_process import python

needs_numba = pytest.mark.skipif(not available(), reason="numba is not installed")

NAMES = (
    *("MixForward", "MixBackward", "NormStats", "NormGrad", "GateForward", "GateBackward"),
    *("SeparableArgs, forward", "SeparableArgs, backward"),
    *("PointwiseArgs, forward", "PointwiseArgs, backward"),
)


def run_all() -> list[Tensor]:
    """Run every kernel forward and backward, on sizes that fill no block; return the results."""
    torch.manual_seed(0)
    norms = [Norm(torch.zeros(5), *torch.ones(3, 5)), None]
    x, a = torch.randn(3, 5, 7, 7).requires_grad_(), torch.rand(2).requires_grad_()
    mixed = mix.mix([2 * x, x], a, norms, Rule(0.1, 1e-5, True, True), [torch.ones(3), None])
    window = Window((3, 3), (2, 2), (2, 2), (2, 2))
    members = separable_conv_call.Member(window, 0), separable_conv_call.Member(window, 1)
    kernels, matrices = torch.randn(2, 5, 1, 3, 3), torch.randn(2, 9, 5, 1, 1)
    weights = [*kernels.requires_grad_().unbind(), *matrices.requires_grad_().unbind()]
    results = separable_conv.separable_conv(
        members, [x, 2 * x], weights[:2], weights[2:], moments=True
    )
    wide = torch.randn(2, 9, 10, 1, 1).requires_grad_()
    results += pointwise_conv.pointwise_conv([x, 2 * x], wide.unbind(), relu=True, moments=True)
    loss = mixed.pow(2).sum() + sum(result.pow(2).sum() for result in results)
    y, s, w, v = (torch.randn(size) for size in ((22, 74), (22, 37), (2, 2), (11, 37)))
    known = ("tanh", "identity")
    kinds = gate.by_kind(w, known)
    result = gate.compiled_gate(y, s, kinds)
    dy, ds, dw = gate.compiled_gradients(v, y, s, kinds, known, weighing=True)
    assert dw is not None
    gradients = torch.autograd.grad(loss, (x, a, kernels, matrices, wide))
    return [loss, *gradients, result, dy, ds, dw, _turned(x.detach())]


def _turned(x: Tensor) -> Tensor:
    """Return gradients of two norms' inputs, turned in place."""
    images = [channels_last(x), channels_last(2 * x)]
    sizes, gradients = norm.sizes_of(2, x), [torch.randn_like(y) for y in images]
    norms = [Norm(*torch.zeros(4, 5)) for _ in images]
    remember(images[0], torch.ones(2, 5, dtype=torch.float64))
    stats = norm.norm_stats(sizes, images, norms, Rule(0.1, 1e-5, True, True))
    sums, totals = torch.zeros(4, 5, dtype=torch.float64), torch.empty_like(stats)
    both = norm.flags((True, True))
    norm.norm_gradients(sizes, stats, sums, totals, both, x.dtype, images, gradients)
    return torch.stack(gradients)


@pytest.fixture(scope="module")
def calls() -> dict[str, KernelArgs]:
    """Return arguments of every kernel that its own functions made."""
    found: list[KernelArgs] = []

    class Noting(KernelCall):
        def __init__(self, args: KernelArgs, dtype: torch.dtype) -> None:
            found.append(args)
            super().__init__(args, dtype)

    with pytest.MonkeyPatch.context() as patched:
        for module in (mix, norm, separable_conv_call, gate, pointwise_conv):
            patched.setattr(module, "KernelCall", Noting)
        run_all()
    return {_name(args): args for args in found}


def _name(args: KernelArgs) -> str:
    if isinstance(args, SeparableArgs | PointwiseArgs):
        return f"{type(args).__name__}, {'backward' if args.wants_inputs else 'forward'}"
    return type(args).__name__


def _single_or_first(value: Any) -> Tensor:
    tensor = value if isinstance(value, Tensor) else value[0]
    assert isinstance(tensor, Tensor)
    return tensor


DAMAGES: dict[str, tuple[type[Exception], Callable[[Tensor], object]]] = {
    "of another shape": (InternalError, lambda x: x.new_empty((*x.shape[:-1], x.shape[-1] + 1))),
    "flattened": (InternalError, lambda x: x.new_empty((1, *x.shape))),
    "of another dtype": (InternalError, lambda x: x.to(torch.float16)),
    "with other strides": (InternalError, lambda x: x.new_empty((*x.shape, 2))[..., 0]),
    "negated when read": (InternalError, torch._neg_view),
    "on another device": (InternalError, lambda x: x.to("meta")),
    "an array": (TypeError, lambda x: x.detach().numpy()),
}


@needs_numba
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_buffer_that_does_not_fit_is_refused_by_name(
    name: str, damage: str, calls: dict[str, KernelArgs]
) -> None:
    args, (error, change) = calls[name], DAMAGES[damage]
    for field, value, put in _buffers(args):
        with pytest.raises(error, match=rf"^{args.kernel}: {field}\["):
            KernelCall(put(change(_single_or_first(value))), torch.float32)


def _buffers(args: KernelArgs) -> Iterator[tuple[str, Any, Callable[[object], KernelArgs]]]:
    """Return every buffer's name and value, and what puts another tensor in its first place."""
    for field, accesses in args.accesses().items():
        value = getattr(args, field)
        if value is None or (not isinstance(accesses, Access) and not value):
            continue  # not wanted

        def put(tensor: object, field: str = field, value: Any = value) -> KernelArgs:
            changed = tensor if isinstance(value, Tensor) else [tensor, *value[1:]]
            return replace(args, **{field: changed})  # type: ignore[type-var]

        yield field, value, put


@needs_numba
@pytest.mark.parametrize("name", NAMES)
def test_tables_have_a_tensor_for_each(name: str, calls: dict[str, KernelArgs]) -> None:
    args = calls[name]
    for field, value, _ in _buffers(args):
        if not isinstance(value, Tensor):
            for wrong in ([*value, value[0]], value[1:]):
                with pytest.raises(InternalError, match=rf"^{args.kernel}: {field} has"):
                    KernelCall(replace(args, **{field: wrong}), torch.float32)  # type: ignore[type-var]


@needs_numba
@pytest.mark.parametrize("name", NAMES)
def test_what_a_loop_writes_overlaps_nothing(name: str, calls: dict[str, KernelArgs]) -> None:
    args, tried = calls[name], 0
    for field, value, _ in _buffers(args):
        accesses, tensor = args.accesses()[field], _single_or_first(value)
        access = accesses if isinstance(accesses, Access) else accesses[0]
        for other, others, _ in _buffers(args):
            like = _single_or_first(others)
            if not access.written or other == field or like.dtype != tensor.dtype:
                continue
            room = torch.empty(tensor.numel() + like.numel() - 1, dtype=tensor.dtype)
            at = room.as_strided(tensor.shape, tensor.stride())
            last = room.as_strided(like.shape, like.stride(), tensor.numel() - 1)
            both = {field: _first(value, at), other: _first(others, last)}
            with pytest.raises(InternalError, match="overlaps another argument"):
                KernelCall(replace(args, **both), torch.float32)  # type: ignore[type-var]
            tried += 1
    assert tried


def _first(value: Any, tensor: Tensor) -> object:
    return tensor if isinstance(value, Tensor) else [tensor, *value[1:]]


@needs_numba
def test_there_are_loops_for_floats_only(calls: dict[str, KernelArgs]) -> None:
    with pytest.raises(InternalError, match=r"no loops of `gate` for torch\.int64"):
        KernelCall(calls["GateForward"], torch.int64)


@needs_numba
def test_a_loop_without_memory_to_work_in_is_an_error(
    calls: dict[str, KernelArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    from dslnas.backends.torch.kernels import gate_numba
    from dslnas.backends.torch.kernels.jit import DONE, args_at

    def greedy(number: int, args: Any, dtype_of: Any) -> int:
        a = args_at(args)
        return DONE if np.empty(a.features << 55, np.uint8).size else 0

    monkeypatch.setitem(gate_numba.TASKS, "greedy", greedy)
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda given: told.append(given.exc_type))
    call = KernelCall(calls["GateForward"], torch.float32)
    with pytest.raises(MemoryError, match="`greedy` of `gate`"):
        call.run("greedy", 3)
    assert told == [MemoryError] * 3
    kernel_call.compiled_task.cache_clear()


@needs_numba
@pytest.mark.slow  # it compiles a loop from nothing
def test_results_are_the_same_where_loops_are_compiled_and_where_they_are_found(
    tmp_path: Path,
) -> None:
    program = (
        "import torch\n"
        "from dslnas.backends.torch.kernels.gate import by_kind, compiled_gate\n"
        "torch.manual_seed(3)\n"
        "y, s, w = torch.randn(11, 74), torch.randn(11, 37), torch.rand(1, 4)\n"
        "known = 'tanh', 'relu', 'sigmoid', 'identity'\n"
        "print(compiled_gate(y, s, by_kind(w, known)).view(torch.int32).tolist())"
    )
    first, second = (python(program, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert list(tmp_path.rglob("gate_numba.forward-*.nbi"))
    assert first.stdout == second.stdout


@needs_numba
def test_loops_are_kept_apart_from_those_of_other_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dslnas.backends.torch.kernels import kept_loops

    monkeypatch.setattr(kept_loops, "__file__", str(tmp_path / "kept_loops.py"))
    helper = tmp_path / "helper.py"
    folders = []
    for text in ("a = 1", "a = 2", "a = 1"):
        helper.write_text(text, encoding="utf-8")
        folders.append(kept_loops.cache_folder())
    assert folders[0] == folders[2] != folders[1]


def doubled(x: int) -> int:
    return 2 * x


@needs_numba
def test_damaged_loops_are_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba import int64, njit

    from dslnas.backends.torch.kernels import jit

    def compiled() -> Callable[[int], int]:
        made: Callable[[int], int] = jit._compiled(lambda **k: njit(int64(int64), **k), doubled)
        return made

    monkeypatch.setattr(jit, "FOLDER", tmp_path)
    monkeypatch.setattr(jit, "_called", [])
    assert compiled()(21) == 42
    for suffix in ("nbi", "nbc"):
        (file,) = tmp_path.rglob(f"*.{suffix}")
        file.write_bytes(file.read_bytes()[:20])
        assert compiled()(21) == 42
        assert not [*tmp_path.rglob("*.nb?")], "nothing is kept where it would be damaged again"
        assert compiled()(21) == 42
        assert len([*tmp_path.rglob("*.nb?")]) == 2


@needs_numba
def test_one_process_at_a_time_looks_for_loops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    from dslnas.backends.torch.kernels import kept_loops

    monkeypatch.setattr(kept_loops, "FOLDER", tmp_path)

    def is_free() -> bool:
        with (tmp_path / kept_loops.LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    with kept_loops.alone():
        assert not is_free()
    assert is_free()
