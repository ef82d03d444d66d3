"""The base of tasks whose examples stand alone and have labels: all but what is predicted."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from dslnas.data.division import check_batch, check_counts, check_split
from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts, LabelledFacts
from dslnas.data.readers import describe
from dslnas.diagnostics import Diagnostics, user_error
from dslnas.json_model import damaged
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example, by_name, input_name
from dslnas.ops.shapes import show_example
from dslnas.settings.data_base import DataSettings
from dslnas.settings.labelled import METRICS_OF, Goal, LabelledSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.labelled_settings import Family, settings_of
from dslnas.tasks.meter import OutputMeter
from dslnas.tasks.metric import LABELLED_METRICS, Column, Metric, Row
from dslnas.tasks.mistakes import PICTURES, Mistake
from dslnas.tasks.task import Chance, Measurement, Rows, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Generator, Tensor

    from dslnas.backends.torch.losses import BatchOutput
    from dslnas.data.batches import Batch, Part
    from dslnas.data.dataset import Data
    from dslnas.data.preprocessing import Preprocessing
    from dslnas.data.rows import RowPart

EXAMPLES, PREDICTIONS = "examples.csv", "predictions.csv"

FILES = MappingProxyType(
    {
        EXAMPLES: "which examples are in which part of the data",
        PREDICTIONS: "what it makes of every example of the test part",
        PICTURES: "the pictures of the test part that it is most wrong about, side by side",
        "predict.py": "labels pictures with it; needs numpy, Pillow and onnxruntime only",
        "preprocessing.py": "pictures to what the models read; needs numpy and Pillow only",
    }
)
"""Files of a run, those of pictures last."""

COMPARED = 32
"""Test examples on which exported networks are compared."""


def rows_of(data: Data, part: str) -> RowPart:
    """Return a part of data whose examples stand alone, by its name."""
    from dslnas.data.rows import RowPart

    found = getattr(data, part)
    assert isinstance(found, RowPart)
    return found


class LabelledTask(Task):
    """Prediction of the labels of examples that stand alone.

    Attributes:
        goal: Word of the task in a spec.
        output: Word for a number that a network gives.
        outputs: The same in the plural.
        guess: Prefix of results that a constant prediction comes to.
        guess_words: That prediction in words.
        detail: Measure that is told of every class, label or number by itself.
    """

    goal: ClassVar[Goal]
    output: ClassVar[str]
    outputs: ClassVar[str]
    guess: ClassVar[str]
    guess_words: ClassVar[str]
    detail: ClassVar[Metric]
    files = FILES

    def __init__(self, family: Family, leading: str = "") -> None:
        """Take what is read, and the metric that networks are compared by."""
        self.family = family
        self.name = f"{family.example}_{self.goal}"
        self.example = family.example
        self.settings = settings_of(family, self.goal)
        self.needed = "`input` and `classes`"
        known = METRICS_OF[self.goal]
        first = leading or known[0]
        names = (first, *(name for name in known if name != first))
        self.metrics = tuple(LABELLED_METRICS[name] for name in names)
        heading = "" if first == "accuracy" else f" {self.metrics[0].label}"
        self.columns = tuple(
            Column(f"{part}{heading}", f"{part}_{first}", self.metrics[0].format)
            for part in ("test", "validation")
        )
        self.rows = tuple(self._rows())

    def _rows(self) -> Iterator[Row]:
        """Yield the rows of the report: every metric of the test part beside that of a guess."""
        leading, *others = self.metrics
        remark = f"on {self.family.examples} that chose nothing"
        yield Row(f"test {leading.label}", leading.shown("test"), remark)
        yield Row("  of a guess", leading.shown(f"{self.guess}_test"), self.guess_words)
        for metric in others:
            guess = metric.shown(f"{self.guess}_test")
            yield Row(f"  {metric.label}", metric.shown("test"), f"of a guess {guess}")
        yield Row(f"  {self.detail.label}", self.detail.shown("test"))
        yield Row(f"validation {leading.label}", leading.shown("validation"))
        yield Row("  the best, of epoch", "{retrain_epoch}")

    def for_data(self, data: DataSettings) -> Task:
        """Return the task with the metric that the settings of its data ask for."""
        assert isinstance(data, LabelledSettings)
        return self if data.metric is None else type(self)(self.family, data.metric)

    # ---- data -----------------------------------------------------------------------------------

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        """Return the shape of the examples, or that for which the network is made."""
        assert isinstance(data, LabelledSettings)
        found = describe(data)
        if found is not None or network.input is None or network.classes is None:
            return found
        return DataShape(network.input, network.classes, has_test=None)

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        """Check the shares of the split, the examples of every class, and the batches."""
        assert isinstance(data, LabelledSettings)
        if known.has_test is not None:
            check_split(
                data,
                has_test=known.has_test,
                has_validation=known.has_validation,
                notes=known.notes,
            )
        if known.counts:
            check_counts(known.counts, data, known.notes)
            diagnostics = Diagnostics()
            if searching:
                with diagnostics.collecting():
                    check_batch(known.counts, data, data.batch, "data.batch")
            with diagnostics.collecting():
                check_batch(known.counts, data, evaluate.batch, "evaluate.batch")
            diagnostics.raise_if_any()

    def described(self, example: Example, classes: int) -> str:
        """Return in words the shape of an example and the number of outputs."""
        return f"{show_example(example)}, {classes} {self.output if classes == 1 else self.outputs}"

    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        """Read examples, divide them, and normalise them."""
        from dslnas.data import labelled_tensors

        assert isinstance(data, LabelledSettings)
        return labelled_tensors.load(data, device, dtype)

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        """Return random examples with random labels."""
        import torch

        from dslnas.data.tensor_part import TensorPart

        (shape,) = by_name(example).values()
        assert isinstance(shape, tuple)
        inputs = torch.randn((count, *shape), generator=generator, dtype=dtype)
        targets = self.random_targets(count, classes, generator, dtype)
        return TensorPart({input_name(shape): inputs}, targets=targets)

    @abstractmethod
    def random_targets(
        self, count: int, classes: int, generator: Generator, dtype: torch.dtype
    ) -> Tensor:
        """Return targets of random examples."""

    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        """Return the names of the outputs, and how inputs and targets were normalised."""
        names = tuple(entries.get("class_names", ()))
        if names and len(names) != classes:
            raise user_error(
                "NAS023",
                f"manifest.json names {len(names)} {self.outputs}, the network has {classes}",
                where=str(run),
                help="keep manifest and architecture of the same run together",
            )
        none = {"mean": (), "std": ()}
        inputs, targets = (entries.get(key) or none for key in ("normalisation", "targets"))
        return LabelledFacts(
            names,
            tuple(inputs["mean"]),
            tuple(inputs["std"]),
            tuple(targets["mean"]),
            tuple(targets["std"]),
            tuple(entries.get("notes") or ()),
            preprocessing=_preprocessing(entries.get("preprocessing"), run),
            goal=self.goal,
            damaged=entries.get("damaged") or {},
        )

    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        """Return some normalised examples."""
        batch = next(iter(part.in_order(COMPARED)))
        return {name: tensor.float().cpu().numpy() for name, tensor in batch.inputs.items()}

    def pictures(self, settings: DataSettings, data: Data) -> list[Path]:
        """Return some files of the test part."""
        from dslnas.data.files import path_of
        from dslnas.data.rows import RowPart

        if data.named_by != "file" or not isinstance(data.test, RowPart):
            return []
        return [path_of(settings) / name for name in data.test.names[:COMPARED]]

    # ---- loss and metrics -----------------------------------------------------------------------

    @abstractmethod
    def terms(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Return the loss of every target, as targets are, from outputs (N, K)."""

    def mean_loss(self, outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        """Return the mean of `terms`."""
        return self.terms(outputs, targets, smoothing).mean()

    @abstractmethod
    def measured(
        self, loss: float, outputs: Tensor, targets: Tensor, unit: Tensor | float
    ) -> Measurement:
        """Return the metrics of a whole part.

        Args:
            loss: The mean loss.
            outputs: All that the network gives, (N, K), on the CPU.
            targets: All that it should give.
            unit: Size in the data of a difference of 1, (K,) or one for all.
        """

    @abstractmethod
    def constant(self, targets: Tensor) -> Tensor:
        """Return the outputs (K,) that are best for some targets if nothing is read."""

    def loss(self, output: BatchOutput, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, weighed where its examples have weights."""
        return self._batch_loss(output.logits, batch, 0.0)

    def training_loss(
        self, output: BatchOutput, batch: Batch, settings: EvaluateSettings
    ) -> Tensor:
        """Return the loss, with labels that are smoothed where settings say so."""
        return self._batch_loss(output.logits, batch, settings.label_smoothing)

    def _batch_loss(self, outputs: Tensor, batch: Batch, smoothing: float) -> Tensor:
        """Return the mean loss; of mixed examples that of both labels, by their shares."""

        def mean(targets: Tensor, weights: Tensor | None) -> Tensor:
            if weights is None:
                return self.mean_loss(outputs, targets, smoothing)
            return (self.terms(outputs, targets, smoothing) * weights).mean()

        own, mixed = mean(batch.targets, batch.weights), batch.mixed
        if mixed is None:
            return own
        return mixed.share * own + (1 - mixed.share) * mean(mixed.targets, mixed.weights)

    def meter(self) -> OutputMeter:
        """Return a measurement that keeps all outputs: some metrics look at a whole part."""
        return OutputMeter(self)

    def guessed(self, training: Part, part: Part) -> Measurement:
        """Return what the best constant prediction of a training comes to on a part."""
        from dslnas.data.rows import RowPart

        assert isinstance(training, RowPart)
        constant, meter = self.constant(training.targets), self.meter()
        for batch in part.in_order(self.measured_at_once):
            meter.add(constant.expand(len(batch), -1), batch)
        return meter.measurement()

    def chance(self, data: Data) -> Chance:
        """Return what a constant prediction comes to, for shares with three deviations of luck.

        Shares of n examples deviate by sqrt(p * (1 - p) / n), of p not below 1 / (n + 1): who is
        right of none may be right of the next. Where luck may reach all, nothing can be told.
        """
        leading, count = self.metrics[0], len(data.validation)
        value = self.guessed(data.weights, data.validation).metrics[leading.name]
        what = f"{self.guess_words}: {leading.in_words(value)}"
        if not leading.higher_is_better:
            return Chance(-value, -value, what, value)
        share = max(value, 1 / (count + 1))
        lucky = share + 3 * math.sqrt(share * (1 - share) / count)
        if lucky >= 1:
            examples = self.family.example if count == 1 else self.family.examples
            return Chance(1.0, value, what, too_few=f"{count} {examples}")
        return Chance(lucky, value, f"{what}, with luck {lucky:{leading.format}}")

    # ---- reports --------------------------------------------------------------------------------

    def results(self, measured: Mapping[str, Measurement], data: Data) -> dict[str, object]:
        """Return the metrics of both parts, and what is told of the test part output by output."""
        names, details = data.facts.class_names, measured["test"].details
        told = {names[int(n)] if names else n: value for n, value in details.items()}
        return {**super().results(measured, data), f"test_{self.detail.name}": told}

    def tables(self, outputs: Tensor, data: Data) -> Mapping[str, Rows]:
        """Return the parts with their examples, and what the network says of the test part."""
        from dslnas.data.rows import RowPart
        from dslnas.tasks.tables import examples_table, predictions_table

        parts = [part for part in data.parts if isinstance(part, RowPart)]
        return {
            EXAMPLES: examples_table(parts, data.facts, data.named_by),
            PREDICTIONS: predictions_table(parts[-1], outputs, data.facts, data.named_by),
        }

    def mistakes(self, tables: Mapping[str, Rows]) -> Sequence[Mistake]:
        """Return the mistakes among the predictions."""
        predictions = tables.get(PREDICTIONS, ())
        return self.mistakes_in(predictions) if predictions else ()

    @staticmethod
    @abstractmethod
    def mistakes_in(table: Rows) -> Sequence[Mistake]:
        """Return the mistakes in a table of predictions, the worst first."""

    def more_results(self, data: Data) -> dict[str, object]:
        """Return what a constant prediction comes to."""
        training = data.training
        return {
            f"{self.guess}_{name}_{metric}": value
            for name, part in (("test", data.test), ("validation", data.validation))
            for metric, value in self.guessed(training, part).metrics.items()
        }


def _preprocessing(told: object, run: Path) -> Preprocessing | None:
    """Return how pictures become inputs, as a manifest tells it; raise NAS027 if it is damaged."""
    if told is None:
        return None
    from dslnas.data.preprocessing import Preprocessing

    try:
        return Preprocessing.from_json(json.dumps(told))
    except ValueError as error:
        raise damaged({"facts.preprocessing": str(error)}, str(run)) from None
