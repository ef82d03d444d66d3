"""Sets of operations: what a list of names, sets, sums, differences and products stands for.

In the definition of a set, `f({3, 5}, joins)` is a product: `f` with each of the numbers and each
operation of `joins`. Where operations are chosen, it is one operation with choices inside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.edits import Advice, Edit, removal
from dslnas.language.check.calls import called, check_known
from dslnas.language.check.cell import InnerChoice, Operation
from dslnas.language.check.context import Context
from dslnas.language.check.dag import mentions, understood_order
from dslnas.language.check.inner_cells import is_cell
from dslnas.language.check.inner_choices import choices_inside, forms
from dslnas.language.check.operations import resolve
from dslnas.language.link.used_names import mentioned
from dslnas.language.print.format import format_operation
from dslnas.language.syntax import ast
from dslnas.source import Span
from dslnas.spelling import suggestion

# In order, without repeats; None where something is wrong with it, which is then recorded.
_Operations: TypeAlias = dict[Operation, None] | None


class OperationSets:
    """Resolves lists of operations; all sets are checked, also those that no cell chooses from."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._linked = context.linked
        self._diagnostics = context.diagnostics
        self._sets: dict[str, _Operations] = dict.fromkeys(context.linked.sets)
        self._written: dict[Operation, ast.Expression] = {}
        self._defines = True
        sets, help = context.linked.sets, "a set may contain only others"
        names = {name: definition.name for name, definition in sets.items()}
        for name in understood_order(
            mentions(sets), names, "operation set", "contains itself", help, context.diagnostics
        ):
            self._sets[name] = self._joined(sets[name].items)
        self._defines = False

    def operations(self, items: Sequence[ast.Expression], span: Span) -> tuple[Operation, ...]:
        """Return the operations that a list stands for; none if anything is wrong with it.

        Records NAS201 for an unknown operation, NAS208 for wrong arguments, NAS306 for an empty
        list, NAS307 for a difference that takes away what is not there, NAS308 for an operation
        that is listed twice.
        """
        joined = self._joined(items)
        if joined is not None and not joined:
            message, help = "choice is empty: no operation is left", "leave at least one operation"
            self._diagnostics.add("NAS306", message, span, help=help)
        return tuple(joined or ())

    def _joined(self, items: Iterable[ast.Expression]) -> _Operations:
        joined: dict[Operation, None] = {}
        is_sound = True
        for item in items:
            operations = self._item(item)
            is_sound = is_sound and operations is not None
            for operation in operations or ():
                if operation in joined:
                    message = f"`{operation.text}` is in the set twice"
                    # It is the whole of the item, unless that is a set or a product.
                    is_item = len(operations or ()) == 1
                    edits = (removal(item.span, safe=is_item),)
                    help = Advice("remove one of them", edits=edits)
                    self._diagnostics.add("NAS308", message, item.span, help=help)
                joined[operation] = None
        return joined if is_sound else None

    def _item(self, item: ast.Expression) -> _Operations:
        match item:
            case ast.Binary(sign="+" | "-" as sign, left=left, right=right):
                first, second = self._item(left), self._item(right)
                if first is None or second is None:
                    return None
                return first | second if sign == "+" else self._difference(item, first, second)
            case ast.Choice(items=items):
                self._check_flat(items)
                return self._joined(items)
            case ast.Name(text=name) if name in self._sets:
                return self._sets[name]
            case ast.Call() if self._defines:
                call, *others = self._products(item) or [item]
                if others:
                    return self._joined([call, *others])
                item = call
        with self._diagnostics.collecting():
            operation = self._resolved(item) if self._defines else self._with_choices(item)
            self._written.setdefault(operation, item)
            return {operation: None}
        return None

    def _products(self, call: ast.Call) -> list[ast.Expression]:
        """Return a call with each of the operations and numbers that stand in it as a choice."""
        functions = self._alternatives(call.function)
        values = [self._alternatives(argument.value) for argument in call.arguments]
        return [
            call.replace(
                function=function,
                arguments=tuple(
                    argument.replace(value=value)
                    for argument, value in zip(call.arguments, chosen, strict=True)
                ),
            )
            for function, *chosen in product(functions, *values)
        ]

    def _alternatives(self, part: ast.Expression) -> list[ast.Expression]:
        """Return what may stand in place of a part of a call: itself, unless it is a choice."""
        match part:
            case ast.Choice(items=items):
                self._check_flat(items)
                return [one for item in items for one in self._alternatives(item)]
            case ast.Name(text=name) if name not in self._sets:
                return [part]
            case ast.Name() | ast.Binary() if not self._sets.keys().isdisjoint(mentioned(part)):
                return [self._written[operation] for operation in self._item(part) or ()]
        return [part]

    def _with_choices(self, item: ast.Expression) -> Operation:
        """Return an operation with the choices that stand inside of it."""
        found = choices_inside(item, self._choice, self._linked.operations)
        if not found:
            return self._resolved(item)
        variants = tuple(map(self._resolved, forms(item, found)))
        for variant in variants:
            if variants.count(variant) > 1:
                message = f"`{variant.text}` comes out of `{item.span.brief}` more than once"
                edits = tuple(edit for one in found for edit in _alike(one.alternatives))
                help = Advice("remove the alternatives that are alike", edits=edits)
                raise user_error("NAS308", message, span=item.span, help=help)
        inner = (
            InnerChoice(one.name, tuple(map(format_operation, one.alternatives)))
            for one in found
            if len(one.alternatives) > 1
        )
        text, first = format_operation(item), variants[0]
        return Operation(first.name, (), text, tuple(inner), variants, span=item.span)

    def _choice(self, part: ast.Expression) -> Sequence[ast.Expression] | None:
        """Return what a part of an operation can be, if it is a choice or the name of a set."""
        if isinstance(part, ast.Choice):
            return self._alternatives(part)
        if isinstance(part, ast.Name | ast.Binary):
            found = self._alternatives(part)
            return None if found == [part] else found
        return None

    def _check_flat(self, items: Iterable[ast.Expression]) -> None:
        """Check that a choice has no other one inside: it would be the same as one list."""
        for item in items:
            if isinstance(item, ast.Choice):
                message = f"choice inside of a choice, found `{item.span.brief}`"
                inner = ", ".join(one.span.text for one in item.items)
                words = "write one list of operations: each has its own weight"
                help = Advice(words, inner)  # which is what it means
                self._diagnostics.add("NAS304", message, item.span, help=help)

    def _difference(
        self, item: ast.Binary, first: dict[Operation, None], second: dict[Operation, None]
    ) -> dict[Operation, None]:
        for operation in second:
            if operation not in first:
                message = f"`{operation.text}` is not in the set it is taken from"
                help = suggestion(operation.text, [other.text for other in first])
                self._diagnostics.add("NAS307", message, item.right.span, help=help)
        return {operation: None for operation in first if operation not in second}

    def _resolved(self, item: ast.Expression) -> Operation:
        call = called(item)
        if call is not None and call[0].text in self._linked.gates:
            gate = call[0]
            raise user_error(
                "NAS304",
                f"`{gate.text}` is a gate, not an operation",
                span=gate.span,
                help=f"write `edge {gate.text}`: it then stands around every edge's operation",
            )
        if call is not None and is_cell(call[0].text, self._linked):
            name = call[0]
            raise user_error(
                "NAS304",
                f"`{name.text}` is a cell, and choices are made among operations",
                span=name.span,
                help=f"apply it in a node of its own, as in `node inside = {name.text}(in1)`",
            )
        if call is not None:
            check_known(call[0], self._linked.operations, self._linked.sets)
        return resolve(item, self._context)


def _alike(alternatives: Sequence[ast.Expression]) -> Iterator[Edit]:
    """Yield the edits that remove alternatives which stand before, too."""
    for place, alternative in enumerate(alternatives):
        if alternative in alternatives[:place]:
            yield removal(alternative.span)
