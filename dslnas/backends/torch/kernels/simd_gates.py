"""Rows of gates and of their gradients, in vectors; the last of a row may be filled in part."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.gate_args import KINDS
from dslnas.backends.torch.kernels.jit import Untyped
from dslnas.backends.torch.kernels.vectors import BYTES, Code, pointers

LANES = BYTES // 4
"""Numbers of a vector, which are float32."""

ALIGN = ir.IntType(32)(4)
"""Bytes of a number: that of which the address of a vector is a multiple."""

FARTHEST = 20.0
"""Further from 0, c and h count as this: beside 1 its exponential is nothing to a float32, and the
product of the four that one division serves is still a number."""

_POLYNOMIAL = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
    5.0000001201e-1,
)  # fmt: skip
"""exp(r) = 1 + r + r^2 * p(r) near 0 (Moshier, Cephes Mathematical Library, expf)."""


class _Kinds(NamedTuple):
    """Something for each kind of weight of an edge, in their order, see `KINDS`."""

    tanh: Untyped
    relu: Untyped
    sigmoid: Untyped
    identity: Untyped
    total: Untyped


class _GateCode(Code):
    """Code for the functions of a gate."""

    def __init__(self, builder: Untyped, array: Untyped) -> None:
        super().__init__(builder, array)
        self.one = self.full(1.0)

    def full(self, value: float) -> Untyped:
        """Return a vector of one constant."""
        return ir.Constant(self.vector, [value] * self.vector.count)

    def difference(self, left: Untyped, right: Untyped) -> Untyped:
        """Return a difference, as `product`."""
        return self.builder.fsub(left, right, flags=("contract",))

    def rest(self, value: Untyped) -> Untyped:
        """Return 1 minus a value."""
        return self.difference(self.one, value)

    def exp(self, value: Untyped) -> Untyped:
        """Return the exponential of a value from -87 to 87.

        exp(v) is 2^n * exp(r) with n the whole number nearest to v / ln 2, which is taken away in
        two parts.
        """
        builder, whole = self.builder, ir.VectorType(ir.IntType(32), self.vector.count)
        scaled = self.sum(self.product(value, self.full(1.44269504088896341)), self.full(0.5))
        n = self._call("floor", self.vector, [scaled])
        r = self.difference(value, self.product(n, self.full(0.693359375)))
        r = self.sum(r, self.product(n, self.full(2.12194440e-4)))
        p = self.full(_POLYNOMIAL[0])
        for coefficient in _POLYNOMIAL[1:]:
            p = self.sum(self.product(p, r), self.full(coefficient))
        p = self.sum(self.sum(self.product(p, self.product(r, r)), r), self.one)
        bias, places = (ir.Constant(whole, [bits] * whole.count) for bits in (127, 23))
        power = builder.shl(builder.add(builder.fptosi(n, whole), bias), places)
        return self.product(p, builder.bitcast(power, self.vector))

    def functions(self, c: Untyped, h: Untyped) -> tuple[Untyped, Untyped, Untyped]:
        """Return sigmoid(c), tanh(h) and sigmoid(h) by one division.

        With e = exp(-h) they are 1 / (1 + exp(-c)), (1 - e^2) / (1 + e^2) and 1 / (1 + e).
        """
        inverse_gate = self.sum(self.one, self._exp_of_minus(c))
        e = self._exp_of_minus(h)
        square = self.product(e, e)
        once, twice = self.sum(self.one, e), self.sum(self.one, square)
        both = self.product(once, twice)
        inverse = self.builder.fdiv(self.one, self.product(inverse_gate, both))
        of_h = self.product(inverse, inverse_gate)
        tanh = self.product(self.product(self.rest(square), once), of_h)
        return self.product(inverse, both), tanh, self.product(twice, of_h)

    def _exp_of_minus(self, value: Untyped) -> Untyped:
        """Return exp(-v), for v within the limits; what is no number stays so."""
        for sign, limit in (("<", -FARTHEST), (">", FARTHEST)):
            is_beyond = self.builder.fcmp_ordered(sign, value, self.full(limit))
            value = self.builder.select(is_beyond, self.full(limit), value)
        return self.exp(self.builder.fneg(value))

    def dot(self, left: _Kinds, right: _Kinds) -> Untyped:
        """Return the sum of products over the activations of h."""
        value = self.product(left[0], right[0])
        for first, second in zip(left[1:-1], right[1:-1], strict=True):
            value = self.sum(value, self.product(first, second))
        return value

    def weights(self, pointer: Untyped, index: Untyped) -> _Kinds:
        """Return the weights of an edge, each spread over a vector."""
        builder = self.builder
        places = [builder.gep(pointer, [builder.add(index, index.type(k))]) for k in range(KINDS)]
        return _Kinds(*(self.spread(builder.load(place, typ=self.number)) for place in places))

    def inside(self, left: Untyped) -> Untyped:
        """Return which places of a vector there are, of so many that are left."""
        word = ir.IntType(32)
        numbers = ir.Constant(ir.VectorType(word, LANES), list(range(LANES)))
        nothing = ir.Constant(numbers.type, ir.Undefined)
        one = self.builder.insert_element(nothing, self.builder.trunc(left, word), word(0))
        order = ir.Constant(numbers.type, None)
        spread = self.builder.shuffle_vector(one, nothing, order)
        return self.builder.icmp_signed("<", numbers, spread)

    def load_inside(self, pointer: Untyped, index: Untyped, inside: Untyped) -> Untyped:
        """Return the vector that starts at an index, 0 where there is no place."""
        there = self._there(pointer, index)
        return self._call("masked.load", self.vector, [there, ALIGN, inside, self.zeros])

    def store_inside(
        self, value: Untyped, pointer: Untyped, index: Untyped, inside: Untyped
    ) -> None:
        """Write a vector from an index on, where there are places."""
        there = self._there(pointer, index)
        self._call("masked.store", ir.VoidType(), [value, there, ALIGN, inside])

    def _call(self, name: str, result: Untyped, given: list[Untyped]) -> Untyped:
        """Return what an intrinsic function for vectors gives."""
        full = f"llvm.{name}.v{LANES}f32" + (".p0" if name.startswith("masked") else "")
        kind = ir.FunctionType(result, [value.type for value in given])
        function = cgutils.get_or_insert_function(self.builder.module, kind, full)
        return self.builder.call(function, given)


def _rows(write: Callable[[_GateCode, list[Untyped]], None], count: int) -> Callable[..., None]:
    """Return a function of `count` pairs of an array and an index, and of a number of features."""

    @intrinsic  # type: ignore[untyped-decorator]
    def over_row(typing: Untyped, given: Untyped, size: Untyped) -> Untyped:
        def code(
            context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
        ) -> Untyped:
            taken = cgutils.unpack_tuple(builder, arguments[0], 2 * count)
            values = pointers(context, builder, signature.args[0].types, taken)
            write(_GateCode(builder, signature.args[0].types[0]), [*values, arguments[1]])
            return context.get_dummy_value()

        return types.void(given, types.intp), code

    compiled: Callable[..., None] = over_row
    return compiled


def _write_forward(code: _GateCode, given: list[Untyped]) -> None:
    result, r_at, y, y_at, s, s_at, weights, w_at, size = given
    builder = code.builder
    own = code.weights(weights, w_at)
    with cgutils.for_range_slice(builder, size.type(0), size, size.type(LANES)) as (low, _):
        inside = code.inside(builder.sub(size, low))
        here = builder.add(y_at, low)
        c = code.load_inside(y, here, inside)
        h = code.load_inside(y, builder.add(here, size), inside)
        state = code.load_inside(s, builder.add(s_at, low), inside)
        gate, tanh, sigmoid = code.functions(c, h)
        values = _Kinds(tanh, code.unless_negative(h), sigmoid, h, None)
        stays = code.product(own.total, state)
        change = code.difference(code.dot(own, values), stays)
        there = builder.add(r_at, low)
        before = code.sum(code.load_inside(result, there, inside), stays)
        after = code.sum(before, code.product(gate, change))
        code.store_inside(after, result, there, inside)


def _write_backward(code: _GateCode, given: list[Untyped], *, weighing: bool) -> None:
    dy, dy_at, ds, ds_at, y, y_at, s, s_at, v, v_at, weights, w_at, sums, sums_at, size = given
    builder = code.builder
    own = code.weights(weights, w_at)
    places = [builder.add(sums_at, sums_at.type(k * LANES)) for k in range(KINDS)]
    totals = [code.total(code.load(sums, place)) for place in places] if weighing else []
    with cgutils.for_range_slice(builder, size.type(0), size, size.type(LANES)) as (low, _):
        inside = code.inside(builder.sub(size, low))
        here = builder.add(y_at, low)
        c = code.load_inside(y, here, inside)
        h = code.load_inside(y, builder.add(here, size), inside)
        state = code.load_inside(s, builder.add(s_at, low), inside)
        gradient = code.load_inside(v, builder.add(v_at, low), inside)
        gate, tanh, sigmoid = code.functions(c, h)
        values = _Kinds(tanh, code.unless_negative(h), sigmoid, h, state)
        change = code.difference(code.dot(own, values), code.product(own.total, state))
        inner = code.product(gradient, gate)
        outer = code.difference(gradient, inner)
        of_tanh = code.rest(code.product(tanh, tanh))
        of_sigmoid = code.product(sigmoid, code.rest(sigmoid))
        slope = code.sum(own.identity, code.where_positive(h, own.relu))
        slope = code.sum(slope, code.product(own.tanh, of_tanh))
        slope = code.sum(slope, code.product(own.sigmoid, of_sigmoid))
        to_c = code.product(code.product(inner, change), code.rest(gate))
        there = builder.add(dy_at, low)
        code.store_inside(to_c, dy, there, inside)
        code.store_inside(code.product(inner, slope), dy, builder.add(there, size), inside)
        to_state = code.product(own.total, outer)
        code.store_inside(to_state, ds, builder.add(ds_at, low), inside)
        for total, value in zip(totals, values, strict=False):
            code.add(total, outer if value is state else inner, value)
    for total, place in zip(totals, places, strict=False):
        code.store(code.of(total), sums, place)


add_gated = _rows(_write_forward, 4)
"""Adds a row of a gate to a result, of (result, y, s, weights)."""

to_gated = _rows(lambda code, given: _write_backward(code, given, weighing=False), 7)
"""Writes gradients of a row, of (dy, ds, y, s, gradient, weights, sums); `sums` is left alone."""

to_gated_and_weights = _rows(lambda code, given: _write_backward(code, given, weighing=True), 7)
"""Writes gradients of a row as `to_gated`, and adds to `sums` (KINDS, lanes)."""
