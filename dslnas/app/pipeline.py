"""The pipeline, from a `.nas` file to a deployed network. Read this file first.

    compile.py   text -> program -> checked program -> search space -> graph of primitives
    search.py    supernet -> scores -> architecture
    train.py     architecture -> trained network
    export.py    trained network -> ONNX model, Python module, weights

Each stage writes into the folder of its run, so every stage can be gone on with from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

from dslnas.app.compiled import Compiled, CompiledArchitecture
from dslnas.app.export import export
from dslnas.app.open_run import named_by_its_run, place_of
from dslnas.app.run import Notice, Run, RunOptions
from dslnas.app.search import draw, search
from dslnas.app.train import train
from dslnas.diagnostics import command
from dslnas.launch import launched
from dslnas.runs.hold import held


def run_pipeline(
    spec: Compiled,
    out: Path | str | None = None,
    *,
    baseline: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Run what `compile_spec` returned to the end, in `out` or a new folder below `exported`.

    With `baseline` an architecture is drawn at random instead of being searched. Of several
    processes that torchrun started the first one writes, and exports when it is alone again.

    Nobody else writes into the folder from the first stage to the last.

    Raises:
        UserError: Whatever goes wrong; the manifest then says `failed` or `interrupted`.
    """
    if not launched().writes:
        return _run_stages(spec, out, baseline=baseline, **options)
    path = place_of(named_by_its_run(spec), out, options.get("seed", 0))
    with held(path):
        run = _run_stages(spec, path, baseline=baseline, **options)
        if not run.is_finished:
            with _keeping_the_weights(run):
                export(run)
        else:
            from dslnas.app.report import report_if_missing

            report_if_missing(run.path, run.report)
    return run


def _run_stages(
    spec: Compiled, out: Path | str | None, *, baseline: bool, **options: Unpack[RunOptions]
) -> Run:
    """Run all stages but the export."""
    if isinstance(spec, CompiledArchitecture):
        return train(spec, out, **options)
    found = draw(spec, out, **options) if baseline else search(spec, out, trains=True, **options)
    return train(found)


@contextmanager
def _keeping_the_weights(run: Run) -> Iterator[None]:
    """Say how to export a trained run whose export ends in an error."""
    try:
        yield
    except Exception:
        again = command("export", run.path)
        text = (
            f"The trained weights are kept: `{again}` tries again, with `--set export.formats=onnx`"
        )
        run.report(Notice(f"{text} only the model"))
        raise
