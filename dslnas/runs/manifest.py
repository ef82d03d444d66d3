"""The manifest: where a run comes from, what it was made with, and its results."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from os.path import exists, isdir
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PositiveInt,
    model_validator,
)
from pydantic_core import to_jsonable_python

from dslnas.absence import absence
from dslnas.diagnostics import user_error
from dslnas.exporters.onnx_record import DeclaredModels, Latency
from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.json_model import MEASUREMENT, JsonModel, OpenModel, Seconds, read_model
from dslnas.language.check.checked import CheckedProgram
from dslnas.regular import reason_of
from dslnas.settings.precision import AnyExecution, AnyPrecision, BatchNorm
from dslnas.settings.spec import SpecSettings
from dslnas.settings.texts import TokenLevel
from dslnas.training.choice import Chosen
from dslnas.training.records import SearchCheck

MANIFEST, SUMMARY = "manifest.json", "summary.json"
HELP = "give the folder that `dslnas compile SPEC --search` wrote, or a `.nas` file"
PACKAGES = ("torch", "numpy", "numba", "onnx", "onnxruntime", "safetensors", "scikit-learn")

Status: TypeAlias = Literal["running", "searched", "trained", "finished", "interrupted", "failed"]
"""How far a run is; what is searched or trained can be gone on with, stage by stage."""

LoopStage: TypeAlias = Literal["search", "retrain"]
"""A stage of a run that takes steps."""

TRAINED = frozenset({"params", "flops", "retrain_seconds"})
"""Results that every training has."""

Measure: TypeAlias = int | float | dict[str, int] | dict[str, float] | dict[str, dict[str, int]]
"""A measurement: a number, or one for each part of the data, each output, or each pair of them."""


class Member(OpenModel):
    """One of a family of architectures: the best of its size.

    A further entry, `search_validation_accuracy` or of another criterion, is what the supernet came
    to after that epoch.

    Attributes:
        file: Its place in the folder of the run.
        convolutions: Its size: how many each searched cell has.
        epoch: The epoch of the search after which it was derived.
        params: Weights of the network that would be trained.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "params"
    __pydantic_extra__: dict[str, float]

    file: str
    convolutions: dict[str, int]
    epoch: int
    params: int

    @property
    def measures(self) -> Mapping[str, float]:
        """Measures of the supernet, by name."""
        return self.__pydantic_extra__


class Results(OpenModel):
    """Results of a run; its entries appear as its stages end.

    Measures of the task (accuracies, perplexities, the size of a vocabulary) are further entries.

    Attributes:
        search_seconds: Time of the search.
        search_epoch: The epoch whose architecture was taken.
        search_stopped: Why the search ended early.
        search_check: Its result beside random architectures, with the shared weights.
        family: The best architecture of every size, where the derivation keeps them.
        params: Weights of the trained network.
        flops: Its multiply-adds for one example.
        retrain_seconds: Time of the training.
        doubts: Sentences on a trained network that is hardly better than a guess, or was better
            before.
        files: Names of the exported files.
        largest_difference: By backend, the largest difference from PyTorch's outputs.
        relative_difference: The same as a share of the spread of the outputs over the examples.
        latency: How long the ONNX model runs; of a text one step.
        onnx: Versions that each ONNX model declares, and the oldest runtime that loads it.
        precisions: Measures of each precision of its ONNX model.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "family"
    __pydantic_extra__: dict[str, Measure]

    search_seconds: Annotated[float | None, MEASUREMENT] = None
    search_epoch: int | None = None
    search_stopped: str | None = None
    search_check: SearchCheck | None = None
    family: tuple[Member, ...] = ()
    params: int = 0
    flops: int = 0
    retrain_seconds: Seconds = 0.0
    doubts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    largest_difference: Annotated[dict[str, float], MEASUREMENT] = Field(default_factory=dict)
    relative_difference: Annotated[dict[str, float], MEASUREMENT] = Field(default_factory=dict)
    latency: Annotated[Latency | None, MEASUREMENT] = None
    onnx: DeclaredModels = Field(default_factory=dict)
    precisions: PrecisionRecords = Field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether the results of a training are there."""
        return self.model_fields_set >= TRAINED

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Measures of the task, by name."""
        return self.__pydantic_extra__


class Normalisation(JsonModel):
    """Per channel or column, what was taken from the numbers and what they were divided by."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


Fact: TypeAlias = Annotated[JsonValue, BeforeValidator(to_jsonable_python)]
"""Values of JSON; a task's facts may be tuples, also inside of others, which are lists there."""


