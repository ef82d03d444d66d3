"""Architectures and spaces that read nothing are refused before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas import compile_spec
from dslnas.app.compiled import CompiledArchitecture
from dslnas.diagnostics import UserError

DEAD = """use std.cnn
cell one {
    inputs  1
    preprocess  preprocess
    node n1 = none(in1)
    node n2 = sep_conv(3)(n1)
    output  concat(n2)
}
network { channels 4; repeat 1; cells one }
evaluate { epochs 1; channels 4; repeat 1 }
"""


BEHIND = """cell two { inputs 1; node n1 = {relu, tanh}(in1); output n1 }
search darts
"""


@pytest.mark.parametrize("text", [DEAD, DEAD.replace("cells one", "cells one, two") + BEHIND])
def test_what_reads_nothing_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dead.nas"
    path.write_text(text)
    with pytest.raises(UserError, match=r"NAS704.*cell `one` hands on nothing, with zeros on in1"):
        compile_spec(path)


def test_zeros_beside_something_else_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "alive.nas"
    path.write_text(
        DEAD.replace("concat(n2)", "concat(n2, n3)").replace(
            "    output", "    node n3 = relu(in1)\n    output"
        )
    )
    assert isinstance(compile_spec(path), CompiledArchitecture)
