"""Files of the library by name, where a spec or an architecture is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

import dslnas
from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledArchitecture
from dslnas.diagnostics import UserError
from dslnas.language.link.link import link
from dslnas.language.link.sources import library_names
from dslnas.source import SourceFile
from tests.data.every_source import MADE


@pytest.mark.parametrize(
    "name", [name for name in library_names() if name.startswith(("cnn.", "rnn.", "ratings."))]
)
def test_architectures_of_the_library_compile_by_name(name: str) -> None:
    compiled = compile_spec(name)
    assert isinstance(compiled, CompiledArchitecture)
    assert compiled.name == name


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cnn.gdas").write_text("use cnn.darts_v1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert compile_spec("cnn.gdas").linked.libraries == ["cnn.darts_v1", "papers.darts", "std.cnn"]


@pytest.mark.parametrize("convert", [False, True])
def test_a_name_that_is_nearly_one_of_the_library_is_told(*, convert: bool) -> None:
    with pytest.raises(UserError) as raised:
        dslnas.convert("cnn.dart_v2") if convert else compile_spec("cnn.dart_v2")
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("NAS001", "did you mean `cnn.darts_v2`?")


def test_all_files_are_told_whose_last_part_a_name_is() -> None:
    with pytest.raises(UserError) as raised:
        compile_spec("darts_v2")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.help == "did you mean `cnn.darts_v2` or `rnn.darts_v2`?"


def test_a_network_without_cells_says_where_there_are_some() -> None:
    with pytest.raises(UserError) as raised:
        compile_spec("networks.cifar10", ["data=digits"])
    found = raised.value.diagnostics
    assert [one.message for one in found] == ["unknown cell `normal`", "unknown cell `reduction`"]
    owner = found[0].help.split("`use ")[1].split("`")[0]
    beside = SourceFile("spec.nas", f"use {owner}\nuse networks.cifar10\ndata digits")
    assert {"normal", "reduction"} <= set(link(beside).cells)


def test_cells_are_converted_whose_sizes_only_the_data_tell(tmp_path: Path) -> None:
    MADE["images"](tmp_path)
    spec = tmp_path / "mine.nas"
    spec.write_text(
        'use cnn.gdas\nuse networks.imagenet\ndata images { path "my photos"; size 224 }\n'
    )
    assert dslnas.convert(spec) == dslnas.convert("cnn.gdas")
    assert "classes    2" in dslnas.convert("cnn.setn", "nas", spec=spec)


def test_cells_of_the_library_are_converted_by_name(tmp_path: Path) -> None:
    assert dslnas.convert("rnn.darts_v1").startswith("Genotype(recurrent=[('relu', 0)")
    spec = tmp_path / "mine.nas"
    spec.write_text("use cnn.gdas\nuse networks.cifar10\n", encoding="utf-8")
    text = dslnas.convert("cnn.nasp", "nas", spec=spec)
    assert "relu_conv_bn(3)" in text
    assert "data cifar10" in text
