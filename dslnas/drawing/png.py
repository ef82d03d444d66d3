"""Drawings as pictures of pixels, by resvg: a package of its own that needs no system library."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from dslnas.diagnostics import user_error

ZOOM = 3
"""Pixels of a picture for each of the drawing: sharp in print at its usual size."""


def png_bytes(svg: str) -> bytes:
    """Return a drawing as a PNG file.

    Args:
        svg: Its text, in the colours of one theme.

    Raises:
        UserError: NAS821 without resvg-py.
    """
    try:
        import resvg_py
    except ImportError:
        raise user_error(
            "NAS821",
            "to draw PNG files resvg-py is needed",
            where="draw",
            help="pip install resvg-py, the extra `png` of dslnas; SVG files need nothing",
        ) from None
    with TemporaryDirectory() as folder:
        family, file = _usual_font(Path(folder))
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=ZOOM,
                font_files=[str(file)],
                sans_serif_family=family,
                serif_family=family,
            )
        )


def _usual_font(folder: Path) -> tuple[str, Path]:
    """Write Pillow's own font, for systems without any; return its family and its file."""
    from PIL import ImageFont

    font = ImageFont.load_default(size=12)
    assert isinstance(font, ImageFont.FreeTypeFont), "a size asks for it"
    assert isinstance(font.path, BytesIO), "it is a part of Pillow"
    file = folder / "font.ttf"
    file.write_bytes(font.path.getvalue())
    return font.getname()[0] or "", file
