"""A text whose tokens stay in a file reads as one in memory, and is counted and numbered once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Generator

from dslnas.data import bptt, stream, streaming, text_survey, text_tensors
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.data.text import PARTS
from dslnas.data.text_survey import describe
from dslnas.data.token_file import TokenFile, number_type
from dslnas.data.tokens import TextFacts
from dslnas.settings.texts import TextFile
from dslnas.tasks.language_model import unigram_perplexity
from tests.data.made import error, text_of
from tests.loading import load


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for what is kept of texts, of this test alone; blocks are small."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(text_survey, "LARGE", 0)
    monkeypatch.setattr(bptt, "BLOCK", 50)
    monkeypatch.setattr(stream, "BLOCK", 64)
    return tmp_path / "cache" / "dslnas" / "texts"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a text of some words, some of which only the last parts have."""
    place = tmp_path / "text.txt"
    lines = [" ".join(f"w{n * n % (7 + n // 20)}" for n in range(i, i + 6)) for i in range(200)]
    place.write_text("\n".join(lines))
    return place


def data_of(path: Path, stream: str, **more: object) -> Data:
    settings = {"path": str(path), "batch": 4, "steps": 5, "stream": stream, **more}
    return load(TextFile.model_validate(settings), "cpu")


def readings(data: Data) -> Iterator[Iterator[Batch]]:
    for name in (*PARTS, "training"):
        part = getattr(data, name)
        yield part.in_order(3)
        for vary in (False, True):
            yield part.batches(4, Generator().manual_seed(1), vary=vary)


@pytest.mark.parametrize("level", ["word", "char"])
def test_batches_are_those_of_a_text_in_memory(path: Path, level: str) -> None:
    held, streamed = (data_of(path, how, level=level) for how in ("never", "always"))
    for firsts, seconds in zip(readings(held), readings(streamed), strict=True):
        for first, second in zip(firsts, seconds, strict=True):
            assert torch.equal(first.inputs["token"], second.inputs["token"])
            assert torch.equal(first.targets, second.targets)
    assert isinstance(text_of(streamed.training).tokens, TokenFile)
    assert held.hash == streamed.hash
    assert held.facts == streamed.facts
    assert isinstance(held.facts, TextFacts)
    kinds = len(held.facts.vocabulary)
    one, two = (unigram_perplexity(data.training, data.test, kinds) for data in (held, streamed))
    assert one == two
    (note,) = streamed.notes
    assert note.endswith("tokens stay in a file, and are read while networks train")


def test_a_text_is_counted_and_numbered_once(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = data_of(path, "always")
    assert sorted(file.suffix for file in cache.iterdir()) == [".json", ".tokens"]
    monkeypatch.setattr(text_survey, "passages", pytest.fail)
    monkeypatch.setattr(text_tensors, "_numbers", pytest.fail)
    assert data_of(path, "always").hash == first.hash
    monkeypatch.undo()
    path.write_text(path.read_text() + " more")
    assert data_of(path, "always").hash != first.hash


def test_what_is_damaged_in_the_cache_is_made_again(path: Path, cache: Path) -> None:
    first = data_of(path, "always")
    for kept in list(cache.iterdir()):
        kept.write_bytes(kept.read_bytes()[:-1])
    assert data_of(path, "always").hash == first.hash


def test_tokens_that_go_during_a_run_are_told(path: Path, cache: Path) -> None:
    part = data_of(path, "always").test
    (kept,) = cache.glob("*.tokens")
    kept.write_bytes(b"")
    told = ("NAS603", "file has changed while it was read", "run again")
    assert error(lambda: next(iter(part.in_order(4))), kept) == told


def test_a_cache_that_cannot_be_written_is_told(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert describe(TextFile(path=str(path))) is not None
    found = error(lambda: data_of(path, "always"), tmp_path / "file" / "dslnas" / "texts")
    assert found[0] == "NAS021"
    assert "`stream never`" in found[2]


def test_large_texts_are_streamed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = sum(len(text_of(part).tokens) for part in data_of(path, "never").parts)
    for memory, is_streamed in ((32 * count, False), (32 * count - 1, True), (None, False)):
        monkeypatch.setattr(streaming, "memory_bytes", lambda known=memory: known)
        part = data_of(path, "large").weights
        assert isinstance(text_of(part).tokens, TokenFile) is is_streamed
        assert (part.nbytes == 0) is is_streamed


@pytest.mark.parametrize(
    ("kinds", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16"), (65_537, "uint32")]
)
def test_numbers_are_as_small_as_the_vocabulary_lets_them(kinds: int, dtype: str) -> None:
    assert number_type(kinds) == dtype
