"""dslnas: a language and compiler for neural architecture search.

The functions of the command line, for notebooks and programs:

    spec = dslnas.compile_spec("spec.nas", ["search.epochs=5"])
    run = dslnas.search(spec, "runs/mine", seed=1)  # finds an architecture
    dslnas.train(run)                               # trains it from scratch, and measures it
    dslnas.export(run)                              # writes an ONNX model and a Python module
    dslnas.load_run("runs/mine").results            # the same run, from its folder
    dslnas.predict("runs/mine", ["photo.jpg"])      # labels of pictures, with probabilities
    dslnas.report_data("spec.nas").parts            # how much of what its data hold
    dslnas.write_report("runs/mine")                # the run as a page to look at
    dslnas.compare(["runs/mine", "runs/other"])     # what differs in spec, cells and results
    dslnas.convert("runs/mine", "genotype")         # its cells as DARTS' programs write them
    dslnas.draw("runs/mine", "cells.svg")           # its cells and networks as for a paper

Each is imported when it is first used, so that `import dslnas` and `dslnas check` answer at once.
How they work together is said in `dslnas.app.pipeline`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dslnas.app.compile import compile_spec
    from dslnas.app.compiled import Compiled
    from dslnas.app.convert import convert
    from dslnas.app.data_report import report_data
    from dslnas.app.draw import draw
    from dslnas.app.export import export
    from dslnas.app.open_run import load_run
    from dslnas.app.predict import predict
    from dslnas.app.report import compare, write_report
    from dslnas.app.run import Run
    from dslnas.app.search import search
    from dslnas.app.train import train
    from dslnas.diagnostics import UserError
    from dslnas.runs.stop_request import StopRequest

# ONNX Runtime from 1.29 on tells its maker which models run. It reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Compiled",
    "Run",
    "StopRequest",
    "UserError",
    "compare",
    "compile_spec",
    "convert",
    "draw",
    "export",
    "load_run",
    "predict",
    "report_data",
    "search",
    "train",
    "write_report",
]

_HOMES = {
    "Compiled": "dslnas.app.compiled",
    "Run": "dslnas.app.run",
    "StopRequest": "dslnas.runs.stop_request",
    "UserError": "dslnas.diagnostics",
    "compare": "dslnas.app.report",
    "compile_spec": "dslnas.app.compile",
    "convert": "dslnas.app.convert",
    "draw": "dslnas.app.draw",
    "export": "dslnas.app.export",
    "load_run": "dslnas.app.open_run",
    "predict": "dslnas.app.predict",
    "report_data": "dslnas.app.data_report",
    "search": "dslnas.app.search",
    "train": "dslnas.app.train",
    "write_report": "dslnas.app.report",
}


def __getattr__(name: str) -> object:
    """Import and return one of the names above."""
    if name not in _HOMES:
        raise AttributeError(f"module `dslnas` has no `{name}`")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the names above, also those that are not imported yet."""
    return sorted({*globals(), *__all__})
