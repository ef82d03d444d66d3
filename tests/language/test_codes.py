"""The table of codes is complete, and its examples show what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dslnas
from dslnas.codes import CODES
from dslnas.diagnostics import UserError
from dslnas.language.link.sources import read_source
from tests.language.pipeline import compile_source

PACKAGE = Path(dslnas.__file__).parent
ERRORS = Path(__file__).parent / "errors"


def used_codes() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.glob("**/*.py")]
    return {code for text in texts for code in re.findall(r'"(NAS\d{3})"', text)}


def test_every_code_is_in_the_table_and_used() -> None:
    assert used_codes() == set(CODES)


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_texts_are_short_and_whole(code: str) -> None:
    entry = CODES[code]
    assert not entry.title.endswith(".")
    assert entry.explanation.endswith(".")
    assert len(entry.explanation) <= 400
    assert "\n" not in entry.explanation


@pytest.mark.parametrize("code", [code for code, entry in CODES.items() if entry.example])
def test_examples_have_the_mistake(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = Path("spec.nas")
    spec.write_text(CODES[code].example, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        compile_source(read_source(spec))
    assert {d.code for d in raised.value.diagnostics} == {code}


def test_mistakes_in_text_have_an_example_or_a_case() -> None:
    """Every code that a spec or `--set` alone can cause is shown in the corpus of errors."""
    shown = {
        code
        for path in ERRORS.glob("*/expected.txt")
        for code in re.findall(r"error\[(NAS\d{3})\]", path.read_text(encoding="utf-8"))
    }
    elsewhere = {"NAS309", "NAS310", "NAS406", "NAS408"}  # of commands, data and machines
    textual = {code for code in CODES if code[3] in "12345"} - elsewhere
    assert textual <= shown
