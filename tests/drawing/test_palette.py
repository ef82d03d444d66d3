from __future__ import annotations

from collections.abc import Mapping

import pytest

from dslnas.drawing.palette import DARK, LIGHT, TONES


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_edges_stand_out_from_what_they_are_on(colours: Mapping[str, str]) -> None:
    fills = [*("paper", "node", "end", "frame"), *(f"fill{n}" for n in range(TONES))]
    assert min(contrast(colours["ink"], colours[fill]) for fill in fills) > 7
    assert min(contrast(colours["quiet"], colours[fill]) for fill in fills) > 4.5
    edges = [*("line", "edge", "mark"), *(f"edge{n}" for n in range(TONES))]
    assert min(contrast(colours[edge], colours["paper"]) for edge in edges) > 3
