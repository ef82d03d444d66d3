"""Cells as text, from the file of an architecture."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.runs.architecture import cells_of


def test_cells_are_read_however_they_are_laid_out(tmp_path: Path) -> None:
    (tmp_path / "architecture.nas").write_text(
        "use std.cnn\ncell a {\n  # node n0 = none(in1)\n  node n1 = relu(in1) +\n"
        "    sep_conv(3)(in2)\n  output n1\n}\ncell b like a { stride 2 }\n"
    )
    assert cells_of(tmp_path) == {"a": {"n1": "relu(in1) + sep_conv(3)(in2)"}, "b": {}}


def test_what_is_not_there_yet_has_no_cells_and_what_is_no_program_is_said(tmp_path: Path) -> None:
    assert cells_of(tmp_path) == {}
    (tmp_path / "architecture.nas").write_text("cell {")
    with pytest.raises(UserError, match=r"architecture\.nas:1:6: error\[NAS1"):
        cells_of(tmp_path)
