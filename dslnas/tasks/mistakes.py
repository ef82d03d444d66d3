"""Mistakes of a trained network, from the table of its predictions, and pictures of the worst."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslnas.ops.primitive import input_name

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from dslnas.data.dataset import Data
    from dslnas.tasks.task import Rows

PICTURES = "mistakes.png"
"""File with pictures of the worst mistakes."""

MOST = 24
"""Mistakes of which pictures are kept."""

SIDE = 64
"""Pixels of a side of these pictures at most."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_ROWS = "rows"


@dataclass(frozen=True)
class Mistake:
    """An example of which a network says something else than what is true.

    Attributes:
        row: Its row in the table of predictions, counted from 0 below the headings.
        name: Its name in the data.
        true: The class or numbers that it has, or labels that are missed.
        said: Those that the network gives it, or labels that are too many.
        remark: How sure the network is, or how far off, in words.
        badness: More is worse.
    """

    row: int
    name: str
    true: str
    said: str
    remark: str
    badness: float


def wrong_classes(table: Rows) -> list[Mistake]:
    """Return the examples that are taken for another class, the surest first."""
    found = [
        Mistake(row, name, true, said, f"{float(share):.0%} sure", float(share))
        for row, (name, true, said, share) in enumerate(table[1:])
        if true != said
    ]
    return _worst_first(found)


def wrong_labels(table: Rows) -> list[Mistake]:
    """Return the examples with a label too many or too few, the surest first.

    Of the labels only those are told that are not the same: all would hide what is wrong.
    """
    names, found = _names(table), []
    for row, (name, *values) in enumerate(table[1:]):
        true, said = _halves(values)
        off = [abs(a - b) for a, b in zip(true, said, strict=True)]
        if max(off) > 0.5:
            wrong = [(n, a) for n, a, o in zip(names, true, off, strict=True) if o > 0.5]
            missed, added = (", ".join(n for n, a in wrong if a == has) for has in (1, 0))
            told = missed or "nothing", added or "nothing"
            found.append(Mistake(row, name, *told, f"{max(off):.0%} sure", max(off)))
    return _worst_first(found)


def largest_errors(table: Rows) -> list[Mistake]:
    """Return all examples, that with the largest error first, in deviations of what is true."""
    rows = [(name, *_halves(values)) for name, *values in table[1:]]
    if not rows:
        return []
    spreads = [_spread([true[n] for _, true, _ in rows]) for n in range(len(_names(table)))]
    found = []
    for row, (name, true, said) in enumerate(rows):
        errors = (abs(a - b) / s for a, b, s in zip(true, said, spreads, strict=True))
        worst = max(errors)
        remark = f"off by {worst:.2g} deviations"
        found.append(Mistake(row, name, _numbers(true), _numbers(said), remark, worst))
    return _worst_first(found)


def pictures_of(mistakes: Sequence[Mistake], data: Data) -> dict[str, bytes]:
    """Return pictures of the worst mistakes, side by side in one file by its name.

    There is none without mistakes, or where examples are no pictures. The text `rows` of the file
    names the rows of the table that they belong to.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    worst = [mistake.row for mistake in mistakes[:MOST]]
    images = _images(data, worst)
    if images is None:
        return {}
    mode = _MODES[images.shape[1]]
    tiles = [_picture(image, data) for image in images]
    width, height = tiles[0].size
    sheet = Image.new(mode, (width * len(tiles), height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number * width, 0))
    told, content = PngInfo(), io.BytesIO()
    told.add_text(_ROWS, json.dumps(worst))
    sheet.save(content, "PNG", pnginfo=told)
    return {PICTURES: content.getvalue()}


def pictures_by_row(content: bytes) -> Mapping[int, bytes]:
    """Return single pictures, each as PNG, by the row of the table that it belongs to.

    Raises:
        ValueError: The content is not what `pictures_of` made.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as sheet:
            sheet.load()
            rows = json.loads(str(sheet.info[_ROWS]))
            width = sheet.width // len(rows)
            return {
                int(row): _png(sheet.crop((n * width, 0, (n + 1) * width, sheet.height)))
                for n, row in enumerate(rows)
            }
    except (OSError, KeyError, TypeError, ValueError, ArithmeticError, SyntaxError):
        raise ValueError("no pictures with their rows") from None


def _worst_first(found: list[Mistake]) -> list[Mistake]:
    return sorted(found, key=lambda mistake: (-mistake.badness, mistake.row))


def _names(table: Rows) -> Sequence[str]:
    return table[0][1 : 1 + (len(table[0]) - 1) // 2]


def _halves(values: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return what is true, and what is said, as numbers."""
    half = len(values) // 2
    return [float(value) for value in values[:half]], [float(value) for value in values[half:]]


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 or 1.0


def _images(data: Data, rows: Sequence[int]) -> torch.Tensor | None:
    """Return images of the test part (N, C, H, W), if there are rows and they can be shown."""
    import torch

    from dslnas.data.rows import RowPart

    if not rows or data.facts.preprocessing is None or not isinstance(data.test, RowPart):
        return None
    images = data.test.inputs_at(torch.tensor(rows))[input_name((1, 1, 1))]
    return images if images.shape[1] in _MODES else None


def _picture(image: torch.Tensor, data: Data) -> Image.Image:
    from PIL import Image

    how = data.facts.preprocessing
    assert how is not None, "its data are pictures"
    values = image.float().cpu().numpy().transpose(1, 2, 0)
    bytes_ = ((values * how.std + how.mean) * 255).round().clip(0, 255).astype("uint8")
    shown = Image.fromarray(bytes_[:, :, 0] if bytes_.shape[2] == 1 else bytes_)
    shown.thumbnail((SIDE, SIDE))
    return shown


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
