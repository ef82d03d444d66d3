"""Where the data lie: what a run writes finds them, and goes by the same name without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.app.compile import architecture_text, compile_spec
from dslnas.app.compiled import CompiledSpace
from dslnas.diagnostics import UserError
from dslnas.space.derive.derive import derive
from tests.data.made import labels, pixels, write_idx
from tests.spaces import random_scores

SPEC = """
use papers.darts
data idx { path "set"; split 40%, 30%, 15%, 15%; batch 8 }
network { channels 4; repeat 0 }
search darts
evaluate { channels 4; repeat 0; batch 8 }
"""


@pytest.fixture
def compiled(tmp_path: Path) -> CompiledSpace:
    """A spec beside its data, compiled."""
    write_idx(tmp_path / "set", "train", pixels(40, 9, 8), labels(40, 4))
    (tmp_path / "spec.nas").write_text(SPEC, encoding="utf-8")
    spec = compile_spec(tmp_path / "spec.nas")
    assert isinstance(spec, CompiledSpace)
    return spec


def written(text: str, tmp_path: Path) -> Path:
    """Return the file of a text in the folder of a run."""
    path = tmp_path / "runs" / "1" / "written.nas"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_spec_that_is_written_out_finds_its_data(compiled: CompiledSpace, tmp_path: Path) -> None:
    again = compile_spec(written(compiled.text, tmp_path))
    assert again.program.data == compiled.program.data
    assert again.program.data.path == str(tmp_path / "set")
    assert (again.text, again.hash) == (compiled.text, compiled.hash)


def test_an_architecture_finds_the_data_it_was_found_for(
    compiled: CompiledSpace, tmp_path: Path
) -> None:
    architecture = derive(compiled.space, random_scores(compiled.space, 0))
    text = architecture_text(compiled, architecture, "test")
    again = compile_spec(written(text, tmp_path))
    assert again.program.data == compiled.program.data


def test_the_same_program_has_the_same_name_wherever_its_data_lie(
    compiled: CompiledSpace, tmp_path: Path
) -> None:
    (tmp_path / "set").rename(tmp_path / "moved")
    path = written(compiled.text, tmp_path)
    moved = compile_spec(path, [f"data.path={tmp_path / 'moved'}"])
    assert moved.text != compiled.text
    assert moved.hash == compiled.hash


def test_the_same_program_has_the_same_name_however_its_data_are_read(tmp_path: Path) -> None:
    path = tmp_path / "spec.nas"
    images = 'data images { path "photos"; size 8; batch 8 }'
    network = "network { input 3 x 8 x 8; classes 2; channels 4; repeat 1 }"
    path.write_text(f"use papers.darts\n{images}\n{network}\nsearch darts\n")
    ways = ((), ("data.stream=always", "data.workers=2"), ("data.batch=4",))
    one, read, another = (compile_spec(path, way, with_data=False) for way in ways)
    assert read.text != one.text
    assert read.hash == one.hash != another.hash


def test_what_is_written_out_can_be_read_without_the_data(
    compiled: CompiledSpace, tmp_path: Path
) -> None:
    (tmp_path / "set").rename(tmp_path / "moved")
    path = written(compiled.text, tmp_path)
    without = compile_spec(path, with_data=False)
    assert isinstance(without, CompiledSpace)
    assert (without.space, without.hash) == (compiled.space, compiled.hash)
    with pytest.raises(UserError, match="NAS601"):
        compile_spec(path)
