"""Operations to primitives: arguments evaluated, strides placed, shapes inferred.

A body is a chain of layers. The stride of a place goes to the first layer of the chain that can
take one; in a join every branch takes it. A body that mentions `stride` places it itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.diagnostics import user_error
from dslnas.graph.attributes import attribute_value, default_value
from dslnas.graph.lower.op_body import SOURCE, Layer, OpBody
from dslnas.graph.lower.stride import mentions_stride
from dslnas.language.check.bind import bind
from dslnas.language.check.cell import Operation
from dslnas.language.check.conditions import holds
from dslnas.language.check.constants import BodyScope, Constant, Passed, Scope, evaluate
from dslnas.language.check.op_parameters import operation_parameters
from dslnas.language.check.operations import (
    called,
    is_join,
    parameters,
    repeated,
)
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.ops.primitive import (
    Attributes,
    AttributeValue,
    Default,
    Primitive,
    Shape,
    ShapeError,
)
from dslnas.source import Span

MAX_LAYERS = 10_000


class Expander:
    """Expands operations for one phase; equal requests share one body."""

    def __init__(
        self, definitions: Mapping[str, ast.OpDef], constants: Scope, *, derived: bool
    ) -> None:
        self.definitions = definitions
        self._constants = constants
        self.derived = derived
        self._done: dict[tuple[Operation, Shape, int, int], OpBody] = {}

    def operation(self, operation: Operation, shape: Shape, channels: int, stride: int) -> OpBody:
        """Return an operation that reads `shape` in a cell of `channels` channels.

        Raises:
            UserError: NAS4xx at the layer that does not fit, naming the operation.
        """
        key = (operation, shape, channels, stride)
        if key not in self._done:
            builder = _Builder(self.definitions, self._constants, channels, self.derived, shape)
            self._done[key] = builder.operation(operation, stride)
        return self._done[key]

    def expression(
        self,
        expression: ast.Expression,
        shape: Shape,
        channels: int,
        classes: int | None = None,
        words: int | None = None,
    ) -> OpBody:
        """Return a stem, a head or, without classes, an operation of a fixed value in a cell.

        If `words` is None, a token is one of as many as there are classes.
        """
        known = self._constants
        if classes is not None:
            known = {**known, "classes": classes}
        builder = _Builder(self.definitions, known, channels, self.derived, shape, words)
        scope = {**known, "C": channels, **sizes(shape)}
        output, _ = builder.expression(expression, scope, SOURCE, 1)
        return builder.body(output)


class _Builder:
    """Builds one body."""

    def __init__(
        self,
        definitions: Mapping[str, ast.OpDef],
        constants: Scope,
        channels: int,
        derived: bool,
        shape: Shape,
        words: int | None = None,
    ) -> None:
        self._definitions = definitions
        self._constants = constants
        self._channels = channels
        self._derived = derived
        self._shape = shape
        self._words = words
        self._layers: list[Layer] = []

    def operation(self, operation: Operation, stride: int) -> OpBody:
        given = dict(operation.arguments)
        if operation.name in self._definitions:
            output, left = self.definition(operation.name, given, SOURCE, stride)
        else:
            primitive = LANGUAGE[operation.name]
            output, left = self.primitive(primitive, given, {}, operation.span, SOURCE, stride)
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
        return self._shape if value == SOURCE else self._layers[value].shape

    def expression(
        self, expression: ast.Expression, scope: BodyScope, value: int, stride: int
    ) -> tuple[int, int]:
        """Expand an expression on a value; return the new value and the stride that is left."""
        if isinstance(expression, ast.Chain):
            for stage in expression.stages:
                value, stride = self.expression(stage, scope, value, stride)
            return value, stride
        repetition = repeated(expression)
        if repetition is not None:
            count, body = repetition
            for _ in range(_repeats(count, scope)):
                value, stride = self.expression(body, scope, value, stride)
            return value, stride
        call = called(expression)
        assert call is not None, "checked by check_body"
        name, arguments = call
        passed = scope.get(name.text)
        if isinstance(passed, Passed):
            inner = {**passed.scope, **sizes(self._shape_of(value))}
            return self.expression(passed.expression, inner, value, stride)
        if is_join(name.text, self._definitions):
            return self._join([a.value for a in arguments], name, scope, value, stride)
        expressions = bind(name, arguments, parameters(name, self._definitions))
        if name.text in self._definitions:
            taken = operation_parameters(name.text, self._definitions)
            return self.definition(
                name.text,
                {
                    key: Passed(argument, scope) if key in taken else evaluate(argument, scope)
                    for key, argument in expressions.items()
                },
                value,
                stride,
            )
        given = {key: evaluate(argument, scope) for key, argument in expressions.items()}
        primitive = LANGUAGE[name.text]
        return self.primitive(primitive, given, expressions, name.span, value, stride)

    def definition(
        self, name: str, given: Mapping[str, Constant | Passed], value: int, stride: int
    ) -> tuple[int, int]:
        """Expand a defined operation with its arguments."""
        definition = self._definitions[name]
        taken = operation_parameters(name, self._definitions)
        scope: dict[str, Constant | Passed] = {**self._constants}
        for parameter in definition.parameters:
            key, default = parameter.name.text, parameter.default
            if key in given:
                scope[key] = given[key]
            elif default is not None and key in taken:
                scope[key] = Passed(default, self._constants)
            elif default is not None:
                scope[key] = evaluate(default, self._constants)
        scope |= {"C": self._channels, **sizes(self._shape_of(value)), "stride": stride}
        body = self._body(definition, scope, stride)
        if mentions_stride(body):
            value, _ = self.expression(body, scope, value, 1)
            return value, 1
        return self.expression(body, scope, value, stride)

    def _body(self, definition: ast.OpDef, scope: BodyScope, stride: int) -> ast.Expression:
        """Return the first variant whose conditions hold, else the body."""
        for variant in definition.variants:
            if all(holds(c, scope, stride, derived=self._derived) for c in variant.conditions):
                return variant.body
        return definition.body

    def _join(
        self,
        branches: Sequence[ast.Expression],
        name: ast.Name,
        scope: BodyScope,
        value: int,
        stride: int,
    ) -> tuple[int, int]:
        ends = [self.expression(branch, scope, value, stride) for branch in branches]
        joined = self._add(LANGUAGE[name.text], tuple(end for end, _ in ends), {}, name.span)
        return joined, max(left for _, left in ends)

    def primitive(
        self,
        primitive: Primitive,
        given: Mapping[str, Constant],
        expressions: Mapping[str, ast.Expression],
        span: Span | None,
        value: int,
        stride: int,
    ) -> tuple[int, int]:
        """Add a primitive that reads one value."""
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
        added = self._add(primitive, (value,), attributes, span)
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
        shapes = tuple(self._shape_of(i) for i in inputs)
        try:
            shape = primitive.output(attributes, shapes)
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
        weights = primitive.weights(attributes, shapes)
        layer = Layer(primitive, inputs, tuple(attributes.items()), shape, weights)
        self._layers.append(layer)
        return len(self._layers) - 1


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
