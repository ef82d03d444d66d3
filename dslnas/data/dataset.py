"""Data: examples on a device, divided by what they are used for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dslnas.data.batches import Part
from dslnas.data.facts import Facts
from dslnas.data.pictures import PictureFacts
from dslnas.state import hash_of


@dataclass(frozen=True)
class Data:
    """All examples, divided by what they are used for; no example is in two parts.

    Published codes often report the accuracy on the very data that trained the architecture,
    which flatters it. Here `architecture` trains alpha and is never measured; `validation` is
    measured, to report and to choose, and trains nothing; `test` is for the final number only.
    Nothing of the two enters the facts, such as a mean, and they are never augmented.

    Attributes:
        weights: Trains the weights during the search.
        architecture: Trains the architecture parameters during the search.
        validation: Measures during and after the search.
        test: Measures the network that is trained at the end.
        facts: How the examples became numbers.
        notes: Changes of the examples that people may not expect.
        pictures: Facts about the files of pictures, if there are such.
        named_by: Word for what an example is called by: the `file` it is, or its `row`.
    """

    weights: Part
    architecture: Part
    validation: Part
    test: Part
    facts: Facts
    notes: tuple[str, ...] = ()
    pictures: PictureFacts | None = None
    named_by: str = "row"

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in the order of their use."""
        return (self.weights, self.architecture, self.validation, self.test)

    @cached_property
    def hash(self) -> str:
        """Hash of every number of every part: a run that goes on must find the same."""
        tensors = (tensor for part in self.parts for tensor in part.tensors())
        return hash_of(("", tensor) for tensor in tensors)

    @property
    def training(self) -> Part:
        """Weights and architecture parts joined, to train the found network; a copy each time."""
        return self.weights.joined(self.architecture)
