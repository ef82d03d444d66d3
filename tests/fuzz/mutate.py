"""Changes of inputs, decided by a generator of random numbers alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

LONGEST = 9_999
"""Bytes of an input: what is said of time and memory is said of less than 10 kB."""

_TOKEN = re.compile(rb"\s+|\w+(?:\.\w+)*|\"[^\"\n]*\"|->|[^\w\s]", re.ASCII)
_NUMBERS = (
    *(
        b"0",
        b"1",
        b"-1",
        b"2",
        b"3",
        b"7",
        b"255",
        b"65536",
        b"2147483648",
        b"-9223372036854775809",
    ),
    *(b"1e308", b"1e999", b"-0.0", b"0.1", b"NaN", b"Infinity", b"1" + b"0" * 40, b"9" * 4400),
)
_ODD = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\r",
        b"\r\n",
        b"\t",
        b"\x1b[",
    ),
    *("\u2028\u202e\u200b\xe9\N{PILE OF POO}".encode(), "\u0661".encode(), b"'", b'"', b"\\", b"%"),
    *(
        b"{",
        b"}",
        b"(",
        b")",
        b"[",
        b"]",
        b",",
        b";",
        b":",
        b"#",
        b"=",
        b"->",
        b"*",
        b"null",
        b"{}",
    ),
)
_WHOLE = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)

Change: TypeAlias = Callable[[bytes, Random, Sequence[bytes], Sequence[bytes]], bytes]
"""Returns content changed, by words that may be put in and other inputs to take parts of."""


def mutated(
    content: bytes,
    random: Random,
    words: Sequence[bytes],
    others: Sequence[bytes],
    *,
    is_text: bool,
) -> bytes:
    """Return an input with some changes, of at most `LONGEST` bytes unless it was longer."""
    most = max(LONGEST, len(content))
    usual = _OF_TEXT if is_text else _OF_BYTES
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        changes = usual if random.random() < 0.9 else _OF_BYTES
        content = random.choice(changes)(content, random, words, others)[:most]
    return content


def _place(content: bytes, random: Random) -> tuple[int, int]:
    """Return start and end of a part, which is short more often than long."""
    start = random.randint(0, len(content))
    length = int((len(content) - start) * random.random() ** random.choice((1, 4, 8)))
    return start, start + length


def _remove(
    content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    start, end = _place(content, random)
    return content[:start] + content[max(end, start + 1) :]


def _copy(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    start, end = _place(content, random)
    at = random.randint(0, len(content))
    times = random.choice((1, 1, 2, 3, 50, 2000))
    return content[:at] + (content[start:end] * times)[:LONGEST] + content[at:]


def _splice(
    content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    other = random.choice(others) if others else content
    at, (start, end) = random.randint(0, len(content)), _place(other, random)
    return content[:at] + other[start:end] + content[at + random.choice((0, end - start)) :]


def _cut(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    return content[: random.randint(0, len(content))]


def _flip(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    if not content:
        return random.randbytes(1)
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwrite(
    content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    """Put a whole number of some bytes over a place, as sizes and offsets are stored."""
    size = random.choice((1, 2, 4, 8))
    value = (random.choice(_WHOLE) + random.choice((0, 0, 1, -1))) % (1 << 8 * size)
    at = random.randint(0, len(content))
    written = value.to_bytes(size, random.choice(("little", "big")))
    return content[:at] + written + content[at + size :]


def _put(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(content))
    pools: Sequence[Sequence[bytes]] = (words or _ODD, _ODD, _NUMBERS)
    pool = random.choice(pools)
    return content[:at] + random.choice(pool) + content[at:]


def _word(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Put another word, number or sign in the place of one."""
    found = [match for match in _TOKEN.finditer(content) if not match[0].isspace()]
    if not found:
        return random.choice(words or _ODD)
    old, new = random.choice(found), bytes(random.choice(found)[0])
    pools: Sequence[Sequence[bytes]] = (words or _ODD, (new,), (new,), _NUMBERS, _ODD)
    pool = random.choice(pools)
    return content[: old.start()] + random.choice(pool) + content[old.end() :]


def _number(
    content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    found = [*re.finditer(rb"-?\d[\d.]*(?:e[+-]?\d+)?", content)]
    if not found:
        return content
    old = random.choice(found)
    return content[: old.start()] + random.choice(_NUMBERS) + content[old.end() :]


def _line(content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Move a line, take one out, or take one from another input."""
    lines = content.split(b"\n")
    source = random.choice([lines, random.choice(others).split(b"\n") if others else lines])
    new = random.choice(source)
    if random.random() < 0.6:
        lines.pop(random.randrange(len(lines)))
    if random.random() < 0.8:
        lines.insert(random.randint(0, len(lines)), new)
    return b"\n".join(lines)


def _token(
    content: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    """Take words out, or bring them from elsewhere."""
    tokens = _TOKEN.findall(content)
    other = _TOKEN.findall(random.choice(others)) if others else tokens
    at = random.randint(0, len(tokens))
    start = random.randint(0, len(other))
    gone, come = (random.choice((0, 0, 1, 1, 2, 5, 20)) for _ in range(2))
    return b"".join([*tokens[:at], *other[start : start + come], *tokens[at + gone :]])


_OF_BYTES: Sequence[Change] = (
    _flip,
    _flip,
    _overwrite,
    _overwrite,
    _remove,
    _copy,
    _splice,
    _cut,
    _put,
)
_OF_TEXT: Sequence[Change] = (
    _word,
    _word,
    _word,
    _number,
    _number,
    _line,
    _line,
    _token,
    _token,
    _put,
    _copy,
    _splice,
)
