"""Programs that lie beside a model, run in this process, which has imported all that they need."""

from __future__ import annotations

import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess

import pytest


def run_program(script: Path, *arguments: str | Path) -> CompletedProcess[str]:
    """Return what a program prints, and its exit code."""
    out, err, code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", [str(script), *map(str, arguments)])
        patch.setattr(sys, "path", [str(script.parent), *sys.path])
        patch.delitem(sys.modules, "preprocessing", raising=False)
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0)
        sys.modules.pop("preprocessing", None)
    return CompletedProcess(sys.argv, code, out.getvalue(), err.getvalue())
