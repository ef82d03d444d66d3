"""Folders of the parts of a data set of images, by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dslnas.data.files import damaged
from dslnas.data.image_files import files_in, folders_in
from dslnas.diagnostics import UserError, user_error

PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Part by the name of its folder, in letters of any case."""


def folders_of_parts(folder: Path, top: Sequence[Path]) -> dict[str, Path]:
    """Return the folder of each part; none where the folders are those of classes.

    A folder of this name is one of a part if it has folders in it, or stands beside other parts
    alone: a class may be called `train`.
    """
    part_of = {path: PARTS.get(path.name.casefold(), "") for path in top}
    trains = [path for path, part in part_of.items() if part == "train"]
    if not any(map(folders_in, trains)):
        if len(top) > 1 and all(part_of.values()):
            raise _no_train(folder, top, trains)
        _check_resembling(folder, top)
        return {}
    found: dict[str, Path] = {}
    for path, part in part_of.items():
        if part in found:
            raise damaged(
                folder,
                f"`{found[part].name}` and `{path.name}` are both folders of the {part} part",
                "join them, or move one elsewhere",
            )
        if not part and files_in(path).pictures:
            raise damaged(
                folder,
                f"unexpected folder `{path.name}` beside `{trains[0].name}`",
                "only `train`, `val` and `test` are read; without them the split makes the parts",
            )
        if part:
            found[part] = path
    return found


def _no_train(folder: Path, top: Sequence[Path], trains: Sequence[Path]) -> UserError:
    """Return the error for folders of parts none of which has classes to train."""
    if trains:
        name = trains[0].name
        message = f"`{name}` has no folders of classes in it"
        help = f"put the images of each class into a folder of its own in `{name}`"
    else:
        others = " and ".join(f"`{path.name}`" for path in top)
        message = f"there is no folder `train` beside {others}"
        help = "name the folder of the images that train `train`"
    return user_error("NAS602", message, help=help, where=str(folder))


def _check_resembling(folder: Path, top: Sequence[Path]) -> None:
    """Raise NAS602 for folders such as `seg_train` and `seg_test`, which would become classes."""
    similar = {
        part: path
        for path in top
        for word in re.split(r"[\W_\d]+", path.name.casefold())
        if (part := PARTS.get(word)) and folders_in(path) and not files_in(path, below=False).direct
    }
    if "train" in similar and len(similar) > 1:
        names = " and ".join(f"`{path.name}`" for path in similar.values())
        wanted = " and ".join(f"`{part}`" for part in similar)
        raise user_error(
            "NAS602",
            f"{names} look like parts, and would be read as classes",
            help=f"call them {wanted}",
            where=str(folder),
        )
