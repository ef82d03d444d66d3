"""From a spec with choices to an architecture: searched, or drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from dslnas.app.arguments import check_options, spec_call, wrong_argument
from dslnas.app.choosing import settled_runtime
from dslnas.app.compile import architecture_text, with_search
from dslnas.app.compiled import Compiled, CompiledSearch
from dslnas.app.open_run import begin
from dslnas.app.own_loops import search_work
from dslnas.app.run import Notice, Run, RunOptions
from dslnas.app.versions import check_space_versions
from dslnas.runs.folder import (
    ALPHAS,
    ARCHITECTURE,
    is_searched,
    remove_checkpoints,
    write_tensors,
)
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.training.search_plan import SearchPlan, SearchResult


def search(
    spec: Compiled,
    out: Path | str | None = None,
    *,
    trains: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Search the space of a spec and write what is found, the architecture last.

    With `resume`, an architecture that is there already is taken instead.

    Args:
        spec: A spec with a search.
        out: Folder of the run; by default a new one below `exported`.
        trains: Whether what is found will be trained here: it has to fit into memory, too.
        options: How the run is made, see `RunOptions`.

    Raises:
        UserError: There is nothing to search, the data are wrong, training diverges, or does not
            fit into memory.
        TypeError: An argument is of another kind, or an option has a value that it does not take.
    """
    if not isinstance(spec, Compiled):
        wanted = f"a compiled spec, as {spec_call(spec)} returns it"
        raise wrong_argument("search", wanted, spec)
    check_options("search", options)
    spec = with_search(spec)
    run = begin(spec, out, **options)
    if not run.is_finished and not is_searched(run.path):
        with run.stage("searched"):
            batches = run.data.weights.batch_count(spec.program.data.batch)
            with run.loops_for(search_work(spec, batches)) as told:
                _write(run, spec, _searched(run, spec, told, trains))
    return run


def draw(spec: Compiled, out: Path | str | None = None, **options: Unpack[RunOptions]) -> Run:
    """Draw an architecture at random: the baseline of a search. See `search`."""
    from dslnas.training.baseline import random_architecture

    spec = with_search(spec)
    run = begin(spec, out, baseline=True, **options)
    if not run.is_finished and not is_searched(run.path):
        with run.stage("searched"):
            run.start()
            seed = run.manifest.seed
            run.architecture = random_architecture(spec.space, spec.program.derivation, seed)
            origin = f"Drawn at random in {spec.name}, seed {seed}."
            run.folder.write(ARCHITECTURE, architecture_text(spec, run.architecture, origin))
    return run


def plan_of(spec: CompiledSearch) -> SearchPlan:
    """Return the search that a spec asks for."""
    from dslnas.training.search_plan import SearchPlan

    program = spec.program
    return SearchPlan(spec.space, spec.graph, spec.search, program.data, program.derivation)


def _searched(run: Run, spec: CompiledSearch, told: Sequence[Notice], trains: bool) -> SearchResult:
    from dslnas.app.loops import fitting, keeper, last_saved, standing_heap
    from dslnas.backends.torch.threads import threads_for
    from dslnas.training.memory_check import check_found_fits, check_search_fits
    from dslnas.training.search import Search
    from dslnas.training.steps import search_step

    program, data = spec.program, run.data
    plan = plan_of(spec)
    check_space_versions(spec)
    check_search_fits(plan, data, run.runtime)
    if trains:
        check_found_fits(plan, program.evaluate, data, run.runtime)
    run.start(told)
    steps = task_of(program.data).steps(program.data)
    for note in spec.own_notes:
        run.report(Notice(note.render()))
    seed, epochs = run.manifest.seed, spec.search.epochs
    checkpoint = run.folder.search_checkpoint
    with threads_for(spec.graph.flops() * program.data.batch * steps), run.stop.heard():
        make = partial(search_step, plan, data)
        count = epochs * data.weights.batch_count(program.data.batch)
        runtime = settled_runtime(run, "search", make, count)
        search = Search(plan, data, seed, runtime, run.report, keeper(run, checkpoint))
        saved = last_saved(run, checkpoint, epochs)
        if saved is not None:
            with fitting(checkpoint):
                search.take(saved)
        with standing_heap():
            return search.run()


def _write(run: Run, spec: CompiledSearch, found: SearchResult) -> None:
    """Write what a search found into its folder, the architecture last."""
    from dslnas.runs.family import member_facts, member_file

    folder = run.folder
    if found.check is not None:
        folder.add_metrics(found.check)
        run.report(found.check)
    alphas = {cell: alpha.numpy() for cell, alpha in found.alphas.items()}
    write_tensors(run.path / ALPHAS, alphas)
    origin = f"Found by {run.manifest.method} in {spec.name}, seed {run.manifest.seed}."
    results: dict[str, object] = {"search_seconds": round(found.seconds, 3)}
    if found.epoch is not None:
        results["search_epoch"] = found.epoch
    if found.stopped is not None:
        results["search_stopped"] = found.stopped
    if found.check is not None:
        results["search_check"] = found.check
    for member in found.family:
        about = f"{origin} The best of its size, after epoch {member.epoch}."
        folder.write(member_file(member), architecture_text(spec, member.architecture, about))
    if found.family:
        task = task_of(spec.program.data)
        results["family"] = tuple(member_facts(member, task) for member in found.family)
    folder.add_results(results)
    run.architecture = found.architecture
    folder.write(ARCHITECTURE, architecture_text(spec, found.architecture, origin))
    remove_checkpoints(run.path, "search")
