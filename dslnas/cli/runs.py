"""Making a run folder and filling it: what `compile --search` and `export` share."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.compiler import Compiled, run_search, run_training
from dslnas.data.describe import verify
from dslnas.diagnostics import user_error
from dslnas.runs.folder import RunFolder, free_folder
from dslnas.runs.manifest import first_manifest

if TYPE_CHECKING:
    import torch

# torch has no type of its own for a failed allocation on the CPU.
_ALLOCATION = ("can't allocate memory", "not enough memory", "out of memory")

EXPORTED = Path("exported")


def finish_run(
    compiled: Compiled, out: Path | None, seed: int, device: torch.device, *, quiet: bool
) -> RunFolder:
    """Run a spec to the end in a new folder: search where there is a choice, train, export.

    The folder is made only when the data are there.

    Raises:
        UserError: Whatever goes wrong; the manifest then says `failed` or `interrupted`.
    """
    from dslnas.cli.progress import Progress
    from dslnas.training.records import EpochRecord, StepRecord

    gc.enable()
    verify(compiled.program.data)
    method = compiled.program.engine if not compiled.space.is_architecture else "retrained"
    path = out or free_folder(EXPORTED, f"{compiled.name}-{method}-seed{seed}")
    manifest = first_manifest(compiled.name, compiled.hash, compiled.program, seed, str(device))
    folder = RunFolder.create(path, manifest)
    progress = Progress(quiet=quiet)

    def report(record: EpochRecord | StepRecord) -> None:
        if isinstance(record, EpochRecord):
            folder.metric(record.as_json())
        progress(record)

    run = run_training if compiled.space.is_architecture else run_search
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
        folder.update(status=status)
    return folder


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(text in str(error) for text in _ALLOCATION)
