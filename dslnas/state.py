"""State of long work as named tensors, so that it can be stored and gone on with to the same bits.

Everything that remembers something from one step to the next is `Stateful`. A number is a tensor
too: float64 and int64 hold those of Python exactly. Parts of a state have names with `/` between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

State: TypeAlias = dict[str, Tensor]


class StateError(ValueError):
    """A state that is of other work than the one that should go on; the message says why."""


class Stateful(Protocol):
    """Work that can be stored."""

    def state(self) -> State:
        """Return what it remembers; the tensors may be its own, so they are copied to be kept."""
        ...

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state, as `state` returned it, on whatever device it lies.

        Raises:
            StateError: It is of other work.
        """
        ...


def joined(parts: Mapping[str, Mapping[str, Tensor]]) -> State:
    """Return the states of several parts as one; the inverse of `part_of`."""
    return {
        f"{part}/{name}": tensor for part, state in parts.items() for name, tensor in state.items()
    }


def part_of(state: Mapping[str, Tensor], part: str) -> State:
    """Return the state of one part; empty if there is nothing of it."""
    start = f"{part}/"
    return {
        name.removeprefix(start): tensor for name, tensor in state.items() if name.startswith(start)
    }


def state_of(parts: Mapping[str, Stateful]) -> State:
    """Return the states of several parts as one; the inverse of `take_parts`."""
    return joined({name: part.state() for name, part in parts.items()})


def take_parts(
    parts: Mapping[str, Stateful], state: Mapping[str, Tensor], *, besides: Collection[str] = ()
) -> None:
    """Let every part go on from its state; the state has no more than these, and what is besides.

    Raises:
        StateError: A part is of other work; the message begins with its name.
    """
    for name in state:
        start, slash, _ = name.partition("/")
        if not (slash and start in parts) and name not in besides:
            raise StateError(f"`{name}` is not of this work")
    for name, part in parts.items():
        try:
            part.take(part_of(state, name))
        except StateError as error:
            raise StateError(f"{name}: {error}") from None


class Tensors:
    """Tensors by name, into which a state is written: others may hold them too."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors

    def state(self) -> State:
        """Return the tensors."""
        return {name: tensor.detach() for name, tensor in self._tensors.items()}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Write a state into the tensors, once all of it is known to fit."""
        check_names(state, self._tensors)
        found = {name: taken(state, name, tensor) for name, tensor in self._tensors.items()}
        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(found[name])


class Generators:
    """Generators of random numbers by name."""

    def __init__(self, generators: Mapping[str, torch.Generator]) -> None:
        self._generators = generators

    def state(self) -> State:
        """Return what decides the next numbers."""
        return {name: generator.get_state() for name, generator in self._generators.items()}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Let the generators go on; whoever makes things from their numbers does so before."""
        check_names(state, self._generators)
        for name, generator in self._generators.items():
            try:
                generator.set_state(taken(state, name))
            except (RuntimeError, TypeError):
                raise StateError(f"`{name}` is not of a generator on this device") from None


def copied(state: Mapping[str, Tensor]) -> State:
    """Return a copy on the CPU, to be kept or written."""
    layout = torch.contiguous_format
    return {
        name: tensor.detach().to("cpu", copy=True, memory_format=layout)
        for name, tensor in state.items()
    }


def number(value: float) -> Tensor:
    """Return a number, or a truth value, as a tensor that holds it exactly."""
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else torch.int64)


def taken(state: Mapping[str, Tensor], name: str, like: Tensor | None = None) -> Tensor:
    """Return one tensor of a state, on the CPU unless it is `like` another: then as that one is.

    Raises:
        StateError: It is not there, or has another shape or type than `like`.
    """
    found = state.get(name)
    if found is None:
        raise StateError(f"`{name}` is missing")
    if like is None:
        return found.detach().cpu()
    if found.shape != like.shape or found.dtype != like.dtype:
        is_, needs = ((tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in (found, like))
        raise StateError(f"`{name}` is {is_[1]} {is_[0]}, needs {needs[1]} {needs[0]}")
    return found.detach().to(like.device)


def check_names(state: Mapping[str, Tensor], wanted: Collection[str]) -> None:
    """Raise `StateError` unless a state has the names that are wanted, and no others."""
    for name in state:
        if name not in wanted:
            raise StateError(f"`{name}` is not of this work")
    for name in wanted:
        if name not in state:
            raise StateError(f"`{name}` is missing")


def hash_of(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """Return a hash of names, types, shapes and bits of tensors."""
    found = sha256()
    for name, tensor in tensors:
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        if flat.stride() != (1,):  # one element, or none, may have any stride
            flat = torch.empty(flat.shape, dtype=flat.dtype).copy_(flat)
        found.update(flat.view(torch.uint8).numpy().data)
    return found.hexdigest()
