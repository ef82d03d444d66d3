"""Drawings for pages: as HTML that follows the theme of the site."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from dslnas.app.compile import compile_source
from dslnas.app.draw import draw
from dslnas.diagnostics import UserError
from dslnas.drawing.figure import Figure
from dslnas.drawing.primitives import primitives_figure
from dslnas.drawing.svg import svg_text
from dslnas.graph.operation_facts import OperationFacts
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile

_STEMS = ("conv(1, out = C)", "conv(1, out = C) -> global_avg_pool -> linear(C)")
"""What comes before an operation: an image for most, else a row of numbers."""

_ARGUMENTS = ("3", "2", "1", "conv(3)")
"""What an operation without defaults is called with: a number, or an operation that it applies."""


def library_figure(name: str) -> str:
    """Return what a file of the library describes, drawn; "" where that is no whole spec."""
    try:
        return embedded(draw(name))
    except UserError:
        return ""


def operation_figure(facts: OperationFacts) -> str:
    """Return the primitives of an operation, drawn with small arguments; "" if none fit."""
    return next((embedded(svg_text([figure])) for figure in _attempts(facts)), "")


def embedded(svg: str) -> str:
    """Return an SVG element as a block of HTML in a page."""
    return f'```{{raw}} html\n<div class="drawing">{svg}</div>\n```'


def _attempts(facts: OperationFacts) -> Iterator[Figure]:
    (definition,) = parse(SourceFile(facts.name, facts.definition)).items
    assert isinstance(definition, ast.OpDef)
    needed = [p.name.text for p in definition.parameters if p.default is None]
    for stem, value in product(_STEMS, _ARGUMENTS):
        arguments = ", ".join(f"{name} = {value}" for name in needed)
        call = f"{facts.name}({arguments})" if needed else facts.name
        try:
            compiled = compile_source(SourceFile("drawn.nas", _spec(facts.source, stem, call)))
        except UserError:
            continue
        figure = primitives_figure(compiled.graph, "drawn")
        yield Figure(call, figure.graph, figure.captions, f"Primitives of {call}.")


def _spec(source: str, stem: str, call: str) -> str:
    return (
        f"use {source}\n"
        f"cell drawn {{ inputs 1; node n1 = {call}(in1); output n1 }}\n"
        f"network {{ channels 16; stem {stem}; cells drawn; head linear(classes) }}\n"
        "data digits\n"
        "evaluate { channels 16 }\n"
    )
