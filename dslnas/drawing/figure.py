"""A figure before it has places: boxes, and lines between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from dslnas.drawing.words import Word, words_width

if TYPE_CHECKING:
    import networkx as nx


class Role(StrEnum):
    """The part that a box plays; each has a look of its own."""

    INPUT = "input"
    NODE = "node"
    OUTPUT = "output"
    OPERATION = "operation"
    CHOICE = "choice"
    JOIN = "join"
    BLOCK = "block"
    FRAME = "frame"

    @property
    def is_label(self) -> bool:
        """Whether lines go through it: it says what happens between two others."""
        return self in (Role.OPERATION, Role.CHOICE)


TEXT, SMALL = 12.0, 10.0
"""Sizes of letters in pixels: of names and operations, and of what stands below them."""

_PADDING = {Role.JOIN: 7.0, Role.NODE: 9.0}
_USUAL_PADDING = 8.0
_HEIGHT, _LABEL_HEIGHT, _NOTE_HEIGHT = 26.0, 20.0, 10.0


@dataclass(frozen=True)
class Box:
    """Something with a place of its own in a figure.

    Attributes:
        words: Its text, in parts of one style each.
        note: A second line, smaller.
        tip: Its text in full, for readers who point at it or hear it.
        tone: Boxes of the same tone have the same colour; empty for none.
        is_marked: Whether it stands out.
        inner: A figure that stands in it, below its text.
        size: Width and height where they follow from the inner figure.
    """

    role: Role
    words: tuple[Word, ...]
    note: str = ""
    tip: str = ""
    tone: str = ""
    is_marked: bool = False
    inner: Figure | None = None
    size: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        """Its text without styles."""
        return "".join(word.text for word in self.words)

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        if self.size is not None:
            return self.size[0]
        inner = max(words_width(self.words, TEXT), words_width((Word(self.note),), SMALL))
        width = round(inner + 2 * _PADDING.get(self.role, _USUAL_PADDING))
        return width if self.role.is_label else max(width, self.height)

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        if self.size is not None:
            return self.size[1]
        height = _LABEL_HEIGHT if self.role.is_label else _HEIGHT
        return height + (_NOTE_HEIGHT if self.note else 0)


@dataclass(frozen=True)
class Figure:
    """A graph of boxes, its title, and what is said below it.

    Attributes:
        graph: Nodes carry their `Box` as `box`; every line leads from left to right.
        captions: Lines of text below the boxes.
        description: The figure in words, for those who do not see it.
    """

    title: str
    graph: nx.DiGraph[str]
    captions: tuple[str, ...]
    description: str

    @cached_property
    def boxes(self) -> Mapping[str, Box]:
        """The boxes by name."""
        return {name: known["box"] for name, known in self.graph.nodes(data=True)}

    def all_boxes(self) -> Iterator[Box]:
        """Yield the boxes, also those inside of others."""
        for box in self.boxes.values():
            yield box
            if box.inner is not None:
                yield from box.inner.all_boxes()
