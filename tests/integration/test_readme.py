"""What the README shows works, and the paths it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from dslnas.app.compile import compile_spec
from dslnas.cli.main import COMMANDS
from dslnas.settings.search import SEARCH

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPECS = re.findall(r"^```\n((?:#|use ).*?)^```$", README, re.M | re.S)


@pytest.mark.parametrize("text", SPECS, ids=range(len(SPECS)))
def test_specs_of_the_readme_compile(text: str, tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (40, 30)).save(tmp_path / "photos" / name / f"{number}.png")
    spec = tmp_path / "photos.nas"
    spec.write_text(text)
    assert compile_spec(spec).graph.params() > 0


def test_readme_shows_specs_methods_and_commands() -> None:
    assert len(SPECS) == 6
    for method in SEARCH:
        assert f"| `{method}` |" in README
    for command in COMMANDS:
        assert f"`dslnas {command} " in README


def test_paths_of_the_readme_exist() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    folders = re.findall(r"`((?:dslnas|grammars|specs|tests|exported)/[\w/.]*)`", README)
    assert linked
    for path in (*linked, *folders):
        assert (ROOT / path).exists(), path
