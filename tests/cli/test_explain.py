"""`dslnas explain`: codes in words."""

from __future__ import annotations

import pytest

from dslnas.cli.main import run


def test_a_code_is_explained_with_an_example_and_its_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["explain", "nas001"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "NAS001: file cannot be read"
    assert last == "In the documentation, which `make docs` builds: reference/errors.html#nas001"
    assert run(["explain", "NAS201"]) == 0
    assert "    cell normal { choose sep_con(3) }\n" in capsys.readouterr().out


def test_an_unknown_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "NAS210"]) == 2
    assert "unknown code `NAS210`" in capsys.readouterr().err
