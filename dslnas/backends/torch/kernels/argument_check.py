"""The checks in front of compiled loops: what must hold of a call's tensors, and who breaks it.

There are thousands of tensors in a step. What must hold is worked out once for calls alike, and
compared for all tensors of a call at a time; only a call that is refused looks at them one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import add, attrgetter, le
from typing import NamedTuple, TypeAlias, get_type_hints

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import (
    Access,
    Accesses,
    Buffer,
    KernelArgs,
    Shape,
)
from dslnas.diagnostics import InternalError

Rule: TypeAlias = tuple[str, int, Access]
"""An argument, the number of a tensor in it, and what must hold of it."""

_CODES = {int: "q", bool: "q", float: "d"}
_facts = attrgetter("shape", "dtype", "is_cpu")


class Fields(NamedTuple):
    """Fields of a kind of arguments, by name.

    Attributes:
        codes: Letters of `struct` for the numbers that loops see.
        buffers: They stand behind the numbers in a record.
        fixed: All that are no buffers.
        numbers_of: Returns the values of `fixed`.
        buffers_of: Returns the buffers.
    """

    codes: Mapping[str, str]
    buffers: tuple[str, ...]
    fixed: tuple[str, ...]
    numbers_of: Callable[[KernelArgs], tuple[object, ...]]
    buffers_of: Callable[[KernelArgs], tuple[Buffer, ...]]


@lru_cache(None)
def fields_of(kind: type[KernelArgs]) -> Fields:
    """Return the fields of a kind of arguments."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    codes = {name: _CODES[hints[name]] for name in names if hints[name] in _CODES}
    buffers = tuple(name for name in names if hints[name] == Buffer)
    fixed = tuple(name for name in names if name not in buffers)
    return Fields(codes, buffers, fixed, attrgetter(*fixed), attrgetter(*buffers))


class Contract:
    """All that must hold of arguments with these numbers.

    Attributes:
        numbers: Values of the numbers that loops see.
        tables: By buffer how many tensors stand in its table; None if it is a single tensor.
    """

    def __init__(self, kind: type[KernelArgs], numbers: tuple[object, ...]) -> None:
        """Ask a kind of arguments what must hold when it has these numbers.

        Raises:
            InternalError: It does not say so of every buffer.
        """
        known = fields_of(kind)
        values = dict(zip(known.fixed, numbers, strict=True))
        accesses = kind(**values, **dict.fromkeys(known.buffers)).accesses()
        if accesses.keys() != set(known.buffers):
            raise InternalError(f"{kind.__name__} does not say what must hold of every buffer")
        self.numbers = [values[name] for name in known.codes]
        self.tables = [_count(accesses[name]) for name in known.buffers]
        self._kernel, self._names = kind.kernel, known.buffers
        self._rules: list[Rule] = [
            (name, number, access)
            for name in known.buffers
            for number, access in enumerate(_row(accesses[name]))
        ]
        self._present: dict[tuple[object, ...], _Present] = {}

    def addresses_of(self, buffers: Sequence[Buffer], dtype: torch.dtype) -> list[int]:
        """Check all tensors, and return their addresses, one buffer behind the other; 0 for none.

        Args:
            buffers: In the order of the record.
            dtype: Dtype that the loops are compiled for.

        Raises:
            TypeError: An argument is no tensor where there must be one.
            InternalError: A tensor does not fit, or overlaps one that is written.
        """
        tensors = self._flat(buffers)
        key = (dtype, *[tensor is None for tensor in tensors])
        present = self._present.get(key)
        if present is None:
            rules = [rule for rule, t in zip(self._rules, tensors, strict=True) if t is not None]
            for (name, number, access), tensor in zip(self._rules, tensors, strict=True):
                if tensor is None and not access.optional:
                    raise TypeError(f"{self._kernel}: {name}[{number}] is no tensor")
            present = self._present[key] = _Present(self._kernel, rules, dtype)
        if len(present.rules) == len(tensors):
            return present.addresses_of(tensors)
        found = iter(present.addresses_of([tensor for tensor in tensors if tensor is not None]))
        return [0 if tensor is None else next(found) for tensor in tensors]

    def _flat(self, buffers: Sequence[Buffer]) -> list[Tensor | None]:
        """Return all tensors of buffers, which must be as many as there are rules."""
        tensors: list[Tensor | None] = []
        for name, count, value in zip(self._names, self.tables, buffers, strict=True):
            if count is None:
                tensors.append(value)  # type: ignore[arg-type]
                continue
            row = () if value is None else value
            if not isinstance(row, (list, tuple)):
                kind = type(value).__name__
                raise TypeError(f"{self._kernel}: {name} is a {kind}, not a list")
            if len(row) != count:
                raise InternalError(f"{self._kernel}: {name} has {len(row)} tensors, not {count}")
            tensors += row
        return tensors


