"""A difference between backends ends the comparison with 1, and is shown with its program."""

from __future__ import annotations

import sys

import pytest

from tests.parity import __main__


@pytest.mark.parametrize(("difference", "code"), [(1e-6, 0), (1e-3, 1), (float("nan"), 1)])
def test_what_is_too_far_is_told(
    difference: float,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(__main__, "differences", lambda space, seed: {"model.py": difference})
    monkeypatch.setattr(sys, "argv", ["parity", "--architectures", "2"])
    assert __main__.main() == code
    told = capsys.readouterr()
    assert told.out.startswith("2 architectures; torch ")
    assert ("model.py computes something else for" in told.err) == bool(code)
