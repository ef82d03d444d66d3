"""Tables as text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dslnas.visible import visible


def aligned(rows: Sequence[Sequence[str]], left: Collection[str] = ()) -> list[str]:
    """Return one line per row, headings first; `left`: headings of columns that are no numbers."""
    rows = [[*map(visible, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            text.ljust(width) if heading in left else text.rjust(width)
            for heading, text, width in zip(rows[0], row, widths, strict=True)
        )
        lines.append("   ".join(cells).rstrip())
    return lines
