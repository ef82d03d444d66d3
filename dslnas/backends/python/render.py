"""From the plan of a class to the lines that the templates put in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dslnas.backends.python.class_model import Body, Layer, Statement
from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.parameters import Parameter, call_items
from dslnas.backends.python.text import INDENT, WIDTH, Call, lay_out

_INNER = 2 * INDENT
_MOST_LABELS = 4

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


def summary(made: PythonClass) -> str:
    """Return what a class is, by the labels that the language has for it."""
    first = made.instances[0]
    if first.kind == "cell":
        if first.body.states:
            return f"One step of cell `{first.label}`."
        return (
            f"Cell `{first.label}`{', where its inputs differ in size' if first.variant else ''}."
        )
    if all(instance.kind not in ("operation", "preprocess") for instance in made.instances):
        return f"The {first.kind} of the network."
    labels = list(dict.fromkeys(f"`{instance.label}`" for instance in made.instances))
    more = [f"{len(labels) - _MOST_LABELS} more"] if len(labels) > _MOST_LABELS else []
    shown = [*labels[:_MOST_LABELS], *more]
    names = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    reduces = all(instance.variant for instance in made.instances)
    where = " where the image becomes smaller" if reduces else ""
    return f"Operation{'s' * (len(labels) > 1)} {names}{where}."


def returned(made: PythonClass) -> str:
    """Return the docstring of the `forward` of an operation or a cell."""
    if made.instances[0].kind != "cell":
        return "Apply the operation."
    output = "the output of the cell" if made.body.result else ""
    states = "the states after the step" if made.body.states else ""
    return f"Return {' and '.join(filter(None, (output, states)))}."


def meaning(parameter: Parameter) -> str:
    """Return what a parameter of a constructor is."""
    known = _MEANINGS.get(parameter.of.rstrip("0123456789"))
    return known or f"Channels of the input `{parameter.of.removesuffix('_channels')}`."


# ---- constructor --------------------------------------------------------------------------------


def constructor(made: PythonClass) -> list[str]:
    """Return the head of `__init__`."""
    declared = ("self", *(parameter.declaration for parameter in made.signature.parameters))
    return lay_out(Call("def __init__(", declared), INDENT, "", " -> None:")


def attributes(made: PythonClass) -> Iterator[str]:
    """Yield the lines that construct the layers of a class."""
    expressions = iter(made.signature.expressions)
    for name, layers in made.body.attributes:
        calls = tuple(_construct(layer, expressions) for layer in layers)
        if not name:
            yield from lay_out(Call("super().__init__(", calls, is_open=True), _INNER)
        else:
            only = len(calls) == 1
            call = calls[0] if only else Call("nn.Sequential(", calls, is_open=True)
            yield from lay_out(call, _INNER, f"self.{name} = ")


def _construct(layer: Layer, expressions: Iterator[str]) -> Call:
    own = [next(expressions) for _ in layer.arguments]
    return Call(f"{layer.callee}(", tuple(call_items(layer, own)))


# ---- forward ------------------------------------------------------------------------------------


def signature(made: PythonClass) -> list[str]:
    """Return the head of `forward`."""
    body = made.body
    inputs = ("self", *(f"{name}: torch.Tensor" for name in body.inputs))
    gives = "torch.Tensor"
    if body.states:
        inputs += ("states: States",)
        gives = "tuple[torch.Tensor, States]" if body.result else "States"
    return lay_out(Call("def forward(", inputs), INDENT, "", f" -> {gives}:")


def forward(made: PythonClass) -> Iterator[str]:
    """Yield the lines of `forward`."""
    return _step(made.body) if made.body.states else _straight(made.body)


def _straight(body: Body) -> Iterator[str]:
    if not body.statements:
        yield f"{_INNER}return {body.result}"
        return
    *statements, last = body.statements
    yield from assignments(statements)
    value = last.value
    # A module that is called gives Any, so the result is told what it is.
    if value in body.inputs or (isinstance(value, Call) and value.head == "torch.cat("):
        yield from _assignment(last, "return ")
        return
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
        yield from lay_out(Call("(", body.states, is_open=True), _INNER, "", " = states")
    yield from assignments(body.statements)
    nexts = body.next_states
    given = Call("(", (f"{nexts[0]},",) if len(nexts) == 1 else nexts)
    output = f"{body.result}, " if body.result else ""
    line = f"{_INNER}return {output}{given}"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from lay_out(given, _INNER, "states = ")
        yield f"{_INNER}return {output}states"


def assignments(statements: Iterable[Statement], indent: str = _INNER) -> list[str]:
    """Return the lines of statements."""
    return [line for s in statements for line in _assignment(s, f"{s.target} = ", indent)]


def _assignment(statement: Statement, prefix: str, indent: str = _INNER) -> list[str]:
    """Return the lines of a statement; `prefix` is `return`, or the target and `=`."""
    lines = lay_out(statement.value, indent, prefix)
    if statement.comment and len(lines) == 1:
        return [f"{lines[0]}  # {statement.comment}"]
    return lines
