"""SVG as text: elements, and the frame that makes a figure of them that has a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from dslnas.report.numbers import Number


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """Return an element; `_` in the names of attributes stands for `-`, at their end for nothing.

    Attributes that are None are left out, and what is inside is escaped unless it is markup.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not inside:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{''.join(escape(part) for part in inside)}</{name}>")


def figure(width: float, height: float, title: str, parts: Iterable[str], kind: str) -> Markup:
    """Return a figure of a class, whose title readers of screens hear.

    Sizes are in pixels; where there is less room it shrinks, as far as the class lets it.
    """
    return element(
        "svg",
        element("title", title),
        *parts,
        viewBox=f"0 0 {_shown(width)} {_shown(height)}",
        role="img",
        aria_label=title,
        class_=f"figure {kind}",
        width=width,
        height=height,
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> Markup:
    """Return a line of text at a place."""
    where = None if anchor == "start" else anchor
    return element("text", words, x=x, y=y, text_anchor=where, class_=kind or None)


def traced(number: Number, about: str) -> tuple[Markup, dict[str, str | None]]:
    """Return the title of a mark that stands for a number, and attributes that say which it is."""
    facts = {"data_value": repr(number.value), "data_from": number.source or None}
    return element("title", f"{about}: {number.text}"), facts


def polyline(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """Return a line through points."""
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=kind)


def _shown(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
