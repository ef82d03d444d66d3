"""Jobs for other processes: what is sent there and what comes back, as JSON."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from os.path import realpath
from pathlib import Path
from types import FrameType

from dslnas.app.compile import compile_source, with_search
from dslnas.app.jobs import Ended, Job, run_job
from dslnas.app.run import LoopOptions, silent
from dslnas.app.runtime import runtime_facts, runtime_options_in
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.json_model import JsonModel
from dslnas.runs.pulse import LOST
from dslnas.runs.stop_request import StopRequest
from dslnas.source import SourceFile


class Order(JsonModel):
    """A job for another process.

    Attributes:
        spec: Name of its spec.
        text: The spec itself, with every value written out.
        path: Its folder.
        seed: Its seed.
        is_baseline: Whether its architecture is drawn at random.
        title: Its name for people.
        how: How its networks run, see `RuntimeOptions`.
        checkpoint_minutes: Time between two checkpoints within an epoch; null for none.
    """

    spec: str
    text: str
    path: str
    seed: int
    is_baseline: bool
    title: str
    how: dict[str, str]
    checkpoint_minutes: float | None

    @classmethod
    def of(cls, job: Job, options: LoopOptions) -> Order:
        """Return the order to do a job."""
        return cls(
            spec=job.spec.name,
            text=job.spec.text,
            path=realpath(job.path),
            seed=job.seed,
            is_baseline=job.is_baseline,
            title=job.title,
            how={name: str(value) for name, value in runtime_options_in(options).items()},
            checkpoint_minutes=options.get("checkpoint_minutes"),
        )

    def job(self) -> Job:
        """Return the job.

        Raises:
            UserError: Its networks cannot run here, or the data are wrong.
        """
        spec = with_search(compile_source(SourceFile(self.spec, self.text)))
        spec = replace(spec, name=self.spec)
        facts = runtime_facts(spec, **runtime_options_in(self.how))
        return Job(spec, Path(self.path), self.seed, self.is_baseline, facts, self.title)


class Mistake(JsonModel):
    """A mistake as it is told elsewhere, see `Diagnostic`."""

    code: str
    message: str
    where: str
    help: str


class Answer(JsonModel):
    """The end of a job in another process.

    Attributes:
        told: Lines for people.
        mistakes: Mistakes that ended it.
        are_shared: Whether all other jobs have them, too.
    """

    told: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    are_shared: bool = False

    @classmethod
    def of(cls, ended: Ended, *, are_shared: bool = False) -> Answer:
        """Return the answer that tells an end."""
        return cls(
            told=ended.told, mistakes=tuple(_mistakes(ended.mistakes)), are_shared=are_shared
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The mistakes."""
        return tuple(
            Diagnostic(one.code, one.message, where=one.where, help=one.help)
            for one in self.mistakes
        )


def _mistakes(mistakes: Iterable[Diagnostic]) -> Iterator[Mistake]:
    for one in mistakes:
        yield Mistake(code=one.code, message=one.text, where=one.place, help=one.help)


def answer_to(order: str) -> str:
    """Do a job, or go on with it, and return the answer as JSON.

    An interrupt lets the step under way end and be stored, a second one does not.
    """
    given = Order.model_validate_json(order)
    with _ending_on_interrupts() as stop:
        options = LoopOptions(
            resume=True,
            report=silent,
            stop=stop,
            checkpoint_minutes=given.checkpoint_minutes,
            **runtime_options_in(given.how),
        )
        try:
            answer = Answer.of(run_job(given.job(), options, patience=LOST))
        except KeyboardInterrupt:
            answer = Answer(told=("interrupted, and stored",))
        except UserError as error:
            answer = Answer.of(Ended(mistakes=error.diagnostics), are_shared=True)
    return answer.model_dump_json()


@contextmanager
def _ending_on_interrupts() -> Iterator[StopRequest]:
    """Let interrupts ask the flag of a loop that hears it."""
    stop = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_asked or not stop.is_heard:
            raise KeyboardInterrupt
        stop.ask()

    if threading.current_thread() is not threading.main_thread():  # Python's rule for signals
        yield stop
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
