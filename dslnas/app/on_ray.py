"""A cluster of Ray as a place where jobs run, each as one task.

All nodes share the file system of the folder: a run whose node is lost goes on on another, from
its last checkpoint. Tasks take and give JSON, so both sides need the same dslnas and no more.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dslnas.app.compiled import CompiledSearch
from dslnas.app.jobs import Ended, Facts, Job, was_finished
from dslnas.app.orders import Answer, Order, answer_to
from dslnas.app.overview import overview_of
from dslnas.app.run import LoopOptions, Notice, silent
from dslnas.app.runtime import runtime_facts, runtime_options_in
from dslnas.diagnostics import Diagnostic, UserError, user_error
from dslnas.runs.hold import holding
from dslnas.runs.repeats import make_room
from dslnas.runs.stop_request import StopRequest

RETRIES = 20
"""Times that a run goes on after its node or its process was lost."""

SECONDS = 2.0
"""Time between two looks at how far runs are."""


class OnRay:
    """A cluster of Ray.

    Attributes:
        address: Address of the cluster; None for the one that Ray finds, or begins here.
        cpus: Cores that a run takes, which is how many threads it has.
        gpus: GPUs that a run takes, of which it sees no others; several may share one.
    """

    def __init__(self, address: str | None = None, cpus: float = 1, gpus: float = 0) -> None:
        self.address, self.cpus, self.gpus = address, cpus, gpus

    def facts(self, specs: Sequence[CompiledSearch], options: LoopOptions) -> Sequence[Facts]:
        """Return for every spec how its networks run there; data are read by the runs.

        Raises:
            UserError: NAS028 if the extra is not installed.
        """
        _ray()
        how = runtime_options_in(options)
        return [runtime_facts(spec, **how) for spec in specs]

    def run(
        self, jobs: Sequence[Job], options: LoopOptions
    ) -> Generator[tuple[Job, Ended], None, None]:
        """Run jobs, as many at once as the cluster has room for, and yield each with its end.

        Raises:
            UserError: NAS029 if there is no cluster, or a mistake that all of them share.
            KeyboardInterrupt: Somebody wants them to end; what was under way is stored.
        """
        report, stop = options.get("report", silent), options.get("stop") or StopRequest()
        waiting = [job for job in jobs if not _is_finished(job, options)]
        if len(waiting) < len(jobs):
            report(Notice(f"{len(jobs) - len(waiting)} of {len(jobs)} runs finished before, kept"))
        if not waiting:
            return
        with _connected(self.address) as ray:
            as_task = ray.remote(
                num_cpus=self.cpus,
                num_gpus=self.gpus,
                max_retries=RETRIES,
                scheduling_strategy="SPREAD",
            )
            task = as_task(answer_to)
            orders = ((Order.of(job, options).model_dump_json(), job) for job in waiting)
            tasks = {task.options(name=job.title).remote(order): job for order, job in orders}
            try:
                with stop.heard():
                    while references := list(tasks):
                        ready, _ = ray.wait(references, timeout=SECONDS)
                        for reference in ready:
                            job = tasks.pop(reference)
                            ended = _end_of(ray, reference)
                            report(Notice(f"{job.title}: {'; '.join(ended.told) or 'finished'}"))
                            yield job, ended
                        if stop.is_asked:
                            raise KeyboardInterrupt
                        report(overview_of([job.path for job in tasks.values()], len(jobs)))
            finally:
                _end(ray, list(tasks))


def _is_finished(job: Job, options: LoopOptions) -> bool:
    """Whether a job has nothing to do; a run that is not gone on with makes room for its task.

    Tasks themselves go on with what is there: they may be those that a lost node left.
    """
    with holding(job.path) as is_ours:
        if not is_ours:
            return False
        if was_finished(job, options):
            return True
        if not options.get("resume", False):
            make_room(job.path)
    return False


def _end_of(ray: Any, reference: Any) -> Ended:
    """Return the end of a task; raise the mistakes that all tasks share."""
    errors = ray.exceptions
    try:
        answer = Answer.model_validate_json(ray.get(reference))
    except errors.RayTaskError:  # our fault
        raise
    except errors.TaskCancelledError:
        return Ended(("ended by somebody else",))
    except errors.RayError as error:
        message = f"was lost more than {RETRIES} times: {type(error).__name__}"
        help = "the same command with `--resume` goes on with it; does it have enough memory?"
        return Ended((message,), (Diagnostic("NAS741", message, help=help),))
    if answer.are_shared:
        raise UserError(answer.diagnostics)
    return Ended(answer.told, answer.diagnostics)


def _end(ray: Any, references: Sequence[Any]) -> None:
    """End tasks, and wait until what was under way is stored."""
    for reference in references:
        ray.cancel(reference)
    if references:
        ray.wait(references, num_returns=len(references))


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Use a cluster inside of this; whoever is connected to one already stays so."""
    ray = _ray()
    if ray.is_initialized():
        yield ray
        return
    with _own_signals(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what goes wrong is told below
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error")
        except (ConnectionError, OSError, RuntimeError, TimeoutError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            where = address or os.environ.get("RAY_ADDRESS", "ray")
            help = (
                "see whether it runs, has the same versions of Python and Ray, and asks for a token"
            )
            raise user_error("NAS029", reason, where=where, help=help) from None
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what signals do, which Ray changes."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


def _ray() -> Any:
    """Return the package."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody was asked
    try:
        import ray
    except ImportError:
        help = "install it: `pip install 'dslnas[ray]'`"
        raise user_error("NAS028", "runs on a cluster need Ray", help=help) from None
    return ray
