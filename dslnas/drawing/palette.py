"""Colours of figures, for light and dark pages and for paper.

Names say what a colour is for; the tones of operations are numbered. A tone is a pale fill with a
strong edge on which text of the usual ink has a contrast of 7 to 1 at least (tested).
"""

from __future__ import annotations

from collections.abc import Mapping

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1c2127",
    "quiet": "#59636e",
    "line": "#59636e",
    "node": "#f4f5f7",
    "edge": "#59636e",
    "end": "#e4e8ed",
    "frame": "#fafbfc",
    "mark": "#b3261e",
}
_DARK = {
    "paper": "#14181d",
    "ink": "#eceff2",
    "quiet": "#a7b0ba",
    "line": "#9aa4af",
    "node": "#20262d",
    "edge": "#9aa4af",
    "end": "#313a44",
    "frame": "#191e24",
    "mark": "#ff8a80",
}

# Eight hues that stay apart for those who do not tell red from green, fill and edge each.
_LIGHT_TONES = (
    ("#d9e8f7", "#1f6fb5"),
    ("#fde4cc", "#c2640a"),
    ("#d7efdc", "#1e8146"),
    ("#f3dcee", "#a83f8f"),
    ("#fbf0bf", "#8f7500"),
    ("#d3eff2", "#0f7f8c"),
    ("#e6e0f6", "#6a4fc0"),
    ("#f6dad8", "#b4453c"),
)
_DARK_TONES = (
    ("#16344f", "#6db3f2"),
    ("#4d2f12", "#f2a65a"),
    ("#173d26", "#6fcf93"),
    ("#46203d", "#e58fd0"),
    ("#3f3610", "#e0c341"),
    ("#113c42", "#5fcbd8"),
    ("#2f2657", "#ac9bf0"),
    ("#4a211e", "#f0958d"),
)

TONES = len(_LIGHT_TONES)


def _with_tones(colours: Mapping[str, str], tones: tuple[tuple[str, str], ...]) -> dict[str, str]:
    fills = {f"fill{number}": fill for number, (fill, _) in enumerate(tones)}
    edges = {f"edge{number}": edge for number, (_, edge) in enumerate(tones)}
    return {**colours, **fills, **edges}


LIGHT: Mapping[str, str] = _with_tones(_LIGHT, _LIGHT_TONES)
DARK: Mapping[str, str] = _with_tones(_DARK, _DARK_TONES)
