"""Readings that take long tell how far they are, and others nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.data import long_text, picture_survey
from dslnas.data import progress as module
from dslnas.data.progress import Progress, telling_of_reading
from dslnas.settings.images import ImageFolder
from dslnas.settings.texts import TextFile
from tests.data.made import write_images
from tests.loading import load


class Clock:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1
        return self.now


def test_it_is_told_when_twice_the_time_has_gone_and_then_every_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, told = Clock(), list[tuple[float, str]]()
    monkeypatch.setattr(module, "time", clock)
    with telling_of_reading(lambda text: told.append((clock.now, text))):
        progress = Progress(4000, "images read")
        for _ in range(200):
            progress.add(20)
    assert [when - 1 for when, _ in told] == [3, 6, 12, 24, 48, 96, 156]
    assert told[0][1] == "  60 of 4,000 images read (2%)"
    assert told[-1][1] == "  3,120 of 4,000 images read (78%)"


def test_what_is_read_at_once_tells_nothing() -> None:
    told = list[str]()
    with telling_of_reading(told.append):
        load(TextFile(), "cpu")
    assert not told


@pytest.mark.parametrize("stream", ["always", "never"])
def test_pictures_and_texts_tell_it(
    stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST", 0.0)
    monkeypatch.setattr(long_text, "BLOCK", 2**14)
    monkeypatch.setattr(picture_survey, "CHUNK", 10)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write_images(tmp_path / "photos", {"cat": 20, "dog": 20})
    told = list[str]()
    with telling_of_reading(told.append):
        more = {"path": str(folder), "workers": 0, "stream": stream}
        load(ImageFolder.model_validate(more), "cpu")
        load(TextFile.model_validate({"stream": stream}), "cpu")
    assert any("of 40 images read" in text for text in told)
    assert any("characters counted" in text for text in told)
    assert any("characters numbered" in text for text in told)
