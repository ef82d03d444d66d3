"""The export that lies in the repository is what the code writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.cli.main import run

REFERENCE = Path(__file__).resolve().parents[2] / "exported" / "reference"
FILES = ("model.onnx", "model.py", "model.safetensors")


def test_reference_export_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    source = REFERENCE / "architecture.nas"
    assert run(["export", str(source), "--untrained", "--out", str(tmp_path)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        made, kept = (tmp_path / name).read_bytes(), (REFERENCE / name).read_bytes()
        assert made == kept, f"{name} changed; if it should, run the export of exported/README.md"


def test_reference_export_says_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", str(REFERENCE / "architecture.nas"), "--json"]) == 0
    spec_hash = capsys.readouterr().out.split('"spec_hash": "')[1].split('"')[0]
    for name in FILES:
        assert spec_hash.encode() in (REFERENCE / name).read_bytes()
