"""A trained network to files; models are written only if all of them compute the same."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import NO_FACTS, Facts
from dslnas.exporters.agreement import Agreement
from dslnas.exporters.catalogue import EXPORTERS
from dslnas.exporters.checks import check_files
from dslnas.exporters.exporter import Model
from dslnas.exporters.judge import Trial
from dslnas.exporters.latency import latencies_of
from dslnas.exporters.onnx import MODEL, STEP, declared_by, file_in
from dslnas.exporters.onnx_record import DeclaredModels, Latency
from dslnas.exporters.parity import Inputs
from dslnas.exporters.pictures import check_pictures
from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.exporters.precisions import WRITERS, write_precisions
from dslnas.exporters.unit import in_unit
from dslnas.exporters.weights import WEIGHTS, file_metadata, write_weights
from dslnas.files import PART, cannot_write, write_whole
from dslnas.settings.sections import ExportSettings


@dataclass(frozen=True)
class Exported:
    """Files that were written, and measurements.

    Attributes:
        files: Their names in the folder.
        agreements: By target, how its logits and states agree with PyTorch's.
        latency: How long the ONNX model runs, of a text one step; None without it.
        declared: Versions that ONNX models declare.
        precisions: Measures of each precision, if there are others than float32.
        tolerance: How much outputs may differ from PyTorch's, as a share of their spread.
    """

    files: tuple[str, ...]
    agreements: Mapping[str, Agreement]
    latency: Latency | None
    declared: DeclaredModels
    precisions: PrecisionRecords
    tolerance: float

    @property
    def differences(self) -> dict[str, float]:
        """By target, the largest difference of a logit or a state from PyTorch's."""
        return {name: agreement.largest for name, agreement in self.agreements.items()}

    @property
    def shares(self) -> dict[str, float]:
        """By target, the same as a share of the spread of the outputs."""
        return {name: agreement.relative for name, agreement in self.agreements.items()}

    @property
    def results(self) -> dict[str, object]:
        """Facts for a manifest, by the names that they have there."""
        told = {
            "files": self.files,
            "largest_difference": self.differences,
            "relative_difference": self.shares,
            "latency": self.latency,
            "onnx": self.declared,
            "precisions": self.precisions,
        }
        return {name: value for name, value in told.items() if value}


def export(
    network: TorchNetwork,
    folder: Path,
    settings: ExportSettings,
    *,
    name: str,
    metadata: Mapping[str, str],
    facts: Facts = NO_FACTS,
    real: Inputs | None = None,
    pictures: Sequence[Path] = (),
    trial: Trial | None = None,
    seed: int = 0,
) -> Exported:
    """Write a network and its weights, in the formats that the settings say.

    Args:
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        settings: Which formats, and how much they may differ.
        name: Name of the network in the files.
        metadata: Facts to put into the files, such as the spec's hash.
        facts: How the examples became numbers.
        real: Inputs to compare on besides random ones, by name.
        pictures: Files of pictures to compare on besides random ones.
        trial: Data that other precisions are made with and judged by; without, there are none.
        seed: Seed of the random inputs.

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
            Then only the weights are there, so that the training is not lost.
    """
    write_weights(network, folder, metadata, facts)
    network = in_unit(network, facts)
    # numbers that are predicted have the unit of the data
    scale = max([1.0, *(abs(factor) + abs(offset) for factor, offset in facts.units)])
    model = Model(network, name, file_metadata(network, metadata, facts), facts, settings)
    exporters = [e for key, e in EXPORTERS.items() if key in settings.formats]
    files: dict[str, bytes] = {}
    for exporter in exporters:
        files |= exporter.files(model)

    with _stage(folder) as stage:
        for file, content in files.items():
            write_whole(stage / file, content)
        shutil.copyfile(folder / WEIGHTS, stage / WEIGHTS)
        agreements = check_files(network, exporters, stage, settings.tolerance, real, seed)
        check_pictures(stage, pictures, scale * settings.tolerance, seed)
        verdict = None if trial is None else write_precisions(stage, settings, trial, facts.units)
        records = {} if verdict is None else verdict.records
        models = (name for record in records.values() for name in record.files)
        written = tuple(dict.fromkeys((*files, *models)))
        onnx = {name: (stage / name).read_bytes() for name in written if name.endswith(".onnx")}
        for file in written:
            os.replace(stage / file, folder / file)
        if onnx:
            _remove_precisions(folder, written)
    latency = _latency(onnx) if verdict is None else verdict.latency
    declared = {name: declared_by(model) for name, model in onnx.items()}
    names = (*written, WEIGHTS)
    return Exported(names, agreements, latency, declared, records, settings.tolerance)


def _latency(models: Mapping[str, bytes]) -> Latency | None:
    """Return the latency of one of the models: of a text of its step."""
    timed = models.get(STEP, models.get(MODEL))
    return None if timed is None else latencies_of([timed])[0]


def _remove_precisions(folder: Path, written: Sequence[str]) -> None:
    """Remove models of an earlier export in precisions that are not delivered by this one."""
    for file in (file_in(*which) for which in product(WRITERS, (MODEL, STEP))):
        if file not in written:
            (folder / file).unlink(missing_ok=True)


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """Give a folder for files that are not known to be right yet; it is gone afterwards."""
    try:
        stage = Path(tempfile.mkdtemp(PART, ".export-", folder))
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        yield stage
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
