"""Tokens of a text in a file of numbers, of which stretches are mapped into memory and read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from os.path import isfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslnas.data.files import changed
from dslnas.files import becoming, cannot_write, make_folder
from dslnas.regular import regular

INSTEAD = "let the cache of the user lie elsewhere (`XDG_CACHE_HOME`), or write `stream never`"


@dataclass(frozen=True)
class TokenFile:
    """A stretch of the tokens in a file.

    A map of its own for every reading keeps the memory of the process small, however much is read.

    Attributes:
        path: The file, of numbers without a header.
        dtype: Their type.
        start: Number of the first one.
        stop: Number behind the last one.
        device: Where those that are read go.
    """

    path: Path
    dtype: np.dtype[Any]
    start: int
    stop: int
    device: torch.device | str = "cpu"

    nbytes = 0
    """Memory that is taken."""

    def __len__(self) -> int:
        """Return the number of tokens."""
        return self.stop - self.start

    def __getitem__(self, chosen: slice) -> Tensor:
        """Read consecutive tokens, int64 (n,).

        Raises:
            UserError: NAS603 if the file is not as it was.
        """
        first, end, _ = chosen.indices(len(self))
        if end <= first:
            return torch.empty(0, dtype=torch.int64, device=self.device)
        offset = (self.start + first) * self.dtype.itemsize
        try:
            mapped = np.memmap(regular(self.path), self.dtype, "r", offset, (end - first,))
        except (OSError, ValueError):
            raise changed(self.path) from None
        return torch.from_numpy(np.array(mapped, np.int64)).to(self.device)

    def to(self, device: torch.device | str) -> TokenFile:
        """Return the tokens for a device."""
        return replace(self, device=device)


Tokens: TypeAlias = Tensor | TokenFile
"""Tokens of a text, in memory or in a file; slices are int64 (n,)."""


def joined_tokens(first: Tokens, second: Tokens) -> Tokens:
    """Return the tokens of two parts as one; in a file the second ones follow the first ones."""
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return torch.cat([first, second])
    assert isinstance(first, TokenFile)
    assert isinstance(second, TokenFile)
    assert (first.path, first.stop) == (second.path, second.start)
    return replace(first, stop=second.stop)


def number_type(kinds: int) -> np.dtype[Any]:
    """Return the smallest type of the numbers of so many different tokens."""
    return np.min_scalar_type(max(0, kinds - 1))


def write_tokens(
    path: Path, pieces: Iterable[NDArray[np.int64]], count: int, kinds: int
) -> TokenFile:
    """Write so many tokens, unless they are there.

    Args:
        path: The file.
        pieces: Their numbers, as many at a time as memory is taken for.
        count: How many there are.
        kinds: How many of them are different at most.

    Raises:
        UserError: NAS021 if they cannot be written, NAS603 if there are more or fewer.
    """
    dtype = number_type(kinds)
    found = TokenFile(path, dtype, 0, count)
    if isfile(path) and path.stat().st_size == count * dtype.itemsize:
        return found
    make_folder(path.parent, INSTEAD)
    try:
        with becoming(path) as file:
            for numbers in pieces:
                file.write(numbers.astype(dtype).data)
            if file.tell() != count * dtype.itemsize:
                raise changed(path)
    except OSError as error:
        raise cannot_write(path, error, INSTEAD) from None
    return found
