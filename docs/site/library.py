"""Pages on the files that come with dslnas: the library with drawings, and the example specs."""

from __future__ import annotations

from pathlib import Path

from docs.site.figures import library_figure
from docs.site.markdown import code, escaped, fence, page, table
from docs.site.places import ROOT
from dslnas.language.link.sources import about, library_about, library_names, library_source
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile


def library_page(*, brief: bool = False) -> str:
    """Return the page with the files of the library; `brief`: without drawings."""
    blocks = (_file(name, brief=brief) for name in library_names())
    return page(
        "# Library",
        "Files of operations, spaces, published cells and networks, for `use` and by name for "
        "every command: `dslnas show cnn.darts_v2`. `dslnas show --library` lists them.",
        *blocks,
    )


def _file(name: str, *, brief: bool) -> str:
    return page(
        f"## {name}",
        f"{escaped(library_about(name))}.",
        "" if brief else library_figure(name),
        fence(library_source(name).text),
    ).strip()


def others_text() -> str:
    """Return a table of the cells of the library that are none of images."""
    names = (name for name in library_names() if name.startswith(("rnn.", "ratings.")))
    rows = ([_link(name), f"{escaped(library_about(name))}."] for name in names)
    return table(("name", "what it is"), rows)


def _link(name: str) -> str:
    return f"[{code(name)}](../dslnas/library/{name.replace('.', '/')}.nas)"


def spec_pages() -> dict[str, str]:
    """Return a page for each example spec, by its place in the site, and their list."""
    specs = sorted((ROOT / "specs").glob("*.nas"))
    pages = {f"specs/{spec.stem}.md": _spec(spec.stem, spec.read_text("utf-8")) for spec in specs}
    listed = "\n".join(spec.stem for spec in specs)
    toctree = f"```{{toctree}}\n:hidden:\n\n{listed}\n```"
    heading = "Complete specs, from three lines to NAS-Bench-201 and the Penn Treebank."
    lines = table(("spec", "what it is"), (_line(spec, f"{spec.stem}.md") for spec in specs))
    return {"specs/index.md": page("# Examples", heading, lines, toctree), **pages}


def spaces_text() -> str:
    """Return a table of the example specs that search a network of their own."""
    found = sorted((ROOT / "specs").glob("*.nas"))
    chosen = (spec for spec in found if {"network", "search"} <= _kinds(spec))
    lines = (_line(spec, f"../specs/{spec.name}") for spec in chosen)
    return table(("spec", "what it is"), lines)


def _line(spec: Path, target: str) -> list[str]:
    return [f"[{code(spec.stem)}]({target})", f"{escaped(about(_source(spec)))}."]


def _kinds(spec: Path) -> set[str]:
    """Return the words of the sections that a spec has itself."""
    items = parse(_source(spec)).items
    return {item.kind for item in items if isinstance(item, ast.Section)}


def _source(spec: Path) -> SourceFile:
    return SourceFile(spec.name, spec.read_text("utf-8"))


def _spec(name: str, text: str) -> str:
    return page(f"# {name}", fence(text))
