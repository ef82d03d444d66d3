"""`dslnas loops`."""

from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.kernels import compilation
from dslnas.backends.torch.kernels.availability import available
from dslnas.cli.main import run


@pytest.mark.skipif(not available(), reason="numba is not installed")
@pytest.mark.parametrize(
    ("arguments", "dtypes"),
    [
        ([], [torch.float32]),
        (["--precision", "float64"], [torch.float64]),
        (["--precision", "float32", "--precision", "float64"], [torch.float32, torch.float64]),
    ],
)
def test_loops_are_compiled_for_the_precisions_that_are_named(
    arguments: list[str],
    dtypes: list[torch.dtype],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    compiled: list[torch.dtype] = []

    def compile_all(dtype: torch.dtype) -> int:
        compiled.append(dtype)
        return 12

    monkeypatch.setattr(compilation, "compile_all", compile_all)
    assert run(["loops", *arguments]) == 0
    assert compiled == dtypes
    assert f"{12 * len(dtypes)} loops are ready in " in capsys.readouterr().out
