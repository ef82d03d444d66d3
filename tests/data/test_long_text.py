"""A text in blocks is the text: its places, pieces and tokens do not depend on where blocks end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dslnas.data import long_text
from dslnas.data.long_text import LongText, Passage
from dslnas.data.progress import Progress
from dslnas.data.tokens import cut, tokens
from dslnas.encoding import NotUtf8Error, decoded
from dslnas.settings.texts import TokenLevel
from tests.data.made import error
from tests.texts import characters

SHARES = st.lists(st.floats(0.01, 0.25), min_size=1, max_size=4)
LEVELS = st.sampled_from(["word", "char"])
TEXTS = st.text("ab \n\r\té\u2028\u3000語🎲", max_size=80)
MANY = b"all of this is text\n" * 20
BLOCKS = st.integers(5, 40)
here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def whole(path: Path) -> Passage:
    text = LongText(path)
    return Passage(text, 0, len(text))


def divided(text: str, shares: Sequence[float], level: TokenLevel) -> list[str]:
    """Return pieces of a text that is in memory."""
    ends = [cut(text, round(share * len(text)), level) for share in accumulate(shares)]
    return [text[start:end] for start, end in pairwise([0, *ends])]


@here
@given(TEXTS, SHARES, LEVELS, BLOCKS)
def test_pieces_are_those_of_the_text_in_memory(
    tmp_path: Path, text: str, shares: list[float], level: TokenLevel, block: int
) -> None:
    path = tmp_path / "text"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_text, "BLOCK", block)
        found = whole(path)
        known = text.replace("\r\n", "\n").replace("\r", "\n")
        assert (len(found), characters(found)) == (len(known), known)
        pieces = found.divided(shares, level)
        assert list(map(characters, pieces)) == divided(known, shares, level)
        for passage, piece in zip(pieces, divided(known, shares, level), strict=True):
            read = [token for some in passage.tokens(level, Progress(0, "")) for token in some]
            assert read == [token for some in tokens(piece, level) for token in some]


@here
@given(TEXTS, LEVELS)
def test_all_shares_are_everything(tmp_path: Path, text: str, level: TokenLevel) -> None:
    path = tmp_path / "text"
    path.write_bytes(text.encode())
    found = whole(path)
    pieces = found.divided((0.7, 0.1, 0.1, 0.1), level)
    assert "".join(map(characters, pieces)) == characters(found)


@pytest.mark.parametrize(
    "content",
    [MANY + b"two \xe9 three\n", MANY + b"\0" + MANY, "é".encode()[:1], MANY + b"\xc3"],
)
def test_a_mistake_is_told_as_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(long_text, "BLOCK", 100)
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(NotUtf8Error) as told:
        decoded(content)
    code, message, _ = error(lambda: LongText(path), path)
    assert (code, message.split(",")[0]) == ("NAS610", str(told.value).split(",")[0])


def test_a_file_that_changes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text, "BLOCK", 5)
    path = tmp_path / "text"
    path.write_text("one two three four")
    found = whole(path)
    path.write_text("one two")
    told = ("NAS603", "file has changed while it was read", "run again")
    assert error(lambda: list(found.tokens("word", Progress(0, ""))), path) == told
