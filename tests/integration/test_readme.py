"""Examples in README and docs work, and the paths they name exist."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from dslnas.app.compile import compile_spec
from dslnas.cli.main import COMMANDS
from dslnas.settings.search import SEARCH
from tests.exporters.brief import check_briefly

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
SPECS = [
    text
    for page in PAGES
    for text in re.findall(
        r"^```\n((?:#|use ).*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S
    )
]
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


@pytest.fixture(scope="module")
def beside_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos as the README asks for: 120 in all."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("cats", "dogs"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(60):
            Image.new("RGB", (40, 30)).save(folder / "photos" / name / f"{number}.png")
    return folder


@pytest.mark.parametrize("text", SPECS, ids=range(len(SPECS)))
def test_specs_of_the_readme_compile(text: str, beside_photos: Path) -> None:
    spec = beside_photos / "photos.nas"
    spec.write_text(text)
    assert compile_spec(spec).graph.params() > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_the_readme_run(
    program: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_briefly(monkeypatch)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(program, names)
    measures, cell, losses = capsys.readouterr().out.splitlines()
    manifest = json.loads((tmp_path / "exported" / "notebook" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert measures.startswith(str(manifest["results"]["test_accuracy"]))
    assert re.match(r"\{'n1': '[\w()]+ \+ ", cell)
    assert re.fullmatch(r"\[\('search', [\d.]+\), \('retrain', [\d.]+\)\]", losses)
    (logits,) = names["network"](torch.zeros(1, 1, 8, 8))
    assert logits.shape == (1, 10)


def test_pages_show_specs_methods_and_commands() -> None:
    assert len(SPECS) == 19
    assert len(PROGRAMS) == 1
    methods = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    for method in SEARCH:
        assert f"| `{method}` |" in methods
    for command in COMMANDS:
        assert re.search(rf"^\| `dslnas {command}[ `]", README, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / path).exists(), path
    folders = r"`((?:dslnas|grammars|specs|tests|exported|benchmarks)/[\w/.]*)`"
    for path in re.findall(folders, text):
        assert (ROOT / path).exists(), path
