"""Checkpoints of a run: its search or its training between two steps, in one file.

Tensors are stored as safetensors and the numbers as JSON in its header: one file is replaced at
once, so both are always of the same moment, and reading it runs no code. The checkpoint before is
kept beside it, and taken where the last one is damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from os.path import exists
from pathlib import Path
from typing import Generic

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from dslnas.diagnostics import UserError, user_error
from dslnas.files import write_whole
from dslnas.json_model import JsonModel, damaged, parse_model, unread
from dslnas.regular import regular
from dslnas.runs.folder import ARCHITECTURE, CHECKPOINTS, METRICS, Stage
from dslnas.state import hash_of
from dslnas.training.keeping import P, Saved
from dslnas.training.records import EpochRecord
from dslnas.training.search import SearchProgress
from dslnas.training.training_state import Progress

HEADER, PROGRESS = "dslnas", "progress"
"""Texts in the header of the file."""


class Header(JsonModel):
    """Which run a checkpoint belongs to, and a hash of all else that the file says.

    Attributes:
        spec_hash: Hash of the spec.
        architecture_hash: Hash of the architecture that is trained; "" in a search.
        seed: Seed of the run.
        content_hash: Hash of progress and tensors.
    """

    spec_hash: str
    architecture_hash: str
    seed: int
    content_hash: str


class Checkpoint(Generic[P]):
    """The checkpoints of one loop of a run, in files of its folder.

    Attributes:
        stage: The loop.
        path: The last one.
        before: The one before.
        refused: Why the last one was refused when it was read; empty once another is written.
    """

    def __init__(
        self, folder: Path, stage: Stage, progress: type[P], spec_hash: str, seed: int
    ) -> None:
        """Name the run in the folder: a checkpoint of another one is refused."""
        self.path, self.before = (folder / name for name in CHECKPOINTS[stage])
        self.refused: list[UserError] = []
        self.stage, self._folder, self._kind = stage, folder, progress
        self._spec_hash, self._seed = spec_hash, seed
        self._checked: Saved[P] | None = None

    def check(self, metrics: Sequence[EpochRecord], epochs: int) -> None:
        """Read the loop as it was stored last, for `take` to return.

        Raises:
            UserError: No file is sound: NAS027 if the last one is damaged, or has other epochs than
                the metrics or more than `epochs`; NAS026 if it belongs to another run.
        """
        self._checked = self._last(metrics, epochs)

    def take(self, metrics: Sequence[EpochRecord], epochs: int) -> Saved[P] | None:
        """Return the loop as it was stored last; None if it never was. Raises what `check` does.

        One that was checked is not read again.
        """
        saved, self._checked = self._checked or self._last(metrics, epochs), None
        return saved

    def _last(self, metrics: Sequence[EpochRecord], epochs: int) -> Saved[P] | None:
        self.refused = []
        for path in (self.path, self.before):
            if not exists(path):
                continue
            try:
                saved = self._read(path)
                self._check_epochs(path, saved.progress.epochs, metrics, epochs)
            except UserError as error:
                self.refused.append(error)
            else:
                return saved
        if self.refused:
            raise self.refused[0]
        return None

    def write(self, saved: Saved[P]) -> None:
        """Store a loop; what was stored last is kept as the one before, unless it was refused."""
        progress = saved.progress.model_dump_json()
        state = {name: tensor.contiguous() for name, tensor in saved.state.items()}
        header = Header.model_validate(
            {**self._whose, "content_hash": content_hash(progress, state)}
        )
        texts = {HEADER: header.model_dump_json(), PROGRESS: progress}
        before = None if self.refused else self.before
        write_whole(self.path, save(state, texts), before)
        self.refused = []

    @property
    def _whose(self) -> dict[str, object]:
        trains = self.stage == "retrain"
        architecture = regular(self._folder / ARCHITECTURE).read_bytes() if trains else None
        return {
            "spec_hash": self._spec_hash,
            "architecture_hash": "" if architecture is None else sha256(architecture).hexdigest(),
            "seed": self._seed,
        }

    def _read(self, path: Path) -> Saved[P]:
        where, help_ = str(path), self._help
        try:
            with safe_open(regular(path), framework="pt") as file:
                texts = file.metadata() or {}
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            if isinstance(error, OSError) and error.strerror:  # of the system, not of the parser
                raise unread(path, error, help_) from None
            raise damaged({"": "not a whole safetensors file"}, where, help_) from None
        for entry in (HEADER, PROGRESS):
            if entry not in texts:
                raise damaged({"": f"its header has no `{entry}`"}, where, help_)
        header = parse_model(Header, texts[HEADER], where, help_)
        for key, value in self._whose.items():
            if getattr(header, key) != value:
                message = f"checkpoint is of another run: its {key} differs"
                raise user_error("NAS026", message, where=where, help=help_)
        if header.content_hash != content_hash(texts[PROGRESS], state):
            raise damaged({"": "its content is not what was written"}, where, help_)
        return Saved(parse_model(self._kind, texts[PROGRESS], where, help_), state)

    def _check_epochs(
        self, path: Path, found: int, metrics: Sequence[EpochRecord], epochs: int
    ) -> None:
        """Check that a number of epochs can be: the metrics of an epoch are written before it."""
        written = {record.epoch for record in metrics if record.stage == self.stage}
        if found > epochs:
            why = f"has {found} epochs, the {self.word} has {epochs}"
        elif not written.issuperset(range(1, found + 1)):
            why = f"has {found} epochs, {METRICS} has {len(written)}"
        else:
            return
        raise damaged({PROGRESS: why}, str(path), self._help)

    @property
    def word(self) -> str:
        """The loop in words."""
        return "search" if self.stage == "search" else "training"

    @property
    def _help(self) -> str:
        verb = "search" if self.stage == "search" else "train"
        return (
            f"remove it to {verb} again from the first epoch, or start a new run in another folder"
        )


def search_checkpoint(folder: Path, spec_hash: str, seed: int) -> Checkpoint[SearchProgress]:
    """Return the checkpoint of the search of a run."""
    return Checkpoint(folder, "search", SearchProgress, spec_hash, seed)


def training_checkpoint(folder: Path, spec_hash: str, seed: int) -> Checkpoint[Progress]:
    """Return the checkpoint of the training of a run, whose architecture is there."""
    return Checkpoint(folder, "retrain", Progress, spec_hash, seed)


def content_hash(progress: str, state: Mapping[str, Tensor]) -> str:
    """Return a hash of all that a file says: a bit that turned over would train on unnoticed."""
    tensors = ((name, state[name]) for name in sorted(state))
    return sha256(f"{progress} {hash_of(tensors)}".encode()).hexdigest()
