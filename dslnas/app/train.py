"""From an architecture to a trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from dslnas.app.arguments import check_options, run_call, spec_call, wrong_argument
from dslnas.app.choosing import settled_runtime
from dslnas.app.compile import architecture_text, without_choices
from dslnas.app.compiled import Compiled
from dslnas.app.open_run import begin
from dslnas.app.run import Notice, Run, RunOptions
from dslnas.app.versions import check_versions
from dslnas.runs.folder import ARCHITECTURE, is_searched
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.graph.graph import PrimitiveGraph
    from dslnas.training.train import Trained


def train(
    what: Run | Compiled, out: Path | str | None = None, **options: Unpack[RunOptions]
) -> Run:
    """Train an architecture from scratch and measure it.

    The training goes on from the checkpoint of the run if there is one.

    Args:
        what: A run whose search is over, or an architecture, for which a run begins.
        out: Folder of a run that begins; by default a new one below `exported`.
        options: How a run that begins is made, see `RunOptions`.

    Raises:
        UserError: The spec still has choices, the search of the run is not over, the data are
            wrong, training diverges or does not fit into memory, or the checkpoint does not fit.
        TypeError: An argument is of another kind, an option has a value that it does not take, or
            a run is given with options of another one.
    """
    if isinstance(what, Run):
        _check_alone(out, options)
    elif not isinstance(what, Compiled):
        wanted = f"a run, as {run_call(what)} returns it, or an architecture, as {spec_call(what)}"
        raise wrong_argument("train", wanted, what)
    check_options("train", options)
    if isinstance(what, Run):
        what.check_searched()
        run = what
    else:
        spec = without_choices(what, "trained", "dslnas.search(spec)")
        run = begin(spec, out, **options)
        run.architecture = spec.architecture
    if run.is_finished:
        return run
    with run.stage("trained"):
        run.trained = _trained(run)
        _write(run, run.trained)
    return run


def _check_alone(out: object, options: Mapping[str, object]) -> None:
    """Check that a run that is gone on with is given neither a folder nor options."""
    given = [*([] if out is None else ["out"]), *options]
    if given:
        names = ", ".join(f"`{name}`" for name in given)
        raise TypeError(
            f"dslnas.train: a run keeps its folder and its options: leave out {names}, or give a "
            "compiled architecture to begin another run"
        )


def _trained(run: Run) -> Trained:
    from dslnas.app.own_loops import training_work
    from dslnas.graph.analysis.dependence import check_dependence
    from dslnas.graph.lower.network import build_derived_graph
    from dslnas.training.constraints import check_limits

    program, graph = run.spec.program, build_derived_graph(run.architecture)
    check_dependence(graph, run.spec.name)
    check_limits(graph, program.derivation.limits, task_of(program.data).example)
    check_versions(graph, program)
    parts, batch = (run.data.weights, run.data.architecture), program.evaluate.batch
    batches = sum(part.batch_count(batch) for part in parts)
    with run.loops_for(training_work(graph, program, batches)) as told:
        return _trained_by(run, graph, batches, told)


def _trained_by(run: Run, graph: PrimitiveGraph, batches: int, told: Sequence[Notice]) -> Trained:
    """Train the architecture of a run: its network has this graph, an epoch so many batches."""
    from dslnas.app.loops import fitting, keeper, last_saved, standing_heap
    from dslnas.backends.torch.threads import threads_for
    from dslnas.training.memory_check import check_training_fits
    from dslnas.training.steps import training_step
    from dslnas.training.train import train

    program, data, seed = run.spec.program, run.data, run.manifest.seed
    settings, steps = program.evaluate, task_of(program.data).steps(program.data)
    check_training_fits(run.architecture, settings, program.data, data, run.runtime)
    run.start(told)
    if not is_searched(run.path):
        origin = f"Trained as {run.spec.name}, seed {seed}."
        run.folder.write(ARCHITECTURE, architecture_text(run.spec, run.architecture, origin))
    checkpoint = run.folder.training_checkpoint
    saved = last_saved(run, checkpoint, settings.epochs)
    threads = threads_for(graph.flops() * settings.batch * steps)
    with threads, run.stop.heard(), fitting(checkpoint), standing_heap():
        make = partial(training_step, run.architecture, settings, program.data, data)
        runtime = settled_runtime(run, "retrain", make, settings.epochs * batches)
        return train(
            run.architecture,
            settings,
            program.data,
            data,
            seed,
            runtime,
            run.report,
            keeper(run, checkpoint),
            saved,
        )


def _write(run: Run, trained: Trained) -> None:
    """Write what a training came to into the folder of its run."""
    from dslnas.exporters.weights import write_weights
    from dslnas.runs.origin import Origin
    from dslnas.tasks.mistakes import pictures_of

    data, task, graph = run.data, task_of(run.spec.program.data), trained.network.graph
    measured = {"test": trained.test, "validation": trained.validation}
    epoch: dict[str, object] = (
        {"retrain_epoch": trained.epoch} if task.selects(run.spec.program.evaluate) else {}
    )
    outputs, costs = trained.outputs, {"params": graph.params(), "flops": graph.flops()}
    run.folder.add_results(
        {
            **task.results(measured, data),
            **epoch,
            **task.more_results(data),
            **({} if outputs is None else task.results_by_example(outputs, data)),
            **costs,
            "retrain_seconds": round(trained.seconds, 3),
            **({"doubts": trained.doubts} if trained.doubts else {}),
        }
    )
    origin = Origin(run.spec.name, run.spec.hash, data.facts)
    run.folder.update(facts=data.facts.entries())
    write_weights(trained.network, run.path, origin.metadata(), data.facts)
    for name, content in data.facts.files().items():
        run.folder.write(name, content)
    if outputs is not None:
        tables = task.tables(outputs, data)
        for name, rows in tables.items():
            run.folder.write_table(name, rows)
        for name, content in pictures_of(task.mistakes(tables), data).items():
            run.folder.write(name, content)
