"""Making a run folder and filling it: what `compile --search` and `export` share."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslnas.app.compile import Compiled
from dslnas.app.pipeline import run_baseline, run_search, run_training
from dslnas.data.data_shape import verify
from dslnas.diagnostics import user_error
from dslnas.runs.folder import CHECKPOINT, RunFolder, free_folder, is_searched
from dslnas.runs.manifest import first_manifest
from dslnas.runs.summary import BASELINE

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime

# torch has no type of its own for a failed allocation on the CPU.
_ALLOCATION = ("can't allocate memory", "not enough memory", "out of memory")

EXPORTED = Path("exported")


def finish_run(
    compiled: Compiled,
    out: Path | None,
    seed: int,
    runtime: Runtime,
    *,
    quiet: bool,
    baseline: bool = False,
    resume: bool = False,
) -> RunFolder:
    """Run a spec to the end in a new folder: search where there is a choice, train, export.

    The folder is made only when the data are there. With `baseline` an architecture is drawn at
    random instead of being searched. With `resume` the run in folder `out` is gone on with; there
    is nothing to do if it is finished.

    Raises:
        UserError: Whatever goes wrong; the manifest then says `failed` or `interrupted`.
    """
    from dslnas.cli.render.progress import Progress
    from dslnas.runs.resume import reopen
    from dslnas.training.records import EpochRecord, StepRecord

    gc.enable()
    verify(compiled.program.data, compiled.space.network.classes)
    method = compiled.program.engine if not compiled.space.is_architecture else "retrained"
    path = out or free_folder(EXPORTED, f"{compiled.name}-{method}-seed{seed}")
    program = compiled.program
    if baseline:  # no search: its settings are not those of this run
        program = replace(program, engine=BASELINE, search=None)
    manifest = first_manifest(compiled.name, compiled.hash, program, seed, runtime.facts())
    if resume:
        folder = reopen(path, manifest, compiled.text)
        if folder.manifest.status == "finished":
            return folder
        if not quiet:
            click.echo(_resumed(compiled, path), err=True)
    else:
        folder = RunFolder.create(path, manifest)
    progress = Progress(quiet=quiet)

    def report(record: EpochRecord | StepRecord) -> None:
        if isinstance(record, EpochRecord):
            folder.add_metrics(record)
        progress(record)

    found = run_baseline if baseline else run_search
    run = run_training if compiled.space.is_architecture else found
    status = "failed"
    try:
        run(compiled, folder, seed, runtime, report)
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise user_error(
            "NAS702",
            f"out of memory on `{runtime.device}`",
            where=compiled.name,
            help="use a smaller `data.batch` and `evaluate.batch`, or fewer `channels`",
        ) from None
    finally:
        progress.close()
        folder.update(status=status, warnings=folder.warnings)
    return folder


def _resumed(compiled: Compiled, path: Path) -> str:
    """Return what is said when a run is gone on with."""
    if (path / CHECKPOINT).exists():
        return f"Going on with the training in {path}, after its last whole epoch"
    if compiled.space.is_architecture:
        return f"No epoch of the run in {path} was finished: it starts again"
    if is_searched(path):
        return f"Going on with the run in {path}: its search is over"
    return f"The search in {path} was not over: it starts again from the beginning"


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(text in str(error) for text in _ALLOCATION)
