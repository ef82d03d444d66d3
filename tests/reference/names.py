"""From the names of our tensors to those of the reference files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.language.check import check
from dslnas.language.link import link
from dslnas.language.overrides import parse_overrides
from dslnas.source import SourceFile
from dslnas.space.cell import Edge
from dslnas.space.lower import lower
from dslnas.space.space import SearchSpace

HERE = Path(__file__).resolve().parent / "fixtures"


def space_of(text: str, *overrides: str) -> SearchSpace:
    """Return the space of a spec on 3 x 16 x 16 images of 10 classes."""
    program = check(link(SourceFile("reference", text), parse_overrides(overrides)))
    return lower(program, (3, 16, 16), 10)


def read(folder: Path, name: str) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Return tensors (floating ones as float64) and facts of a reference file."""
    tensors = load_file(folder / f"{name}.safetensors")
    wide = {k: v.double() if v.is_floating_point() else v for k, v in tensors.items()}
    return wide, json.loads((folder / f"{name}.json").read_text())


def load_reference(
    network: TorchNetwork, tensors: dict[str, Tensor], space: SearchSpace, layout: tuple[str, ...]
) -> None:
    """Give a network the weights and the statistics of a reference file."""
    state = {}
    names = set(network.state_dict())
    for name in names:
        theirs = their_name(name, names, space, layout)
        kind = "bn" if name.endswith(("running_mean", "running_var")) else "w"
        state[name] = tensors[f"{kind}/{theirs}"]
    network.load_state_dict(state)


def their_name(name: str, names: set[str], space: SearchSpace, layout: tuple[str, ...]) -> str:
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
            is_factorised = f"{part}/{which}/5_batch_norm/running_mean" in names
            return f"{prefix}.{_inner('skip_connect' if is_factorised else '', number)}.{tensor}"
        case [part, edge, slug]:
            index = int(part.removeprefix("cell"))
            cell = space.cells[layout[index]]
            position, column = _place(cell.edges, edge, slug)
            prefix = f"cells.{index}._ops.{position}"
            if column is not None:
                prefix += f"._ops.{column}"
            return f"{prefix}.{_inner(slug, number)}.{tensor}"
    raise AssertionError(name)


def _place(edges: tuple[Edge, ...], path: str, slug: str) -> tuple[int, int | None]:
    for position, edge in enumerate(edges):
        if f"{edge.target}_{edge.source}" != path:
            continue
        slugs = [re.sub(r"\W+", "_", op.text).strip("_") for op in edge.operations]
        if slug in slugs:
            return position, None if edge.is_fixed else slugs.index(slug)
    raise AssertionError(path)


FACTORISED = {1: "conv_1", 3: "conv_2", 5: "bn"}


def _inner(slug: str, number: int) -> str:
    """Return the name of a layer inside of an operation."""
    if slug == "skip_connect":
        return FACTORISED[number]
    if slug.startswith(("max_pool", "avg_pool", "conv_1xk")):
        return str(number)
    return f"op.{number}"
