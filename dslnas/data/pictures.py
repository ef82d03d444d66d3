"""What was seen of the pictures of a data set when they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def is_grey(image: Image) -> bool:
    """Whether an opened picture has no colours, whatever its depth, by its mode."""
    return image.mode in ("L", "LA", "La") or image.mode.startswith(("1", "I", "F"))


@dataclass
class Pictures:
    """Facts about pictures, which grow while they are read.

    Attributes:
        sizes: Height and width of each.
        turned: How many were turned upright, as their EXIF says.
        composited: How many have transparency.
        deep: How many have more than 8 bits a channel.
        damaged: Why each of those that cannot be read cannot.
        unread: How many files are no pictures, by ending.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    turned: int = 0
    composited: int = 0
    deep: int = 0
    damaged: dict[Path, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)

    def add(self, image: Image) -> None:
        """Take account of a picture that was opened, and not changed since."""
        from dslnas.data.preprocessing import is_turned

        self.sizes.append((image.height, image.width))
        self.turned += is_turned(image)
        self.composited += image.has_transparency_data
        self.deep += image.mode.startswith(("I", "F"))

    def notes(self, folder: Path, *, opaque: bool) -> Iterator[str]:
        """Yield remarks on what was done to the pictures; `opaque`: if opacity is no channel."""
        from dslnas.data.image_damage import listed

        count = len(self.sizes)
        if self.turned:
            yield f"{self.turned} of {count} images were turned upright, as their EXIF says"
        if self.composited and opaque:
            yield f"{self.composited} of {count} images have transparency, and were laid on white"
        if self.deep:
            yield f"{self.deep} of {count} images have more bits a channel than 8"
        if self.damaged:
            yield f"left out, as they cannot be read: {listed(folder, self.damaged)}"
