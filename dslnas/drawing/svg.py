"""Figures as SVG: text stays text, nothing is loaded, nothing has an id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from dslnas.drawing.figure import SMALL, TEXT, Box, Figure, Role
from dslnas.drawing.frames import HEADING, PADDING
from dslnas.drawing.layout import Layout, Place, layout_of
from dslnas.drawing.palette import TONES
from dslnas.drawing.style import Theme, class_of, style_sheet
from dslnas.drawing.words import SUBSCRIPT, text_width, words_width, wrapped

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Letters that XML cannot hold."""

_MARGIN = 12.0
_TITLE, _TITLE_HEIGHT = 14.0, 26.0
_CAPTION, _CAPTION_HEIGHT = 11.0, 15.0
_BETWEEN = 30.0
_LEAST_WIDTH = 260.0
_BOLD = 1.1
_HEAD, _HALF = 7.0, 3.0
"""Length of an arrow's head, and half of its width."""


def svg_text(figures: Sequence[Figure], *, theme: Theme = "auto", tones: Iterable[str] = ()) -> str:
    """Return figures, one below the other, as an SVG element.

    It may be a file, and may stand in a page of HTML, also several times.

    Args:
        figures: One at least.
        theme: Colours.
        tones: Operations that take the first colours, in this order; others follow as they come.
    """
    boxes = [box for figure in figures for box in figure.all_boxes() if box.tone]
    labels = dict.fromkeys((*tones, *(box.tone for box in boxes if box.role.is_label)))
    blocks = dict.fromkeys(box.tone for box in boxes if not box.role.is_label)
    numbers = {tone: number % TONES for number, tone in enumerate(labels)}
    numbers |= {tone: -number % TONES for number, tone in enumerate(blocks, 1)}
    writer = _Writer(numbers)
    layouts = [layout_of(figure) for figure in figures]
    titles = (text_width(figure.title, _TITLE) * _BOLD for figure in figures)
    width = max(_LEAST_WIDTH, *titles, *(layout.width for layout in layouts))
    parts: list[Element] = []
    height = _MARGIN - _BETWEEN
    for figure, layout in zip(figures, layouts, strict=True):
        height += _BETWEEN
        parts += writer.whole(figure, layout, height, width)
        height += _TITLE_HEIGHT + layout.height + _captions_height(figure, width)
    size = _size(width + 2 * _MARGIN, height + _MARGIN)
    root = Element("svg", _root(size, class_of(theme), figures))
    SubElement(root, "title").text = ", ".join(figure.title for figure in figures)
    SubElement(root, "style").text = style_sheet(theme)
    SubElement(root, "rect", {"class": "paper", "fill": "none", **size})
    root.extend(parts)
    return _UNWRITABLE.sub("\ufffd", tostring(root, encoding="unicode"))


def _root(size: Mapping[str, str], look: str, figures: Sequence[Figure]) -> dict[str, str]:
    return {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": look,
        "role": "img",
        "aria-label": " ".join(figure.description for figure in figures),
        "viewBox": f"0 0 {size['width']} {size['height']}",
        **size,
    }


def _captions_height(figure: Figure, width: float) -> float:
    lines = sum(1 for caption in figure.captions for _ in wrapped(caption, _CAPTION, width))
    return lines * _CAPTION_HEIGHT + 6 if lines else 0.0


