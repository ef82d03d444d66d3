"""Pages on the files that come with dslnas: the library with drawings, and the example specs."""

from __future__ import annotations

from docs.site.figures import library_figure
from docs.site.markdown import escaped, fence, page
from docs.site.places import ROOT
from dslnas.language.link.sources import library_about, library_names, library_source


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


def spec_pages() -> dict[str, str]:
    """Return a page for each example spec, by its place in the site, and their list."""
    specs = sorted((ROOT / "specs").glob("*.nas"))
    pages = {f"specs/{spec.stem}.md": _spec(spec.stem, spec.read_text("utf-8")) for spec in specs}
    listed = "\n".join(spec.stem for spec in specs)
    toctree = f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```"
    about = "Complete specs, from three lines to NAS-Bench-201 and the Penn Treebank."
    return {"specs/index.md": page("# Examples", about, toctree), **pages}


def _spec(name: str, text: str) -> str:
    return page(f"# {name}", fence(text))
