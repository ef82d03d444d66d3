"""The checkpoint of a run: its training after the last whole epoch, in one file.

Tensors are stored as safetensors and the numbers as JSON in its header: one file is replaced at
once, so both are always of the same epoch, and reading it runs no code.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open

from dslnas.diagnostics import user_error
from dslnas.runs.folder import ARCHITECTURE, CHECKPOINT, RunFolder
from dslnas.training.training_state import Progress, TrainingState

ENTRY = "dslnas"


class _Header(BaseModel):
    """Whose checkpoint it is, and how far that training was."""

    model_config = ConfigDict(extra="forbid")

    spec_hash: str
    architecture_hash: str
    seed: int
    progress: Progress


class Checkpoint:
    """Keeps the training of one run in its folder."""

    def __init__(self, folder: RunFolder, spec_hash: str, seed: int) -> None:
        """Say where, and whose: another run's checkpoint is never gone on with.

        Args:
            folder: Of the run; the architecture is there.
            spec_hash: Of the run's effective spec.
            seed: Of the run.
        """
        self._folder = folder
        self._path = folder.path / CHECKPOINT
        architecture = (folder.path / ARCHITECTURE).read_bytes()
        self._whose = {
            "spec_hash": spec_hash,
            "architecture_hash": hashlib.sha256(architecture).hexdigest(),
            "seed": seed,
        }

    def read(self) -> TrainingState | None:
        """Return the training as it was after the last whole epoch; None if there was none.

        Raises:
            UserError: NAS026 if the file is damaged or of another run.
        """
        if not self._path.exists():
            return None
        try:
            with safe_open(self._path, framework="numpy") as file:
                header = _Header.model_validate_json((file.metadata() or {}).get(ENTRY, ""))
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValidationError):
            raise _refused(self._path, "checkpoint is damaged") from None
        for key, value in self._whose.items():
            if getattr(header, key) != value:
                raise _refused(self._path, f"checkpoint is of another run: its {key} differs")
        return TrainingState(header.progress, arrays, str(self._path))

    def write(self, saved: TrainingState) -> None:
        """Store a training in place of what was stored before."""
        header = _Header.model_validate({**self._whose, "progress": saved.progress})
        text = json.dumps(header.model_dump(mode="json"))
        self._folder.tensors(CHECKPOINT, saved.arrays, {ENTRY: text})

    def remove(self) -> None:
        """Remove the file: the run is done."""
        self._path.unlink(missing_ok=True)


def _refused(path: Path, why: str) -> Exception:
    return user_error(
        "NAS026",
        why,
        where=str(path),
        help="remove it to train again from the first epoch, or start a new run without `--resume`",
    )
