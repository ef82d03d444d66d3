"""A run: what its stages share, in memory and in its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.compiled import Compiled, CompiledArchitecture, CompiledSpace
from dslnas.app.data import load_data
from dslnas.app.runtime import RuntimeOptions, runtime_of
from dslnas.data.progress import telling_of_reading
from dslnas.diagnostics import UserError, user_error
from dslnas.runs.architecture import Cells, cells_of
from dslnas.runs.command import resuming
from dslnas.runs.folder import (
    ARCHITECTURE,
    SPEC,
    RunFolder,
    is_searched,
)
from dslnas.runs.hold import held
from dslnas.runs.manifest import Manifest, Results, Status
from dslnas.runs.pulse import Heart
from dslnas.runs.stop_request import StopRequest
from dslnas.runs.summary import BASELINE
from dslnas.shortage import is_out_of_memory, limit_of_memory
from dslnas.space.architecture import Architecture
from dslnas.training.records import EpochRecord, Line, StepRecord

if TYPE_CHECKING:
    from dslnas.backends.torch.kernels.compilation import Work
    from dslnas.backends.torch.network import TorchNetwork
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.data.dataset import Data
    from dslnas.training.train import Trained


@dataclass(frozen=True)
class Notice:
    """A line that tells people how a run goes on."""

    text: str


Listener: TypeAlias = Callable[[Line | StepRecord | Notice], None]
"""Gets a record after every step and every epoch, and notices between them."""


def silent(_: Line | StepRecord | Notice) -> None:
    """Listen to nothing."""


@contextmanager
def telling_how_far(report: Listener) -> Iterator[None]:
    """Tell how far data are that are read in the body, if that takes long."""
    with telling_of_reading(lambda text: report(Notice(text))):
        yield


class LoopOptions(RuntimeOptions, total=False):
    """How runs go on.

    Attributes:
        resume: Whether to go on with the run that is in the folder.
        report: Gets records and notices.
        checkpoint_minutes: Searches and trainings are stored after every epoch, and besides so
            often.
        stop: Asked after every step whether to store the run and end it with KeyboardInterrupt.
    """

    resume: bool
    report: Listener
    checkpoint_minutes: float | None
    stop: StopRequest


class RunOptions(LoopOptions, total=False):
    """How one run is made.

    Attributes:
        seed: Seed of everything random; 0 by default.
    """

    seed: int


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted; its folder, `path`, has what it had."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class Run:
    """A run that can be looked at and gone on with.

    Attributes:
        folder: Its folder.
        listener: Gets records and notices while it goes on.
        checkpoint_minutes: See `RunOptions`.
        stop: See `RunOptions`.
        trained: The trained network, in the process that trained it.
    """

    def __init__(
        self,
        folder: RunFolder,
        spec: Compiled | None = None,
        report: Listener = silent,
        checkpoint_minutes: float | None = None,
        stop: StopRequest | None = None,
    ) -> None:
        self.folder, self.listener = folder, report
        self._heart = Heart(folder.path)
        self.checkpoint_minutes, self.stop = checkpoint_minutes, stop or StopRequest()
        self.trained: Trained | None = None
        self._spec = spec

    def report(self, record: Line | StepRecord | Notice) -> None:
        """Tell the listener, and keep down where the run is."""
        if not isinstance(record, Notice):
            self._heart.hear(record)
        self.listener(record)

    def __repr__(self) -> str:
        """Return its folder and how far it is."""
        return f"<Run {str(self.path)!r}: {self.manifest.status}>"

    @property
    def path(self) -> Path:
        """Place of the folder."""
        return self.folder.path

    @property
    def manifest(self) -> Manifest:
        """The manifest as it is now."""
        return self.folder.manifest

    @property
    def results(self) -> Results:
        """Results of the run so far."""
        return self.manifest.results

    @property
    def metrics(self) -> Sequence[EpochRecord]:
        """Every epoch so far, of the search and of the training."""
        return self.folder.metrics

    @property
    def cells(self) -> Cells:
        """The cells that were found, as text; none before the search is over."""
        return cells_of(self.path)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.manifest.status == "finished"

    @cached_property
    def spec(self) -> Compiled:
        """The spec that runs."""
        spec = self._spec or compile_spec(self.path / SPEC, with_data=False)
        name = self.manifest.spec
        return spec if spec.name == name else replace(spec, name=name)

    @cached_property
    def runtime(self) -> Runtime:
        """How its networks run."""
        how = self.manifest
        return runtime_of(how.device, how.passes, how.execution, how.precision, how.batch_norm)

    def read_data_from(self, overrides: Sequence[str]) -> None:
        """Read the data from where arguments of `--set` say that they lie now.

        Raises:
            UserError: NAS026 if they are others.
        """
        spec = compile_spec(self.path / SPEC, overrides, with_data=False)
        self.spec = replace(spec, name=self.manifest.spec)
        self.check_data()

    @property
    def searches(self) -> bool:
        """Whether an architecture is searched: else it is given, or drawn at random."""
        return isinstance(self.spec, CompiledSpace) and self.manifest.method != BASELINE

    @cached_property
    def data(self) -> Data:
        """Its data, on the device."""
        if self.spec.program.data.path:
            self.report(Notice("Reading the data"))
        with telling_how_far(self.report):
            return load_data(self.spec, self.runtime, searching=self.searches)

    @cached_property
    def architecture(self) -> Architecture:
        """The architecture that was found, drawn or given; an error if there is none yet."""
        return self._compiled_architecture().architecture

    def network(self) -> TorchNetwork:
        """Return the trained network, on the CPU, in evaluation mode.

        Raises:
            UserError: NAS024 if the run is not trained, or the weights are missing, damaged, or of
                another architecture.
        """
        from dslnas.runs.network import load_network

        self.check_trained()
        return load_network(self._compiled_architecture().graph, self.path)

    def check_searched(self) -> None:
        """Raise NAS024 unless there is an architecture, NAS002 or NAS1xx if it cannot be read."""
        if not is_searched(self.path):
            raise self._unfinished("has no architecture yet: its search is not over")
        cells_of(self.path)

    def check_trained(self) -> None:
        """Raise NAS024 unless the training is over."""
        if not self.results.is_trained:
            raise self._unfinished(f"is not trained yet{self._how_far()}")

    def _unfinished(self, message: str) -> UserError:
        """Return an error that says how to go on with the run."""
        searched, method = is_searched(self.path), self.manifest.method
        ways = [] if method == BASELINE else [f"`{resuming(self.path, self.manifest)}`"]
        if searched:
            ways.append("`dslnas.train(run)` in Python")
        elif method not in (None, BASELINE):
            ways.append(f"`dslnas.search(spec, {str(self.path)!r}, resume=True)` in Python")
        return user_error(
            "NAS024",
            message,
            where=str(self.path),
            help=f"go on with it by {' or by '.join(ways)}" if ways else "",
        )

    def _how_far(self) -> str:
        """Say how far a run is that is not trained; "" where nothing of it is kept."""
        if not is_searched(self.path):
            return ": its search is not over"
        done = sum(record.stage == "retrain" for record in self.metrics)
        epochs = self.manifest.settings.evaluate.epochs
        return f": {done} of {epochs} epochs of its training are stored" if done else ""

    def _compiled_architecture(self) -> CompiledArchitecture:
        self.check_searched()
        spec = compile_spec(self.path / ARCHITECTURE, with_data=False)
        return without_choices(spec, "used")

    def start(self, told: Sequence[Notice] = ()) -> Data:
        """Return the data, and make the folder unless it is there: wrong data leave none behind.

        Notices are reported then.

        Raises:
            UserError: NAS026 if the run began with other data.
        """
        self.check_data()
        data, before = self.data, self.manifest.data_hash
        if not self.folder.is_made:
            self.folder.make(self.spec.text)
        if before is None:
            for note in data.notes:
                self.report(Notice(f"Data: {note}"))
            self.folder.update(data_hash=data.hash)
        for notice in told:
            self.report(notice)
        return data

    def check_data(self) -> None:
        """Raise NAS026 if the run began with other data."""
        if self.manifest.data_hash not in (None, self.data.hash):
            raise user_error(
                "NAS026",
                "is of another run: its data have changed since it began",
                where=str(self.path),
                help="give it the data that it began with, or begin another run in another folder",
            )

    def loops_for(self, work: Work) -> AbstractContextManager[Sequence[Notice]]:
        """Run a stage with loops of our own if so much work is worth compiling them."""
        from dslnas.app.own_loops import loops_for

        how, compiles = self.manifest, self.runtime.compiles
        return loops_for(work, how.device, how.passes, self.report, compiles=compiles)

    @contextmanager
    def stage(self, done: Status) -> Iterator[None]:
        """Run a stage; the manifest says `done` after it, or how else it ended.

        A new run has a folder, and a manifest, once its stage has called `start`. Nobody else
        writes there meanwhile.

        Raises:
            UserError: NAS702 if memory ran out, NAS031 if that is the limit of this process, NAS030
                if another process is at the run, or was since it was read.
            RunInterrupted: It was interrupted.
        """
        with held(self.path):
            self.folder.check_unchanged()
            with self._told(done):
                yield

    @contextmanager
    def _told(self, done: Status) -> Iterator[None]:
        """Let the manifest say how what runs inside of this ends."""
        if self.folder.is_made:
            self.folder.update(status="running")
        status: Status = "failed"
        try:
            yield
            status = done
        except KeyboardInterrupt:
            status = "interrupted"
            if not self.folder.is_made:
                raise
            raise RunInterrupted(self.path) from None
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            limited = limit_of_memory(error) if self.manifest.device == "cpu" else None
            raise limited or user_error(
                "NAS702",
                f"out of memory on `{self.manifest.device}`",
                where=self.manifest.spec,
                help="use a smaller `data.batch` and `evaluate.batch`, or fewer `channels`",
            ) from None
        finally:
            self._heart.stop()
            if self.folder.is_made:
                self.folder.update(status=status, warnings=self.folder.warnings)
