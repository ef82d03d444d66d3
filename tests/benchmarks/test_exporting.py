"""The benchmark of exports measures this tool beside PyTorch's own exporters."""

from __future__ import annotations

import pytest

import exporting


@pytest.mark.slow
def test_what_an_export_takes_stands_beside_what_is_wanted() -> None:
    found = exporting.main(["--cells=3", "--channels=4", "--turns=1", "--no-dynamo"])
    assert all(row.number > 0 for row in found)
    assert [(row.measured, row.wanted) for row in found] == [
        ("emitting model.onnx and model.py", "< 0.5 s"),
        ("comparisons and latency", "< 3 s"),
        (f"emitting, times less than {exporting.TORCHSCRIPT}", "5"),
        ("ONNX Runtime, times less than torch's file", "1"),
    ]
