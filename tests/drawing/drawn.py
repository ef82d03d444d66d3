"""The boxes of an SVG, read back from its text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring

SVG = "{http://www.w3.org/2000/svg}"


class Drawn(NamedTuple):
    """A box of a drawing: its place, the classes of its look, its tip, and all its text."""

    left: float
    top: float
    right: float
    bottom: float
    look: str
    tip: str
    text: str

    def overlaps(self, other: Drawn) -> bool:
        """Whether two boxes share more than an edge, and neither is a frame around the other."""
        if self.frames(other) or other.frames(self):
            return False
        is_beside = self.right <= other.left or other.right <= self.left
        return not is_beside and self.top < other.bottom and other.top < self.bottom

    def frames(self, other: Drawn) -> bool:
        """Whether it is a frame around another box."""
        is_around = self.left < other.left and other.right < self.right
        return self.look == "frame" and is_around and self.top < other.top < self.bottom


def boxes_of(svg: str) -> list[Drawn]:
    """Return the boxes of a drawing of one figure."""
    return [*_boxes(fromstring(svg))]


def _boxes(root: Element) -> Iterator[Drawn]:
    for group in root.iter(f"{SVG}g"):
        rectangle = group.find(f"{SVG}rect")
        if rectangle is None:
            continue
        x, y, width, height = (float(rectangle.attrib[k]) for k in ("x", "y", "width", "height"))
        words = ["".join(text.itertext()) for text in group.findall(f"{SVG}text")]
        tip = group.findtext(f"{SVG}title", "")
        look = rectangle.attrib["class"]
        yield Drawn(x, y, x + width, y + height, look, tip, "\n".join(words))


def overlapping(boxes: list[Drawn]) -> list[tuple[str, str]]:
    """Return the texts of boxes that overlap."""
    pairs = combinations(boxes, 2)
    return [(one.text, other.text) for one, other in pairs if one.overlaps(other)]
