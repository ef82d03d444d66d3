"""From a trained network to the files that are deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import exists
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.arguments import run_call, wrong_argument
from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.compiled import Compiled, CompiledArchitecture
from dslnas.app.open_run import EXPORTED, named_by_its_run
from dslnas.app.run import Listener, Notice, Run, silent
from dslnas.app.versions import check_versions
from dslnas.diagnostics import user_error
from dslnas.runs.folder import ARCHITECTURE
from dslnas.runs.hold import held
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    import numpy as np

    from dslnas.backends.torch.network import TorchNetwork
    from dslnas.exporters.export import Exported
    from dslnas.exporters.judge import Trial
    from dslnas.runs.origin import Origin
    from dslnas.settings.sections import ExportSettings
    from dslnas.tasks.task import Task

MOVED = "data.path="
"""Start of the argument of `--set` that says where the data of a run lie now."""


def export(run: Run, out: Path | str | None = None, overrides: Sequence[str] = ()) -> Exported:
    """Export the network of a run from its weights, as ONNX model and as Python module.

    The backends are compared with each other; in the process that trained the network, on some of
    the test part too.

    Args:
        run: A run in which the training is over.
        out: Where the files go; by default into the run itself.
        overrides: Arguments of `--set` for the export section, and `data.path=` where the data have
            moved, on which the backends are then compared too.

    Raises:
        UserError: NAS023 if the manifest is of another network, NAS024 if the run is not trained,
            or the network is missing or does not fit, NAS711 if the backends differ, NAS021 if the
            folder cannot be written to, NAS030 if another process writes there, NAS6xx or NAS026 if
            other precisions need the data of the run, and they are not there or have changed.
        TypeError: It is no run.
    """
    if not isinstance(run, Run):
        if isinstance(run, Compiled):
            wanted = "a trained run, as `dslnas.train(...)` returns it"
        else:
            wanted = f"a trained run, as {run_call(run)} returns it"
        raise wrong_argument("export", wanted, run)
    from dslnas.app.report import report_at_the_end
    from dslnas.runs.origin import origin_in

    run.check_trained()
    folder = run.path if out is None else Path(out)
    moved = [override for override in overrides if override.startswith(MOVED)]
    if moved:
        run.read_data_from(moved)
    others = [override for override in overrides if override not in moved]
    spec = compile_spec(run.path / ARCHITECTURE, others, with_data=False)
    compiled = without_choices(spec, "exported")
    check_versions(compiled.graph, compiled.program)
    task, network = task_of(compiled.program.data), _network(run, compiled)
    origin = origin_in(run.manifest, task, run.path, compiled.network.classes)
    trial = _trial(run, task) if compiled.program.export.others else None
    has_data = run.trained is not None or bool(moved)
    ends = folder == run.path and run.results.is_trained and not run.is_finished
    with run.stage("finished") if ends else held(folder):
        if folder == run.path:
            run.folder.check_unchanged()
        exported = export_network(
            network,
            folder,
            compiled.program.export,
            origin,
            seed=run.manifest.seed,
            real=task.real_inputs(run.data.test) if has_data else None,
            trial=trial,
            pictures=task.pictures(run.spec.program.data, run.data) if has_data else (),
            report=run.report,
        )
        if ends:
            _record(run, exported)
        elif folder == run.path and (overrides or _is_other(run, exported)):
            _record_again(run, exported)
    if folder == run.path:
        report_at_the_end(run.path, run.report)
    return exported


def export_untrained(
    spec: Compiled, out: Path | str | None = None, seed: int = 0, report: Listener = silent
) -> Exported:
    """Export an architecture with random weights, to look at it or to time it; see `export`.

    `report` gets a notice after each step.
    """
    spec = named_by_its_run(without_choices(spec, "exported"))
    if spec.program.export.others:
        raise user_error(
            "NAS714",
            "other precisions are judged by a trained network, and this one is not trained",
            where="export.precision",
            help="train it, or add `--set export.precision=float32`",
        )
    from dslnas.runs.origin import Origin
    from dslnas.training.constraints import check_limits
    from dslnas.training.train import fresh_network

    task, limits = task_of(spec.program.data), spec.program.derivation.limits
    check_limits(spec.graph, limits, task.example)
    check_versions(spec.graph, spec.program)
    network = _oracle(fresh_network(spec.architecture, seed))
    origin = Origin(spec=spec.name, spec_hash=spec.hash)
    folder = EXPORTED / f"{spec.name}-untrained" if out is None else Path(out)
    with held(folder):
        return export_network(
            network, folder, spec.program.export, origin, seed=seed, report=report
        )


def export_network(
    network: TorchNetwork,
    folder: Path,
    settings: ExportSettings,
    origin: Origin,
    *,
    seed: int,
    real: Mapping[str, np.ndarray] | None = None,
    trial: Trial | None = None,
    pictures: Sequence[Path] = (),
    report: Listener = silent,
) -> Exported:
    """Write a network with its origin, see `dslnas.exporters.export.export`."""
    from dslnas.exporters.export import export

    return export(
        network,
        folder,
        settings,
        name=origin.spec,
        metadata=origin.metadata(),
        facts=origin.facts,
        real=real,
        trial=trial,
        pictures=pictures,
        seed=seed,
        tell=lambda text: report(Notice(text)),
    )


def _network(run: Run, compiled: CompiledArchitecture) -> TorchNetwork:
    """Return the network that was trained just now, or the one in the folder."""
    if run.trained is not None:
        return run.trained.network

    from dslnas.runs.network import load_network

    return _oracle(load_network(compiled.graph, run.path))


def _oracle(network: TorchNetwork) -> TorchNetwork:
    """Let a network run as it is written: passes and loops cost more than they save in one run."""
    network.plain = True
    return network


def _trial(run: Run, task: Task) -> Trial:
    """Return what other precisions are made with and judged by: the data of the run.

    Raises:
        UserError: NAS6xx if they are not there, NAS026 if they have changed.
    """
    from dslnas.exporters.judge import Trial

    run.check_data()
    return Trial(task, run.data)


def _record(run: Run, exported: Exported) -> None:
    """Write into the manifest what was exported; nothing is left to go on with."""
    from dslnas.runs.folder import CHECKPOINTS, remove_checkpoints

    run.folder.add_results(exported.results)
    for stage in CHECKPOINTS:
        remove_checkpoints(run.path, stage)


def _is_other(run: Run, exported: Exported) -> bool:
    """Whether models are others than the manifest tells of; measured anew they are the same."""
    before = run.results
    return exported.declared != before.onnx or bool(exported.precisions or before.precisions)


def _record_again(run: Run, exported: Exported) -> None:
    """Write into the manifest what another export changed; formats that it left out are kept."""
    before, results = run.results, exported.results
    names = dict.fromkeys((*before.files, *exported.files))
    results["files"] = tuple(name for name in names if exists(run.path / name))
    results["largest_difference"] = {**before.largest_difference, **exported.differences}
    results["relative_difference"] = {**before.relative_difference, **exported.shares}
    if exported.declared and before.precisions:
        results["precisions"] = exported.precisions
    run.folder.add_results(results)
