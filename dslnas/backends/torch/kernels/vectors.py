"""Code for vectors in registers: what loops over channels need to run at full speed.

A compiler keeps totals that a loop adds to in memory unless it can see how many there are, and asks
of every array whether it overlaps another. In code of this kind totals, each a vector of as many
neighbouring values as a register holds, stay in registers until all is added. Imports numba: only
import it to run a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

from dslnas.backends.torch.kernels.jit import Untyped

BYTES = 64 if binding.get_host_cpu_features().get("avx512f") else 32
"""Bytes of a vector."""


class Code:
    """Code for vectors of numbers of the type that an array has."""

    def __init__(self, builder: Untyped, array: Untyped) -> None:
        self.builder = builder
        is_single = array.dtype.bitwidth == 32
        self.number = ir.FloatType() if is_single else ir.DoubleType()
        self.vector = ir.VectorType(self.number, BYTES // (4 if is_single else 8))
        self.zeros = ir.Constant(self.vector, [0.0] * self.vector.count)

    def _there(self, pointer: Untyped, index: Untyped) -> Untyped:
        return self.builder.bitcast(self.builder.gep(pointer, [index]), self.vector.as_pointer())

    def load(self, pointer: Untyped, index: Untyped) -> Untyped:
        """Return the vector that starts at an index."""
        align = BYTES // self.vector.count
        return self.builder.load(self._there(pointer, index), align=align, typ=self.vector)

    def store(self, value: Untyped, pointer: Untyped, index: Untyped) -> None:
        """Write a vector from an index on."""
        align = BYTES // self.vector.count
        self.builder.store(value, self._there(pointer, index), align=align)

    def spread(self, value: Untyped) -> Untyped:
        """Return a vector of one value."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(nothing, value, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.vector.count), None)
        return self.builder.shuffle_vector(one, nothing, order)

    def place(self, places: Untyped, index: Untyped) -> Untyped:
        """Return one of the places that an array has."""
        return self.builder.load(self.builder.gep(places, [index]), align=8, typ=index.type)

    def total(self, start: Untyped) -> Untyped:
        """Return a variable, which becomes a register."""
        total = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(start, total)
        return total

    def of(self, total: Untyped) -> Untyped:
        """Return the value of a variable."""
        return self.builder.load(total, typ=self.vector)

    def add(self, total: Untyped, left: Untyped, right: Untyped | None = None) -> None:
        """Add a vector, or the product of two, to a variable."""
        value = left if right is None else self.product(left, right)
        self.builder.store(self.sum(self.of(total), value), total)

    def product(self, left: Untyped, right: Untyped) -> Untyped:
        """Return a product, which may become one step with the sum behind it.

        Nothing else about the order of a sum may change.
        """
        return self.builder.fmul(left, right, flags=("contract",))

    def sum(self, left: Untyped, right: Untyped) -> Untyped:
        """Return a sum, as `product`."""
        return self.builder.fadd(left, right, flags=("contract",))

    def unless_negative(self, x: Untyped) -> Untyped:
        """Return zeros in place of negative numbers."""
        return self.builder.select(self.builder.fcmp_ordered("<", x, self.zeros), self.zeros, x)

    def where_positive(self, x: Untyped, value: Untyped) -> Untyped:
        """Return a value where x is above zero, and zeros elsewhere."""
        return self.builder.select(self.builder.fcmp_ordered(">", x, self.zeros), value, self.zeros)


def pointers(
    context: Untyped, builder: Untyped, kinds: Sequence[Untyped], values: Sequence[Untyped]
) -> list[Untyped]:
    """Return arguments with addresses in place of arrays."""
    return [
        context.make_array(kind)(context, builder, value).data
        if isinstance(kind, types.Array)
        else value
        for kind, value in zip(kinds, values, strict=True)
    ]
