"""Text files: reading, dividing, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.data import text as module
from dslnas.data import text_survey
from dslnas.data.examples import DataShape
from dslnas.data.text import PARTS
from dslnas.data.text_survey import describe
from dslnas.settings.texts import Ptb, TextFile, TextSettings
from tests.data.made import error, real
from tests.texts import read

PTB_HOLDS = (
    "the folder should hold train.txt, valid.txt and test.txt, or ptb.train.txt, ptb.valid.txt "
    "and ptb.test.txt"
)


def write(path: Path, text: str) -> str:
    path.write_bytes(text.encode())
    return str(path)


def write_ptb(folder: Path, prefix: str = "") -> str:
    folder.mkdir(exist_ok=True)
    for name, text in (("train", "a b c d\n" * 50), ("valid", "a b x\n" * 9), ("test", "a\n" * 9)):
        write(folder / f"{prefix}{name}.txt", text)
    return str(folder)


def test_the_embedded_text_needs_nothing() -> None:
    settings = TextFile()
    parts = read(settings)
    whole = "".join(parts)
    assert whole.startswith("It is a truth universally acknowledged, that a single man in")
    assert 150_000 < len(whole) < 200_000
    assert whole.isascii()
    assert whole.isprintable() is False
    assert whole.replace("\n", "").isprintable()
    counts = dict(zip(PARTS, map(len, parts), strict=True))
    assert describe(settings) == DataShape((), 67, has_test=False, counts=counts)
    words = describe(TextFile(level="word"))
    assert words is not None
    assert words.classes == 5161


def test_a_file_is_read_by_words_and_the_embedded_text_by_characters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one two\n" * 100)
    assert TextFile().token_level == "char"
    assert TextFile(path=path).token_level == "word"
    assert TextFile(path=path, level="char").resolved().level == "char"
    assert TextFile(path=path).resolved() == TextFile(path=path, level="word")
    counts = {"weights": 210, "architecture": 30, "validation": 30, "test": 30}
    assert describe(TextFile(path=path)) == DataShape((), 4, has_test=False, counts=counts)


def test_a_subset_is_the_start_of_every_part(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "".join(f"{n:03} " for n in range(1000)))
    whole = read(TextFile(path=path))
    for part, start in zip(whole, read(TextFile(path=path, subset=0.25)), strict=True):
        assert part.startswith(start)
        assert len(start) == pytest.approx(len(part) / 4, abs=8)


def test_line_breaks_of_other_systems_and_a_mark_at_the_start(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffone\r\ntwo\rthree\n")
    assert "".join(read(TextFile(path=path))) == "one\ntwo\nthree\n"


def test_control_characters_are_characters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\x01\x07\x1b[0m\n" * 20)
    settings = TextFile(path=path, level="char")
    known = describe(settings)
    assert known is not None
    assert known.classes == 8


def test_a_zero_in_a_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one two\n" * 9 + b"three\0four\n")
    found = error(lambda: describe(TextFile(path=str(path))), path)
    assert found[:2] == ("NAS610", "byte 77 in line 10 is NUL, which no text has")


@pytest.mark.parametrize("prefix", ["", "ptb."])
def test_penn_treebank_is_three_files(tmp_path: Path, prefix: str) -> None:
    settings = Ptb(path=write_ptb(tmp_path, prefix))
    train, more, valid, test = read(settings)
    assert train + more == "a b c d\n" * 50
    assert len(train) == 360
    assert (valid, test) == ("a b x\n" * 9, "a\n" * 9)
    counts = {"weights": 225, "architecture": 25, "validation": 36, "test": 18}
    assert describe(settings) == DataShape((), 6, has_test=True, counts=counts)
    assert describe(Ptb()) == DataShape((), 10_000, has_test=True)
    assert describe(Ptb(least=2)) is None


@pytest.mark.parametrize("settings", [TextFile, Ptb])
@pytest.mark.parametrize("name", ["nothing", "zero\0byte"])
def test_nothing_is_there(settings: type[TextSettings], name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    assert error(lambda: describe(settings(path=path)), path)[:2] == (
        "NAS601",
        "path does not exist",
    )


def test_a_folder_where_a_file_is_needed_and_the_reverse(tmp_path: Path) -> None:
    assert error(lambda: describe(TextFile(path=str(tmp_path))), tmp_path) == (
        "NAS602",
        "not a file",
        "give a text file; the folder of the Penn Treebank is read by `data ptb`",
    )
    path = write(tmp_path / "a.txt", "a")
    assert error(lambda: describe(Ptb(path=path)), path)[:2] == ("NAS602", "not a folder")


@pytest.mark.parametrize("name", ["train", "valid", "test"])
def test_penn_treebank_lacks_a_file(tmp_path: Path, name: str) -> None:
    path = write_ptb(tmp_path)
    (tmp_path / f"{name}.txt").unlink()
    assert error(lambda: describe(Ptb(path=path)), path) == (
        "NAS602",
        f"`{name}.txt` is missing in the folder",
        PTB_HOLDS,
    )


def test_penn_treebank_needs_a_path() -> None:
    assert error(lambda: read(Ptb()), "data")[:2] == (
        "NAS605",
        "data source `ptb` needs a path",
    )


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("café\n".encode("latin-1") * 9)
    assert error(lambda: describe(TextFile(path=str(path))), path) == (
        "NAS610",
        "byte 3 in line 1 is 0xe9, not UTF-8; the file looks like Latin-1",
        "save it as UTF-8, as `iconv -f LATIN1 -t UTF-8 old > new` does",
    )


@pytest.mark.parametrize(
    ("text", "least", "message", "help"),
    [
        ("", 1, "no token", "give a longer text"),
        (" \t " * 50, 1, "no token", "give a longer text"),
        ("a " * 50, 1, "just one token", "give a longer text"),
        ("a b c d " * 5, 9, "hardly any token 9 times or more often", "lower `least`"),
    ],
)
def test_nothing_to_predict(tmp_path: Path, text: str, least: int, message: str, help: str) -> None:
    path = write(tmp_path / "a.txt", text)
    assert error(lambda: describe(TextFile(path=path, least=least)), path) == (
        "NAS611",
        f"the training parts have {message}, so there is nothing to predict",
        help,
    )


def test_limits_keep_large_files_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt", "a b c d " * 100)
    monkeypatch.setattr(text_survey, "MOST_KINDS", 3)
    assert error(lambda: describe(TextFile(path=path)), path)[:2] == (
        "NAS603",
        "more than 3 different tokens",
    )
    monkeypatch.setattr(module, "MOST_BYTES", 799)
    assert error(lambda: describe(TextFile(path=path, stream="never")), path) == (
        "NAS603",
        "800 bytes of text but at most 799 are held in memory",
        "use a part of it, or leave `stream never` out",
    )


def test_real_penn_treebank_is_described(shared: Path) -> None:
    settings = Ptb(path=str(real(shared, "ptb")))
    known = describe(settings)
    assert known is not None
    sizes = {"weights": 836_647, "architecture": 92_942, "validation": 73_760, "test": 82_430}
    assert (known.classes, known.counts) == (10_000, sizes)
