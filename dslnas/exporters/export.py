"""A trained network to files; models are written only if all of them compute the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from dslnas.backends.onnx.session import Loaded
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import NO_FACTS, Facts
from dslnas.exporters.agreement import Agreement
from dslnas.exporters.catalogue import EXPORTERS
from dslnas.exporters.checks import check_files, most_compared
from dslnas.exporters.exporter import Exporter, Model
from dslnas.exporters.judge import Trial
from dslnas.exporters.latency import latencies_of
from dslnas.exporters.onnx import MODEL, STEP, UINT8, declared_by, file_in
from dslnas.exporters.onnx_record import DeclaredModels, Latency
from dslnas.exporters.parity import Inputs
from dslnas.exporters.pictures import check_pictures
from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.exporters.precisions import WRITERS, write_precisions
from dslnas.exporters.stopwatch import Stopwatch, Tell, silent
from dslnas.exporters.unit import in_unit
from dslnas.exporters.weights import WEIGHTS, file_metadata, write_weights
from dslnas.exporters.written import Written
from dslnas.files import PART, cannot_write, put
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
    tell: Tell = silent,
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
        tell: Gets a line for people after each step, with its seconds.

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
            Then only the weights are there, so that the training is not lost.
    """
    watch = Stopwatch(tell)
    network = in_unit(network, facts)
    model = Model(network, name, file_metadata(network, metadata, facts), facts, settings)
    write_weights(network, folder, metadata, facts, model.module)
    exporters = [e for key, e in EXPORTERS.items() if key in settings.formats]
    files: dict[str, bytes] = {}
    for exporter in exporters:
        files |= exporter.files(model)

    with _stage(folder) as stage:
        for file, content in files.items():
            (stage / file).write_bytes(content)
        shutil.copyfile(folder / WEIGHTS, stage / WEIGHTS)
        watch.tell(f"Exported {_listed(_models(files, exporters))}")
        written = Written(stage)
        compared = check_files(network, exporters, written, settings.tolerance, real, seed)
        watch.tell(f"Compared with PyTorch on {compared.inputs}")
        if written.has(UINT8):
            # numbers that are predicted have the unit of the data
            scale = max([1.0, *(abs(factor) + abs(offset) for factor, offset in facts.units)])
            some = pictures[: most_compared(network.graph)]
            count = check_pictures(written, some, scale * settings.tolerance, seed)
            watch.tell(f"Compared {UINT8} with predict.py on {count} pictures")
        verdict = None if trial is None else write_precisions(written, settings, trial, facts.units)
        if verdict is not None:
            watch.tell(f"Made and measured {_listed(settings.others)}")
        records = {} if verdict is None else verdict.records
        made = (name for record in records.values() for name in record.files)
        names = tuple(dict.fromkeys((*files, *made)))
        onnx = {name: written.model(name) for name in names if name.endswith(".onnx")}
        for file in names:
            put(stage / file, folder / file)
        if onnx:
            _remove_precisions(folder, names)
    latency = _latency(onnx, watch) if verdict is None else verdict.latency
    declared = {name: declared_by(loaded.proto) for name, loaded in onnx.items()}
    told = compared.agreements, latency, declared, records, settings.tolerance
    return Exported((*names, WEIGHTS), *told)


def _models(files: Iterable[str], exporters: Sequence[Exporter]) -> list[str]:
    """Return which files are models, not what lies beside them."""
    described = {name for exporter in exporters for name in exporter.described_files}
    return [name for name in files if name in described]


def _listed(words: Sequence[str]) -> str:
    """Return words in a sentence."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _latency(models: Mapping[str, Loaded], watch: Stopwatch) -> Latency | None:
    """Return the latency of one of the models: of a text of its step."""
    timed = models.get(STEP, models.get(MODEL))
    if timed is None:
        return None
    (latency,) = latencies_of([timed])
    watch.tell("Measured latency in ONNX Runtime")
    return latency


def _remove_precisions(folder: Path, written: Sequence[str]) -> None:
    """Remove models of an earlier export in precisions that are not delivered by this one."""
    for file in (file_in(*which) for which in product(WRITERS, (MODEL, STEP))):
        if file not in written:
            (folder / file).unlink(missing_ok=True)


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """Give a folder for files that are not known to be right yet; it is gone afterwards.

    So is one that an export left which was killed: two at a time do not write to one folder.
    """
    try:
        for left in folder.glob(f".export-*{PART}"):
            shutil.rmtree(left)
        stage = Path(tempfile.mkdtemp(PART, ".export-", folder))
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        yield stage
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
