"""Making a run folder and filling it: what `compile --search` and `export` share."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.compiler import Compiled
from dslnas.data.describe import verify
from dslnas.diagnostics import user_error
from dslnas.pipeline import run_baseline, run_search, run_training
from dslnas.runs.folder import RunFolder, free_folder
from dslnas.runs.manifest import first_manifest
from dslnas.runs.repeats import BASELINE

if TYPE_CHECKING:
    import torch

# torch has no type of its own for a failed allocation on the CPU.
_ALLOCATION = ("can't allocate memory", "not enough memory", "out of memory")

EXPORTED = Path("exported")


def finish_run(
    compiled: Compiled,
    out: Path | None,
    seed: int,
    device: torch.device,
    *,
    quiet: bool,
    baseline: bool = False,
) -> RunFolder:
    """Run a spec to the end in a new folder: search where there is a choice, train, export.

    The folder is made only when the data are there. With `baseline` an architecture is drawn at
    random instead of being searched.

    Raises:
        UserError: Whatever goes wrong; the manifest then says `failed` or `interrupted`.
    """
    from dslnas.cli.progress import Progress
    from dslnas.training.records import EpochRecord, StepRecord

    gc.enable()
    verify(compiled.program.data)
    method = compiled.program.engine if not compiled.space.is_architecture else "retrained"
    path = out or free_folder(EXPORTED, f"{compiled.name}-{method}-seed{seed}")
    program = compiled.program
    if baseline:  # no search: its settings are not those of this run
        program = replace(program, engine=BASELINE, search=None)
    manifest = first_manifest(compiled.name, compiled.hash, program, seed, str(device))
    folder = RunFolder.create(path, manifest)
    progress = Progress(quiet=quiet)
    warnings: list[str] = []

    def report(record: EpochRecord | StepRecord) -> None:
        if isinstance(record, EpochRecord):
            folder.metric(record.as_json())
            warnings.extend(f"epoch {record.epoch}: {warning}" for warning in record.warnings)
        progress(record)

    found = run_baseline if baseline else run_search
    run = run_training if compiled.space.is_architecture else found
    status = "failed"
    try:
        run(compiled, folder, seed, device, report)
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise user_error(
            "NAS702",
            f"out of memory on `{device}`",
            where=compiled.name,
            help="use a smaller `data.batch` and `evaluate.batch`, or fewer `channels`",
        ) from None
    finally:
        progress.close()
        folder.update(status=status, warnings=warnings)
    return folder


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(text in str(error) for text in _ALLOCATION)
