"""`dslnas show` for cells that carry states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dslnas.cli.main import run


def shown(text: str, folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    spec = folder / "spec.nas"
    spec.write_text(text, encoding="utf-8")
    assert run(["show", *options, str(spec)]) == 0
    return capsys.readouterr().out


def test_a_space(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("use papers.darts_rnn\nsearch darts", tmp_path, capsys)
    assert "darts on text" in text
    assert "different tokens" in text
    assert "cell recurrent: 1 input, 1 state, 8 nodes, 36 edges, keeps 1 edge per node" in text
    assert "    first highway(tanh, h, concat(drop_input(x), drop_state(h)))\n" in text
    facts = json.loads(shown("use papers.darts_rnn", tmp_path, capsys, "--json"))
    assert facts["architectures"] == 40320 * 4**8
    assert facts["cells"][0]["states"] == ["h"]


def test_a_cell_without_nodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("use rnn.lstm", tmp_path, capsys)
    assert "cell lstm: 1 input, 2 states\n    states h, c\n    let gates = linear(4 * C)" in text
    assert "    next h_next, c_next\n    output h_next\n" in text


def test_defaults_say_what_a_cell_can_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--defaults"]) == 0
    text = capsys.readouterr().out
    for key in ("states", "next", "# first", "# edge", "# normalise"):
        assert f"    {key}" in text


def test_defaults_say_what_they_are_for_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--defaults"]) == 0
    sections = capsys.readouterr().out.split("\n}\n")
    (evaluate,) = (text for text in sections if "\nevaluate {" in text)
    assert "; for text: 1600" in evaluate
    assert "; for text: sgd(lr = 20.0, momentum = 0.0," in evaluate
    (partial,) = (text for text in sections if "\nsearch pc_darts {" in text)
    assert "for text:" not in partial
