"""Cells in computing order, and the mistakes that only a DAG can have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dslnas.diagnostics import Diagnostics, Note
from dslnas.edits import Advice, idle_removal
from dslnas.language.check.cell import Cell
from dslnas.language.check.dag import cycle_in
from dslnas.source import Span
from dslnas.space.connectivity import Requirement, is_certain
from dslnas.space.op_properties import OpProperties


def lower_cell(cell: Cell, properties: OpProperties, found: Diagnostics) -> Cell | None:
    """Return a cell in computing order, None if something is wrong with it.

    Records NAS301 for a cycle, NAS302 for what no output needs and for states and inputs that a
    cell does not read, NAS306 for an edge without a choice, NAS507 for a `keep` that keeps too
    much.
    """
    if not _is_sound(cell, found):
        return None
    nodes = tuple(name for name in cell.order if name in cell.nodes)
    edges = (
        replace(edge, operations=tuple(map(properties.told, edge.operations)))
        for node in nodes
        for edge in cell.incoming(node)
    )
    lowered = replace(cell, nodes=nodes).with_edges(tuple(edges))
    is_sound = _reads_all(lowered, found)
    return lowered if _can_choose(lowered, found) and is_sound else None


def _is_sound(cell: Cell, found: Diagnostics) -> bool:
    """Check for cycles, and for nodes and values that nothing needs."""
    parts = {name: (kind, span) for kind, name, span in _written_parts(cell)}
    cycle = [name for name in cycle_in(cell.graph, cell.computed) if name in parts]
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
    dead = [name for name in parts if name not in cell.needed]
    for name in dead:
        kind, span = parts[name]
        whole = cell.spans.get(f"all of {name}")
        found.add(
            "NAS302",
            f"{kind} `{name}` of cell `{cell.name}` does not reach the output",
            span,
            help=Advice(
                "read it in another node, add it to `output`, or remove it"
                if kind == "node"
                else "read it, name it in `output` or `next`, or remove it",
                edits=(idle_removal(whole),) if whole else (),
            ),
        )
    return not dead


def _written_parts(cell: Cell) -> Iterator[tuple[str, str, Span | None]]:
    """Yield values and nodes that have a name in the text, with what they are and where."""
    named = {name for name, _ in cell.written}
    for node in cell.nodes:
        yield "node", node, cell.spans.get(f"node {node}")
    for value in cell.values:
        if value.name in named:
            yield "value", value.name, value.span


def _reads_all(cell: Cell, found: Diagnostics) -> bool:
    """Check that a recurrent cell reads its inputs and states, whatever is derived from it."""
    if not cell.is_recurrent:
        return True
    missing = [name for name in (*cell.inputs, *cell.states) if _may_be_unread(cell, name)]
    for name in missing:
        kind = "state" if name in cell.states else "input"
        is_read = name in cell.needed
        may = "may be left unread by what is derived" if is_read else "is never read"
        found.add(
            "NAS302",
            f"{kind} `{name}` of cell `{cell.name}` {may}",
            cell.spans.get(f"{kind}s", cell.span),
            help=f"read it in `first` or in a value, or remove it from `{kind}s`",
        )
    return not missing


def _may_be_unread(cell: Cell, name: str) -> bool:
    """Whether a cell can be derived whose ends read nothing that leads to an input or state."""
    return not is_certain(cell, Requirement(frozenset((name,)), cell.ends), lambda *_: True)


def _can_choose(cell: Cell, found: Diagnostics) -> bool:
    """Check that a derived cell exists: enough edges to keep, something but zero to choose."""
    most = max((len(cell.incoming(n)) for n in cell.nodes), default=0)
    if cell.keep is not None and cell.choices and cell.keep > most:
        found.add(
            "NAS507",
            f"cell `{cell.name}` keeps {cell.keep} edges, but no node has more than {most}",
            cell.spans.get("keep", cell.span),
            help=Advice(
                f"choose `keep` from 1 to {most}, or `keep all`",
                "all" if "keep" in cell.spans else None,  # as many as there are, as it says
            ),
        )
        return False
    for edge in cell.choices:
        if not cell.candidates(edge):
            found.add(
                "NAS306",
                f"edge {cell.shown(edge)} of cell `{cell.name}` can only be zero",
                edge.span,
                help="add an operation, or write `none allowed`",
            )
            return False
    return True
