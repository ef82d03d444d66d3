"""The types of a primitive's definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import prod
from typing import TypeAlias

from dslnas.ops.traits import Trait

Shape: TypeAlias = tuple[int, ...]
"""Shape of one example, without the batch axis: (channels, height, width), (features,) or, of a
token, ()."""


@dataclass(frozen=True)
class Token:
    """Input that is a token of a vocabulary of its own: one of so many `words`, by their numbers.

    A token whose shape is just `()` is one of as many as the network has classes.
    """

    words: int


InputShape: TypeAlias = Shape | Token

Example: TypeAlias = InputShape | Mapping[str, InputShape]
"""Shape of an only input, which needs no name, or shapes of several by name."""

AttributeValue: TypeAlias = int | float | bool | tuple[int, ...]
Attributes: TypeAlias = Mapping[str, AttributeValue]

Shaped: TypeAlias = Callable[[Attributes, tuple[Shape, ...]], Shape]
"""From attributes and input shapes to the output shape."""


def by_name(example: Example) -> Mapping[str, InputShape]:
    """Return the shapes of what a network reads by name; an only one is called ""."""
    return example if isinstance(example, Mapping) else {"": example}


def input_name(shape: Shape) -> str:
    """Return what an only input is called where it has no name, by the number of its axes."""
    return ("token", "features", "signal", "image")[len(shape)]


class ShapeError(Exception):
    """A primitive cannot read what it is given. `args[0]` says why, `help` how to mend it."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class Kind(Enum):
    """Kind of value that an argument of a primitive takes."""

    COUNT = "a whole number of at least 1"
    WHOLE = "a whole number of at least 0"
    PAIR = "a whole number of at least 1, or two of them: (height, width)"
    SIZES = "one to three whole numbers of at least 1, as in `(4, C / 4, H_in * W_in)`"
    PADDING = "a whole number of at least 0, or two of them: (height, width)"
    RATE = "a number from 0 to below 1"
    POSITIVE = "a number above 0"
    NUMBER = "a number"
    FLAG = "`true` or `false`"


class Default(Enum):
    """A default that depends on where the primitive stands."""

    REQUIRED = "required"
    CHANNELS = "C"
    STRIDE = "the stride of the place"
    SAME = "keeps the size at stride 1"
    CLASSES = "the number of classes"
    WORDS = "the number of different tokens"
    DERIVED = "true in the derived network, false while searching"


@dataclass(frozen=True)
class Argument:
    """One argument of a primitive."""

    name: str
    kind: Kind
    default: AttributeValue | Default = Default.REQUIRED


@dataclass(frozen=True)
class Weight:
    """A tensor that belongs to a primitive.

    Attributes:
        name: `weight`, `bias`, `running_mean` or `running_var`.
        shape: Its full shape.
        fan_in: Inputs summed into one output, for the uniform initialisation in
            +-1/sqrt(fan_in); 0 for tensors that start at `fill`.
        fill: The constant start value.
        trained: False for running statistics.
        bound: Largest Euclidean norm of a row, which steps keep; 0 for any.
        has_mean: Whether its first row is the mean of the others, which steps keep.
        searched: Whether it is a part of the architecture: alpha's optimiser trains it.
        values: Its numbers for good, where an architecture gives them; else empty.
    """

    name: str
    shape: Shape
    fan_in: int = 0
    fill: float = 0.0
    trained: bool = True
    bound: float = 0.0
    has_mean: bool = False
    searched: bool = False
    values: tuple[float, ...] = field(default=(), repr=False)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


def as_searched(weights: Iterable[Weight]) -> tuple[Weight, ...]:
    """Return weights of which those that are trained are a part of the architecture."""
    return tuple(replace(w, searched=True) if w.trained else w for w in weights)


def as_fixed(weights: Iterable[Weight], values: Sequence[float]) -> tuple[Weight, ...]:
    """Return weights of which those that would be trained are given, one after the other."""
    fixed, start = [], 0
    for weight in weights:
        if weight.trained:
            given = tuple(values[start : start + weight.size])
            start += weight.size
            fixed.append(Weight(weight.name, weight.shape, trained=False, values=given))
        else:
            fixed.append(weight)
    return tuple(fixed)


