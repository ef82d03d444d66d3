"""Bytes to text: only UTF-8 is read, and of other files it is said what they are."""

from __future__ import annotations

import re

_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\3\4", b"\x1f\x8b", b"%PDF", b"RIFF")
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x19\x1c-\x1f\x7f]")
_NAMES = {"Windows-1252": "CP1252", "Latin-1": "LATIN1"}  # as `iconv` calls them
_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}  # of Windows-1252
# Opening quotes and capitals of Windows-1252 behind a small letter, or signs inside of words: there
# these bytes are other characters, such as the accented letters of older systems.
_MISPLACED = re.compile(
    rb"[a-z][\x80\x82\x84\x8a-\x8c\x8e\x91\x93\x9f]|[a-z][\x86-\x88\x95\x98\x9b](?=[a-z])"
)
_LOOKED_AT = 2**16  # bytes that tell what a file is
_MOST_CONTROLS = 0.02  # share of such bytes in a text
_MOST_FOREIGN = 0.3  # share of bytes beyond ASCII among the letters of a western text


class NotUtf8Error(ValueError):
    """A file is no UTF-8 text; the message says what it seems to be.

    Attributes:
        help: Advice to the user.
    """

    def __init__(self, message: str, help: str) -> None:
        """Take the message and the advice."""
        super().__init__(message)
        self.help = help


def decoded(content: bytes) -> str:
    """Return the text of UTF-8, without a byte order mark; raise `NotUtf8Error` for the rest."""
    encoding = _encoding_of_many_bytes(content)
    if encoding:
        raise NotUtf8Error(f"file is {encoding}, but UTF-8 is read", _converted(encoding))
    zero = content.find(0)
    if zero >= 0 or content.startswith(_SIGNATURES):
        raise _no_text(content, zero)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _other_encoding(content, error.start) from None


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


def _no_text(content: bytes, zero: int) -> NotUtf8Error:
    """Return the error for a file that has a NUL, or starts as files of another kind do."""
    if content.startswith(_SIGNATURES) or _is_binary(content):
        return NotUtf8Error("file is binary, not text", "give a text file")
    help = "remove it, as `tr -d '\\0' < old > new` does"
    return NotUtf8Error(
        f"byte {zero} in line {_line(content, zero)} is NUL, which no text has", help
    )


def _other_encoding(content: bytes, place: int) -> NotUtf8Error:
    """Return the error for a file whose byte at a place is not UTF-8, with what it looks like."""
    if _is_binary(content):
        return NotUtf8Error("file is binary, not text", "give a text file")
    found = f"byte {place} in line {_line(content, place)} is 0x{content[place]:02x}, not UTF-8"
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
    letters = [byte for byte in content if byte >= 0x80 or chr(byte).isalpha()]
    foreign = [byte for byte in letters if byte >= 0x80]
    if len(foreign) > max(3, _MOST_FOREIGN * len(letters)):
        return ""
    if not any(byte < 0xA0 for byte in foreign):
        return "Latin-1"
    upper = sum(byte < 0xA0 for byte in foreign)
    is_defined = not set(foreign) & _UNDEFINED
    return "Windows-1252" if is_defined and 2 * len(_MISPLACED.findall(content)) <= upper else ""


def _is_binary(content: bytes) -> bool:
    start = content[:_LOOKED_AT]
    return len(_CONTROLS.findall(start)) > _MOST_CONTROLS * len(start)


def _converted(encoding: str) -> str:
    return f"save it as UTF-8, as `iconv -f {encoding} -t UTF-8 old > new` does"


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
