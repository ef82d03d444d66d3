"""Pieces of Markdown that the pages of the site are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\*_<>\[\]|])")
_CODE = re.compile(r"(`[^`]*`)")
_ARXIV, _LINK = re.compile(r"arXiv:(\d+\.\d+)"), r"[arXiv:\1](https://arxiv.org/abs/\1)"


def escaped(text: str) -> str:
    """Return plain text as Markdown: only what stands in backticks keeps its signs."""
    return "".join(
        part if part.startswith("`") else _ARXIV.sub(_LINK, _SPECIAL.sub(r"\\\1", part))
        for part in _CODE.split(text)
    )


def code(text: str) -> str:
    """Return text as inline code."""
    return f"`{text}`" if text else ""


def fence(text: str, language: str = "nas") -> str:
    """Return text as a block of code, whatever it holds."""
    marks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
    return f"{marks}{language}\n{text.rstrip()}\n{marks}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; `|` and line ends in cells are kept from ending them."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def page(*blocks: str) -> str:
    """Return blocks as a page, without those that are empty."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def docstring(documented: object, *, whole: bool = True) -> str:
    """Return a docstring as Markdown, without its lists of attributes, arguments and errors."""
    text = (documented.__doc__ or "").strip()
    text = re.split(r"\n\s*(?:Attributes|Args|Raises|Returns):\n", text)[0]
    first, *others = text.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in others if line.strip()), default=0)
    lines = [first, *(line[margin:] for line in others)]
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(map(_paragraph, paragraphs if whole else paragraphs[:1]))


def attributes_text(documented: object) -> str:
    """Return a table of the attributes that a docstring tells."""
    _, _, text = (documented.__doc__ or "").partition("Attributes:\n")
    told = re.findall(r"^        (\w+): (.*(?:\n {12}.*)*)", text, re.M)
    return table(("entry", "meaning"), ([code(name), escaped(what)] for name, what in told))


def _paragraph(text: str) -> str:
    if text.startswith("    "):  # a formula
        return text
    return escaped(text)
