"""Programs in a Python of their own, which may die of them."""

from __future__ import annotations

import os
import subprocess
import sys


def python(program: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program with all that this process can import, and with some variables changed."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        capture_output=True,
        text=True,
        check=False,
    )
