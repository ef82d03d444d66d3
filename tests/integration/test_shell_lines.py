"""Command lines of README and docs are right, and those of the first pages run."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from dslnas.cli.main import cli, run
from tests.exporters.brief import check_briefly

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").glob("*.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

FEW = (
    "data.batch=8", "cell.normal.nodes=1", "cell.normal.keep=1", "network.repeat=1",
    "network.channels=4", "search.epochs=1", "evaluate.batch=8", "evaluate.epochs=1",
    "evaluate.channels=4", "evaluate.repeat=1",
)  # fmt: skip
SMALLER = {
    "compile": [f"--set={setting}" for setting in FEW],
    "train": ["--epochs=1", "--channels=4"],
    "estimate": ["--steps=1", *(f"--set={setting}" for setting in FEW)],
}
"""Arguments behind those of a page, so that its commands take seconds."""


def shell_lines(text: str) -> Iterator[str]:
    """Yield the lines of blocks of code that call dslnas, joined where they go on."""
    blocks = [code for language, code in FENCE.findall(text) if language in ("sh", "text")]
    indented = re.findall(r"^    (.*)$", FENCE.sub("", text), re.MULTILINE)
    joined = "\n".join([*blocks, *indented]).replace("\\\n", " ")
    yield from re.findall(r"^\s*(?:\.venv/bin/)?(dslnas [^\n]*)", joined, re.MULTILINE)


LINES = sorted({line for page in PAGES for line in shell_lines(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("line", LINES)
def test_options_of_a_shell_line_are_known(line: str) -> None:
    name, *arguments = shlex.split(line, comments=True)[1:]
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    command.make_context(name, arguments)


def write_pictures(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = random.integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index", "tutorial"])
def test_commands_of_the_first_pages_run(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_briefly(monkeypatch)
    monkeypatch.chdir(tmp_path)
    for kind in ("cats", "dogs"):
        write_pictures(tmp_path / "photos" / kind, 20)
    write_pictures(tmp_path / "more-photos", 2)
    shutil.copy(tmp_path / "more-photos" / "0.png", tmp_path / "new.jpg")
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for language, text in FENCE.findall(page):
        if language == "" and text.startswith("# "):
            (tmp_path / text.splitlines()[0][2:]).write_text(text)
        elif language == "sh":
            for line in shell_lines(f"```sh\n{text}```"):
                arguments = shlex.split(line)[1:]
                assert run([*arguments, *SMALLER.get(arguments[0], ())]) == 0, line
        elif language == "python":
            exec(text, {})
    assert capsys.readouterr().out
