"""The interface of a task: all that differs between one kind of data and another.

A task imports torch only where it computes: what a spec says is checked without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.task import TaskSettings
from dslnas.tasks.meter import Meter, SumMeter
from dslnas.tasks.metric import Column, Metric, Row
from dslnas.tasks.mistakes import Mistake

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Generator, Tensor

    from dslnas.backends.torch.losses import BatchOutput
    from dslnas.data.batches import Batch, Part
    from dslnas.data.dataset import Data

Rows: TypeAlias = Sequence[Sequence[str]]
"""A table of texts; its first row are the names of its columns."""


@dataclass(frozen=True)
class Measurement:
    """Quality of a network on a part.

    Attributes:
        loss: Mean loss of a target.
        metrics: Metrics by name.
        details: Measure of single outputs, by their number; not stored.
    """

    loss: float
    metrics: Mapping[str, float]
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def brief(self) -> Measurement:
        """The measurement without details, to be kept."""
        return replace(self, details={})


@dataclass(frozen=True)
class Chance:
    """Quality of a guess that reads nothing.

    Attributes:
        worth: More is better, as of `Task.worth`; a network has to be above it.
        guess: The same without what luck may add.
        what: The guess in words, with what it comes to.
        unit: Difference that counts as 1.
        too_few: Number and word of the examples, such as 4 images, if no network can be clearly
            better on so few; else "".
    """

    worth: float
    guess: float
    what: str
    unit: float = 1.0
    too_few: str = ""


class Task(ABC):
    """A kind of data with a goal: all that differs between one and another.

    Attributes:
        name: Name of the task.
        example: Word for what a network reads at once, and multiply-adds are counted for.
        settings: Its sources of data, the settings it has, and their defaults.
        needed: Settings of the network that tell what the data do not, as a message says it.
        metrics: Metrics in the order of reports; networks are compared by the first.
        columns: Columns of the table of several runs.
        rows: Rows of the report on one run.
        files: Files that users of an exported network need beside it, with the meaning of each.
        selects_epoch: Whether a training from scratch gives the network of its best epoch, unless
            settings say, and may average weights; else that of the last epoch.
        has_classes: Whether every example is of one class.
        confusion: Result that counts which class of the test part is taken for which; "" for none.
        mistake_title: Heading of its mistakes.
        measured_at_once: Examples, or sequences side by side, of a batch that is measured.
    """

    name: str
    example: str
    settings: TaskSettings
    needed: str
    metrics: tuple[Metric, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    files: ClassVar[Mapping[str, str]] = MappingProxyType({})
    selects_epoch: ClassVar[bool] = False
    has_classes: ClassVar[bool] = False
    confusion: ClassVar[str] = ""
    mistake_title: ClassVar[str] = "Wrongly labelled"
    measured_at_once: ClassVar[int] = 256

    def for_data(self, data: DataSettings) -> Task:
        """Return the task as the settings of its data ask for it."""
        return self

    # ---- data -----------------------------------------------------------------------------------

    @abstractmethod
    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        """Return the shape of the data without loading them; None if nothing tells.

        Raises:
            UserError: NAS6xx, the path is wrong or what is there.
        """

    def is_at_hand(self, data: DataSettings, network: CheckedNetwork) -> bool:
        """Whether the data can be read: by their path, or because they come with a package."""
        return bool(data.path) or not data.has_files

    @abstractmethod
    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        """Check that the data can be divided and give whole batches, as far as is known.

        Args:
            known: As `describe` returned it.
            data: How the data are divided.
            evaluate: How a network is trained from scratch.
            searching: Whether there will be steps of a search.

        Raises:
            UserError: NAS6xx, they cannot.
        """

    def counts(self, data: Data, part: str) -> Mapping[str, int]:
        """Return how many examples of a part are of a kind, by the name of the kind."""
        return {}

    @abstractmethod
    def described(self, example: Example, classes: int) -> str:
        """Return in words what a network reads and tells apart."""

    @abstractmethod
    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        """Read the data and put them on a device, divided as the settings say.

        Args:
            data: Where the data are and how to divide them.
            device: Where all parts are put, once.
            dtype: Type of inputs that are no whole numbers.
            classes: How many the network is made for; None for any number.
            searching: Whether there will be steps of a search.

        Raises:
            UserError: NAS405 the network is made for other data; NAS6xx they cannot be loaded.
        """

    @abstractmethod
    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        """Return random examples on the CPU, enough for a step of `count` of them."""

    @abstractmethod
    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        """Return how the examples of a run became numbers.

        Args:
            entries: The facts that the manifest of the run has, by name.
            run: Its folder.
            classes: Number of outputs of its network.

        Raises:
            UserError: NAS023, NAS024 or NAS027 if they are missing, damaged, or another network's.
        """

    @abstractmethod
    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        """Return some inputs, by name, on which exported networks are compared."""

    def pictures(self, settings: DataSettings, data: Data) -> list[Path]:
        """Return some pictures, by their files, on which exported networks are compared."""
        return []

    # ---- steps ----------------------------------------------------------------------------------

    def steps(self, data: DataSettings) -> int:
        """Return how often a network runs on an example of a batch."""
        return 1

    def longest(self, data: DataSettings, evaluate: EvaluateSettings) -> int:
        """Return `steps` of the longest batch of a training from scratch."""
        return self.steps(data)

    def batch_count(self, data: DataSettings, examples: int, batch: int) -> int:
        """Return how many batches an epoch has."""
        return max(1, examples // batch)

    # ---- loss and metrics -----------------------------------------------------------------------

    def selects(self, evaluate: EvaluateSettings) -> bool:
        """Whether a training from scratch gives the network of its best epoch."""
        return self.selects_epoch if evaluate.epoch is None else evaluate.epoch == "best"

    def loss(self, output: BatchOutput, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, a scalar with gradients.

        That is the cross-entropy, unless targets are no classes.
        """
        from dslnas.backends.torch.losses import mean_cross_entropy

        return mean_cross_entropy(output, batch)

    def training_loss(
        self, output: BatchOutput, batch: Batch, settings: EvaluateSettings
    ) -> Tensor:
        """Return the loss that a training lowers: `loss`, unless settings change it."""
        return self.loss(output, batch)

    def sums(self, output: Tensor, batch: Batch) -> Mapping[str, float]:
        """Return sums over the targets of a batch by name, `loss` among them.

        Of targets that are classes these are the cross-entropy, and `right`: how many targets have
        the largest logit.

        Args:
            output: Output of the network, (targets, ...), in the order of the flattened targets.
            batch: Has the targets.
        """
        from dslnas.backends.torch.losses import cross_entropy_sums

        return cross_entropy_sums(output, batch)

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        """Return loss and metrics from the means of `sums` over a whole part."""
        raise NotImplementedError

    def meter(self) -> Meter:
        """Return a measurement that begins: of means over targets, unless metrics are no means."""
        return SumMeter(self)

    def ordered(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return values by name in the order of the metrics."""
        return {metric.name: values[metric.name] for metric in self.metrics}

    def worth(self, measured: Measurement) -> float:
        """Return what networks are compared by: more is better."""
        value = measured.metrics[self.metrics[0].name]
        return value if self.metrics[0].higher_is_better else -value

    def fine_worth(self, measured: Measurement, examples: int) -> float:
        """Return `worth`, with what tells apart networks that are alike in it."""
        return self.worth(measured)

    def chance(self, data: Data) -> Chance | None:
        """Return what a guess comes to on the validation part, if one is known."""
        return None

    def guess_loss(self, data: Data) -> float | None:
        """Return the loss of a guess that takes all answers for alike likely, if there is one."""
        return None

    # ---- reports --------------------------------------------------------------------------------

    def results(self, measured: Mapping[str, Measurement], data: Data) -> dict[str, object]:
        """Return the results of a training, as the manifest has them.

        Args:
            measured: The trained network on the parts `test` and `validation`.
            data: The data it was trained on.
        """
        values = {part: self.values(found, part, data) for part, found in measured.items()}
        return {
            f"{part}_{metric.name}": values[part][metric.name]
            for metric in self.metrics
            for part in measured
        }

    def more_results(self, data: Data) -> dict[str, object]:
        """Return what else the manifest tells, such as a baseline for the metrics."""
        return {}

    def tables(self, outputs: Tensor, data: Data) -> Mapping[str, Rows]:
        """Return tables of single examples that a run keeps, by the name of their file.

        Args:
            outputs: All that the trained network gives for the test part, (N, K).
            data: The data it was trained on.
        """
        return {}

    def mistakes(self, tables: Mapping[str, Rows]) -> Sequence[Mistake]:
        """Return the mistakes of the trained network on the test part, the worst first.

        Args:
            tables: As `tables` returned them.
        """
        return ()

    def results_by_example(self, outputs: Tensor, data: Data) -> dict[str, object]:
        """Return results that follow from single examples; see `tables`."""
        return {}

    def values(self, measured: Measurement, part: str, data: Data) -> Mapping[str, float]:
        """Return all metrics of a trained network on a part of the data, by name."""
        return measured.metrics

    @property
    def criterion(self) -> str:
        """The result that says which of several runs is the best; tests choose nothing."""
        return f"validation_{self.metrics[0].name}"

    @property
    def quantities(self) -> tuple[str, ...]:
        """Results that several runs are compared in."""
        return tuple(f"{part}_{m.name}" for m in self.metrics for part in ("test", "validation"))
