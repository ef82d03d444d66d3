"""Builds the documentation as a site: `python -m docs.site.build` in the root of the repository.

Pages that are written by hand are mirrored with their pictures, the reference is generated, and
Sphinx makes a site of both. A warning is an error.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sphinx.cmd.build import build_main

from docs.site.markdown import page
from docs.site.pages import generated_pages
from docs.site.places import ROOT, written_pages
from docs.site.written import files_of, written_page
from dslnas.drawing.palette import DARK, LIGHT

HERE = Path(__file__).parent
OUT = ROOT / "build" / "docs"
FIRST = "index.md"
FIRST_PAGES = ("First steps <self>", "Overview <overview>")
GUIDE = ("tutorial", "language", "spaces", "library", "data", "methods", "training", "ratings")
PROJECT = ("architecture", "adding", "benchmarks", "contributing", "changelog")


def main() -> int:
    """Build the site and return the exit code of Sphinx."""
    source, html = OUT / "source", OUT / "html"
    shutil.rmtree(OUT, ignore_errors=True)
    for place, data in _content():
        path = source / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    code = build_main(["-qW", "--keep-going", "-d", f"{OUT / 'cache'}", f"{source}", f"{html}"])
    if code == 0:
        print(f"{html / 'index.html'}")
    return code


def _content() -> Iterator[tuple[str, bytes]]:
    """Yield what Sphinx reads by its place: settings, styles, pages and pictures."""
    yield "conf.py", (HERE / "conf.py").read_bytes()
    yield "_static/site.css", (HERE / "site.css").read_bytes()
    yield "_static/figures.css", _figure_styles().encode()
    generated = generated_pages()
    written = written_pages()
    for path, place in written.items():
        text = written_page(path)
        if place == FIRST:
            text = page(text, *_contents(written.values(), generated))
        yield place, text.encode()
        for picture in files_of(path):
            yield Path(picture).name, (ROOT / picture).read_bytes()
    for place, text in generated.items():
        yield place, text.encode()


def _contents(written: Iterable[str], generated: Mapping[str, str]) -> Iterator[str]:
    """Yield the lists of pages that the site shows at its side."""
    names = [place.removesuffix(".md") for place in written if place != FIRST]
    others = sorted({*names} - {*GUIDE, *PROJECT, "overview"})
    reference = [place.removesuffix(".md") for place in generated if place.startswith("reference/")]
    yield _toctree("Guide", [*FIRST_PAGES, *GUIDE, *others, "specs/index"])
    yield _toctree("Reference", reference)
    yield _toctree("Project", PROJECT)


def _toctree(caption: str, names: list[str] | tuple[str, ...]) -> str:
    listed = "\n".join(names)
    return f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n:caption: {caption}\n\n{listed}\n```"


def _figure_styles() -> str:
    """Return rules by which drawings follow the theme that a reader chooses."""
    return "\n".join(
        f'body[data-theme="{theme}"] .dslnas-figure {{ {_properties(colours)} }}'
        for theme, colours in (("light", LIGHT), ("dark", DARK))
    )


def _properties(colours: Mapping[str, str]) -> str:
    return "; ".join(f"--dslnas-{name}: {colour}" for name, colour in colours.items())


if __name__ == "__main__":
    sys.exit(main())
