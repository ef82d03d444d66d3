"""Published cells of the library, and the networks that they are trained in.

`genotypes.json` has the cells as the authors' programs do: operation and source of both edges of
every node, sources counted from the inputs on, and the nodes that are concatenated.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import dslnas
from dslnas.graph.lower.network import build_derived_graph
from dslnas.language.link.sources import library_names
from dslnas.source import SourceFile
from dslnas.space.canonical import cell_hash
from dslnas.space.notation.catalogue import NOTATIONS
from tests.reference.genotypes import cells_of, spelt
from tests.spaces import CIFAR, architecture_of, chosen, space_of

GENOTYPES = json.loads((Path(__file__).parent / "genotypes.json").read_text(encoding="utf-8"))

DOCS = Path(__file__).resolve().parents[2] / "docs" / "library.md"

STRINGS = {
    "nas_bench_201_cifar10": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    "nas_bench_201_cifar100": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "nas_bench_201_resnet": "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|"
    "+|skip_connect~0|none~1|skip_connect~2|",
}

# Trained weights without the auxiliary head and with it, as the programs of DARTS and NASP count
# them: 20 cells of 36 channels for CIFAR-10, 14 of 48 for ImageNet.
COUNTED = [
    ("cifar10", "darts_v1", 3_169_414, 3_645_840),
    ("cifar10", "darts_v2", 3_349_342, 3_825_768),
    ("cifar10", "nasnet_a", 3_830_950, 4_288_944),
    ("cifar10", "amoebanet_a", 3_145_078, 3_603_072),
    ("cifar10", "nasp", 7_363_486, None),
    ("imagenet", "darts_v1", 4_510_432, 5_771_208),
    ("imagenet", "darts_v2", 4_718_752, 5_979_528),
    ("imagenet", "nasnet_a", 5_564_320, 6_800_520),
    ("imagenet", "amoebanet_a", 4_627_360, 5_863_560),
]

# Millions of weights as papers and programs round them, without the auxiliary head.
ROUNDED = [
    ("cifar10", "pc_darts_cifar10", "3.6"),
    ("cifar10", "milenas", "3.87"),
    ("cifar10", "gdas", "3.4"),
    ("cifar10", "setn", "4.6"),
    ("imagenet", "pc_darts_cifar10", "5.3"),
    ("imagenet", "pc_darts_imagenet", "5.3"),
]


def told() -> dict[tuple[str, str], str]:
    """Return the weights that the docs tell, by network and cell."""
    found: dict[tuple[str, str], str] = {}
    for cell, row in re.findall(r"^\| `cnn\.(\w+)` (.*) \|$", DOCS.read_text("utf-8"), re.M):
        networks = ("nas_bench_201",) if cell in STRINGS else ("cifar10", "imagenet")
        columns = [column.strip() for column in row.split("|")][2:]
        found |= {(network, cell): columns[place] for place, network in enumerate(networks)}
    return found


TOLD = told()


def params(network: str, cell: str, *, training: bool = False) -> int:
    """Return the weights of a network of the library with some cells."""
    text = f"use cnn.{cell}\nuse networks.{network}"
    shape, classes = ((3, 224, 224), 1000) if network == "imagenet" else (CIFAR, 10)
    architecture = architecture_of(text, shape, classes=classes)
    return build_derived_graph(architecture, training=training).params()


def test_every_cell_of_the_library_is_held_against_what_is_published() -> None:
    names = {name.removeprefix("cnn.") for name in library_names() if name.startswith("cnn.")}
    assert names == {*GENOTYPES, *STRINGS}


@pytest.mark.parametrize("name", GENOTYPES)
def test_cells_are_those_of_the_authors(name: str) -> None:
    genotype, space = GENOTYPES[name], space_of(f"use cnn.{name}")
    for cell, edges in cells_of(genotype).items():
        assert chosen(space.cells[cell]) == edges
        joined = genotype["normal_concat" if cell == "normal" else "reduce_concat"]
        assert space.cells[cell].output_of == tuple(map(spelt, joined))


@pytest.mark.parametrize("name", [*GENOTYPES, *STRINGS])
@pytest.mark.sample(5)
def test_cells_come_back_from_the_notation_of_their_paper(name: str) -> None:
    notation = NOTATIONS["nas-bench-201" if name in STRINGS else "genotype"]
    architecture = architecture_of(f"use cnn.{name}")
    written = notation.write(architecture)
    if name in STRINGS:
        assert written == STRINGS[name]
    again = architecture_of(dslnas.convert(SourceFile("cells", written)))
    assert notation.write(again) == written
    for cell in again.cells:
        assert cell_hash(again.cells[cell]) == cell_hash(architecture.cells[cell])


@pytest.mark.parametrize("name", ["darts_v1", "darts_v2", "enas", "gdas"])
def test_recurrent_cells_come_back_from_genotypes(name: str) -> None:
    cell = architecture_of(f"use rnn.{name}", ()).cells["recurrent"]
    written = dslnas.convert(f"rnn.{name}")
    text = dslnas.convert(written)
    again = architecture_of(text, ()).cells["recurrent"]
    assert cell_hash(again) == cell_hash(cell)
    assert NOTATIONS["genotype"].write(architecture_of(text, ())) == written.rstrip()


@pytest.mark.parametrize(("network", "cell"), TOLD)
@pytest.mark.sample(8)
def test_networks_have_the_weights_that_the_docs_tell(network: str, cell: str) -> None:
    assert f"{params(network, cell):,}" == TOLD[network, cell]


def test_the_docs_tell_the_weights_of_every_cell() -> None:
    assert {cell for _, cell in TOLD} == {*GENOTYPES, *STRINGS}


@pytest.mark.parametrize(("network", "cell", "plain", "whole"), COUNTED)
def test_the_weights_are_those_that_the_programs_count(
    network: str, cell: str, plain: int, whole: int | None
) -> None:
    assert TOLD[network, cell] == f"{plain:,}"
    if whole is not None:
        assert params(network, cell, training=True) == whole


@pytest.mark.parametrize(("network", "cell", "millions"), ROUNDED)
def test_the_weights_are_those_that_papers_round(network: str, cell: str, millions: str) -> None:
    digits = len(millions.partition(".")[2])
    told = int(TOLD[network, cell].replace(",", ""))
    assert f"{told / 1e6:.{digits}f}" == millions
