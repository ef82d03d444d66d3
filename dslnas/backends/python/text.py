"""Python text as a formatter leaves it: lines of at most 100 columns, laid out like `ruff format`.

What does not fit on one line is written one item per line with a trailing comma, which the
formatter never joins again. So the text needs no formatter at run time.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100
INDENT = "    "


@dataclass(frozen=True)
class Call:
    """Items between brackets, such as `nn.Sequential(...)`.

    Attributes:
        head: All up to the opening bracket, which is its last character.
        items: Everything between the brackets.
        is_open: Whether every item has a line of its own even if all would fit on one.
    """

    head: str
    items: tuple[str | Call, ...]
    is_open: bool = False

    @property
    def tail(self) -> str:
        """The closing bracket."""
        return {"(": ")", "[": "]", "{": "}"}[self.head[-1]]

    @property
    def flat(self) -> str:
        """The text on one line."""
        items = (item if isinstance(item, str) else item.flat for item in self.items)
        return f"{self.head}{', '.join(items)}{self.tail}"


def lay_out(call: Call, indent: str, suffix: str = "") -> list[str]:
    """Return the lines of a call; `suffix` follows the closing bracket."""
    line = f"{indent}{call.flat}{suffix}"
    if not call.items or (not call.is_open and len(line) <= WIDTH):
        return [line]
    lines = [indent + call.head]
    for item in call.items:
        if isinstance(item, str):
            lines.append(f"{indent}{INDENT}{item},")
        else:
            lines += lay_out(item, indent + INDENT, ",")
    return [*lines, f"{indent}{call.tail}{suffix}"]


def lay_out_sum(
    prefix: str, terms: Sequence[str], operator: str, indent: str, suffix: str = ""
) -> list[str]:
    """Return the lines of a sum or product; `suffix` is divided by, so that it needs brackets."""
    flat = operator.join(terms)
    line = f"{indent}{prefix}({flat}){suffix}" if suffix else f"{indent}{prefix}{flat}"
    if len(line) <= WIDTH:
        return [line]
    inner = [f"{indent}{INDENT}{flat}"]
    if len(inner[0]) > WIDTH:
        sign = operator.strip()
        rest = (f"{indent}{INDENT}{sign} {term}" for term in terms[1:])
        inner = [f"{indent}{INDENT}{terms[0]}", *rest]
    return [f"{indent}{prefix}(", *inner, f"{indent}){suffix}"]


def docstring(paragraphs: Sequence[str], indent: str = "") -> str:
    """Return a docstring of lines that may hold anything a user wrote.

    Nothing in them can end the docstring: quotes become single, and whatever is not printable
    ASCII becomes an escape sequence that a raw docstring shows as it is.
    """
    summary, *rest = (plain(paragraph) for paragraph in paragraphs)
    width = WIDTH - len(indent)
    lines = [textwrap.shorten(summary, width - 8, placeholder=" ...")]
    for paragraph in rest:
        stripped = paragraph.lstrip()
        margin = paragraph[: len(paragraph) - len(stripped)]
        lines += textwrap.wrap(
            stripped,
            width,
            initial_indent=margin,
            subsequent_indent=margin + "  " * stripped.startswith("- "),
            break_on_hyphens=False,
        ) or [""]
    prefix = "r" if any("\\" in line for line in lines) else ""
    text = "\n".join(f"{indent}{line}".rstrip() for line in lines).lstrip()
    end = f"\n{indent}" if len(lines) > 1 else ""
    return f'{indent}{prefix}"""{text}{end}"""'


def plain(text: str) -> str:
    """Return text in printable ASCII, without double quotes."""
    shown = (c if c.isascii() and c.isprintable() else _escape(c) for c in text)
    return "".join(shown).replace('"', "'")


def literal(text: str) -> str:
    """Return a string literal with the quotes that need fewer escapes, double ones if equal."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    shown = (
        f"\\{c}" if c in (quote, "\\") else c if c.isascii() and c.isprintable() else _escape(c)
        for c in text
    )
    return f"{quote}{''.join(shown)}{quote}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
