"""The page on operations: primitives, and what the library composes of them, drawn."""

from __future__ import annotations

from itertools import groupby

from docs.site.figures import operation_figure
from docs.site.markdown import code, escaped, fence, page, table
from dslnas.graph.operation_facts import OperationFacts, operations
from dslnas.language.link.sources import library_about
from dslnas.passes.manager import PASSES


def operations_page(*, brief: bool = False) -> str:
    """Return the page with every operation; `brief`: without drawings."""
    groups = groupby(operations(), key=lambda each: each.source)
    blocks = (_group(source, list(found), brief=brief) for source, found in groups)
    return page(
        "# Operations",
        "Primitives are known everywhere; a file of the library by `use`. Shapes are an example: "
        "channels x height x width of an image, or channels x length of a signal. In a terminal "
        "`dslnas show --operations` tells the same.",
        *blocks,
    )


def passes_page() -> str:
    """Return the page with every pass over graphs of primitives."""
    rows = ([code(name), escaped(this.summary), this.phase.value] for name, this in PASSES.items())
    return page(
        "# Passes",
        "Rewrites of the graph that keep what it computes, in the order in which they run. "
        "`dslnas show SPEC --passes` tells what each does to a network.",
        table(("pass", "what it does", "when"), rows),
    )


def _group(source: str, found: list[OperationFacts], *, brief: bool) -> str:
    if not source:
        rows = ([code(each.call), _about(each), code(each.shapes)] for each in found)
        return page("## Primitives", table(("primitive", "what it does", "shapes"), rows)).strip()
    about = f"{escaped(library_about(source))}."
    blocks = (_composed(each, brief=brief) for each in found)
    return page(f"## use {source}", about, *blocks).strip()


def _about(each: OperationFacts) -> str:
    others = ", ".join(map(code, each.aliases))
    return f"{escaped(each.about)}{f'; also called {others}' if others else ''}"


def _composed(each: OperationFacts, *, brief: bool) -> str:
    return page(
        f"### {each.name}",
        fence(each.definition),
        f"For example {code(each.shapes)}." if each.shapes else "",
        "" if brief else operation_figure(each),
    ).strip()
