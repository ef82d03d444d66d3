"""Every package that dslnas installs states its licence, and the report finds all of them."""

from __future__ import annotations

from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from tests.supply import licences
from tests.supply.licences import licence, needed


def package(folder: Path, *lines: str) -> Distribution:
    info = folder / "some-1.0.dist-info"
    info.mkdir()
    text = "\n".join(["Metadata-Version: 2.4", "Name: some", "Version: 1.0", *lines, ""])
    (info / "METADATA").write_text(text, encoding="utf-8")
    return PathDistribution(info)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("License-Expression: MIT", "License: as you like"), "MIT"),
        (("Classifier: License :: OSI Approved :: MIT License",), "MIT License"),
        (("Classifier: Typing :: Typed", "License: BSD"), "BSD"),
        (("License-File: LICENSE",), "in its file LICENSE"),
        ((), ""),
    ],
)
def test_a_licence_is_what_metadata_of_any_age_state(
    lines: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    assert licence(package(tmp_path, *lines)) == told


def test_needs_of_needs_are_found_but_no_extras_that_nobody_asked_for() -> None:
    found = needed("dslnas")
    assert {"torch", "sympy", "mpmath"} <= set(found), "sympy by torch, mpmath by sympy"
    assert not {"pytest", "sphinx", "pillow-heif"} & set(found)


def test_every_licence_is_stated(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main() == 0
    assert "\ntorch " in capsys.readouterr().out
