"""Text with positions: source files and spans in them. Knows nothing of the language."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """A named piece of text: a `.nas` file, or one `--set` argument.

    Attributes:
        name: Name that diagnostics print before the line number.
        text: The whole text; its line ends are line feeds.
        path: File that it was read from; None for text that is not a file.
        library: True for a file that ships with dslnas.
    """

    name: str
    text: str
    path: Path | None = None
    library: bool = False

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return tuple(starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based (line, column) of a character offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line `number` (1-based) without its line end; "" past the end."""
        if number > len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@dataclass(frozen=True)
class Span:
    """A half-open range of characters, `source.text[start:end]`."""

    source: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        """1-based line of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """1-based column of the first character."""
        return self.source.position(self.start)[1]

    @property
    def last_line(self) -> int:
        """1-based line of the last character."""
        return self.source.position(max(self.start, self.end - 1))[0]

    @property
    def text(self) -> str:
        """The characters the span covers."""
        return self.source.text[self.start : self.end]

    @property
    def brief(self) -> str:
        """The characters the span covers in one line, the middle left out of a long text."""
        text = " ".join(self.text.split())
        return text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}"

    def __contains__(self, other: Span) -> bool:
        """Whether another span lies inside of this one."""
        is_same = self.source is other.source
        return is_same and self.start <= other.start and other.end <= self.end

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))
