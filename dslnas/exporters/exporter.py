"""The interface of an export target: what it writes, and how that is run again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from dslnas.backends.python.module import PythonModule
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import Facts
from dslnas.exporters.parity import Run
from dslnas.exporters.sequence_parity import SequenceRun
from dslnas.exporters.written import Written
from dslnas.settings.sections import ExportSettings


@dataclass(frozen=True)
class Model:
    """A trained network to write.

    Attributes:
        network: On the CPU, in evaluation mode.
        name: Name of the network in the files.
        metadata: Facts that the files tell, such as the spec's hash.
        facts: How the examples became numbers.
        settings: How it is written.
    """

    network: TorchNetwork
    name: str
    metadata: Mapping[str, str]
    facts: Facts
    settings: ExportSettings

    @cached_property
    def module(self) -> PythonModule:
        """The network as a Python module, after whose names its weights are called."""
        return PythonModule(self.network.graph)


class Exporter(ABC):
    """An export target.

    Attributes:
        name: Name of the target, as in `export.formats`.
        title: Name of what runs its files, for people.
        described_files: All files that it can write, by name, with the meaning of each; but not
            those that a task adds, which the task describes.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    described_files: ClassVar[Mapping[str, str]]

    @abstractmethod
    def files(self, model: Model) -> dict[str, bytes]:
        """Return the files of a model by name, with those that its users need beside them."""

    @abstractmethod
    def run(self, written: Written) -> Run:
        """Return what runs the files of a network that is not recurrent, on the CPU."""

    @abstractmethod
    def sequence_runs(self, written: Written) -> Mapping[str, SequenceRun]:
        """Return what runs the files of a recurrent network, on the CPU, by form of its calls."""
