from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.kernels.availability import available, plain_cpu, why_unavailable
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.threads import threads

needs_numba = pytest.mark.skipif(not available(), reason="numba is not installed")


def _everything() -> list[Tensor]:
    """Return results and gradients of loops that work by parts, on tensors of several parts."""
    torch.manual_seed(0)
    x = torch.randn(4, 8, 40, 40).contiguous(memory_format=torch.channels_last).requires_grad_()
    a, running = torch.rand(2, requires_grad=True), (torch.zeros(8), torch.ones(8))
    scale, offset = torch.rand(2, 8).requires_grad_().unbind()
    norm, counts = Norm(*running, scale, offset), torch.tensor([0.0, 1.25, 1.25, 0.0])
    rule = Rule(0.1, 1e-5, training=True, tracking=True)
    y = mix([2 * x, x], a, [norm, None], rule)
    y = mix([y, x], a, [norm, None], rule, [counts, None])
    return [y, *running, *torch.autograd.grad(y, (x, a, scale, offset), y.detach())]


@needs_numba
def test_results_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    with threads(1):
        alone = _everything()
    for number in (2, 3):
        with threads(number):
            assert all(map(torch.equal, alone, _everything()))


@needs_numba
@pytest.mark.sample(0)
def test_numba_is_imported_only_by_a_loop() -> None:
    program = (
        "import sys\n"
        "from dslnas.backends.torch.kernels import mix, separable_conv\n"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@needs_numba
def test_loops_are_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslnas.backends.torch.kernels import jit

    kept: list[bool] = []

    def compiler(cache: bool = False) -> object:
        kept.append(cache)
        return lambda function: function

    for is_kept in (True, False):
        monkeypatch.setattr(jit, "are_kept", lambda is_kept=is_kept: is_kept)
        assert jit._compiled(compiler, _everything) is _everything
    assert kept == [True, False]


@needs_numba
def test_there_are_no_loops_where_numba_must_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.config.DISABLE_JIT", True)
    assert why_unavailable.__wrapped__() == "NUMBA_DISABLE_JIT is set"


def test_loops_keep_out_of_autocast_and_of_unlike_tensors() -> None:
    x = torch.zeros(1)
    assert plain_cpu([x, x])
    assert not plain_cpu([x, x.double()])
    assert not plain_cpu([x.half()])
    assert not plain_cpu([x.to("meta")])
    with torch.autocast("cpu"):
        assert not plain_cpu([x])
