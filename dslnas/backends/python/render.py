"""From statements to the lines of `forward`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dslnas.backends.python.class_model import Body, Statement
from dslnas.backends.python.text import INDENT, WIDTH, Call, lay_out

_INNER = 2 * INDENT


def forward(body: Body) -> Iterator[str]:
    """Yield the lines of `forward`."""
    return _step(body) if body.states else _straight(body)


def _straight(body: Body) -> Iterator[str]:
    if not body.statements:
        yield f"{_INNER}return {body.result}"
        return
    *statements, last = body.statements
    yield from assignments(statements)
    # A module that is called gives Any, so the result is told what it is.
    if last.value in body.inputs or str(last.value).startswith("torch.cat("):
        yield from _assignment(last, "return ")
        return
    annotation = "" if last.target in body.inputs else ": torch.Tensor"
    yield from _assignment(last, f"{last.target}{annotation} = ")
    yield f"{_INNER}return {last.target}"


def _step(body: Body) -> Iterator[str]:
    """Yield the lines of one step of a recurrent cell."""
    line = f"{_INNER}{', '.join(body.states)} = states"
    is_flat = len(body.states) > 1 and len(line) <= WIDTH
    yield from [line] if is_flat else lay_out(Call("(", body.states), _INNER, "", " = states")
    yield from assignments(body.statements)
    nexts = Call("(", body.next_states)
    output = f"{body.result}, " if body.result else ""
    line = f"{_INNER}return {output}{nexts}"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from lay_out(nexts, _INNER, "states = ")
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
