"""The checkpoint of a run: its training as it was last stored, in one file.

Tensors are stored as safetensors and the numbers as JSON in its header: one file is replaced at
once, so both are always of the same step, and reading it runs no code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from dslnas.diagnostics import UserError, user_error
from dslnas.files import write_whole
from dslnas.json_model import JsonModel, damaged, parse_model
from dslnas.runs.folder import ARCHITECTURE, CHECKPOINT, METRICS
from dslnas.state import StateError
from dslnas.training.keeping import Saved
from dslnas.training.records import EpochRecord
from dslnas.training.training_state import Progress

ENTRY = "dslnas"
HELP = "remove it to train again from the first epoch, or start a new run without `--resume`"


FOREIGN = "without `--resume`, and with another `--out`, the run starts again"


class Header(JsonModel):
    """Which run a checkpoint belongs to, by hashes of spec and architecture, and its progress."""

    spec_hash: str
    architecture_hash: str
    seed: int
    progress: Progress


class Checkpoint:
    """The training of one run, stored in a file of its folder."""

    def __init__(self, folder: Path, spec_hash: str, seed: int) -> None:
        """Name the run in the folder: a checkpoint of another one is refused."""
        self.path = folder / CHECKPOINT
        self._whose = {
            "spec_hash": spec_hash,
            "architecture_hash": sha256((folder / ARCHITECTURE).read_bytes()).hexdigest(),
            "seed": seed,
        }

    def read(self, metrics: Sequence[EpochRecord], epochs: int) -> Saved[Progress] | None:
        """Return the training as it was stored; None if it never was.

        Raises:
            UserError: NAS027 if the file is damaged, or has other epochs than the metrics or more
                than `epochs`; NAS026 if it belongs to another run.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                entry = (file.metadata() or {}).get(ENTRY)
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            raise damaged({"": "not a whole safetensors file"}, str(self.path), HELP) from None
        if entry is None:
            raise damaged({"": f"its header has no `{ENTRY}`"}, str(self.path), HELP)
        header = parse_model(Header, entry, str(self.path), HELP)
        for key, value in self._whose.items():
            if getattr(header, key) != value:
                message = f"checkpoint is of another run: its {key} differs"
                raise user_error("NAS026", message, where=str(self.path), help=HELP)
        self._check_epochs(header.progress.epochs, metrics, epochs)
        return Saved(header.progress, state)

    def _check_epochs(self, found: int, metrics: Sequence[EpochRecord], epochs: int) -> None:
        """Check that a number of epochs can be: the metrics of an epoch are written before it."""
        written = {record.epoch for record in metrics if record.stage == "retrain"}
        if found > epochs:
            why = f"has {found} epochs, the training has {epochs}"
        elif not written.issuperset(range(1, found + 1)):
            why = f"has {found} epochs, {METRICS} has {len(written)}"
        else:
            return
        raise damaged({"progress.measured": why}, str(self.path), HELP)

    def write(self, saved: Saved[Progress]) -> None:
        """Store a training in place of what was stored before."""
        header = Header.model_validate({**self._whose, "progress": saved.progress})
        write_whole(self.path, save(saved.state, {ENTRY: json.dumps(header.model_dump())}))

    def foreign(self, why: StateError) -> UserError:
        """Return the error for what was stored, if a training cannot go on from it."""
        return user_error(
            "NAS026", f"checkpoint does not fit: {why}", where=str(self.path), help=FOREIGN
        )
