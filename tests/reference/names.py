"""From the names of our tensors to those of the reference files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.language.check.cell import Cell
from dslnas.space.search_space import SearchSpace


def load_reference(
    network: TorchNetwork,
    tensors: Mapping[str, Tensor],
    space: SearchSpace,
    layout: tuple[str, ...],
) -> dict[str, nn.Parameter]:
    """Give a network the weights and the statistics of a file; return its weights by their name.

    A file without any running statistics leaves those of the network as they are.
    """
    state = network.state_dict()
    names = Names(space, layout, frozenset(state))
    has_statistics = any(key.startswith("bn/") for key in tensors)
    for name in names.ours:
        is_statistic = name.endswith(("running_mean", "running_var"))
        if has_statistics or not is_statistic:
            state[name] = tensors[f"{'bn' if is_statistic else 'w'}/{names.theirs(name)}"]
    network.load_state_dict(state)
    return {names.theirs(name): weight for name, weight in network.named_parameters()}


@dataclass(frozen=True)
class Names:
    """The names of all tensors of a network.

    Attributes:
        space: Space of the network.
        layout: Names of its cells in order.
        ours: All names.
    """

    space: SearchSpace
    layout: tuple[str, ...]
    ours: frozenset[str]

    def theirs(self, name: str) -> str:
        """Return the reference's name of one of our tensors."""
        *path, layer, tensor = name.split("/")
        number = int(layer.split("_")[0])
        match path:
            case ["stem"]:
                return f"stem.{number}.{tensor}"
            case ["head"]:
                return f"classifier.{tensor}"
            case [part, which] if re.fullmatch(r"in[12]", which):
                prefix = f"cells.{part.removeprefix('cell')}.preprocess{int(which[2]) - 1}"
                is_factorised = f"{part}/{which}/5_batch_norm/running_mean" in self.ours
                inner = _inner("skip_connect" if is_factorised else "", number)
                return f"{prefix}.{inner}.{tensor}"
            case [part, edge, slug]:
                index = int(part.removeprefix("cell"))
                operation = self._operations[self.layout[index]][edge, slug]
                return f"cells.{index}.{operation}.{_inner(slug, number)}.{tensor}"
        raise AssertionError(name)

    @cached_property
    def _operations(self) -> dict[str, dict[tuple[str, str], str]]:
        """By cell the reference's names of operations, by (edge, operation)."""
        return {name: dict(_operations(cell)) for name, cell in self.space.cells.items()}


def _operations(cell: Cell) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield (edge, operation) as we name them, and the reference's name of the two together.

    An edge beside another one from the same source is numbered: `n1_in1_2`.
    """
    seen: Counter[str] = Counter()
    for position, edge in enumerate(cell.edges):
        path = f"{edge.target}_{edge.source}"
        seen[path] += 1
        path += f"_{seen[path]}" if seen[path] > 1 else ""
        for column, operation in enumerate(edge.operations):
            slug = re.sub(r"\W+", "_", operation.text).strip("_")
            choice = "" if edge.is_fixed else f"._ops.{column}"
            yield (path, slug), f"_ops.{position}{choice}"


FACTORISED = {1: "conv_1", 3: "conv_2", 5: "bn"}


def _inner(slug: str, number: int) -> str:
    """Return the name of a layer inside of an operation."""
    if slug == "skip_connect":
        return FACTORISED[number]
    if slug.startswith(("max_pool", "avg_pool", "conv_1xk")):
        return str(number)
    return f"op.{number}"
