"""Checked cells to DAGs, and the mistakes that only a DAG can have."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language.check.checked import CheckedCell
from dslnas.language.check.value import names_in
from dslnas.language.toposort import Reads, computing_order, find_cycle, needed_for
from dslnas.source import Span
from dslnas.space.cell import Cell, Edge
from dslnas.space.op_properties import Kinds


def lower_cell(cell: CheckedCell, kinds: Kinds, found: Diagnostics) -> Cell | None:
    """Return the DAG of a cell, None if something is wrong with it.

    Records NAS301 for a cycle, NAS302 for what no output needs and for states and inputs that a
    cell does not read, NAS306 for an edge without a choice, NAS507 for a `keep` that keeps too
    much.
    """
    reads: dict[str, tuple[str, ...]] = {v.name: names_in(v.expression) for v in cell.values}
    reads |= {node.name: tuple(edge.source for edge in node.edges) for node in cell.nodes}
    if not _is_sound(cell, reads, found):
        return None
    nodes = {node.name: node for node in cell.nodes}
    ordered = [nodes[name] for name in computing_order(reads) if name in nodes]
    edges = tuple(
        Edge(e.source, node.name, e.operations, None, e.span)
        for node in ordered
        for e in node.edges
    )
    operations = {op.text: op.name for edge in edges for op in edge.operations}
    # behind a gate nothing is only handed on
    handed_on = {} if cell.gate else operations
    result = Cell(
        cell.name,
        cell.inputs,
        tuple(node.name for node in ordered),
        (),
        cell.keep,
        cell.none_allowed,
        frozenset(text for text, name in operations.items() if kinds.is_zero(name)),
        frozenset(text for text, name in handed_on.items() if kinds.is_identity(name)),
        frozenset(text for text, name in operations.items() if kinds.is_convolution(name)),
        cell.preprocess,
        cell.output,
        cell.output_of,
        cell.stride,
        cell.widen,
        cell.span,
        cell.states,
        cell.next_states,
        cell.values,
        cell.first,
        cell.gate,
        cell.normalise,
        cell.written,
    ).with_edges(edges)
    is_sound = _reads_all(result, cell, found)
    return result if _can_choose(result, cell.keep_span or cell.span, found) and is_sound else None


def _is_sound(cell: CheckedCell, reads: Reads, found: Diagnostics) -> bool:
    """Check for cycles, and for nodes and values that nothing needs."""
    parts = {name: (kind, span) for kind, name, span in _written_parts(cell)}
    cycle = [name for name in find_cycle(reads) if name in parts]
    if cycle:
        (_, first), (_, last) = parts[cycle[0]], parts[cycle[-1]]
        found.add(
            "NAS301",
            f"cell `{cell.name}` contains a cycle: {' -> '.join([*cycle, cycle[0]])}",
            first,
            notes=[Note("the cycle closes here", last)] if last and last != first else (),
            help="nodes and values may read only what does not depend on them"
            if any(kind == "value" for kind, _ in map(parts.__getitem__, cycle))
            else "a node may read only inputs and nodes that do not depend on it",
        )
        return False
    needed = needed_for((*cell.output_of, *cell.next_states), reads)
    dead = [name for name in parts if name not in needed]
    for name in dead:
        kind, span = parts[name]
        found.add(
            "NAS302",
            f"{kind} `{name}` of cell `{cell.name}` does not reach the output",
            span,
            help="read it in another node, add it to `output`, or remove it"
            if kind == "node"
            else "read it, name it in `output` or `next`, or remove it",
        )
    return not dead


def _written_parts(cell: CheckedCell) -> Iterator[tuple[str, str, Span | None]]:
    """Yield values and nodes that have a name in the text, with what they are and where."""
    named = {name for name, _ in cell.written}
    for node in cell.nodes:
        yield "node", node.name, node.span
    for value in cell.values:
        if value.name in named:
            yield "value", value.name, value.span


def _reads_all(cell: Cell, checked: CheckedCell, found: Diagnostics) -> bool:
    """Check that a recurrent cell reads its inputs and states, whatever is derived from it."""
    if not cell.is_recurrent:
        return True
    read = needed_for(cell.ends, cell.reads)
    missing = [name for name in (*cell.inputs, *cell.states) if _may_be_unread(cell, name)]
    for name in missing:
        kind = "state" if name in cell.states else "input"
        may = "may be left unread by what is derived" if name in read else "is never read"
        found.add(
            "NAS302",
            f"{kind} `{name}` of cell `{cell.name}` {may}",
            checked.spans.get(f"{kind}s", cell.span),
            help=f"read it in `first` or in a value, or remove it from `{kind}s`",
        )
    return not missing


def _may_be_unread(cell: Cell, name: str) -> bool:
    """Whether a cell can be derived whose ends do not depend on an input or state."""
    depends = {name}  # whatever is chosen
    for part in cell.order:
        if part in cell.nodes:
            edges = cell.incoming(part)
            without = [edge for edge in edges if edge.source not in depends]
            choosing = [edge for edge in edges if edge.row is not None]
            free = [edge for edge in without if edge.row is not None]
            is_free = len(without) - len(free) == len(edges) - len(choosing)
            if not is_free or len(free) < cell.kept(len(choosing)):
                depends.add(part)
        elif not depends.isdisjoint(cell.reads[part]):
            depends.add(part)
    return depends.isdisjoint(cell.ends)


def _can_choose(cell: Cell, keep_span: Span, found: Diagnostics) -> bool:
    """Check that a derived cell exists: enough edges to keep, something but zero to choose."""
    most = max((len(cell.incoming(n)) for n in cell.nodes), default=0)
    if cell.keep is not None and cell.choices and cell.keep > most:
        found.add(
            "NAS507",
            f"cell `{cell.name}` keeps {cell.keep} edges, but no node has more than {most}",
            keep_span,
            help=f"choose `keep` from 1 to {most}, or `keep all`",
        )
        return False
    for edge in cell.choices:
        if not cell.candidates(edge):
            found.add(
                "NAS306",
                f"edge {edge.source} -> {edge.target} of cell `{cell.name}` can only be zero",
                edge.span,
                help="add an operation, or write `none allowed`",
            )
            return False
    return True
