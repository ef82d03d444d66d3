"""The program that times an editor's answers types into a spec of the size that it names."""

from __future__ import annotations

import pytest

import editor


def test_every_answer_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    editor.main(["--turns", "1"])
    lines = capsys.readouterr().out.splitlines()[2:]
    kinds = [line.rsplit(" ms", 1)[0].rsplit(maxsplit=1)[0].strip() for line in lines]
    assert kinds == ["completion", "explanation", "mistakes", "no mistakes", "shapes too"]


def test_the_spec_has_300_lines_and_words_in_it_are_cut() -> None:
    text = editor.spec_text()
    assert abs(text.count("\n") - 300) < 5
    for written, offset in editor.typed(text, 5):
        assert len(written) < len(text)
        assert written[:offset] == text[:offset]
