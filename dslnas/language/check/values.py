"""Expressions of values: names, operations applied to values, and values joined by signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from dslnas.edits import Advice, Edit, Help
from dslnas.language.check.bodies import alone, check_body
from dslnas.language.check.calls import BODY_NAMES, reads_several
from dslnas.language.check.context import Context
from dslnas.language.check.own_weights import operation_in, weights_of_its_own
from dslnas.language.check.value import (
    Activated,
    Applied,
    Joined,
    Reference,
    Together,
    ValueExpression,
)
from dslnas.language.check.value_edits import applied_to, mixture, one_after_another, twice
from dslnas.language.link.used_names import mentioned
from dslnas.language.print.format import format_expression
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE

SIGNS = {"+": "add", "-": "subtract", "*": "multiply"}
"""By sign the primitive that joins the values on both sides of it."""

_FORMS = "values are names, `tanh(x)`, `concat(x, h)`, and `+ - *` of them"
_NUMBER = (
    "a number is no value: it stands in arguments, as in `linear(2 * C)(x)`, "
    "or outside of cells and gates as a constant"
)
_REST = "a number is no value: write `g + f * (c - g)` for `f * c + (1 - f) * g`"

Apply: TypeAlias = Callable[[ast.Call], ValueExpression | None]
"""Applies a gate, records what is wrong with that."""


@dataclass(frozen=True)
class Slot:
    """The parameter of a gate that stands for the operation of an edge.

    `operation` stands in its place; None where every edge has its own.
    """

    name: str
    operation: ast.Expression | None = None


class ValueReader:
    """Turns syntax into values; mistakes go into `diagnostics`.

    Args:
        names: By name that can be read what it stands for.
        slot: The operation's place; None outside of gates.
        gates: By name how a gate is applied; empty where none can be.

    Attributes:
        owner: Name of the value that is read, "" for others: it is not suggested for itself.
        parts: How many names, operations and signs were read.
    """

    def __init__(
        self,
        context: Context,
        names: Mapping[str, str],
        slot: Slot | None = None,
        gates: Mapping[str, Apply] = MappingProxyType({}),
    ) -> None:
        self._definitions = context.linked.operations
        self._scope = {**context.constants, **dict.fromkeys(BODY_NAMES, 1)}
        self._names = names
        self._diagnostics = context.diagnostics
        self._slot = slot
        self._gates = gates
        self.owner = ""
        self.parts = 0
        self._mended: dict[int, tuple[Edit, ...]] = {}

    def read(self, expression: ast.Expression) -> ValueExpression | None:
        """Return what an expression means, None if something is wrong with it.

        Records NAS201 for an unknown value or operation, NAS208 for a wrong number of values,
        NAS311 for what is no value.
        """
        self.parts += 1
        match expression:
            case ast.Name(text=text) if text in self._names:
                return Reference(self._names[text], expression.span)
            case ast.Name():
                self._unknown(expression)
                return None
            case ast.Binary(sign="-", left=ast.Number() as number, right=right):
                self._not_a_value(number, Advice(_REST, edits=self._mended.get(id(number), ())))
                self.read(right)
                return None
            case ast.Binary(sign=sign, left=left, right=right) if sign in SIGNS:
                self._mended |= mixture(expression) | twice(expression)
                return self._joined(SIGNS[sign], (left, right), expression)
            case ast.Call(function=ast.Name(text=text)) if text in self._gates:
                return self._gates[text](expression)
            case ast.Call(function=ast.Name(text=text)) if text in LANGUAGE:
                return self._join(expression) if LANGUAGE[text].joins else self._apply(expression)
            case ast.Call():
                return self._apply(expression)
            case ast.Number() | ast.Negative() | ast.Size():
                self.refuse_number(expression, self._mended.get(id(expression), ()))
            case ast.Chain(stages=(first, *rest)) if self._is_applied_along(first, rest):
                edit = Edit(expression.span, applied_to(first.span.text, rest))
                self._not_a_value(expression, Advice(_FORMS, edits=(edit,)))
            case _:
                self._not_a_value(expression, _FORMS)
        return None

    def _is_applied_along(self, first: ast.Expression, rest: Sequence[ast.Expression]) -> bool:
        """Whether a chain is a value with operations behind it, one applied after the other."""
        found = [not self._names.keys().isdisjoint(mentioned(part)) for part in (first, *rest)]
        return found[0] and not any(found[1:])

    def refuse_number(self, number: ast.Expression, edits: tuple[Edit, ...] = ()) -> None:
        """Record NAS311 for a number where a value is wanted; `edits` put it elsewhere."""
        self._not_a_value(number, Advice(_NUMBER, edits=edits))

    def read_source(self, expression: ast.Expression) -> ValueExpression | None:
        """Return what an operation reads: a value, or several in brackets."""
        if not isinstance(expression, ast.Tuple):
            return self.read(expression)
        found = [self.read(item) for item in expression.items]
        operands = tuple(value for value in found if value is not None)
        text = ", ".join(map(format_expression, expression.items))
        whole = Together(operands, text, expression.span)
        return whole if len(operands) == len(found) else None

    def _not_a_value(self, expression: ast.Expression, help: Help) -> None:
        message = f"expected a value, found `{expression.span.brief}`"
        self._diagnostics.add("NAS311", message, expression.span, help=help)

    def _joined(
        self, primitive: str, operands: Sequence[ast.Expression], whole: ast.Expression
    ) -> ValueExpression | None:
        values = [self.read(operand) for operand in operands]
        sound = tuple(value for value in values if value is not None)
        return Joined(primitive, sound, whole.span) if len(sound) == len(values) else None

    def _join(self, call: ast.Call) -> ValueExpression | None:
        """Return values that are joined by a primitive's name."""
        assert isinstance(call.function, ast.Name)
        name = call.function.text
        least, most = LANGUAGE[name].inputs
        values = [argument.value for argument in call.arguments if argument.name is None]
        if len(values) < len(call.arguments) or not least <= len(values) <= most:
            number = f"at least {least}" if least < most else f"{least}"
            self._diagnostics.add(
                "NAS208",
                f"`{name}` joins {number} values, found {len(call.arguments)}",
                call.function.span,
                help=Advice(f"write `{name}(x, h)`", edits=alone(call.function, call.arguments)),
            )
            return None
        return self._joined(name, values, call)

    def _apply(self, call: ast.Call) -> ValueExpression | None:
        """Return an operation that is applied to a value."""
        if not self._is_applied(call):
            return None
        owned = weights_of_its_own(call.function, self._scope, self._diagnostics)
        if owned is None:
            return None
        (first, *others), function = [a.value for a in call.arguments], owned.operation
        several = ast.Tuple((first, *others), span=call.span)
        value = self.read_source(several if others else first)
        slot = self._slot
        if slot is not None and function == ast.Name(slot.name, span=function.span):
            if value is None or slot.operation is None:
                return None if value is None else Activated(value, call.span)
            return Applied(slot.operation, value, call.span)
        self.check_operation(function, call)
        if value is None:
            return None
        if owned.is_plain:
            return Applied(function, value, call.span)
        if self._slot is not None:
            message = f"`{call.function.span.brief}` stands in a gate"
            help = "weights of an architecture belong to a cell: write it in a `let`"
            self._diagnostics.add("NAS311", message, call.function.span, help=help)
            return None
        return Applied(function, value, call.span, owned.is_searched, owned.weights)

    def _is_applied(self, call: ast.Call) -> bool:
        """Check that an operation is applied to one value."""
        shown, arguments = call.function.span.brief, [a.value for a in call.arguments]
        takes_more = isinstance(call.function, ast.Name) and self._takes(call.function.text)
        if takes_more and not self._reads_a_value(call.arguments):
            message = f"`{call.span.brief}` is not applied to a value"
            help = f"write `{call.span.brief}(x)`"
        elif all(argument.name is None for argument in call.arguments) and (
            len(arguments) == 1
            or (arguments and reads_several(operation_in(call.function), self._definitions))
        ):
            return True
        else:
            message = f"`{shown}` is applied to one value, found {len(arguments)}"
            is_call = isinstance(call.function, ast.Name | ast.Call | ast.Choice)
            applied = shown if is_call else f"({shown})"
            help = f"write `{applied}(x)`, or join values as in `{applied}(x + h)`"
        self._diagnostics.add("NAS208", message, call.span, help=help)
        return False

    def _reads_a_value(self, arguments: Sequence[ast.Argument]) -> bool:
        if any(argument.name is not None for argument in arguments):
            return False
        names = set[str]().union(*(mentioned(argument.value) for argument in arguments))
        return not names.isdisjoint(self._names)

    def _takes(self, name: str) -> bool:
        """Whether an operation has parameters."""
        if name in self._definitions:
            return bool(self._definitions[name].parameters)
        return name in LANGUAGE and bool(LANGUAGE[name].arguments)

    def check_operation(self, function: ast.Expression, call: ast.Call | None = None) -> None:
        """Check what is applied to a value, by a call if that is known."""
        if isinstance(function, ast.Choice):
            self._diagnostics.add(
                "NAS311",
                f"value has nothing to choose, found `{function.span.brief}`",
                function.span,
                help="choices are made on the edges of nodes: `node n1 = {tanh, relu}(x)`",
            )
            return
        if self._slot is not None and self._slot.name in mentioned(function):
            name = self._slot.name
            message = f"`{name}` is no part of other operations"
            words = f"apply it to a value: `tanh({name}(x))`"
            help = Advice(words, edits=() if call is None else one_after_another(call))
            self._diagnostics.add("NAS311", message, function.span, help=help)
            return
        check_body(function, self._definitions, self._scope, self._diagnostics, several=True)

    def _unknown(self, name: ast.Name) -> None:
        text = name.text
        if text in self._definitions or text in LANGUAGE:
            message, help = f"`{text}` is an operation, not a value", f"apply it: `{text}(x)`"
        elif text in self._gates and self._slot is None:
            message, help = f"`{text}` is a gate, not a value", f"apply it: `{text}(tanh, x)`"
        elif text in self._scope:
            message, help = f"`{text}` is a number, not a value", _NUMBER
        else:
            known = [known for known in self._names if known not in ("", self.owner)]
            self._diagnostics.is_known("value", text, name.span, known)
            return
        self._diagnostics.add("NAS311", message, name.span, help=help)
