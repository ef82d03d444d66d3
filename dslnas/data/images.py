"""Folders of images, one per class: `root/class/*`, or `root/train/class/*` and `root/test/...`.

Only folders and their names are read to know the shape; pixels need Pillow.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dslnas.data.examples import DataShape, Examples, Inputs, Labels, examples
from dslnas.data.files import check_size, path_of
from dslnas.data.image_listing import Classes, listing
from dslnas.data.pixels import MODES, Form, check_pillow, decode
from dslnas.diagnostics import Diagnostics
from dslnas.settings.data import ImageFolder


def known(settings: ImageFolder) -> DataShape | None:
    """Return nothing: other files have other shapes."""
    return None


def shape(settings: ImageFolder) -> DataShape:
    """Return the shape after a look at the folders."""
    found = listing(path_of(settings))
    counts = {name: len(paths) for name, paths in found.train.items()}
    has_test = found.test is not None
    has_validation = found.validation is not None
    shape = _form(settings).shape
    return DataShape(shape, len(counts), has_test, counts, found.notes, has_validation)


def read(settings: ImageFolder) -> Examples:
    """Return all images in one form: uint8 (N, channels, height, width).

    Classes are the names of the folders, sorted; numbers by their value.
    """
    folder, form = path_of(settings), _form(settings)
    found = listing(folder)
    names, diagnostics, notes = tuple(found.train), Diagnostics(), list[str]()
    check_pillow()
    train, validation, test = (
        None if part is None else _part(folder, part, names, form, diagnostics, notes)
        for part in (found.train, found.validation, found.test)
    )
    diagnostics.raise_if_any()
    assert train is not None, "a listing has it"
    made = examples(train, test, names, str(folder))
    return replace(made, validation=validation, form=_told(form), notes=tuple(notes))


def _form(settings: ImageFolder) -> Form:
    return Form(settings.channels or 3, *settings.sides, settings.fit)


def _told(form: Form) -> dict[str, str]:
    """Return what whoever deploys a network has to do with an image."""
    sides = f"{form.height} x {form.width}, bilinear with antialiasing"
    background = {} if form.channels == 4 else {"background": "white"}
    return {"mode": MODES[form.channels], "size": sides, "fit": form.fit, **background}


def _part(
    folder: Path,
    classes: Classes,
    names: tuple[str, ...],
    form: Form,
    diagnostics: Diagnostics,
    notes: list[str],
) -> tuple[Inputs, Labels]:
    """Return the images of a part; every file that cannot be read is recorded."""
    import numpy as np

    files = [(path, names.index(name)) for name, paths in classes.items() for path in paths]
    channels, height, width = form.shape
    check_size(folder, len(files) * channels * height * width)
    images, turned = np.empty((len(files), *form.shape), np.uint8), 0
    for row, (path, _) in enumerate(files):
        with diagnostics.collecting():
            images[row], is_turned = decode(path, form)
            turned += is_turned
    if turned:
        notes.append(f"{turned} of {len(files)} images were turned upright, as their EXIF says")
    return images, np.array([label for _, label in files], np.int64)
