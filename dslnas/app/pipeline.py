"""The pipeline, from a `.nas` file to a deployed cell. Read this file first.

`dslnas.app.compile` is its first half: text -> program -> checked program -> search space -> graph.
`run_search` goes on: supernet -> scores -> architecture -> trained network -> ONNX model and Python
module. What a stage needs is imported when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslnas.app.compile import Compiled, architecture_text, compile_spec
from dslnas.space.network import SearchSpace

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.data.tensors import Data
    from dslnas.runs.folder import RunFolder
    from dslnas.training.records import Report


def run_search(
    compiled: Compiled, folder: RunFolder, seed: int, runtime: Runtime, report: Report
) -> None:
    """Search the space of a spec, train what is found from scratch and export it.

    If the folder is that of a run whose search is over, its architecture is taken instead.

    Args:
        compiled: A spec with a search.
        folder: Takes the effective spec, the architecture, the model and all results.
        seed: Of everything random.
        runtime: How networks run.
        report: Gets a record after every step and every epoch.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.data.tensors import load
    from dslnas.runs.folder import SPEC

    data = load(compiled.program.data, runtime.device, runtime.dtype)
    folder.write(SPEC, compiled.text)
    architecture = known_architecture(folder)
    if architecture is None:
        architecture = search_only(compiled, folder, seed, runtime, report, data)
    train_and_export(compiled, architecture, folder, seed, runtime, report, data)


def search_only(
    compiled: Compiled,
    folder: RunFolder,
    seed: int,
    runtime: Runtime,
    report: Report,
    data: Data,
) -> SearchSpace:
    """Search the space of a spec and write what is found, the architecture last.

    Raises:
        UserError: Training diverges, or does not fit into memory.
    """
    from dslnas.runs.family import member_facts, member_file
    from dslnas.runs.folder import ALPHAS, ARCHITECTURE, write_tensors
    from dslnas.training.memory_check import check_search_fits
    from dslnas.training.search import search
    from dslnas.training.search_plan import SearchPlan
    from dslnas.training.threads import steps_of, threads_for

    program = compiled.program
    assert program.engine is not None, "checked by the caller"
    assert program.search is not None, "checked by the caller"
    plan = SearchPlan(program.engine, program.search, program.data, program.derivation)
    check_search_fits(compiled.space, compiled.graph, plan, data, runtime)
    with threads_for(compiled.graph.flops() * program.data.batch * steps_of(program.data)):
        found = search(compiled.space, compiled.graph, plan, data, seed, runtime, report)
    write_tensors(
        folder.path / ALPHAS, {cell: alpha.numpy() for cell, alpha in found.alphas.items()}
    )
    origin = f"Found by {program.engine} in {compiled.name}, seed {seed}."
    results: dict[str, object] = {
        "search_seconds": round(found.seconds, 3),
    }
    if found.epoch is not None:
        results["search_epoch"] = found.epoch
    if found.stopped is not None:
        results["search_stopped"] = found.stopped
    for member in found.family:
        about = f"{origin} The best of its size, after epoch {member.epoch}."
        folder.write(member_file(member), architecture_text(compiled, member.architecture, about))
    if found.family:
        results["family"] = tuple(member_facts(member) for member in found.family)
    folder.add_results(results)
    folder.write(ARCHITECTURE, architecture_text(compiled, found.architecture, origin))
    return found.architecture


def run_training(
    compiled: Compiled, folder: RunFolder, seed: int, runtime: Runtime, report: Report
) -> None:
    """Train an architecture that is given, measure it and export it.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    origin = f"Trained as {compiled.name}, seed {seed}."
    train_alone(compiled, compiled.space, origin, folder, seed, runtime, report)


def run_baseline(
    compiled: Compiled, folder: RunFolder, seed: int, runtime: Runtime, report: Report
) -> None:
    """Draw an architecture at random, train it as a search would, measure it and export it.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.training.baseline import random_architecture

    drawn = known_architecture(folder)
    if drawn is None:
        drawn = random_architecture(
            compiled.space, compiled.program.derivation, seed, runtime.device
        )
    origin = f"Drawn at random in {compiled.name}, seed {seed}."
    train_alone(compiled, drawn, origin, folder, seed, runtime, report)


def known_architecture(folder: RunFolder) -> SearchSpace | None:
    """Return the architecture of a run that is gone on with; None if it has none yet.

    Raises:
        UserError: It is there, but no architecture.
    """
    from dslnas.runs.folder import ARCHITECTURE

    path = folder.path / ARCHITECTURE
    return compile_spec(path).space if path.exists() else None


def train_alone(
    compiled: Compiled,
    architecture: SearchSpace,
    origin: str,
    folder: RunFolder,
    seed: int,
    runtime: Runtime,
    report: Report,
) -> None:
    """Write and train an architecture that comes from no search.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.data.tensors import load
    from dslnas.runs.folder import ARCHITECTURE, SPEC

    data = load(compiled.program.data, runtime.device, runtime.dtype, searching=False)
    folder.write(SPEC, compiled.text)
    folder.write(ARCHITECTURE, architecture_text(compiled, architecture, origin))
    train_and_export(compiled, architecture, folder, seed, runtime, report, data)


def train_and_export(
    compiled: Compiled,
    architecture: SearchSpace,
    folder: RunFolder,
    seed: int,
    runtime: Runtime,
    report: Report,
    data: Data,
) -> None:
    """Train an architecture from scratch, measure it and export it.

    The training goes on from the folder's checkpoint if there is one.

    Raises:
        UserError: Training diverges or does not fit into memory, the checkpoint does not fit, or
            the backends differ.
    """
    from dslnas.app.export import export_network, real_inputs
    from dslnas.export.language_model import text_files
    from dslnas.graph.lower.network import build_derived_graph
    from dslnas.runs.checkpoint import Checkpoint
    from dslnas.runs.origin import origin_of
    from dslnas.runs.results import training_results
    from dslnas.training.constraints import check_limits
    from dslnas.training.memory_check import check_training_fits
    from dslnas.training.threads import steps_of, threads_for
    from dslnas.training.train import train

    program = compiled.program
    settings, graph = program.evaluate, build_derived_graph(architecture)
    check_limits(graph, program.derivation.limits, runtime.device)
    check_training_fits(architecture, settings, program.data, data, runtime)
    checkpoint = Checkpoint(folder.path, compiled.hash, seed)
    saved = checkpoint.read()
    folder.keep_metrics(0 if saved is None else saved.progress.epochs)
    with threads_for(graph.flops() * settings.batch * steps_of(program.data)):
        trained = train(
            architecture,
            settings,
            program.data,
            data,
            seed,
            runtime,
            report,
            checkpoint.write,
            saved,
        )
    folder.add_results(training_results(trained, data))
    origin = origin_of(compiled.name, compiled.hash, data)
    folder.update(**vars(origin))
    if data.text is not None:  # it stays with the weights if the export fails
        for name, content in text_files(data.text, with_sample=False).items():
            folder.write(name, content)
    exported = export_network(
        compiled, trained.network, folder.path, seed, origin, text=data.text, real=real_inputs(data)
    )
    folder.add_results(
        {
            "files": exported.files,
            "largest_difference": dict(exported.differences),
            "latency_ms": {k: round(v, 3) for k, v in exported.latency_ms.items()},
        }
    )
    checkpoint.remove()
