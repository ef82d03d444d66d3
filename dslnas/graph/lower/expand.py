"""Operations to primitives: arguments evaluated, strides placed, shapes inferred.

A body is a chain of layers. It may read several values: a join without branches joins them, and
`operand(2)` is the second. The stride of a place goes to the first layer of the chain that can take
one; in a join every branch takes it. A body that mentions `stride` places it itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.graph.attributes import attribute_value, default_value
from dslnas.graph.lower.op_body import SOURCE, Layer, OpBody, Written
from dslnas.graph.lower.stride import mentions_stride
from dslnas.language.check.bind import bind
from dslnas.language.check.calls import OPERAND, called, is_join, is_operand, parameters, repeated
from dslnas.language.check.cell import Operation
from dslnas.language.check.conditions import holds
from dslnas.language.check.constants import BodyScope, Constant, Passed, Scope, evaluate
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, PRIMITIVES
from dslnas.ops.primitive import (
    Attributes,
    AttributeValue,
    Default,
    Primitive,
    Shape,
    ShapeError,
    Weight,
)
from dslnas.source import Span

MAX_LAYERS = 10_000
KEPT_LAYERS = 4096

Shapes: TypeAlias = tuple[Shape, ...]

Values: TypeAlias = tuple[int, ...]
"""Places of the values that an expression reads, among layers and sources; one at least."""


class Expander:
    """Expands operations for one phase; equal requests share one body."""

    def __init__(self, definitions: Definitions, constants: Scope, *, derived: bool) -> None:
        self.definitions = definitions
        self._constants = constants
        self.derived = derived
        self._done: dict[tuple[Operation, Shapes, int, int], OpBody] = {}

    def of_search(self) -> Expander:
        """Return one that expands operations as they are while an architecture is searched."""
        return Expander(self.definitions, self._constants, derived=False)

    def operation(
        self,
        operation: Operation,
        shape: Shape,
        channels: int,
        stride: int,
        others: Shapes = (),
    ) -> OpBody:
        """Return an operation that reads `shape`, and others behind it, in a cell of C channels.

        Raises:
            UserError: NAS4xx at the layer that does not fit, naming the operation.
        """
        shapes = (shape, *others)
        key = (operation, shapes, channels, stride)
        if key not in self._done:
            builder = _Builder(self.definitions, self._constants, channels, self.derived, shapes)
            self._done[key] = builder.operation(operation, stride)
        return self._done[key]

    def expression(
        self,
        expression: ast.Expression,
        shape: Shape,
        channels: int,
        classes: int | None = None,
        words: int | None = None,
        others: Shapes = (),
    ) -> OpBody:
        """Return a stem, a head or, without classes, an operation of a fixed value in a cell.

        If `words` is None, a token is one of as many as there are classes; `others` are the shapes
        of further values that are read.
        """
        known = self._constants
        if classes is not None:
            known = {**known, "classes": classes}
        shapes = (shape, *others)
        builder = _Builder(self.definitions, known, channels, self.derived, shapes, words)
        scope = {**known, "C": channels, **sizes(shape)}
        output, _ = builder.expression(expression, scope, builder.sources, 1)
        return builder.body(output)


class _Builder:
    """Builds one body."""

    def __init__(
        self,
        definitions: Definitions,
        constants: Scope,
        channels: int,
        derived: bool,
        shapes: Shapes,
        words: int | None = None,
    ) -> None:
        self._definitions = definitions
        self._constants = constants
        self._channels = channels
        self._derived = derived
        self._shapes = shapes
        self._words = words
        self._layers: list[Layer] = []
        self._seen: Counter[tuple[str, int, int]] = Counter()

    @property
    def sources(self) -> Values:
        """The values that the body reads."""
        return tuple(SOURCE - place for place in range(len(self._shapes)))

    def operation(self, operation: Operation, stride: int) -> OpBody:
        given = dict(operation.arguments)
        if operation.name in self._definitions:
            output, left = self.definition(operation.name, given, self.sources, stride)
        elif LANGUAGE[operation.name].joins:
            output, left = self._join(operation.name, operation.span, self.sources), stride
        else:
            primitive, read = LANGUAGE[operation.name], self.sources
            output, left = self.primitive(primitive, given, {}, operation.span, read, stride)
        if left > 1:
            raise user_error(
                "NAS402",
                f"`{operation.text}` cannot be strided: none of its layers takes a stride",
                span=operation.span,
                help=f"add `| when stride {left}: ...` to it, or leave it out of this cell",
            )
        return self.body(output)

    def body(self, output: int) -> OpBody:
        return OpBody(tuple(self._layers), output, self._shape_of(output))

    def _shape_of(self, value: int) -> Shape:
        return self._shapes[SOURCE - value] if value < 0 else self._layers[value].shape

    def expression(
        self, expression: ast.Expression, scope: BodyScope, values: Values, stride: int
    ) -> tuple[int, int]:
        """Expand an expression on values; return the new value and the stride that is left."""
        if isinstance(expression, ast.Chain):
            return self._repeated(expression.stages, scope, values, stride)
        repetition = repeated(expression)
        if repetition is not None:
            count, body = repetition
            return self._repeated([body] * _repeats(count, scope), scope, values, stride)
        call = called(expression)
        assert call is not None, "checked by check_body"
        name, arguments = call
        if is_operand(name.text, self._definitions):
            return self._operand(arguments[0].value, scope, values), stride
        passed = scope.get(name.text)
        if isinstance(passed, Passed) or is_join(name.text, self._definitions):
            branches = [self.expression(a.value, scope, values, stride) for a in arguments]
            joined = tuple(end for end, _ in branches) or values
            left = max((left for _, left in branches), default=stride)
            if not isinstance(passed, Passed):
                return self._join(name.text, name.span, joined), left
            inner = {**passed.scope, **sizes(self._shape_of(joined[0]))}
            return self.expression(passed.expression, inner, joined, left)
        expressions = bind(name, arguments, parameters(name, self._definitions))
        if name.text in self._definitions:
            taken = self._definitions.taken(name.text)
            return self.definition(
                name.text,
                {
                    key: Passed(argument, scope) if key in taken else evaluate(argument, scope)
                    for key, argument in expressions.items()
                },
                values,
                stride,
            )
        given = {key: evaluate(argument, scope) for key, argument in expressions.items()}
        primitive = LANGUAGE[name.text]
        return self.primitive(primitive, given, expressions, name.span, values, stride)

    def _repeated(
        self, stages: Sequence[ast.Expression], scope: BodyScope, values: Values, stride: int
    ) -> tuple[int, int]:
        """Expand expressions one after the other."""
        for stage in stages:
            value, stride = self.expression(stage, scope, values, stride)
            values = (value,)
        return values[0], stride

    def definition(
        self, name: str, given: Mapping[str, Constant | Passed], values: Values, stride: int
    ) -> tuple[int, int]:
        """Expand a defined operation with its arguments."""
        definition = self._definitions[name]
        taken = self._definitions.taken(name)
        scope: dict[str, Constant | Passed] = {**self._constants}
        for parameter in definition.parameters:
            key, default = parameter.name.text, parameter.default
            if key in given:
                scope[key] = given[key]
            elif default is not None and key in taken:
                scope[key] = Passed(default, self._constants)
            elif default is not None:
                scope[key] = evaluate(default, self._constants)
        scope |= {"C": self._channels, **sizes(self._shape_of(values[0])), "stride": stride}
        body = self._body(definition, scope, stride)
        if mentions_stride(body):
            value, _ = self.expression(body, scope, values, 1)
            return value, 1
        return self.expression(body, scope, values, stride)

    def _body(self, definition: ast.OpDef, scope: BodyScope, stride: int) -> ast.Expression:
        """Return the first variant whose conditions hold, else the body."""
        for variant in definition.variants:
            if all(holds(c, scope, stride, derived=self._derived) for c in variant.conditions):
                return variant.body
        return definition.body

    def _join(self, name: str, span: Span | None, values: Values) -> int:
        if len(values) == 1:
            raise user_error(
                "NAS401",
                f"`{name}` joins several values, and here is one",
                span=span,
                help=f"apply it to several, as in `{name}(a, b)`",
            )
        return self._add(LANGUAGE[name], values, {}, span)

    def _operand(self, place: ast.Expression, scope: BodyScope, values: Values) -> int:
        """Return one of the values that are read, by its number from 1 on."""
        number = evaluate(place, scope)
        if not isinstance(number, int) or not 1 <= number <= len(values):
            count = f"{len(values)} values are" if len(values) > 1 else "one value is"
            raise user_error(
                "NAS401",
                f"`{OPERAND}` takes a number from 1 to {len(values)}, not {number}: {count} read",
                span=place.span,
            )
        return values[number - 1]

    def primitive(
        self,
        primitive: Primitive,
        given: Mapping[str, Constant],
        expressions: Mapping[str, ast.Expression],
        span: Span | None,
        values: Values,
        stride: int,
    ) -> tuple[int, int]:
        """Add a primitive that reads one value."""
        if len(values) > 1:
            raise user_error(
                "NAS401",
                f"`{primitive.name}` reads one value, and here are {len(values)}",
                span=span,
                help=f"join them first: `add -> {primitive.name}`, or take one: `{OPERAND}(1)`",
            )
        attributes: dict[str, AttributeValue] = {}
        if primitive.tied_to:
            self._known_classes(primitive, span)
        takes_stride = primitive.takes_stride and "stride" not in given
        for argument in primitive.arguments:
            if argument.name in given:
                place = expressions[argument.name].span if argument.name in expressions else span
                attributes[argument.name] = attribute_value(
                    primitive, argument, given[argument.name], place
                )
            elif argument.default is Default.DERIVED:
                attributes[argument.name] = self._derived
            elif argument.default is Default.CLASSES:
                attributes[argument.name] = self._known_classes(primitive, span)
            elif argument.default is Default.WORDS:
                attributes[argument.name] = self._words or self._known_classes(primitive, span)
            else:
                attributes[argument.name] = default_value(
                    argument, attributes, given, self._channels, stride
                )
        added = self._add(primitive, values, attributes, span)
        return added, 1 if takes_stride else stride

    def _known_classes(self, primitive: Primitive, span: Span | None) -> int:
        classes = self._constants.get("classes")
        if not isinstance(classes, int):
            raise user_error(
                "NAS401",
                f"`{primitive.name}` belongs into the stem or the head of a network",
                span=span,
                help="cells know nothing of classes",
            )
        return classes

    def _add(
        self,
        primitive: Primitive,
        inputs: tuple[int, ...],
        attributes: Attributes,
        span: Span | None,
    ) -> int:
        given = tuple(attributes.items())
        try:
            shape, weights = _made(primitive.name, given, tuple(map(self._shape_of, inputs)))
        except ShapeError as error:
            raise user_error(
                "NAS401",
                str(error),
                span=span,
                help=error.help,
            ) from None
        if len(self._layers) >= MAX_LAYERS:
            raise user_error(
                "NAS403", f"an operation has more than {MAX_LAYERS:,} layers", span=span
            )
        layer = Layer(primitive, inputs, given, shape, weights, self._written(span))
        self._layers.append(layer)
        return len(self._layers) - 1

    def _written(self, span: Span | None) -> Written | None:
        if span is None:
            return None
        place = (span.source.name, span.start, span.end)
        self._seen[place] += 1
        return (*place, self._seen[place])


@lru_cache(KEPT_LAYERS)
def _made(
    name: str, given: tuple[tuple[str, AttributeValue], ...], shapes: Shapes
) -> tuple[Shape, tuple[Weight, ...]]:
    """Return what a primitive gives and owns: a network repeats few layers at few sizes.

    Raises:
        ShapeError: It cannot read what it is given.
    """
    primitive, attributes = PRIMITIVES[name], dict(given)
    shape = primitive.output(attributes, shapes)
    return shape, primitive.weights(attributes, shapes)


def sizes(shape: Shape) -> dict[str, Constant]:
    """Return the names of the sizes of an input; those that it does not have are 1.

    The size of a signal is its width.
    """
    channels, *rest = shape or (1,)
    height, width = (1, 1, *rest)[-2:]
    return {"C_in": channels, "H_in": height, "W_in": width}


def _repeats(count: ast.Expression, scope: BodyScope) -> int:
    value = evaluate(count, scope)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise user_error(
            "NAS503",
            f"layers are repeated a whole number of times from 1 to 1000, not {value}",
            span=count.span,
        )
    return value
