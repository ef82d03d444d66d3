"""Facts about the pictures of a data set, from when they were read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.image_damage import ELSEWHERE, FAULTS, listed, named
from dslnas.json_model import JsonModel

if TYPE_CHECKING:
    from PIL.Image import Image

_DEEP = re.compile(";16[BLN]")
"""End of the names of layouts with 16 bits a channel; `BGR;16` has them for all three."""


def is_grey(image: Image) -> bool:
    """Whether an opened picture has no colours, whatever its depth, by its mode."""
    return image.mode in ("L", "LA", "La") or image.mode.startswith(("1", "I", "F"))


def is_deep(image: Image) -> bool:
    """Whether a picture that is opened, but not loaded, has more than 8 bits a channel.

    Pillow converts most of them; what its decoders are told gives them away.
    """
    if image.mode.startswith(("I", "F")) or image.info.get("bit_depth", 8) > 8:
        return True
    tiles = getattr(image, "tile", ())
    return any(
        tile.args[-1] > 255 if tile.codec_name.startswith("ppm") else _DEEP.search(str(tile.args))
        for tile in tiles
    )


class PictureFacts(JsonModel):
    """Facts about the files of pictures.

    Attributes:
        count: How many were read.
        smallest: Height and width, upright, of the one with the fewest pixels.
        median: The same of the one in the middle.
        largest: The same of the one with the most.
        turned: How many were turned upright, as their EXIF says.
        transparent: How many have transparency.
        deep: How many have more than 8 bits a channel, as far as Pillow tells.
        several: How many files hold several pictures, the first of which is read.
        damaged: By file why it cannot be read, of those that cannot.
        unread: How many other files there are, by ending; pictures without a class, too.
    """

    count: int
    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    turned: int
    transparent: int
    deep: int
    several: int
    damaged: dict[str, str]
    unread: dict[str, int]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The remark on files that cannot be read, if there are any."""
        return left_out(self.damaged)


def left_out(damaged: Mapping[str, str], most: int | None = None) -> tuple[str, ...]:
    """Return the remark on files that are left out, if there are any; `most`: see `listed`."""
    told = f"left out, as they cannot be read: {listed(damaged, ELSEWHERE, most)}"
    return (told,) if damaged else ()


@dataclass
class Pictures:
    """Facts about pictures, which grow while they are read.

    Attributes:
        sizes: Height and width of each, upright.
        turned: How many were turned upright, as their EXIF says.
        transparent: How many have transparency.
        deep: How many have more than 8 bits a channel.
        several: How many files hold several pictures, the first of which is read.
        damaged: Why each of those that cannot be read cannot.
        unread: How many other files there are, by ending; pictures without a class, too.
        streamed: Whether they stay in their files.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    turned: int = 0
    transparent: int = 0
    deep: int = 0
    several: int = 0
    damaged: dict[Path, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    streamed: bool = False

    def add(self, image: Image, *, was_turned: bool, was_deep: bool, size: tuple[int, int]) -> None:
        """Take account of a picture that was read.

        Args:
            image: The picture.
            was_turned: Whether its EXIF said so when it was opened: some formats then forget it.
            was_deep: Whether it `is_deep`, by the file.
            size: Height and width as it stands upright.
        """
        self.sizes.append(size)
        self.turned += was_turned
        self.transparent += image.has_transparency_data
        self.deep += was_deep
        with suppress(*FAULTS):  # others may be damaged
            # cameras add previews
            self.several += image.format != "MPO" and getattr(image, "is_animated", False)

    def extend(self, others: Pictures) -> None:
        """Take account of others, that were read after these."""
        self.sizes += others.sizes
        self.turned += others.turned
        self.transparent += others.transparent
        self.deep += others.deep
        self.several += others.several
        self.damaged |= others.damaged

    def facts(self, folder: Path) -> PictureFacts:
        """Return the facts, with the names of files in the folder."""
        ordered = sorted(self.sizes, key=lambda size: size[0] * size[1])
        return PictureFacts(
            count=len(ordered),
            smallest=ordered[0],
            median=ordered[len(ordered) // 2],
            largest=ordered[-1],
            turned=self.turned,
            transparent=self.transparent,
            deep=self.deep,
            several=self.several,
            damaged=named(folder, self.damaged),
            unread=dict(self.unread),
        )

    def notes(self, *, opaque: bool) -> Iterator[str]:
        """Yield remarks on what was done to the pictures; `opaque`: if opacity is no channel."""
        count = len(self.sizes)
        if self.streamed:
            yield f"{count} images stay in their files, and are read while networks train"
        if self.turned:
            yield f"{self.turned} of {count} images were turned upright, as their EXIF says"
        if self.transparent and opaque:
            yield f"{self.transparent} of {count} images have transparency, and were laid on white"
        if self.deep:
            yield f"{self.deep} of {count} images have more bits a channel than 8"
        if self.several:
            yield f"{self.several} of {count} files hold several pictures, the first is read"
