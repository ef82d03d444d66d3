"""The pipeline, from a `.nas` file to a deployed cell. Read this file first.

`compile_spec` is the core: text -> program -> checked program -> search space -> shapes checked;
the primitive graph is made when something needs it. It imports neither torch nor onnx, and no more
than a check needs, so that `dslnas check` answers at once. `run_search` goes on: supernet ->
scores -> architecture -> trained network -> ONNX model and Python module; what it needs is
imported when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.example import example_of
from dslnas.graph.memory import check_memory
from dslnas.graph.shapes import check_final, check_search
from dslnas.language.check import check
from dslnas.language.checked import CheckedProgram
from dslnas.language.link import LinkedProgram, link, read_source
from dslnas.language.overrides import parse_overrides
from dslnas.space.lower import lower
from dslnas.space.space import SearchSpace

if TYPE_CHECKING:
    import numpy as np
    import torch

    from dslnas.backends.torch.network import TorchNetwork
    from dslnas.data.tensors import Data
    from dslnas.export.export import Exported
    from dslnas.graph.graph import PrimitiveGraph
    from dslnas.runs.folder import RunFolder
    from dslnas.runs.origin import Origin
    from dslnas.training.records import Report

REAL_IMAGES = 32
"""Test images on which the exported backends are compared."""


@dataclass(frozen=True)
class Compiled:
    """Everything that is known of a spec before a tensor is made.

    Attributes:
        name: Of the file, without its ending.
        linked: The program with the files it uses.
        program: The same, checked.
        space: Cells and networks as DAGs.
    """

    name: str
    linked: LinkedProgram
    program: CheckedProgram
    space: SearchSpace

    @cached_property
    def graph(self) -> PrimitiveGraph:
        """Of the supernet; of the network that is trained, where nothing is left to choose."""
        from dslnas.graph.build import build_derived_graph, build_supernet_graph

        build = build_derived_graph if self.space.is_architecture else build_supernet_graph
        return build(self.space)

    @cached_property
    def text(self) -> str:
        """The effective program."""
        from dslnas.language.effective import effective_text

        network = self.space.network
        return effective_text(self.linked, self.program, network.input, network.classes)

    @cached_property
    def hash(self) -> str:
        """The name of the effective program."""
        from dslnas.language.effective import spec_hash

        return spec_hash(self.text)


def compile_spec(path: Path, overrides: Sequence[str] = ()) -> Compiled:
    """Compile a spec.

    Args:
        path: The `.nas` file.
        overrides: Arguments of `--set`, such as `search.epochs=5`.

    Raises:
        UserError: Whatever is wrong with the spec, the overrides or the data's path.
    """
    linked = link(read_source(path), parse_overrides(overrides))
    program = check(linked)
    example, classes = example_of(program)
    space = lower(program, example, classes)
    if space.is_architecture:
        check_memory(check_final(space))
    else:
        check_memory(check_search(space))
        check_final(space)
    return Compiled(path.stem, linked, program, space)


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
    from dslnas.training.search import search
    from dslnas.training.threads import threads_for

    program = compiled.program
    assert program.engine is not None, "checked by the caller"
    assert program.search is not None, "checked by the caller"
    data = load(program.data, device)
    folder.write(SPEC, compiled.text)
    with threads_for(compiled.graph.flops() * program.data.batch):
        found = search(
            compiled.space,
            compiled.graph,
            program.engine,
            program.search,
            program.data,
            data,
            seed,
            device,
            report,
        )
    folder.tensors(ALPHAS, {cell: alpha.numpy() for cell, alpha in found.alphas.items()})
    origin = f"Found by {program.engine} in {compiled.name}, seed {seed}."
    folder.write(ARCHITECTURE, architecture_text(compiled, found.architecture, origin))
    folder.update(results={"search_seconds": round(found.seconds, 3)})
    train_and_export(compiled, found.architecture, folder, seed, device, report, data)


def run_training(
    compiled: Compiled, folder: RunFolder, seed: int, device: torch.device, report: Report
) -> None:
    """Train an architecture that is given, measure it and export it.

    Raises:
        UserError: The data are wrong, training diverges, or the backends differ.
    """
    from dslnas.data.tensors import load
    from dslnas.runs.folder import ARCHITECTURE, SPEC

    data = load(compiled.program.data, device)
    folder.write(SPEC, compiled.text)
    origin = f"Trained as {compiled.name}, seed {seed}."
    folder.write(ARCHITECTURE, architecture_text(compiled, compiled.space, origin))
    train_and_export(compiled, compiled.space, folder, seed, device, report, data)


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
    from dslnas.graph.build import build_derived_graph
    from dslnas.runs.origin import Normalisation, Origin
    from dslnas.training.retrain import retrain
    from dslnas.training.threads import threads_for

    program = compiled.program
    settings, flops = program.evaluate, build_derived_graph(architecture).flops()
    with threads_for(flops * settings.batch):
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


def export_untrained(compiled: Compiled, folder: Path, seed: int) -> Exported:
    """Export an architecture with random weights, to look at it or to time it.

    Raises:
        UserError: The folder cannot be written to.
    """
    from dslnas.runs.origin import Origin
    from dslnas.training.retrain import fresh_network

    network = fresh_network(compiled.space, seed)
    origin = Origin(spec=compiled.name, spec_hash=compiled.hash)
    return export_network(compiled, network, folder, seed, origin)


def export_run(run: Path, folder: Path, overrides: Sequence[str] = ()) -> Exported:
    """Export the network of a run again, from its architecture and weights.

    Args:
        run: A run folder in which the training is finished.
        folder: Where the files go; may be the run itself.
        overrides: Arguments of `--set` for the export section.

    Raises:
        UserError: NAS023 if it is no run, NAS024 if its network is missing or does not fit.
    """
    from dslnas.runs.folder import ARCHITECTURE
    from dslnas.runs.network import load_network
    from dslnas.runs.origin import read_origin

    origin = read_origin(run)
    compiled = compile_spec(run / ARCHITECTURE, overrides)
    origin.check_classes(compiled.space.network.classes, run)
    network = load_network(compiled.graph, run)
    return export_network(compiled, network, folder, 0, origin)


def export_network(
    compiled: Compiled,
    network: TorchNetwork,
    folder: Path,
    seed: int,
    origin: Origin,
    *,
    real: np.ndarray | None = None,
) -> Exported:
    """Write a network as ONNX model and Python module, compared with each other.

    Args:
        compiled: Where the network comes from.
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        seed: Of the random images to compare on.
        origin: What the files say of where they come from.
        real: Normalised images to compare on, (batch, channels, height, width).

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
    """
    from dslnas.export.export import export

    return export(
        network,
        folder,
        compiled.program.export,
        name=origin.spec,
        metadata=origin.metadata(),
        class_names=origin.class_names,
        real=real,
        seed=seed,
    )


def architecture_text(compiled: Compiled, architecture: SearchSpace, origin: str) -> str:
    """Return an architecture as a program of its own: it can be edited, retrained, exported."""
    from dslnas.language.effective import effective_text
    from dslnas.space.text import cell_text

    cells = {name: cell_text(cell) for name, cell in architecture.cells.items()}
    title = (origin, f"Spec hash: {compiled.hash}")
    network = architecture.network
    return effective_text(
        compiled.linked,
        compiled.program,
        network.input,
        network.classes,
        title=title,
        cells=cells,
    )
