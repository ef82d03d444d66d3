"""From the plan of a class to the pieces of text that the templates put in their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslnas.backends.python.body import Piece, Statement, Term
from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.forms import JOINS
from dslnas.backends.python.parameters import Parameter, call_items
from dslnas.backends.python.text import INDENT, WIDTH, Call, docstring, lay_out, lay_out_sum
from dslnas.ops.primitive import Shape

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
        name: Of the class.
        base: What it derives from.
        docstring: Indented.
        constructor: Lines of `__init__` up to and with what it constructs; none if not needed.
        forward: Lines of `forward`; none for a chain.
    """

    name: str
    base: str
    docstring: str
    constructor: tuple[str, ...]
    forward: tuple[str, ...]


def class_text(made: PythonClass, summary: Sequence[str], returns: str) -> ClassText:
    """Return the text of a class.

    Args:
        made: The class.
        summary: Paragraphs that begin its docstring.
        returns: Docstring of `forward`.
    """
    is_chain = not made.body.statements
    return ClassText(
        made.name,
        "nn.Sequential" if is_chain else "nn.Module",
        class_docstring(made, summary),
        tuple(constructor(made)),
        () if is_chain else tuple(_forward(made, returns)),
    )


def class_docstring(made: PythonClass, summary: Sequence[str]) -> str:
    """Return the docstring of a class, with its parameters."""
    described = [f"    {p.name}: {_meaning(p)}" for p in made.signature.parameters]
    return docstring([*summary, *(["", "Args:", *described] if described else [])], INDENT)


def operation_summary(made: PythonClass) -> list[str]:
    """Return what the class of an operation is, by the labels that the language has for it."""
    if all(instance.kind in ("stem", "head") for instance in made.instances):
        return [f"The {made.instances[0].kind} of the network."]
    labels = list(dict.fromkeys(f"`{instance.label}`" for instance in made.instances))
    more = [f"{len(labels) - _MOST_LABELS} more"] if len(labels) > _MOST_LABELS else []
    shown = [*labels[:_MOST_LABELS], *more]
    names = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    reduces = all(instance.variant for instance in made.instances)
    where = " where the image becomes smaller" if reduces else ""
    return [f"Operation{'s' * (len(labels) > 1)} {names}{where}."]


def cell_summary(made: PythonClass) -> list[str]:
    """Return what the class of a cell is."""
    first = made.instances[0]
    where = ", where its inputs differ in size" if first.variant else ""
    return [f"Cell `{first.label}`{where}."]


def shape_text(shape: Shape) -> str:
    """Return a shape with the batch axis: `(batch, 3, 32, 32)`."""
    return f"(batch, {', '.join(map(str, shape))})"


# ---- constructor --------------------------------------------------------------------------------


def constructor(made: PythonClass) -> Iterator[str]:
    """Yield the lines of `__init__`; none if nothing is constructed."""
    if not made.body.children:
        return
    parameters = made.signature.parameters
    declared = ("self", *(parameter.declaration for parameter in parameters))
    yield from lay_out(Call("def __init__(", declared), INDENT, " -> None:")
    expressions = iter(made.signature.expressions)
    if made.body.statements:
        yield f"{_INNER}super().__init__()"
    for name, pieces in made.body.children:
        calls = tuple(_construct(piece, expressions) for piece in pieces)
        if not name:
            yield from lay_out(Call("super().__init__(", calls, is_open=True), _INNER)
        elif len(calls) == 1:
            call = Call(f"self.{name} = {calls[0].head}", calls[0].items)
            yield from lay_out(call, _INNER)
        else:
            call = Call(f"self.{name} = nn.Sequential(", calls, is_open=True)
            yield from lay_out(call, _INNER)


def _construct(piece: Piece, expressions: Iterator[str]) -> Call:
    own = [next(expressions) for _ in piece.arguments]
    return Call(f"{piece.callee}(", tuple(call_items(piece, own)))


def _meaning(parameter: Parameter) -> str:
    known = _MEANINGS.get(parameter.of.rstrip("0123456789"))
    if known is not None:
        return known
    return f"Channels of the input `{parameter.of.removesuffix('_channels')}`."


# ---- forward ------------------------------------------------------------------------------------


def _forward(made: PythonClass, returns: str) -> Iterator[str]:
    body = made.body
    declared = ("self", *(f"{name}: torch.Tensor" for name in body.inputs))
    yield from lay_out(Call("def forward(", declared), INDENT, " -> torch.Tensor:")
    yield docstring([returns], _INNER)
    *statements, last = body.statements
    for statement in statements:
        yield from assignment(statement, f"{statement.target} = ")
    if _is_tensor(last, body.inputs):
        yield from assignment(last, "return ")
        return
    # A module that is called gives Any, so the result is told what it is.
    annotation = "" if last.target in body.inputs else ": torch.Tensor"
    yield from assignment(last, f"{last.target}{annotation} = ")
    yield f"{_INNER}return {last.target}"


def assignment(statement: Statement, prefix: str) -> list[str]:
    """Return the lines of a statement; `prefix` is `return`, or the target and `=`."""
    terms = [_text(term) for term in statement.terms]
    if statement.join == "concat":
        tensors = Call("[", tuple(terms))
        return lay_out(Call(f"{prefix}torch.cat(", (tensors, "dim=1")), _INNER)
    operator = JOINS.get(statement.join, "")
    if statement.join == "mean":
        return lay_out_sum(prefix, terms, operator, _INNER, f" / {len(terms)}")
    line = f"{_INNER}{prefix}{operator.join(terms)}"
    if len(line) <= WIDTH:
        comment = f"  # {statement.comment}" if statement.comment else ""
        return [line + comment]
    if len(terms) == 2:
        # The formatter would break a long sum of two inside a call, which is hard to read.
        return lay_out(Call(f"{prefix}torch.{_FUNCTIONS[statement.join]}(", tuple(terms)), _INNER)
    if len(terms) == 1:
        (term,) = statement.terms
        return lay_out(Call(f"{prefix}self.{term.child}(", term.reads), _INNER)
    return lay_out_sum(prefix, terms, operator, _INNER)


def _text(term: Term) -> str:
    return f"self.{term.child}({', '.join(term.reads)})" if term.child else term.reads[0]


def _is_tensor(statement: Statement, inputs: Sequence[str]) -> bool:
    """Whether a type checker sees that an expression is a tensor."""
    term = statement.terms[0]
    is_input = len(statement.terms) == 1 and term.child is None and term.reads[0] in inputs
    return is_input or statement.join == "concat"
