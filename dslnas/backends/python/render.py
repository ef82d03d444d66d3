"""From the plan of a class to the pieces of text that the templates put in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dslnas.backends.python.class_model import Body, Piece, Statement
from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.layers import JOINS
from dslnas.backends.python.parameters import Parameter, call_items
from dslnas.backends.python.text import INDENT, WIDTH, Call, docstring, lay_out, lay_out_sum

_INNER = 2 * INDENT
_MOST_LABELS = 4
_FUNCTIONS = {"add": "add", "subtract": "sub", "multiply": "mul"}

_MEANINGS = {
    "channels": "Channels of its layers.",
    "in_channels": "Channels that it reads.",
    "out_channels": "Channels that it gives.",
    "kernel_size": "Height and width of the window.",
    "stride": "Step of the window.",
    "padding": "Pixels added on every side.",
    "dilation": "Distance between the taps of the window.",
    "groups": "Groups of channels that do not mix.",
    "num_embeddings": "Tokens of the vocabulary.",
    "embedding_dim": "Channels of an embedded token.",
    "in_features": "Numbers that a linear map reads.",
    "out_features": "Numbers that a linear map gives.",
    "num_features": "Channels that are normalised.",
    "eps": "Added to the variance.",
    "momentum": "Share of a new batch in the running statistics.",
    "rate": "Share of zeros while training.",
    "slope": "Slope for negative numbers.",
    "pixels": "How far the image moves.",
    "parts": "Number of parts of the channels.",
    "index": "Which part of the channels.",
}


@dataclass(frozen=True)
class ClassText:
    """A class, every field ready to be put into the template.

    Attributes:
        name: Its name.
        base: The class that it derives from.
        docstring: Indented.
        init: Lines of the head of `__init__`; none if nothing is constructed.
        attributes: Lines of `__init__` that construct its layers.
        forward: Lines of the head of `forward`; none for a chain.
        returns: Docstring of `forward`.
        body: Lines of `forward`.
    """

    name: str
    base: str
    docstring: str
    init: tuple[str, ...]
    attributes: tuple[str, ...]
    forward: tuple[str, ...]
    returns: str
    body: tuple[str, ...]


def class_text(made: PythonClass, summary: str, returns: str = "") -> ClassText:
    """Return the text of a class.

    Args:
        made: The class.
        summary: First line of its docstring.
        returns: Docstring of `forward`.
    """
    body = made.body
    parameters = made.signature.parameters
    described = [f"    {p.name}: {_meaning(p)}" for p in parameters]
    declared = ("self", *(parameter.declaration for parameter in parameters))
    inputs = ("self", *(f"{name}: torch.Tensor" for name in body.inputs))
    head = Call("def forward(", (*inputs, "states: States") if body.states else inputs)
    return ClassText(
        made.name,
        "nn.Sequential" if body.is_chain else "nn.Module",
        docstring([summary, *(["", "Args:", *described] if described else [])], INDENT),
        tuple(lay_out(Call("def __init__(", declared), INDENT, " -> None:")),
        tuple(_attributes(made)),
        () if body.is_chain else tuple(lay_out(head, INDENT, f" -> {_returned(body)}:")),
        docstring([returns], _INNER),
        tuple(_step(body) if body.states else _forward(body)),
    )


def operation_summary(made: PythonClass) -> str:
    """Return what the class of an operation is, by the labels that the language has for it."""
    if all(instance.kind not in ("operation", "preprocess") for instance in made.instances):
        return f"The {made.instances[0].kind} of the network."
    labels = list(dict.fromkeys(f"`{instance.label}`" for instance in made.instances))
    more = [f"{len(labels) - _MOST_LABELS} more"] if len(labels) > _MOST_LABELS else []
    shown = [*labels[:_MOST_LABELS], *more]
    names = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    reduces = all(instance.variant for instance in made.instances)
    where = " where the image becomes smaller" if reduces else ""
    return f"Operation{'s' * (len(labels) > 1)} {names}{where}."


def cell_summary(made: PythonClass) -> str:
    """Return what the class of a cell is."""
    first = made.instances[0]
    if first.body.states:
        return f"One step of cell `{first.label}`."
    return f"Cell `{first.label}`{', where its inputs differ in size' if first.variant else ''}."


# ---- constructor --------------------------------------------------------------------------------


def _attributes(made: PythonClass) -> Iterator[str]:
    """Yield the lines that construct the layers of a class."""
    expressions = iter(made.signature.expressions)
    for name, pieces in made.body.children:
        calls = tuple(_construct(piece, expressions) for piece in pieces)
        if not name:
            yield from lay_out(Call("super().__init__(", calls, is_open=True), _INNER)
        elif len(calls) == 1:
            yield from lay_out(Call(f"self.{name} = {calls[0].head}", calls[0].items), _INNER)
        else:
            yield from lay_out(Call(f"self.{name} = nn.Sequential(", calls, is_open=True), _INNER)


def _construct(piece: Piece, expressions: Iterator[str]) -> Call:
    own = [next(expressions) for _ in piece.arguments]
    return Call(f"{piece.callee}(", tuple(call_items(piece, own)))


def _meaning(parameter: Parameter) -> str:
    known = _MEANINGS.get(parameter.of.rstrip("0123456789"))
    if known is not None:
        return known
    return f"Channels of the input `{parameter.of.removesuffix('_channels')}`."


# ---- forward ------------------------------------------------------------------------------------


def _returned(body: Body) -> str:
    if not body.states:
        return "torch.Tensor"
    return "tuple[torch.Tensor, States]" if body.result else "States"


def _forward(body: Body) -> Iterator[str]:
    if not body.statements:
        yield f"{_INNER}return {body.result}"
        return
    *statements, last = body.statements
    yield from assignments(statements)
    if _is_tensor(last, body.inputs):
        yield from _assignment(last, "return ")
        return
    # A module that is called gives Any, so the result is told what it is.
    annotation = "" if last.target in body.inputs else ": torch.Tensor"
    yield from _assignment(last, f"{last.target}{annotation} = ")
    yield f"{_INNER}return {last.target}"


def _step(body: Body) -> Iterator[str]:
    """Yield the lines of one step of a recurrent cell."""
    line = f"{_INNER}{', '.join(body.states)} = states"
    if len(body.states) == 1:
        yield f"{_INNER}({body.states[0]},) = states"
    elif len(line) <= WIDTH:
        yield line
    else:
        yield from lay_out(Call("(", body.states, is_open=True), _INNER, " = states")
    yield from assignments(body.statements)
    nexts = body.next_states
    given = Call("(", (f"{nexts[0]},",) if len(nexts) == 1 else nexts)
    output = f"{body.result}, " if body.result else ""
    line = f"{_INNER}return {output}{given.flat}"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from lay_out(Call("states = (", given.items), _INNER)
        yield f"{_INNER}return {output}states"


def assignments(statements: Iterable[Statement]) -> list[str]:
    """Return the lines of statements."""
    return [line for each in statements for line in _assignment(each, f"{each.target} = ")]


def _assignment(statement: Statement, prefix: str) -> list[str]:
    """Return the lines of a statement; `prefix` is `return`, or the target and `=`."""
    lines = _lay_out_statement(statement, prefix)
    if statement.comment and len(lines) == 1:
        return [f"{lines[0]}  # {statement.comment}"]
    return lines


def _lay_out_statement(statement: Statement, prefix: str) -> list[str]:
    operands, join = statement.operands, statement.join
    if statement.call:
        return lay_out(Call(f"{prefix}self.{statement.call}(", operands), _INNER)
    if join == "concat":
        return lay_out(Call(f"{prefix}torch.cat(", (Call("[", operands), "dim=1")), _INNER)
    operator = JOINS.get(join, "")
    if join == "mean":
        return lay_out_sum(prefix, operands, operator, _INNER, f" / {len(operands)}")
    line = f"{_INNER}{prefix}{operator.join(operands)}"
    if len(line) > WIDTH and len(operands) == 2:
        # The formatter would break a long sum of two inside a call, which is hard to read.
        return lay_out(Call(f"{prefix}torch.{_FUNCTIONS[join]}(", operands), _INNER)
    return lay_out_sum(prefix, operands, operator, _INNER)


def _is_tensor(statement: Statement, inputs: Sequence[str]) -> bool:
    """Whether a type checker sees that an expression is a tensor."""
    is_input = not statement.call and not statement.join and statement.operands[0] in inputs
    return is_input or statement.join == "concat"
