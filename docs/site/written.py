"""Pages that are written by hand: as the site shows them, and with their tables made anew."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from docs.site.places import ROOT, link, place_of, slug
from dslnas.cli.main import COMMANDS
from dslnas.codes import CODES, page_of
from dslnas.diagnostics import UserError
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile

_FENCE = re.compile(r"^(```+)([\w+-]*)\n(.*?)^\1$", re.M | re.S)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]*)(#[^)\s]*)?\)")
_MARK = re.compile(r"^(<!-- generated: (?P<name>\w+) -->\n)(.*?)^(<!-- end -->)$", re.M | re.S)
_MORE = {
    "augmentations": "values.md#augmentation",
    "commands": "commands.md",
    "methods": "methods.md",
    "options": "commands.md#dslnas-compile",
    "optimisers": "values.md#optimiser",
    "parts": "methods.md#search-darts",
    "schedules": "values.md#schedule",
    "sources": "settings.md#data",
}
"""Place in the reference that has more on a table, of those that have one."""

_NAMED = re.compile(
    r"(?<![\[`])`(dslnas [a-z]+|NAS\d{3})( [^`\n]*)?`(?!\])|\b(NAS\d{3})\b(?![^\[]*\])"
)


def written_page(path: str) -> str:
    """Return a page of the repository as the site shows it."""
    text = (ROOT / path).read_text(encoding="utf-8")
    parts = "".join(_parts(text, path))
    return _MARK.sub(lambda mark: f"{mark[3]}\n{_more(mark['name'], path)}\n", parts)


def _more(name: str, path: str) -> str:
    if name not in _MORE:
        return ""
    place = link(f"reference/{_MORE[name]}", place_of(path))
    return f"More about each is in the [reference]({place})."


def with_tables(text: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return the text of a page with its tables made anew.

    What stands between `<!-- generated: NAME -->` and `<!-- end -->` is the table of that name.
    """
    return _MARK.sub(lambda mark: f"{mark[1]}{tables[mark['name']]()}\n{mark[4]}", text)


def files_of(path: str) -> Iterator[str]:
    """Yield the paths of the pictures that a page shows."""
    text = (ROOT / path).read_text(encoding="utf-8")
    for shows, _, target, _ in _LINK.findall(text):
        if shows:
            yield _resolved(path, target)


def _parts(text: str, path: str) -> Iterator[str]:
    """Yield a page in parts: what stands between blocks of code, and these."""
    end = 0
    for block in _FENCE.finditer(text):
        yield _prose(text[end : block.start()], path)
        end = block.end()
        marks, language, code = block.groups()
        yield f"{marks}{language or _language(code)}\n{code}{marks}"
    yield _prose(text[end:], path)


def _language(code: str) -> str:
    try:
        parse(SourceFile("example", code))
    except UserError:
        return "text"
    return "nas"


def _prose(text: str, path: str) -> str:
    text = _LINK.sub(lambda found: _link(found, path), text)
    return "\n".join(
        line if line.startswith(("#", "    ")) else _NAMED.sub(lambda f: _named(f, path), line)
        for line in text.split("\n")
    )


def _link(found: re.Match[str], path: str) -> str:
    """Return a link as it leads within the site; of what the site has not, the text alone."""
    shows, text, target, anchor = found[1], found[2], found[3], found[4] or ""
    if shows:
        return f"![{text}]({PurePosixPath(target).name})"
    if not target:
        return found[0]
    place = place_of(_resolved(path, target))
    return f"[{text}]({link(place + anchor, place_of(path))})" if place else text


def _resolved(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _named(found: re.Match[str], path: str) -> str:
    """Return a command or a code with a link to its place in the reference."""
    name = found[1] or found[3]
    if name in CODES:
        place = page_of(name).replace(".html", ".md")
    elif name.removeprefix("dslnas ") in COMMANDS:
        place = f"reference/commands.md#{slug(name)}"
    else:
        return found[0]
    return f"[{found[0]}]({link(place, place_of(path))})"
