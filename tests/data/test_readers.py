"""Readers: a source of images needs its settings and a module of its name, and nothing else."""

from __future__ import annotations

import pytest

from dslnas.data.examples import DataShape
from dslnas.data.readers import reader_of
from dslnas.settings.data import DATA, ImageSettings

IMAGES = [name for name, model in DATA.items() if issubclass(model, ImageSettings)]


@pytest.mark.parametrize("source", IMAGES)
def test_every_source_of_images_has_a_reader(source: str) -> None:
    settings = DATA[source]()
    assert isinstance(settings, ImageSettings)
    reader = reader_of(settings)
    assert callable(reader.shape)
    assert callable(reader.read)
    assert reader.KNOWN is None or isinstance(reader.KNOWN, DataShape)


@pytest.mark.parametrize("source", IMAGES)
def test_what_comes_with_a_package_is_known_without_a_path(source: str) -> None:
    settings = DATA[source]()
    assert isinstance(settings, ImageSettings)
    if not settings.has_files:
        reader = reader_of(settings)
        assert reader.shape(settings) == reader.KNOWN
