"""Cells and sections that are given again: what stays of the first, and what the second says."""

from __future__ import annotations

from dslnas.edits import Advice, Edit, Help
from dslnas.language.syntax import ast
from dslnas.source import Span


def merge_cells(base: ast.CellDef, over: ast.CellDef) -> ast.CellDef:
    """Return cell `over` with everything of `base` that it does not say itself.

    Spelt-out nodes replace the nodes of the base, however those were given.
    """
    spelt = any(isinstance(s, ast.NodeDef) for s in over.statements)
    replaced = {s.key.text for s in over.statements if isinstance(s, ast.Setting)}
    computed = {s.name.text for s in over.statements if isinstance(s, ast.Let)}
    if spelt:
        replaced |= {"nodes", "choose", "keep"}

    def is_kept(statement: ast.Statement) -> bool:
        match statement:
            case ast.Setting(key=key):
                return key.text not in replaced
            case ast.Let(name=name):
                return name.text not in computed
        return not spelt

    kept = filter(is_kept, base.statements)
    return over.replace(like=over.like or base.like, statements=(*kept, *over.statements))


def merge_sections(base: ast.Section, over: ast.Section) -> ast.Section:
    """Override setting by setting; another name (another method) starts from its own defaults."""
    if over.name is not None and base.name is not None and over.name != base.name:
        return over
    replaced = {s.key.text for s in over.settings}
    kept = [s for s in base.settings if s.key.text not in replaced]
    return over.replace(name=over.name or base.name, settings=(*kept, *over.settings))


def head_span(item: ast.CellDef | ast.Section) -> Span:
    """Return what names a cell or section: its first word, up to its name."""
    first = "cell" if isinstance(item, ast.CellDef) else item.kind
    word = Span(item.span.source, item.span.start, item.span.start + len(first))
    return word if item.name is None else word.to(item.name.span)


def joining(first: ast.CellDef | ast.Section, second: ast.CellDef | ast.Section) -> Help:
    """Say that two blocks become one; the edit does it where both say different things."""
    text, end = first.span.source.text, first.span.end
    bodies = [span.text.partition("{")[2].removesuffix("}") for span in (first.span, second.span)]
    if not all(bodies) or _keys(first) & _keys(second):
        return "join the two"
    between = text[end : second.span.start].rstrip()
    start = first.span.text.removesuffix("}").rstrip()
    joined = "\n".join([start, bodies[1].strip("\n").rstrip(), f"}}{between}"])
    return Advice("join the two", edits=(Edit(first.span.to(second.span), joined),))


def _keys(item: ast.CellDef | ast.Section) -> set[str]:
    """Return what a block says: keys of settings, and names of values and nodes."""
    statements = item.statements if isinstance(item, ast.CellDef) else item.settings
    return {s.key.text if isinstance(s, ast.Setting) else s.name.text for s in statements}
