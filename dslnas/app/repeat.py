"""A spec with several seeds, each search beside a random architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from dslnas.app.compile import CompiledSearch
from dslnas.app.data import load_data
from dslnas.app.open_run import EXPORTED
from dslnas.app.pipeline import run_pipeline
from dslnas.app.run import Listener, Notice, RunInterrupted, silent, telling_how_far
from dslnas.app.runtime import RuntimeOptions, make_runtime
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.runs.folder import free_folder
from dslnas.runs.manifest import MANIFEST
from dslnas.runs.repeats import RepeatsFolder
from dslnas.runs.stop_request import StopRequest
from dslnas.runs.summary import (
    BASELINE,
    Outcome,
    Sample,
    Summary,
    SummaryStatus,
    against_baseline,
)
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Task

OF_ONE_RUN = frozenset({"NAS701", "NAS703", "NAS711"})
"""Mistakes that another seed may not have: the runs after it go on."""


class Repeats:
    """The runs of one spec with several seeds, in one folder.

    Runs that are finished already are kept; others make room, or are gone on with. The summary is
    written after every run.
    """

    def __init__(
        self,
        spec: CompiledSearch,
        seeds: Sequence[int],
        out: Path | str | None = None,
        *,
        baseline: bool = True,
        resume: bool = False,
        report: Listener = silent,
        checkpoint_minutes: float | None = None,
        stop: StopRequest | None = None,
        **how: Unpack[RuntimeOptions],
    ) -> None:
        """Check the folder, the data and the runs that are there; nothing runs yet.

        Raises:
            UserError: The data are not there; NAS022 or NAS025 if something else is in the folder.
        """
        method = spec.search.method
        name = f"{spec.name}-{method}-seeds{seeds[0]}-{seeds[-1]}"
        path = Path(out) if out else free_folder(EXPORTED, name)
        self.folder = RepeatsFolder(path, spec.hash)
        self.folder.check()
        runtime = make_runtime(spec, **how)
        with telling_how_far(report):
            load_data(spec, runtime, searching=True)
        self._facts = runtime.facts()
        self._spec, self._seeds, self._resume, self._how = spec, tuple(seeds), resume, how
        self._report = report
        self._stop, self._checkpoint_minutes = stop or StopRequest(), checkpoint_minutes
        self._methods = (method, BASELINE) if baseline else (method,)
        self._plan = [(method, seed) for seed in seeds for method in self._methods]
        found = {run: self.folder.finished(*run, self._facts, resume=resume) for run in self._plan}
        self._done = {run: outcome for run, outcome in found.items() if outcome is not None}
        self._mistakes: list[Diagnostic] = []
        self._status: SummaryStatus = "running"

    def run(self) -> None:
        """Run what is not finished yet; what is wrong with one run alone is raised at the end."""
        self.folder.write(self.summary)
        try:
            for number, (method, seed) in enumerate(self._plan, 1):
                self._say(f"Run {number} of {len(self._plan)}: {method}, seed {seed}")
                if (method, seed) in self._done:
                    self._say("  finished before, kept")
                else:
                    self._run_one(method, seed)
                    self.folder.write(self.summary)
            self._status = "failed" if self._mistakes else "finished"
        except KeyboardInterrupt:
            self._status = "interrupted"
            raise RunInterrupted(self.folder.path) from None
        finally:
            if self._status == "running":
                self._status = "failed"
            self.folder.write(self.summary)
        if self._mistakes:
            raise UserError(self._mistakes)

    def _run_one(self, method: str, seed: int) -> None:
        path = self.folder.run_path(method, seed)
        resume = self._resume and (path / MANIFEST).exists()
        if not resume:
            self.folder.make_room(method, seed)
        try:
            run = run_pipeline(
                self._spec,
                path,
                baseline=method == BASELINE,
                seed=seed,
                resume=resume,
                report=self._report,
                checkpoint_minutes=self._checkpoint_minutes,
                stop=self._stop,
                **self._how,
            )
        except UserError as error:
            if not {mistake.code for mistake in error.diagnostics} <= OF_ONE_RUN:
                raise
            for mistake in error.diagnostics:
                self._say(f"  failed: {mistake.message}")
                where = f"{path}: {mistake.where}" if mistake.where else str(path)
                self._mistakes.append(replace(mistake, where=where))
            return
        for doubt in run.results.doubts:
            self._say(f"  {doubt}")
        for precision, record in run.results.precisions.items():
            if record.refusal:
                self._say(f"  {precision} is not delivered: {record.refusal}")
        outcome = self.folder.finished(method, seed, self._facts)
        assert outcome is not None, "it has just finished"
        self._done[method, seed] = outcome

    @property
    def task(self) -> Task:
        """The task of the spec."""
        return task_of(self._spec.program.data)

    @property
    def summary(self) -> Summary:
        """Summary of the runs that are finished so far."""
        task = self.task
        samples = [Sample.of(method, self._outcomes(method), task) for method in self._methods]
        paired = against_baseline(samples, task)
        facts: dict[str, object] = {
            "spec": self._spec.name,
            "spec_hash": self._spec.hash,
            "data": self._spec.program.data.source,
            "status": self._status,
            "seeds": self._seeds,
            **dict(zip(("search", "baseline"), samples, strict=False)),
            **({} if paired is None else {"paired": paired}),
            "errors": tuple(f"{m.where}: {m.code}: {m.message}" for m in self._mistakes),
        }
        return Summary.model_validate(facts)

    def _outcomes(self, method: str) -> tuple[Outcome, ...]:
        runs = [(method, seed) for seed in self._seeds]
        return tuple(self._done[run] for run in runs if run in self._done)

    def _say(self, what: str) -> None:
        self._report(Notice(what))
