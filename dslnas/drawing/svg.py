"""A figure as SVG: text stays text, nothing is loaded, nothing has an id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from dslnas.drawing.figure import SMALL, TEXT, Box, Figure, Role
from dslnas.drawing.layout import Layout, Passage, Place, layout_of
from dslnas.drawing.palette import TONES
from dslnas.drawing.style import Theme, class_of, style_sheet
from dslnas.drawing.words import SUBSCRIPT, text_width, words_width, wrapped

_MARGIN = 12.0
_TITLE_HEIGHT, _CAPTION_HEIGHT, _BETWEEN = 26.0, 15.0, 30.0
_LEAST_WIDTH = 260.0
_HEAD, _HALF = 7.0, 3.0
"""Length of an arrow's head, and half of its width."""


def svg_text(figures: Sequence[Figure], *, theme: Theme = "auto", tones: Iterable[str] = ()) -> str:
    """Return figures, one below the other, as the text of an SVG file without a declaration.

    It may stand in a page of HTML, also several times.

    Args:
        figures: One at least.
        theme: Colours.
        tones: Operations that take the first colours, in this order; others follow as they come.
    """
    names = dict.fromkeys((*tones, *_tones(figures)))
    writer = _Writer({name: number % TONES for number, name in enumerate(names)})
    height = _MARGIN
    width = _LEAST_WIDTH
    groups = []
    for figure in figures:
        layout = layout_of(figure)
        group, bottom = writer.figure(figure, layout, height)
        groups.append(group)
        height = bottom + _BETWEEN
        width = max(width, layout.width, text_width(figure.title, 14) * 1.1)
    width, height = width + 2 * _MARGIN, height - _BETWEEN + _MARGIN
    label = " ".join(figure.description for figure in figures)
    root = Element("svg", _root(width, height, class_of(theme), label))
    SubElement(root, "title").text = ", ".join(figure.title for figure in figures)
    SubElement(root, "style").text = style_sheet(theme)
    SubElement(root, "rect", {"class": "paper", "fill": "none", **_size(width, height)})
    root.extend(groups)
    return tostring(root, encoding="unicode")


def _tones(figures: Iterable[Figure]) -> Iterator[str]:
    for figure in figures:
        yield from (box.tone for box in figure.boxes.values() if box.tone)


def _root(width: float, height: float, look: str, label: str) -> dict[str, str]:
    return {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": look,
        "role": "img",
        "aria-label": label,
        "viewBox": f"0 0 {_n(width)} {_n(height)}",
        **_size(width, height),
    }


def _size(width: float, height: float) -> dict[str, str]:
    return {"width": _n(width), "height": _n(height)}


class _Writer:
    """Writes figures whose operations have the same colours."""

    def __init__(self, tones: dict[str, int]) -> None:
        self._tones = tones

    def figure(self, figure: Figure, layout: Layout, top: float) -> tuple[Element, float]:
        """Return a figure that begins at some height, and where it ends."""
        group = Element("g")
        head = SubElement(group, "text", {"class": "title", "x": _n(_MARGIN), "y": _n(top + 14)})
        head.text = figure.title
        top += _TITLE_HEIGHT
        drawn = SubElement(group, "g", {"transform": f"translate({_n(_MARGIN)} {_n(top)})"})
        for line in layout.ways:
            drawn.extend(_line(figure, layout, *line))
        for name, place in layout.places.items():
            drawn.append(self._box(figure.boxes[name], place))
        bottom = top + layout.height
        for caption in figure.captions:
            for text in wrapped(caption, SMALL + 1, max(layout.width, _LEAST_WIDTH)):
                bottom += _CAPTION_HEIGHT
                where = {"class": "quiet", "x": _n(_MARGIN), "y": _n(bottom + 6)}
                SubElement(group, "text", {**where, "font-size": _n(SMALL + 1)}).text = text
        return group, bottom + (6 if figure.captions else 0)

    def _box(self, box: Box, place: Place) -> Element:
        group = Element("g")
        if box.tip:
            SubElement(group, "title").text = box.tip
        look = [box.role.value]
        if box.tone:
            look.append(f"tone{self._tones[box.tone]}")
        if box.is_marked:
            look.append("marked")
        rounded = box.height / 2 if box.role in (Role.NODE, Role.JOIN) else 5
        SubElement(
            group,
            "rect",
            {
                "class": " ".join(look),
                "x": _n(place.x - box.width / 2),
                "y": _n(place.y - box.height / 2),
                **_size(box.width, box.height),
                "rx": _n(min(rounded, 13)),
                "fill": "none",
                "stroke": "currentColor",
            },
        )
        group.extend(_text(box, place))
        return group


def _text(box: Box, place: Place) -> Iterator[Element]:
    below = 13 if box.note else 0
    middle = {"x": _n(place.x), "text-anchor": "middle"}
    text = Element("text", {**middle, "y": _n(place.y + 4 - below / 2)})
    if not any(word.is_symbol or word.is_subscript for word in box.words):
        width = words_width(box.words, TEXT)
        text.set("textLength", _n(round(width, 1)))
        text.set("lengthAdjust", "spacingAndGlyphs")
    for word in box.words:
        if not word.is_symbol and not word.is_subscript:
            text.text = (text.text or "") + word.text
            continue
        span = SubElement(text, "tspan")
        span.text = word.text
        if word.is_symbol:
            span.set("class", "symbol")
        if word.is_subscript:
            span.set("font-size", _n(TEXT * SUBSCRIPT))
            span.set("dy", "3")
    yield text
    if box.note:
        note = Element("text", {**middle, "class": "quiet", "y": _n(place.y + 11)})
        note.set("font-size", _n(SMALL))
        note.text = box.note
        yield note


def _line(figure: Figure, layout: Layout, source: str, target: str) -> Iterator[Element]:
    """Yield a line: it goes up and down between columns only, and straight ahead beside boxes."""
    start, end = figure.boxes[source], figure.boxes[target]
    begin, to = layout.places[source], layout.places[target]
    head = 0 if end.role.is_label else _HEAD - 1
    left = begin.x + start.width / 2
    right = to.x - end.width / 2 - head
    steps = [
        Passage(left, left, begin.y),
        *layout.ways[source, target],
        Passage(right, right, to.y),
    ]
    path = [f"M{_n(left)} {_n(begin.y)}"]
    for one, other in pairwise(steps):
        if one.right > one.left:
            path.append(f"H{_n(one.right)}")
        if one.y == other.y:
            path.append(f"H{_n(other.left)}")
            continue
        middle = (one.right + other.left) / 2
        points = ((middle, one.y), (middle, other.y), (other.left, other.y))
        path.append("C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in points))
    yield Element(
        "path", {"class": "line", "d": "".join(path), "fill": "none", "stroke": "currentColor"}
    )
    if head:
        tip = right + head
        d = f"M{_n(tip)} {_n(to.y)}l{_n(-_HEAD)} {_n(-_HALF)}v{_n(2 * _HALF)}z"
        yield Element("path", {"class": "arrow", "d": d})


def _n(number: float) -> str:
    """Return a number with one decimal at most."""
    return f"{round(number, 1):g}"