class _Writer:
    """Writes figures whose operations have the same colours."""

    def __init__(self, tones: Mapping[str, int]) -> None:
        self._tones = tones

    def whole(self, figure: Figure, layout: Layout, top: float, width: float) -> Iterator[Element]:
        """Yield a figure between its title and its captions, from some height on."""
        yield _plain("title", _MARGIN, top + _TITLE, figure.title)
        top += _TITLE_HEIGHT
        yield from self._inside(figure, layout, _MARGIN, top)
        baseline = top + layout.height + 6
        for caption in figure.captions:
            for line in wrapped(caption, _CAPTION, width):
                baseline += _CAPTION_HEIGHT
                yield _plain("caption", _MARGIN, baseline, line)

    def _inside(self, figure: Figure, layout: Layout, left: float, top: float) -> Iterator[Element]:
        """Yield lines and boxes, moved to the right and down."""
        for (source, target), way in layout.ways.items():
            places = [place.moved(left, top) for place in way]
            yield from _line(figure.boxes[source], figure.boxes[target], places)
        for name, place in layout.places.items():
            yield from self._box(figure.boxes[name], place.moved(left, top))

    def _box(self, box: Box, place: Place) -> Iterator[Element]:
        group = Element("g")
        yield group
        if box.tip:
            SubElement(group, "title").text = box.tip
        look = [box.role.value]
        if box.tone:
            look.append(f"tone{self._tones[box.tone]}")
        if box.is_marked:
            look.append("marked")
        left, top = place.x - box.width / 2, place.y - box.height / 2
        where = {"x": _n(left), "y": _n(top), **_size(box.width, box.height)}
        rounding = _n(min(13.0, box.height / 2) if box.role in (Role.NODE, Role.JOIN) else 5.0)
        drawn = {"class": " ".join(look), "rx": rounding, "fill": "none", "stroke": "currentColor"}
        SubElement(group, "rect", drawn | where)
        if box.inner is None:
            group.extend(_text(box, place))
            return
        group.append(_plain("frame-name", left + PADDING, top + HEADING - 4, box.text))
        inner, y = layout_of(box.inner), top + HEADING + PADDING
        yield from self._inside(box.inner, inner, left + PADDING, y)


def _plain(look: str, x: float, y: float, text: str) -> Element:
    element = Element("text", {"class": look, "x": _n(x), "y": _n(y)})
    element.text = text
    return element


def _text(box: Box, place: Place) -> Iterator[Element]:
    """Yield the text of a box, fitted to it whichever font the reader has, and its note."""
    middle = {"x": _n(place.x), "text-anchor": "middle"}
    text = Element("text", {**middle, "y": _n(place.y + (-2 if box.note else 4))})
    if all(not word.is_symbol and not word.is_subscript for word in box.words):
        text.text = box.text
        text.set("textLength", _n(words_width(box.words, TEXT)))
        text.set("lengthAdjust", "spacingAndGlyphs")
    else:
        for word in box.words:
            span = SubElement(text, "tspan")
            span.text = word.text
            if word.is_symbol:
                span.set("class", "symbol")
            if word.is_subscript:
                span.set("font-size", _n(TEXT * SUBSCRIPT))
                span.set("dy", "3")
    yield text
    if box.note:
        note = _plain("note", place.x, place.y + 11, box.note)
        note.set("text-anchor", "middle")
        note.set("font-size", _n(SMALL))
        yield note


def _line(start: Box, end: Box, way: Sequence[Place]) -> Iterator[Element]:
    """Yield a line: it goes up and down between columns only, and straight ahead in them."""
    head = 0 if end.role.is_label else _HEAD - 1
    right = way[-1].x - end.width / 2 - head
    path = [f"M{_n(way[0].x + start.width / 2)} {_n(way[0].y)}"]
    for one, other in pairwise(way):
        if one.y == other.y:
            continue
        ahead = min(other.left, right)
        middle = (one.right + ahead) / 2
        points = ((middle, one.y), (middle, other.y), (ahead, other.y))
        path.append(f"H{_n(one.right)}C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in points))
    path.append(f"H{_n(right)}")
    drawn = {"class": "line", "d": "".join(path), "fill": "none", "stroke": "currentColor"}
    yield Element("path", drawn)
    if head:
        d = f"M{_n(right + head)} {_n(way[-1].y)}l{_n(-_HEAD)} {_n(-_HALF)}v{_n(2 * _HALF)}z"
        yield Element("path", {"class": "arrow", "d": d})


def _size(width: float, height: float) -> dict[str, str]:
    return {"width": _n(width), "height": _n(height)}


def _n(number: float) -> str:
    """Return a number with one decimal at most."""
    return f"{round(number, 1):g}"
