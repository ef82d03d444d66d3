"""Files that are no UTF-8 are named as what they are, and nothing else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.encoding import NotUtf8Error, decoded
from tests.examples import examples

PROSE = "It was late in the year, and nobody had lit the stove.\n" * 6
WESTERN = PROSE + "\N{LEFT DOUBLE QUOTATION MARK}Der Küster schlief\N{HORIZONTAL ELLIPSIS}\n"
FRENCH = PROSE + "Le curé rêvait déjà du café.\n"
RUSSIAN = "Осенью темнеет рано, и печь ещё не топили.\n" * 4
CHINESE = "深秋的傍晚,没有人生火。\n" * 9


def complaint(content: bytes) -> tuple[str, str]:
    with pytest.raises(NotUtf8Error) as caught:
        decoded(content)
    return str(caught.value), caught.value.help


@pytest.mark.parametrize("text", ["", "a", PROSE, WESTERN, FRENCH, RUSSIAN, CHINESE, "\x1b[0m\x07"])
def test_utf8_is_read_with_and_without_a_mark(text: str) -> None:
    assert decoded(text.encode()) == text
    assert decoded(text.encode("utf-8-sig")) == text


@pytest.mark.parametrize("text", [PROSE, "let a = 1", FRENCH, RUSSIAN, CHINESE])
@pytest.mark.parametrize("order", ["LE", "BE"])
def test_utf16_is_named_with_and_without_a_mark(text: str, order: str) -> None:
    content = text.encode(f"utf-16-{order}")
    assert complaint(content) == (
        f"file is UTF-16{order}, but UTF-8 is read",
        f"save it as UTF-8, as `iconv -f UTF-16{order} -t UTF-8 old > new` does",
    )
    message, help = complaint("\ufeff".encode(f"utf-16-{order}") + content)
    assert message == "file is UTF-16, but UTF-8 is read"
    assert "-f UTF-16 " in help


def test_utf32_is_named() -> None:
    assert complaint(PROSE.encode("utf-32"))[0] == "file is UTF-32, but UTF-8 is read"


def test_western_code_pages_are_told_apart() -> None:
    message, help = complaint(WESTERN.encode("cp1252"))
    assert message == "byte 330 in line 7 is 0x93, not UTF-8; the file looks like Windows-1252"
    assert help == "save it as UTF-8, as `iconv -f CP1252 -t UTF-8 old > new` does"
    message, help = complaint(FRENCH.encode("latin-1"))
    assert message == "byte 336 in line 7 is 0xe9, not UTF-8; the file looks like Latin-1"
    assert "-f LATIN1 " in help


@pytest.mark.parametrize(
    "comment",
    [
        "à côté : où ?",
        "5 µs, 3 m²",
        "«été»",
        "ÜBERGRÖSSE",
        "don\N{RIGHT SINGLE QUOTATION MARK}t",
        "50 €",
        "un œuf d\N{RIGHT SINGLE QUOTATION MARK}été",
        "——— é",
    ],
)
def test_a_short_western_comment_is_enough(comment: str) -> None:
    message, help = complaint(f"{PROSE}# {comment}\n".encode("cp1252"))
    assert "looks like" in message
    assert "-f CP1252 " in help or "-f LATIN1 " in help


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "mac_roman"),
        (FRENCH, "cp850"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
        (PROSE + "# шаг\n", "cp1251"),
        (PROSE + "# до\n", "koi8_r"),
        (PROSE + "# 层 3\n", "gb18030"),
        (PROSE + "# セル\n", "shift_jis"),
        (PROSE + "# Größe und Höhe\n", "mac_roman"),
        (PROSE + "# Übung: señal\n", "mac_roman"),
        (PROSE + "# it\N{RIGHT SINGLE QUOTATION MARK}s late – no fire\n", "mac_roman"),
        (PROSE + "# łączy węzły\n", "cp1250"),
    ],
)
def test_nothing_is_guessed_of_other_encodings(text: str, encoding: str) -> None:
    message, help = complaint(text.encode(encoding))
    assert message.endswith("not UTF-8")
    assert "-f ENCODING " in help


def test_one_bad_byte_in_utf8_is_damage() -> None:
    message, help = complaint(RUSSIAN.encode() + b"\xe9\n")
    assert message == "byte 304 in line 5 is 0xe9, not UTF-8 as the text around it"
    assert help == "mend or remove what is damaged there"


def test_a_zero_is_named() -> None:
    message, help = complaint(PROSE.encode() + b"\0" + PROSE.encode())
    assert message == "byte 330 in line 7 is NUL, which no text has"
    assert "tr -d" in help


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0", b"\x80\4\x95\1\0\0", b"\0" * 9],
)
def test_what_is_no_text_is_called_binary(content: bytes) -> None:
    assert complaint(content)[0] == "file is binary, not text"


@settings(max_examples=examples(50))
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_get_advice(content: bytes) -> None:
    try:
        text, advice = decoded(content), ""
    except NotUtf8Error as error:
        text, advice = "", error.help
    assert advice or text.encode() in (content, content[3:])
