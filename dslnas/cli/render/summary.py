"""Summary of a compiled spec, for people."""

from __future__ import annotations

from typing import Any

from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.app.show import big, summary
from dslnas.tasks.catalogue import task_of


def summary_text(compiled: CompiledSpace | CompiledArchitecture) -> str:
    """Return the summary for people."""
    facts = summary(compiled)
    method = facts["method"] or "no search"
    network = compiled.network
    reads = task_of(compiled.program.data).described(network.example, network.classes)
    lines = [f"{facts['spec']}: {method} on {facts['data']} ({reads})"]
    for cell in facts["cells"]:
        lines += ["", *_cell_lines(cell)]
    lines.append("")
    networks = (
        [("network", facts["final_network"])]
        if facts["is_architecture"]
        else [("supernet", facts["search_network"]), ("final network", facts["final_network"])]
    )
    for what, network in networks:
        width, most = network["channels"], network["most_cells"]
        fewest = "" if network["fewest_cells"] == most else f"{network['fewest_cells']} to "
        width = " or ".join(map(str, width)) if isinstance(width, list) else width
        cells = f"{fewest}{many(most, 'cell')} of {width} channels"
        lines.append(f"{what:<15}{cells}: {network['layout']}")
        if what != "final network":
            flops = big(facts["flops"])
            lines.append(f"{'':<15}{facts['params']:,} parameters, {flops} multiply-adds")
    if not facts["is_architecture"]:
        distinct = facts["distinct"]
        of_them = "" if distinct is None else f", of which {big(distinct)} are distinct"
        lines.append(f"{'architectures':<15}{big(facts['architectures'])}{of_them}")
    lines.append(f"{'spec hash':<15}{facts['spec_hash'][:16]}")
    lines += [note.render() for note in compiled.notes]
    return "\n".join(lines)


def _cell_lines(cell: dict[str, Any]) -> list[str]:
    edges = cell["edges"]
    sizes = [(key, len(cell[key])) for key in ("inputs", "states", "nodes", "edges")]
    shown = ", ".join(many(size, key.removesuffix("s")) for key, size in sizes if size)
    head = f"cell {cell['name']}: {shown}"
    values = [f"    {line}" for line in cell["values"]]
    if cell["stride"] > 1:
        head += f", stride {cell['stride']}"
    if all(len(edge["operations"]) == 1 for edge in edges):
        terms = [
            f"    {node} = "
            + " + ".join(f"{e['operations'][0]}({e['from']})" for e in edges if e["to"] == node)
            for node in cell["nodes"]
        ]
        derivable = [] if cell["derivable"] == 1 else [_derivable(cell)]
        end = [f"    output {_output(cell)}"] if values else []
        return [head, *values, *terms, *end, *derivable]
    keep = "all edges" if cell["keep"] is None else many(cell["keep"], "edge") + " per node"
    lines = [f"{head}, keeps {keep}", *values]
    alike = {tuple(edge["operations"]) for edge in edges}
    if len(alike) == 1:
        operations = edges[0]["operations"]
        lines.append(f"    {many(len(operations), 'operation')}: {', '.join(operations)}")
    else:
        for edge in edges:
            lines.append(f"    {edge['from']} -> {edge['to']}: {', '.join(edge['operations'])}")
    lines.append(_derivable(cell))
    return lines


def _derivable(cell: dict[str, Any]) -> str:
    return f"    {big(cell['derivable'])} cells can be derived"


def _output(cell: dict[str, Any]) -> str:
    joined = ", ".join(cell["output_of"])
    return joined if cell["output"] == "last" else f"{cell['output']}({joined})"


def many(number: int, word: str) -> str:
    """Return a number with its word, in the plural unless it is one."""
    return f"{number} {word}{'' if number == 1 else 's'}"
