"""Figures in the language of Graphviz, for those who lay them out or change them otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dslnas.drawing.figure import Box, Figure, Role

_SHAPES = {Role.NODE: "ellipse", Role.JOIN: "circle"}
_STYLES = {Role.CHOICE: "dashed", Role.OPERATION: "rounded"}


def dot_text(figures: Sequence[Figure]) -> str:
    """Return figures as one graph, a cluster each."""
    lines = ["digraph dslnas {", "    rankdir=LR;", '    node [shape=box, fontname="Helvetica"];']
    for number, figure in enumerate(figures):
        lines += _indented(_cluster(figure, f"{number}"))
    return "\n".join([*lines, "}", ""])


def _cluster(figure: Figure, path: str) -> Iterator[str]:
    yield f"subgraph {_quoted(f'cluster {path}')} {{"
    yield f"    label={_quoted(figure.title)};"
    for name, box in figure.boxes.items():
        if box.inner is None:
            yield f"    {_id(path, name)} [{_look(box)}];"
        else:
            yield from _indented(_cluster(box.inner, f"{path} {name}"))
    for source, target in figure.graph.edges:
        yield f"    {_end(figure, path, source, -1)} -> {_end(figure, path, target, 0)};"
    yield "}"


def _end(figure: Figure, path: str, name: str, place: int) -> str:
    """Return a box, or the first or last inside of it."""
    inner = figure.boxes[name].inner
    if inner is None:
        return _id(path, name)
    return _end(inner, f"{path} {name}", [*inner.graph][place], place)


def _look(box: Box) -> str:
    text = f"{box.text}\n{box.note}" if box.note else box.text
    known = {"label": text, "shape": _SHAPES.get(box.role), "style": _STYLES.get(box.role)}
    return ", ".join(f"{key}={_quoted(value)}" for key, value in known.items() if value)


def _id(path: str, name: str) -> str:
    return _quoted(f"{path} {name}".replace("\0", ""))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _indented(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"    {line}" for line in lines)
