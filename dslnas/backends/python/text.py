"""Python text as a formatter leaves it: lines of at most 100 columns, laid out like `ruff format`.

What does not fit on one line is written one item per line with a trailing comma, which the
formatter never joins again. So the text needs no formatter at run time.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 100
INDENT = "    "


@dataclass(frozen=True)
class Call:
    """Items between brackets, such as `nn.Sequential(...)`; without a name in front, a tuple.

    The head ends in the opening bracket; if it is empty, there are brackets only where the items
    have lines of their own, as they have in any case if the call is open.
    """

    head: str
    items: tuple[Form, ...]
    is_open: bool = False

    def __str__(self) -> str:
        """Return the text on one line; a tuple of one item has a comma behind it."""
        comma = "," if self.head == "(" and len(self.items) == 1 else ""
        return f"{self.head}{', '.join(map(str, self.items))}{comma}{self.tail}"

    @property
    def tail(self) -> str:
        """The closing bracket."""
        return {"": "", "(": ")", "[": "]", "{": "}"}[self.head[-1:]]


@dataclass(frozen=True)
class Terms:
    """Two or more expressions with an operator between them, all of it divided by a number.

    For two of them `function` of torch does the same as the operator.
    """

    terms: tuple[str, ...]
    operator: str
    function: str = ""
    divisor: int = 1

    def __str__(self) -> str:
        """Return the text on one line."""
        flat = self.operator.join(self.terms)
        return flat if self.divisor == 1 else f"({flat}) / {self.divisor}"


Form: TypeAlias = str | Call | Terms
"""Expression that can be laid out; a string stays on one line."""


def lay_out(form: Form, indent: str = "", prefix: str = "", suffix: str = "") -> list[str]:
    """Return the lines of an expression between a prefix and a suffix."""
    line = f"{indent}{prefix}{form}{suffix}"
    match form:
        case Call(items=items, is_open=is_open) if items and (is_open or len(line) > WIDTH):
            inner = [part for item in items for part in lay_out(item, indent + INDENT, "", ",")]
            head, tail = form.head or "(", form.tail or ")"
            return [f"{indent}{prefix}{head}", *inner, f"{indent}{tail}{suffix}"]
        case Terms(terms=terms, divisor=1) if len(terms) == 2 and len(line) > WIDTH:
            # The formatter would break a long sum of two inside a call, which is hard to read.
            return lay_out(Call(f"torch.{form.function}(", terms), indent, prefix, suffix)
        case Terms() if len(line) > WIDTH:
            divided = "" if form.divisor == 1 else f" / {form.divisor}"
            inner = _broken(form, indent + INDENT)
            return [f"{indent}{prefix}(", *inner, f"{indent}){divided}{suffix}"]
    return [line]


def _broken(terms: Terms, indent: str) -> list[str]:
    """Return the lines between brackets around terms."""
    flat = f"{indent}{terms.operator.join(terms.terms)}"
    if len(flat) <= WIDTH:
        return [flat]
    first, *others = terms.terms
    return [f"{indent}{first}", *(f"{indent}{terms.operator.strip()} {term}" for term in others)]


def docstring(text: str, indent: str = "") -> str:
    """Return a docstring of lines that may hold anything a user wrote.

    Nothing in them can end the docstring: quotes become single, and whatever is not printable
    ASCII becomes an escape sequence that a raw docstring shows as it is.
    """
    summary, *rest = map(plain, text.strip("\n").split("\n"))
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
    shown = "\n".join(f"{indent}{line}".rstrip() for line in lines).lstrip()
    end = f"\n{indent}" if len(lines) > 1 else ""
    return f'{indent}{prefix}"""{shown}{end}"""'


def plain(text: str) -> str:
    """Return text in printable ASCII, without double quotes."""
    return "".join(map(_printable, text)).replace('"', "'")


def literal(text: str) -> str:
    """Return a string literal with the quotes that need fewer escapes, double ones if equal."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    shown = (f"\\{c}" if c in (quote, "\\") else _printable(c) for c in text)
    return f"{quote}{''.join(shown)}{quote}"


def _printable(character: str) -> str:
    is_shown = character.isascii() and character.isprintable()
    return character if is_shown else character.encode("unicode_escape").decode("ascii")
