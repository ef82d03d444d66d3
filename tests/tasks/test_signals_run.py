"""A network of signals is exported, and all backends flatten what it ends with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslnas
from dslnas.app.export import export_untrained
from dslnas.exporters.onnx import OnnxExporter
from dslnas.exporters.written import Written
from tests.exporters.brief import check_briefly

SPEC = """use std.cnn
cell normal { inputs 1; node n1 = sep_conv(3)(in1) + max_pool(3)(in1); output n1 }
network { stem conv(3) -> batch_norm; channels 4; cells normal; head HEAD }
data signals { path "a.npz"; split 0.4, 0.2, 0.2, 0.2; batch 4 }
evaluate { channels 4; batch 4 }
"""


@pytest.mark.parametrize("head", ["global_avg_pool -> linear(classes)", "linear(classes)"])
def test_signals_of_nine_channels(
    tmp_path: Path, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    signals = np.random.default_rng(0).standard_normal((24, 9, 12)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=signals, y=np.arange(24) % 3)
    (tmp_path / "s.nas").write_text(SPEC.replace("HEAD", head))
    spec = dslnas.compile_spec(tmp_path / "s.nas")
    assert spec.network.example == (9, 12)
    found = export_untrained(spec, tmp_path / "out")
    assert max(found.differences.values()) < 1e-5
    assert "def forward(self, signals: torch.Tensor)" in (tmp_path / "out/model.py").read_text()
    logits = OnnxExporter().run(Written(tmp_path / "out"))({"signal": signals})
    assert logits.shape == (24, 3)
