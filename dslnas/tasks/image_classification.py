"""Image classification: one of some classes for every image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslnas.data.division import check_batch, check_counts, check_split
from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts, ImageFacts
from dslnas.data.readers import describe
from dslnas.diagnostics import Diagnostics, user_error
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example, by_name
from dslnas.ops.shapes import show_example
from dslnas.settings.data import DataSettings, ImageSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.task import Special, TaskSettings
from dslnas.tasks.metric import ACCURACY, Column, Row
from dslnas.tasks.task import Chance, Measurement, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Generator, Tensor

    from dslnas.backends.torch.losses import BatchOutput
    from dslnas.data.batches import Batch, Part
    from dslnas.data.dataset import Data

SETTINGS = TaskSettings(
    data=ImageSettings,
    source="digits",
    examples="images",
    is_recurrent=False,
    specials=(
        Special("network.input"),
        Special(
            "search",
            tuple(name for name, model in SEARCH.items() if model.needs_channels),
            about="searches a part of the channels of images",
            instead="search recurrent cells by another method, such as `search darts`",
        ),
        # Behind a gate nothing is skipped.
        Special("search.stop", ("convolutions", "skips")),
        Special("derive.epoch", ("every_size",), instead="write `epoch best` or `epoch last`"),
        Special("evaluate.label_smoothing"),
        Special("evaluate.ema"),
        Special("evaluate.augment"),
        Special("evaluate.auxiliary"),
        Special("evaluate.drop_path"),
    ),
)

COMPARED = 32
"""Test images on which exported networks are compared."""


class ImageClassification(Task):
    """Classification of images by the cross-entropy of their labels."""

    name = "image_classification"
    example = "image"
    settings = SETTINGS
    needed = "`input` and `classes`"
    metrics = (ACCURACY,)
    columns = (
        Column("test", "test_accuracy", ".2%"),
        Column("validation", "validation_accuracy", ".2%"),
    )
    rows = (
        Row("test accuracy", "{test_accuracy:.2%}", "on images that chose nothing"),
        Row("validation accuracy", "{validation_accuracy:.2%}"),
    )

    # ---- data -----------------------------------------------------------------------------------

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        """Return the shape of the images, or that for which the network is made."""
        assert isinstance(data, ImageSettings)
        found = describe(data)
        if found is not None or network.input is None or network.classes is None:
            return found
        return DataShape(network.input, network.classes, has_test=None)

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        """Check the shares of the split, the examples of every class, and the batches."""
        assert isinstance(data, ImageSettings)
        if known.has_test is not None:
            check_split(data, known.has_test)
        if known.counts:
            check_counts(known.counts, data)
            diagnostics = Diagnostics()
            if searching:
                with diagnostics.collecting():
                    check_batch(known.counts, data, data.batch, "data.batch")
            with diagnostics.collecting():
                check_batch(known.counts, data, evaluate.batch, "evaluate.batch")
            diagnostics.raise_if_any()

    def described(self, example: Example, classes: int) -> str:
        """Return in words the shape of an image and the number of classes."""
        return f"{show_example(example)}, {classes} classes"

    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        """Read images, divide them by class, and normalise them."""
        from dslnas.data import image_tensors

        assert isinstance(data, ImageSettings)
        return image_tensors.load(data, device, dtype)

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        """Return random images with random labels."""
        import torch

        from dslnas.data.image_tensors import IMAGE
        from dslnas.data.rows import RowPart

        (shape,) = by_name(example).values()
        assert isinstance(shape, tuple)
        images = torch.randn((count, *shape), generator=generator, dtype=dtype)
        return RowPart({IMAGE: images}, torch.randint(classes, (count,), generator=generator))

    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        """Return normalisation and names of the classes."""
        names = tuple(entries.get("class_names", ()))
        if names and len(names) != classes:
            raise user_error(
                "NAS023",
                f"manifest.json names {len(names)} classes, the network has {classes}",
                where=str(run),
                help="keep manifest and architecture of the same run together",
            )
        normalisation = entries.get("normalisation") or {"mean": (), "std": ()}
        return ImageFacts(names, normalisation["mean"], normalisation["std"])

    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        """Return some normalised images."""
        batch = next(iter(part.in_order(COMPARED)))
        return {name: tensor.float().cpu().numpy() for name, tensor in batch.inputs.items()}

    # ---- loss and metrics -----------------------------------------------------------------------

    def training_loss(
        self, output: BatchOutput, batch: Batch, settings: EvaluateSettings
    ) -> Tensor:
        """Return the cross-entropy, with labels that are smoothed where settings say so."""
        if settings.label_smoothing == 0:
            return self.loss(output, batch)
        from torch.nn.functional import cross_entropy

        smoothing = settings.label_smoothing
        return cross_entropy(output.logits, batch.targets, label_smoothing=smoothing)

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        """Return the cross-entropy in nats and the accuracy, from 0 to 1."""
        return Measurement(means["loss"], {ACCURACY.name: means["right"]})

    def fine_worth(self, measured: Measurement, examples: int) -> float:
        """Return the accuracy; the loss decides below what one image more is worth."""
        return self.worth(measured) - math.tanh(measured.loss) / (2 * examples)

    def chance(self, data: Data) -> Chance:
        """Return the accuracy of the class that is most frequent in training, and three deviations.

        By luck a network may be a little better than that: accuracies of n images deviate by
        sqrt(p * (1 - p) / n).
        """
        import torch

        from dslnas.data.rows import RowPart

        assert isinstance(data.weights, RowPart)
        assert isinstance(data.validation, RowPart)
        labels = data.validation.targets
        guess = torch.bincount(data.weights.targets).argmax()
        share = float((labels == guess).double().mean())
        lucky = share + 3 * math.sqrt(share * (1 - share) / len(labels))
        what = f"always the most frequent class: an accuracy of {share:.2%}, with luck {lucky:.2%}"
        return Chance(lucky, share, what)

    def guess_loss(self, data: Data) -> float:
        """Return the cross-entropy of classes that are alike likely, in nats."""
        from dslnas.data.rows import RowPart

        assert isinstance(data.weights, RowPart)
        return math.log(max(2, int(data.weights.targets.max()) + 1))
