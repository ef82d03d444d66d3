"""Compiling loops is told, reading them from disk is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import torch
from dslnas.backends.torch.kernels.compilation import telling_of_compilation
from dslnas.backends.torch.kernels.kernel_call import _team
with telling_of_compilation(lambda: print("compiling")):
    _team()
print("done")
"""


@pytest.mark.slow  # it compiles loops from nothing
def test_compilation_is_told_once_on_a_machine(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    surroundings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for expected in ("compiling\ndone\n", "done\n"):
        command = [sys.executable, "-c", CODE]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
        assert done.stdout == expected