class _Present:
    """Rules of calls in which the same tensors are there."""

    def __init__(self, kernel: str, rules: Sequence[Rule], dtype: torch.dtype) -> None:
        self.rules = rules
        self._kernel, self._dtype = kernel, dtype
        accesses = [access for _, _, access in rules]
        self._wanted = [(access.shape, access.dtype or dtype, True) for access in accesses]
        self._strides = [_strides(access.shape, access.layout) for access in accesses]
        self._sizes = [math.prod(shape) * own.itemsize for shape, own, _ in self._wanted]

    def addresses_of(self, tensors: Sequence[Tensor | None]) -> list[int]:
        """Check tensors that are all there, and return their addresses."""
        if not self._fit(tensors):
            for fault in self._faults(tensors):
                raise fault
        starts = list(map(Tensor.data_ptr, tensors))  # type: ignore[arg-type]
        stops = list(map(add, starts, self._sizes))
        if not all(map(le, sorted(stops)[:-1], sorted(starts)[1:])):
            self._check_overlaps(starts, stops)
        return starts

    def _fit(self, tensors: Sequence[Tensor | None]) -> bool:
        """Say whether all fit to the stride; `_faults` is lenient where an axis has one place."""
        try:
            facts, strides = map(_facts, tensors), map(Tensor.stride, tensors)  # type: ignore[arg-type]
            return (
                list(facts) == self._wanted
                and list(strides) == self._strides
                and not any(map(Tensor.is_neg, tensors))  # type: ignore[arg-type]
            )
        except (AttributeError, TypeError):  # no tensors
            return False

    def _faults(self, tensors: Sequence[object]) -> Iterator[Exception]:
        """Yield what tells how tensors differ from what a loop needs."""
        for tensor, (name, number, access) in zip(tensors, self.rules, strict=True):
            where = f"{self._kernel}: {name}[{number}]"
            if not isinstance(tensor, Tensor):
                yield TypeError(f"{where} is a {type(tensor).__name__}, not a tensor")
            elif fault := _fault(tensor, access, access.dtype or self._dtype):
                yield InternalError(f"{where} {fault}")

    def _check_overlaps(self, starts: Sequence[int], stops: Sequence[int]) -> None:
        """Check that what a loop writes overlaps nothing else; what it only reads may."""
        end = end_written = 0
        for start, stop, (name, number, access) in sorted(
            zip(starts, stops, self.rules, strict=True), key=lambda span: span[:2]
        ):
            if start == stop:
                continue
            if start < (end if access.written else end_written):
                raise InternalError(f"{self._kernel}: {name}[{number}] overlaps another argument")
            end = max(end, stop)
            if access.written:
                end_written = max(end_written, stop)


def _count(accesses: Accesses) -> int | None:
    return None if isinstance(accesses, Access) else len(accesses)


def _row(accesses: Accesses) -> Sequence[Access]:
    return [accesses] if isinstance(accesses, Access) else accesses


@lru_cache(4096)
def _strides(shape: Shape, layout: torch.memory_format) -> tuple[int, ...]:
    return torch.empty(shape, device="meta").contiguous(memory_format=layout).stride()


def _fault(tensor: Tensor, access: Access, dtype: torch.dtype) -> str | None:
    """Return how a tensor differs from what a loop needs; None if it does not."""
    if not tensor.is_cpu:
        return f"lies on {tensor.device}, not on the CPU"
    if tensor.dtype != dtype:
        return f"is of {tensor.dtype}, not of {dtype}"
    if tensor.shape != access.shape:
        return f"has the shape {tuple(tensor.shape)}, not {access.shape}"
    if tensor.is_neg():
        return "is negated when it is read"
    if not tensor.is_contiguous(memory_format=access.layout):
        return f"has the strides {tensor.stride()}, not those of {access.layout}"
    return None
