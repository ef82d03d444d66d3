"""What all data come to: examples on a device, divided by what they are used for."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dslnas.data.batches import ImagePart, Part, TextPart
from dslnas.data.tokens import TextFacts
from dslnas.ops.primitive import Shape


@dataclass(frozen=True)
class Data:
    """All examples, divided by what they are used for; no example is in two parts.

    Published codes often report the accuracy on the very data that trained the architecture,
    which flatters it. Here `architecture` trains alpha and is never measured; `validation` is
    measured, to report and to choose, and trains nothing; `test` is for the final number only.
    Nothing of the two enters `mean` and `std`, and they are never augmented.

    Attributes:
        weights: Trains the weights during the search.
        architecture: Trains the architecture parameters during the search.
        validation: Measures during and after the search.
        test: Measures the network that is trained at the end.
        classes: Number of classes, of a text that of different tokens.
        class_names: Their names, by label; none of a text, whose vocabulary is in `text`.
        shape: (C, H, W) of an image; () of a token.
        mean: Per channel, of `training`, in the unit of `Examples` with bytes divided by 255; ()
            of a text.
        std: Likewise; 1 for a channel that is constant.
        text: How the text became numbers; None of images.
    """

    weights: Part
    architecture: Part
    validation: Part
    test: Part
    classes: int
    class_names: tuple[str, ...]
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    text: TextFacts | None = None

    @property
    def training(self) -> Part:
        """Weights and architecture parts joined, to train the found network; a copy each time."""
        return _joined(self.weights, self.architecture)


def _joined(first: Part, second: Part) -> Part:
    """Return the examples of two parts of the same kind as one; a copy.

    Raises:
        TypeError: They are of different kinds.
    """
    match first, second:
        case ImagePart(), ImagePart():
            images = torch.cat([first.images, second.images])
            return ImagePart(images, torch.cat([first.labels, second.labels]))
        case TextPart(), TextPart():
            return TextPart(torch.cat([first.tokens, second.tokens]), first.steps)
    raise TypeError("images and text are in no common part")
