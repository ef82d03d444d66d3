"""Bytes to text: only UTF-8 is read, and of other files it is said what they are."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, utf_8_decode
from typing import NamedTuple

_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\3\4", b"\x1f\x8b", b"%PDF", b"RIFF")
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x19\x1c-\x1f\x7f]")
_NAMES = {"Windows-1252": "CP1252", "Latin-1": "LATIN1"}  # as `iconv` calls them
_LETTER = r"[^\W\d_]"
_FOREIGN = r"[^\0-\x7f\xa0]"  # a no-break space stands beside any word
# Three such characters in a row, but for rules of one, or two that are a word of their own.
_NOT_WESTERN = re.compile(
    rf"({_FOREIGN})(?!\1\1){_FOREIGN}{{2}}"
    rf"|(?<![^\W_])(?:{_LETTER}{_FOREIGN}|{_FOREIGN}{_LETTER})(?<=[^\0-\x7f]{{2}})(?![^\W_])"
)
# Opening quotes and capitals behind a small letter, signs inside of words and in front of them:
# there the bytes are other characters, such as the accented letters of older systems.
_MISPLACED = re.compile(
    "(?<=[a-zß-ÿ])[€\u201a„\u2039\u2018“À-ÖØ-ÞŒŠŸŽ]"
    rf"|(?<={_LETTER})[^\w\s!-~\xad·–—\u2018\u2019…](?={_LETTER})"
    rf"|[€†ˆ¹²³](?={_LETTER})|(?<!\w)[ÐÑ](?!\w)|ƒ"
)
# Letters where other systems have theirs, and dashes inside of words.
_DOUBTFUL = re.compile(rf"[ŒœŠšŸŽžˆ\u02dc]|(?<={_LETTER})[–—](?={_LETTER})")
_LOOKED_AT = 2**16  # bytes that tell what a file is
_MOST_CONTROLS = 0.02  # share of such bytes in a text


class NotUtf8Error(ValueError):
    """A file is no UTF-8 text; the message says what it seems to be.

    Attributes:
        help: Advice to the user.
    """

    def __init__(self, message: str, help: str) -> None:
        """Take the message and the advice."""
        super().__init__(message)
        self.help = help


class Place(NamedTuple):
    """The start of a block of a file.

    Attributes:
        bytes: Number of bytes before it.
        lines: Number of line feeds before it.
    """

    bytes: int = 0
    lines: int = 0


_START = Place()


def decoded(content: bytes) -> str:
    """Return the text of UTF-8, without a byte order mark; raise `NotUtf8Error` for the rest."""
    return decoded_block(content, _START, is_last=True)[0]


def decoded_block(content: bytes, place: Place, *, is_last: bool) -> tuple[str, int]:
    """Return the text of a block of UTF-8, without a byte order mark, and how many bytes it has.

    A character that the end of the block cuts is left to the next one, unless it is the last.

    Raises:
        NotUtf8Error: It is no UTF-8.
    """
    is_start = place == _START
    encoding = _encoding_of_many_bytes(content) if is_start else ""
    if encoding:
        raise NotUtf8Error(f"file is {encoding}, but UTF-8 is read", _converted(encoding))
    zero = content.find(0)
    if zero >= 0 or (is_start and content.startswith(_SIGNATURES)):
        raise _no_text(content, zero, place)
    mark = len(BOM_UTF8) if is_start and content.startswith(BOM_UTF8) else 0
    try:
        text, used = utf_8_decode(content[mark:], "strict", is_last)
    except UnicodeDecodeError as error:
        raise _other_encoding(content, mark + error.start, place) from None
    return text, mark + used


def _encoding_of_many_bytes(content: bytes) -> str:
    """Return the encoding of two or four bytes each that a file has; "" if it has none."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    if 0 not in content or content.startswith(_SIGNATURES):
        return ""
    # Without a mark the zeros tell: they are the upper halves of letters, spaces and line ends.
    start = content[: min(_LOOKED_AT, len(content) // 2 * 2)]
    first, second = start[::2].count(0), start[1::2].count(0)
    least = 0.1 if _is_utf8(content) else 0.005
    if max(first, second) < least * len(start) / 2 or min(first, second) > 0.01 * len(start):
        return ""
    name = "UTF-16LE" if second > first else "UTF-16BE"
    text = start.decode(name, "replace")
    usual = sum(character.isprintable() or character in "\t\r\n" for character in text)
    return name if usual > 0.9 * len(text) else ""


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _no_text(content: bytes, zero: int, start: Place) -> NotUtf8Error:
    """Return the error for a file that has a NUL, or starts as files of another kind do."""
    if content.startswith(_SIGNATURES) or _is_binary(content):
        return NotUtf8Error("file is binary, not text", "give a text file")
    help = "remove it, as `tr -d '\\0' < old > new` does"
    return NotUtf8Error(f"byte {_told(content, zero, start)} is NUL, which no text has", help)


def _other_encoding(content: bytes, place: int, start: Place) -> NotUtf8Error:
    """Return the error for a file whose byte at a place is not UTF-8, with what it looks like."""
    if _is_binary(content):
        return NotUtf8Error("file is binary, not text", "give a text file")
    found = f"byte {_told(content, place, start)} is 0x{content[place]:02x}, not UTF-8"
    near = content[max(0, place - _LOOKED_AT) : place + _LOOKED_AT]
    text = near.decode(errors="replace")
    bad = text.count("\ufffd")
    if sum(not character.isascii() for character in text) > 3 * bad:
        return NotUtf8Error(
            f"{found} as the text around it", "mend or remove what is damaged there"
        )
    name = _western(near)
    if name:
        return NotUtf8Error(f"{found}; the file looks like {name}", _converted(_NAMES[name]))
    return NotUtf8Error(found, f"{_converted('ENCODING')}, with the name of its encoding")


def _western(content: bytes) -> str:
    """Return the western encoding of one byte each that a text seems to have; "" if none."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    foreign = sum(not character.isascii() for character in text)
    telling = foreign - len(_DOUBTFUL.findall(text))
    if _NOT_WESTERN.search(text) or telling <= 2 * len(_MISPLACED.findall(text)):
        return ""
    return "Windows-1252" if any(0x80 <= byte < 0xA0 for byte in content) else "Latin-1"


def _is_binary(content: bytes) -> bool:
    start = content[:_LOOKED_AT]
    return len(_CONTROLS.findall(start)) > _MOST_CONTROLS * len(start)


def _converted(encoding: str) -> str:
    return f"save it as UTF-8, as `iconv -f {encoding} -t UTF-8 old > new` does"


def _told(content: bytes, place: int, start: Place) -> str:
    """Say where in its file a place of a block is, that starts somewhere in it."""
    line = start.lines + content.count(b"\n", 0, place) + 1
    return f"{start.bytes + place} in line {line}"