class DataFacts(OpenModel):
    """Facts of the data that the task of a run knows once they are read, see `dslnas.data.facts`.

    A task that knows anything else of them has further entries.

    Attributes:
        normalisation: How images became numbers.
        targets: How numbers that are predicted were standardised.
        class_names: Names of the classes, labels or numbers, in the order of the outputs.
        level: Kind of a token of text.
        damaged: By file why it cannot be read, of pictures that were left out.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "level"
    __pydantic_extra__: dict[str, Fact]

    normalisation: Normalisation | None = None
    targets: Normalisation | None = None
    class_names: tuple[str, ...] = ()
    level: TokenLevel | None = None
    damaged: dict[str, str] = Field(default_factory=dict)


class Manifest(OpenModel):
    """The manifest of a run.

    Attributes:
        status: How far the run is.
        spec: Name of the spec.
        spec_hash: Hash of its effective text.
        method: Search method; that of the baseline; None without a search.
        seed: Seed of everything random.
        device: Device on which the networks ran.
        passes: Names of the passes that rewrote them.
        execution: How their training steps ran: one primitive after the other, cells by
            torch.compile, or as CUDA graphs; `auto` where that was measured.
        precision: Precision of the arithmetic, or `auto`.
        batch_norm: Where batch norm of several processes takes its statistics from.
        processes: How many processes trained the networks together, when it last went on.
        settings: Settings of every section, by its name.
        versions: Versions of dslnas, Python and the packages that results depend on.
        machine: Operating system and processor.
        data_hash: Hash of the examples, once a run has read them.
        results: Results of the run.
        facts: Those that its task knows of the data.
        warnings: Warnings for the user, each with its epoch.
        chosen: How each stage ran, where that was measured.
    """

    status: Status
    spec: str = Field(min_length=1)
    spec_hash: str
    method: str | None
    seed: int
    device: str
    passes: tuple[str, ...]
    execution: AnyExecution
    precision: AnyPrecision
    batch_norm: BatchNorm = "together"
    processes: PositiveInt = 1
    settings: SpecSettings
    versions: dict[str, str]
    machine: dict[str, str]
    data_hash: str | None = None
    results: Results
    facts: DataFacts = Field(default_factory=DataFacts)
    warnings: tuple[str, ...] = ()
    chosen: Annotated[dict[LoopStage, Chosen], MEASUREMENT] = Field(default_factory=dict)

    @classmethod
    def other_writer(cls, value: object) -> str:
        """Return the version of dslnas that wrote a manifest; "" for this one, or for none."""
        match value:
            case {"versions": {"dslnas": str(wrote)}} if wrote != dslnas_version():
                return wrote
        return ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Check that a finished run has the results that every run has."""
        missing = TRAINED - self.results.model_fields_set
        if self.status == "finished" and missing:
            raise ValueError(f"a finished run has results.{min(missing)}")
        return self


def first_manifest(
    name: str,
    spec_hash: str,
    method: str | None,
    program: CheckedProgram,
    seed: int,
    how: Mapping[str, object],
) -> Manifest:
    """Return the manifest of a run that begins.

    Settings of a search are in it only where the architecture is found by its method; `how` is what
    `Runtime.facts` returned.
    """
    is_searched = program.search is not None and program.search.method == method
    settings = (program if is_searched else replace(program, search=None)).settings
    facts: dict[str, object] = {
        "status": "running",
        "spec": name,
        "spec_hash": spec_hash,
        "method": method,
        "seed": seed,
        **how,
        "settings": settings,
        "versions": versions(),
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "results": {},
    }
    return Manifest.model_validate(facts)


def read_run_manifest(run: Path, help: str = HELP) -> Manifest:
    """Return the manifest of a folder that should be a run; `help`: advice if it is none.

    Raises:
        UserError: NAS023 if it is none, NAS027 if its manifest is damaged.
    """
    try:
        return read_manifest(run)
    except FileNotFoundError:
        why = ""
    except OSError as error:
        why = f": {reason_of(error)}"
    message = f"is not a run folder: it has no readable {MANIFEST}{why if isdir(run) else ''}"
    runs = runs_in(run)
    if not exists(run):
        message = absence(run, "folder").message
    elif runs or exists(run / SUMMARY):
        message = "is a folder of several runs"
        help = f"name one of them, such as `{runs[0]}`" if runs else "none of them is there yet"
    raise user_error("NAS023", message, where=str(run), help=help)


def runs_in(folder: Path) -> Sequence[Path]:
    """Return the runs in a folder, and in folders in it, by name; none where there is no folder."""
    if not isdir(folder):  # a name that no file can have, for one: looking below it would raise
        return ()
    return sorted(
        path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/{MANIFEST}")
    )


def read_manifest(run: Path) -> Manifest:
    """Return the manifest of a run; raise OSError if there is none, NAS027 if it is damaged."""
    return read_model(Manifest, run / MANIFEST)


def versions() -> dict[str, str]:
    """Return the versions of dslnas, Python and the packages that results depend on, or `none`."""
    found = {"dslnas": dslnas_version(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def dslnas_version() -> str:
    """Return the version of this package."""
    try:
        return version("dslnas")
    except PackageNotFoundError:
        return "unknown"