@dataclass(frozen=True)
class Kept:
    """Values of a primitive's run that stay in memory until its gradient has been taken.

    Attributes:
        inputs: All that it read; of a sum weighed by alpha, where alpha has a gradient.
        output: Its output.
        extra: Bytes for every number of its output, such as the places of largest values.
        is_view: Its output is a look at its input's memory, and takes none of its own.
        without_loops: Bytes for every number of its first input, where no CPU loops run it.
    """

    inputs: bool = False
    output: bool = False
    extra: int = 0
    is_view: bool = False
    without_loops: int = 0


def _no_weights(attributes: Attributes, inputs: tuple[Shape, ...]) -> tuple[Weight, ...]:
    return ()


@dataclass(frozen=True)
class Primitive:
    """One primitive operation.

    Attributes:
        name: Its word in the language.
        summary: One line of documentation.
        arguments: In the order of a call.
        shape: Output shape from attributes and input shapes, for `output`; raises ShapeError.
        inputs: Smallest and largest number of inputs; branches are written as arguments.
        weights: The tensors it owns.
        keeps: Values of a run that its gradient needs.
        reads_tokens: Whether it reads tokens, which have no sizes.
        traits: Its promises; none unless they are given.
        multiply_adds: Multiply-adds by input shapes and output shape, where no weight says them.
        tied_to: A primitive of the stem whose `weight` it uses instead of one of its own.
        columns: Number of columns of alpha that it has to name, by its attributes; None where no
            attribute tells.
        aliases: Other words for it, of other programs: what a user may look for.
        run_mask: Rate of variational dropout at which it zeroes, by a mask that is drawn when a run
            begins and is the same for all steps of a sequence; without, it has no such mask.
    """

    name: str
    summary: str
    shape: Shaped
    arguments: tuple[Argument, ...] = ()
    inputs: tuple[int, int] = (1, 1)
    weights: Callable[[Attributes, tuple[Shape, ...]], tuple[Weight, ...]] = _no_weights
    keeps: Kept = Kept(inputs=True)
    reads_tokens: bool = False
    traits: Trait = Trait.NONE
    multiply_adds: Callable[[tuple[Shape, ...], Shape], int] | None = None
    tied_to: str = ""
    columns: Callable[[Attributes], int] | None = None
    run_mask: str = ""
    aliases: tuple[str, ...] = ()

    def output(self, attributes: Attributes, inputs: tuple[Shape, ...]) -> Shape:
        """Return the output shape.

        Raises:
            ShapeError: It cannot read what it is given.
        """
        if () in inputs and not self.reads_tokens:
            raise ShapeError(f"`{self.name}` cannot read tokens", "begin the stem with `embedding`")
        return self.shape(attributes, inputs)

    def flops(self, attributes: Attributes, inputs: tuple[Shape, ...], output: Shape) -> int:
        """Return the multiply-adds per example, of convolutions and linear maps as in the papers.

        Every number of a kernel or matrix is multiplied once for each pixel of the output; a table
        that tokens are looked up in is not.
        """
        if self.multiply_adds is not None:
            return self.multiply_adds(inputs, output)
        matrices = (w.size for w in self.weights(attributes, inputs) if len(w.shape) > 1)
        return 0 if self.reads_tokens else sum(matrices) * prod(output[1:])

    def has(self, trait: Trait) -> bool:
        """Whether it promises something; of several traits all."""
        return trait in self.traits

    @cached_property
    def takes_stride(self) -> bool:
        """Whether the stride of a place can go into this primitive."""
        return any(a.default is Default.STRIDE for a in self.arguments)

    @cached_property
    def parameters(self) -> Mapping[str, bool]:
        """Names of its arguments, each with whether it must be given."""
        return {a.name: a.default is Default.REQUIRED for a in self.arguments}

    @property
    def joins(self) -> bool:
        """Whether it reads several branches."""
        return self.inputs[1] > 1
