"""`dslnas compile SPEC --search --repeats N`: run after run, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslnas.app.compile import Compiled
from dslnas.cli.options import print_json
from dslnas.cli.render.comparison import comparison_text
from dslnas.cli.runs import EXPORTED, finish_run
from dslnas.data.data_shape import verify
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.runs.folder import free_folder
from dslnas.runs.repeats import Repeats
from dslnas.runs.summary import BASELINE, Outcome, Sample, Status, Summary

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime

OF_ONE_RUN = frozenset({"NAS701", "NAS703", "NAS711"})
"""Mistakes that another seed may not have: the runs after it go on."""


def finish_repeats(
    compiled: Compiled,
    out: Path | None,
    seeds: Sequence[int],
    runtime: Runtime,
    *,
    baseline: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Search with every seed, each beside a random architecture, and print what that comes to.

    Runs that are finished already are kept; others make room, or with `resume` are gone on with.
    The summary is written after every run, and printed at
    the end and when the user interrupts.

    Raises:
        UserError: NAS022 or NAS025 if something else is in the folder, before anything runs;
            whatever went wrong in a run, after all others where it may concern this run alone.
    """
    method = compiled.program.engine
    assert method is not None, "checked by the caller"
    verify(compiled.program.data, compiled.space.network.classes)
    name = f"{compiled.name}-{method}-seeds{seeds[0]}-{seeds[-1]}"
    folder = Repeats(out or free_folder(EXPORTED, name), compiled.hash, runtime.facts())
    folder.open()
    methods = (method, BASELINE) if baseline else (method,)
    repeats = _Repeats(compiled, folder, methods, seeds, runtime, quiet=as_json, resume=resume)
    try:
        repeats.run()
    finally:
        if as_json:
            print_json(repeats.summary.model_dump())
        else:
            click.echo(comparison_text(repeats.summary, folder.path))


class _Repeats:
    """The runs of one spec on their way."""

    def __init__(
        self,
        compiled: Compiled,
        folder: Repeats,
        methods: Sequence[str],
        seeds: Sequence[int],
        runtime: Runtime,
        *,
        quiet: bool,
        resume: bool,
    ) -> None:
        self._resume = resume
        self._compiled, self._folder, self._runtime = compiled, folder, runtime
        self._methods, self._seeds, self._quiet = methods, seeds, quiet
        self._plan = [(method, seed) for seed in seeds for method in methods]
        found = {run: folder.finished(*run, resume=resume) for run in self._plan}
        self._done = {run: outcome for run, outcome in found.items() if outcome is not None}
        self._mistakes: list[Diagnostic] = []
        self._status: Status = "running"

    def run(self) -> None:
        self._folder.write(self.summary)
        try:
            for number, (method, seed) in enumerate(self._plan, 1):
                self._say(f"Run {number} of {len(self._plan)}: {method}, seed {seed}")
                if (method, seed) in self._done:
                    self._say("  finished before, kept")
                else:
                    self._one(method, seed)
                    self._folder.write(self.summary)
            self._status = "failed" if self._mistakes else "finished"
        except KeyboardInterrupt:
            self._status = "interrupted"
            self._say(f"interrupted: the same command with `--out {self._folder.path}` goes on")
            self._say("with the next run, and with `--resume` amid the one that was interrupted")
            raise
        finally:
            if self._status == "running":
                self._status = "failed"
            self._folder.write(self.summary)
        if self._mistakes:
            raise UserError(self._mistakes)

    def _one(self, method: str, seed: int) -> None:
        path = self._folder.run_path(method, seed)
        resume = self._resume and path.exists()
        if not resume:
            self._folder.make_room(method, seed)
        try:
            finish_run(
                self._compiled,
                path,
                seed,
                self._runtime,
                baseline=method == BASELINE,
                quiet=self._quiet,
                resume=resume,
            )
        except UserError as error:
            if not {mistake.code for mistake in error.diagnostics} <= OF_ONE_RUN:
                raise
            for mistake in error.diagnostics:
                self._say(f"  failed: {mistake.message}")
                where = f"{path}: {mistake.where}" if mistake.where else str(path)
                self._mistakes.append(replace(mistake, where=where))
            return
        outcome = self._folder.finished(method, seed)
        assert outcome is not None, "it has just finished"
        self._done[method, seed] = outcome

    @property
    def summary(self) -> Summary:
        """Summary of the runs that are finished so far."""
        samples = [Sample.of(method, self._outcomes(method)) for method in self._methods]
        facts: dict[str, object] = {
            "spec": self._compiled.name,
            "spec_hash": self._compiled.hash,
            "data": self._compiled.program.data.source,
            "status": self._status,
            "seeds": tuple(self._seeds),
            **dict(zip(("search", "baseline"), samples, strict=False)),
            "errors": tuple(f"{m.where}: {m.code}: {m.message}" for m in self._mistakes),
        }
        return Summary.model_validate(facts)

    def _outcomes(self, method: str) -> tuple[Outcome, ...]:
        runs = [(method, seed) for seed in self._seeds]
        return tuple(self._done[run] for run in runs if run in self._done)

    def _say(self, what: str) -> None:
        if not self._quiet:
            click.echo(what, err=True)
