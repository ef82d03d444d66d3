"""From the plan of a recurrent network to the text of its cells and of its loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.recurrent import LOGITS, ROWS, RecurrentPlan, Turn
from dslnas.backends.python.render import ClassText, assignment, class_docstring, constructor
from dslnas.backends.python.text import INDENT, WIDTH, Call, docstring, lay_out, lay_out_sum

_INNER = 2 * INDENT
_LOOP = 3 * INDENT


def recurrent_cell_text(made: PythonClass) -> ClassText:
    """Return the text of the class of a recurrent cell."""
    return ClassText(
        made.name,
        "nn.Module",
        class_docstring(made, [f"One step of cell `{made.instances[0].label}`."]),
        tuple(constructor(made)),
        tuple(_step(made)),
    )


def recurrent_network_text(plan: RecurrentPlan, summary: str) -> ClassText:
    """Return the text of the network; `forward` is what follows once there are states."""
    return ClassText(
        plan.network.name,
        "nn.Module",
        class_docstring(plan.network, [summary]),
        tuple(constructor(plan.network)),
        tuple(_loop(plan)),
    )


def _step(made: PythonClass) -> Iterator[str]:
    body = made.body
    declared = ("self", *(f"{name}: torch.Tensor" for name in body.inputs), "states: States")
    yield from lay_out(Call("def forward(", declared), INDENT, " -> tuple[torch.Tensor, States]:")
    yield docstring(["Return the output of the cell and the states after the step."], _INNER)
    yield from _unpacked(body.states)
    for statement in body.statements:
        yield from assignment(statement, f"{statement.target} = ")
    output, *nexts = body.results
    line = f"{_INNER}return {output}, {_tuple(nexts).flat}"
    if len(line) <= WIDTH:
        yield line
        return
    yield from lay_out(Call("states = (", _tuple(nexts).items), _INNER)
    yield f"{_INNER}return {output}, states"


def _unpacked(states: Sequence[str]) -> Iterator[str]:
    """Yield what gives every state its variable."""
    line = f"{_INNER}{', '.join(states)} = states"
    if len(states) == 1:
        yield f"{_INNER}({states[0]},) = states"
    elif len(line) <= WIDTH:
        yield line
    else:
        yield from lay_out(Call("(", tuple(states), is_open=True), _INNER, " = states")


def _tuple(names: Sequence[str]) -> Call:
    return Call("(", (f"{names[0]},",) if len(names) == 1 else tuple(names))


def _loop(plan: RecurrentPlan) -> Iterator[str]:
    for statement in plan.stem:
        yield from assignment(statement, f"{statement.target} = ")
    several = len(plan.turns) > 1
    if several:
        for turn in plan.turns:
            yield f"{_INNER}{turn.states} = states[{turn.first}:{turn.last}]"
    yield f"{_INNER}outputs = []"
    yield f"{_INNER}for step in {ROWS}.reshape(*tokens.shape, -1):"
    for turn in plan.turns:
        yield from _turn(turn)
    yield f"{_LOOP}outputs.append({plan.turns[-1].gives})"
    yield f"{_INNER}{ROWS} = torch.cat(outputs)"
    for statement in plan.head:
        yield from assignment(statement, f"{statement.target} = ")
    if several:
        yield from lay_out_sum("states = ", [turn.states for turn in plan.turns], " + ", _INNER)
    yield f"{_INNER}return {LOGITS}.reshape(*tokens.shape, -1), states"


def _turn(turn: Turn) -> Iterator[str]:
    call = Call(f"{turn.gives}, {turn.states} = self.{turn.cell}(", (*turn.reads, turn.states))
    yield from lay_out(call, _LOOP)
