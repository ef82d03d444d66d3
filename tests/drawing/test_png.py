from __future__ import annotations

import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from dslnas.diagnostics import UserError
from dslnas.drawing.draw import cell_svg
from dslnas.drawing.png import ZOOM, png_bytes
from tests.spaces import space_of

CELL = "use std.cnn\ncell one { inputs 1; node n1 = relu(in1); output n1 }\nnetwork { cells one }"


def test_a_png_has_the_size_and_the_colours_of_its_drawing() -> None:
    pytest.importorskip("resvg_py")
    svg = cell_svg(space_of(CELL).cells["one"], theme="dark")
    width, height = (
        float(svg.split(f' {side}="')[1].split('"')[0]) for side in ("width", "height")
    )
    picture = Image.open(BytesIO(png_bytes(svg))).convert("RGB")
    assert picture.size == (round(width * ZOOM), round(height * ZOOM))
    assert picture.getpixel((0, 0)) == (0x14, 0x18, 0x1D)
    title = np.asarray(picture)[: 30 * ZOOM]
    assert title.max() > 200, "its title is written in light letters"


def test_without_resvg_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UserError) as error:
        png_bytes("<svg/>")
    assert "pip install resvg-py, the extra `png` of dslnas" in str(error.value)
