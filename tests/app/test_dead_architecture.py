"""An architecture that reads nothing is refused before it is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas import compile_spec, train
from dslnas.app.compile import CompiledArchitecture
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


def test_an_architecture_that_reads_nothing_is_not_trained(tmp_path: Path) -> None:
    path = tmp_path / "dead.nas"
    path.write_text(DEAD)
    spec = compile_spec(path)
    assert isinstance(spec, CompiledArchitecture)
    with pytest.raises(UserError, match=r"NAS704.*cell `one` hands on nothing, with zeros on in1"):
        train(spec, tmp_path / "run")
    assert not (tmp_path / "run" / "weights.safetensors").exists()
