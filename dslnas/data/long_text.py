"""A text file that is read block after block, as it may be larger than the memory."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from dslnas.data.files import changed, no_utf8, reading, with_line_feeds
from dslnas.data.progress import Progress
from dslnas.data.tokens import tokens
from dslnas.encoding import NotUtf8Error, Place, decoded_block
from dslnas.regular import regular
from dslnas.settings.texts import TokenLevel

BLOCK = 2**22
"""Bytes of a block."""

_SPACE = re.compile(r"\s")


class LongText:
    """A UTF-8 text, whose line breaks are line feeds, and where its blocks begin."""

    def __init__(self, path: Path) -> None:
        """Read a file once.

        Raises:
            UserError: NAS603 if it cannot be read, NAS610 if it is not UTF-8.
        """
        self.path = path
        self._bytes, self._places = [0], [0]
        self._last = 0, ""
        lines, is_last = 0, False
        with reading(path, "file"), regular(path).open("rb") as file:
            while not is_last:
                file.seek(self._bytes[-1])
                content = file.read(BLOCK)
                is_last = len(content) < BLOCK
                try:
                    text, used = decoded_block(
                        content, Place(self._bytes[-1], lines), is_last=is_last
                    )
                except NotUtf8Error as error:
                    raise no_utf8(path, error) from None
                if text.endswith("\r") and not is_last:  # a line feed may follow
                    text, used = text[:-1], used - 1
                lines += content.count(b"\n", 0, used)
                self._bytes.append(self._bytes[-1] + used)
                self._places.append(self._places[-1] + len(with_line_feeds(text)))

    def __len__(self) -> int:
        """Return the number of characters."""
        return self._places[-1]

    def pieces(self, start: int, end: int) -> Iterator[str]:
        """Yield the characters from one place to before another, many at a time."""
        for number in self._from(start):
            first = self._places[number]
            if max(first, start) >= end:
                return
            yield self._block(number)[max(0, start - first) : end - first]

    def behind_space(self, place: int) -> int:
        """Return the place behind the first white space from a place on, or the end."""
        for number in self._from(place):
            first = self._places[number]
            space = _SPACE.search(self._block(number), max(0, place - first))
            if space:
                return first + space.end()
        return len(self)

    def _from(self, place: int) -> range:
        """Return the numbers of the block of a place and of those behind it."""
        last = len(self._places) - 1
        return range(max(0, min(last, bisect_right(self._places, place)) - 1), last)

    def _block(self, number: int) -> str:
        if self._last[0] != number or not self._last[1]:
            start, end = self._bytes[number : number + 2]
            with reading(self.path, "file"), regular(self.path).open("rb") as file:
                file.seek(start)
                text = file.read(end - start).decode("utf-8" if start else "utf-8-sig")
            self._last = number, with_line_feeds(text)
            if len(self._last[1]) != self._places[number + 1] - self._places[number]:
                raise changed(self.path)
        return self._last[1]


@dataclass(frozen=True)
class Passage:
    """The characters of a text from one place to before another."""

    text: LongText
    start: int
    end: int

    def __len__(self) -> int:
        """Return the number of characters."""
        return self.end - self.start

    def divided(self, shares: Sequence[float], level: TokenLevel) -> list[Passage]:
        """Return pieces with some shares of the characters, one after the other.

        A word goes to the piece in which it starts; what the shares leave over is in none.
        """
        ends = [self._cut(round(share * len(self)), level) for share in accumulate(shares)]
        return [Passage(self.text, *places) for places in pairwise([self.start, *ends])]

    def tokens(self, level: TokenLevel, progress: Progress) -> Iterator[Sequence[str]]:
        """Yield the tokens, many at a time; characters are progress."""
        pieces = self._pieces(progress)
        for piece in pieces if level == "char" else _whole_words(pieces):
            yield from tokens(piece, level)

    def _pieces(self, progress: Progress) -> Iterator[str]:
        for piece in self.text.pieces(self.start, self.end):
            yield piece
            progress.add(len(piece))

    def _cut(self, count: int, level: TokenLevel) -> int:
        """Return the place behind so many characters, and behind a word that they end amid."""
        if level == "char" or not 0 < count < len(self):
            return self.start + min(count, len(self))
        return min(self.text.behind_space(self.start + count - 1), self.end)


def _whole_words(pieces: Iterator[str]) -> Iterator[str]:
    """Yield a text in other pieces, each of which ends behind white space, but for the last."""
    rest = ""
    for piece in pieces:
        text = rest + piece
        rest = "" if text[-1:].isspace() else text.rsplit(None, 1)[-1]
        yield text[: len(text) - len(rest)]
    yield rest
