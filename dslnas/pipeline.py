"""The pipeline, from a `.nas` file to a deployed cell. Read this file first.

`dslnas.compiler` is its first half: text -> program -> checked program -> search space -> graph.
`run_search` goes on: supernet -> scores -> architecture -> trained network -> ONNX model and Python
module. What a stage needs is imported when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslnas.compiler import Compiled, architecture_text
from dslnas.space.space import SearchSpace

if TYPE_CHECKING:
    import torch

    from dslnas.data.tensors import Data
    from dslnas.runs.folder import RunFolder
    from dslnas.training.records import Report
    from dslnas.training.snapshots import Snapshot

FAMILY = "family"
"""Folder of a run for the best architecture of every size."""

REAL_IMAGES = 32
"""Test images on which the exported backends are compared."""


def run_search(
    compiled: Compiled, folder: RunFolder, seed: int, device: torch.device, report: Report
) -> None:
    """Search the space of a spec, train what is found from scratch and export it.

    Args:
        compiled: A spec with a search.
        folder: Takes the effective spec, the architecture, the model and all results.
        seed: Of everything random.
        device: Where it runs.
        report: Gets a record after every step and every epoch.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.data.tensors import load
    from dslnas.runs.folder import ALPHAS, ARCHITECTURE, SPEC
    from dslnas.training.search import Task, search
    from dslnas.training.threads import threads_for

    program = compiled.program
    assert program.engine is not None, "checked by the caller"
    assert program.search is not None, "checked by the caller"
    data = load(program.data, device)
    folder.write(SPEC, compiled.text)
    with threads_for(compiled.graph.flops() * program.data.batch):
        task = Task(program.engine, program.search, program.data, program.derivation)
        found = search(compiled.space, compiled.graph, task, data, seed, device, report)
    folder.tensors(ALPHAS, {cell: alpha.numpy() for cell, alpha in found.alphas.items()})
    origin = f"Found by {program.engine} in {compiled.name}, seed {seed}."
    folder.write(ARCHITECTURE, architecture_text(compiled, found.architecture, origin))
    results: dict[str, object] = {
        "search_seconds": round(found.seconds, 3),
    }
    if found.epoch is not None:
        results["search_epoch"] = found.epoch
    if found.stopped is not None:
        results["search_stopped"] = found.stopped
    if found.family:
        results["family"] = [
            write_member(compiled, member, folder, origin) for member in found.family
        ]
    folder.update(results=results)
    train_and_export(compiled, found.architecture, folder, seed, device, report, data)


def run_training(
    compiled: Compiled, folder: RunFolder, seed: int, device: torch.device, report: Report
) -> None:
    """Train an architecture that is given, measure it and export it.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    origin = f"Trained as {compiled.name}, seed {seed}."
    train_alone(compiled, compiled.space, origin, folder, seed, device, report)


def run_baseline(
    compiled: Compiled, folder: RunFolder, seed: int, device: torch.device, report: Report
) -> None:
    """Draw an architecture at random, train it as a search would, measure it and export it.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.training.baseline import random_architecture

    drawn = random_architecture(compiled.space, compiled.program.derivation, seed, device)
    origin = f"Drawn at random in {compiled.name}, seed {seed}."
    train_alone(compiled, drawn, origin, folder, seed, device, report)


def train_alone(
    compiled: Compiled,
    architecture: SearchSpace,
    origin: str,
    folder: RunFolder,
    seed: int,
    device: torch.device,
    report: Report,
) -> None:
    """Write and train an architecture that comes from no search.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.data.tensors import load
    from dslnas.runs.folder import ARCHITECTURE, SPEC

    data = load(compiled.program.data, device)
    folder.write(SPEC, compiled.text)
    folder.write(ARCHITECTURE, architecture_text(compiled, architecture, origin))
    train_and_export(compiled, architecture, folder, seed, device, report, data)


def train_and_export(
    compiled: Compiled,
    architecture: SearchSpace,
    folder: RunFolder,
    seed: int,
    device: torch.device,
    report: Report,
    data: Data,
) -> None:
    """Train an architecture from scratch, measure it and export it.

    Raises:
        UserError: Training diverges, or the backends differ.
    """
    from dslnas.deploy import export_network
    from dslnas.graph.build import build_derived_graph
    from dslnas.runs.origin import Normalisation, Origin
    from dslnas.training.constraints import check_limits
    from dslnas.training.retrain import retrain
    from dslnas.training.threads import threads_for

    program = compiled.program
    settings, graph = program.evaluate, build_derived_graph(architecture)
    check_limits(graph, program.derivation.limits, device)
    with threads_for(graph.flops() * settings.batch):
        trained = retrain(architecture, settings, program.data, data, seed, device, report)
    folder.update(
        results={
            "test_accuracy": trained.test_accuracy,
            "validation_accuracy": trained.validation_accuracy,
            "params": trained.network.graph.params(),
            "flops": trained.network.graph.flops(),
            "retrain_seconds": round(trained.seconds, 3),
        }
    )
    origin = Origin(
        spec=compiled.name,
        spec_hash=compiled.hash,
        normalisation=Normalisation(mean=data.mean, std=data.std),
        class_names=data.class_names,
    )
    folder.update(**origin.model_dump(mode="json"))
    exported = export_network(
        compiled,
        trained.network,
        folder.path,
        seed,
        origin,
        real=data.test.images[:REAL_IMAGES].cpu().numpy(),
    )
    folder.update(
        results={
            "files": list(exported.files),
            "largest_difference": dict(exported.differences),
            "latency_ms": {k: round(v, 3) for k, v in exported.latency_ms.items()},
        }
    )


def write_member(
    compiled: Compiled, member: Snapshot, folder: RunFolder, origin: str
) -> dict[str, object]:
    """Write one architecture of a family as a spec and return what the manifest says of it."""
    name = f"{FAMILY}/convolutions_{'_'.join(map(str, member.size))}.nas"
    about = f"{origin} The best of its size, after epoch {member.epoch}."
    folder.write(name, architecture_text(compiled, member.architecture, about))
    return {
        "file": name,
        "convolutions": dict(zip(member.scores, member.size, strict=True)),
        "epoch": member.epoch,
        "params": member.params,
        "search_validation_accuracy": member.accuracy,
    }
