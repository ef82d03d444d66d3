"""Mistakes for programs: JSON, GitHub's commands and SARIF say what is printed for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dslnas.app.check_report import CheckReport
from dslnas.cli.main import run
from tests.small import SMALL

BAD = """use papers.darts
search darts {
    epoch   5  # é, 宽
    epochs  0
}
cell normal { nodes 4 }
cell normal { nodes 4 }
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.nas").write_text(SMALL)
    Path("bad.nas").write_text(BAD, encoding="utf-8")


def printed(capsys: pytest.CaptureFixture[str], form: str, *specs: str, code: int = 1) -> str:
    assert run(["check", *specs, "--format", form]) == code
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_json_has_every_spec_with_its_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "json", "good.nas", "bad.nas", "nowhere.nas")
    report = CheckReport.model_validate_json(text)
    good, bad, missing = report.specs
    assert (good.spec, good.mistakes) == ("good.nas", [])
    assert [mistake.code for mistake in bad.mistakes] == ["NAS204"]
    (lost,) = missing.mistakes
    assert (lost.place, lost.where, lost.message) == (None, "nowhere.nas", "file does not exist")


def test_places_are_lines_columns_and_offsets(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.nas").write_text(BAD.rpartition("cell")[0], encoding="utf-8")
    (checked,) = CheckReport.model_validate_json(printed(capsys, "json", "bad.nas")).specs
    unknown, _ = checked.mistakes
    assert unknown.place is not None
    start, end = unknown.place.start, unknown.place.end
    assert (start.line, start.column, end.line, end.column) == (3, 5, 3, 10)
    assert BAD[start.offset : end.offset] == "epoch"
    (edit,) = unknown.edits
    assert (edit.place, edit.text, edit.safe) == (unknown.place, "epochs", True)
    assert edit.title == "write `epochs` for `epoch`"


def test_good_specs_have_no_mistakes_in_any_format(capsys: pytest.CaptureFixture[str]) -> None:
    (checked,) = json.loads(printed(capsys, "json", "good.nas", code=0))["specs"]
    assert checked["mistakes"] == []
    assert printed(capsys, "github", "good.nas", code=0) == ""
    assert sarif_run(printed(capsys, "sarif", "good.nas", code=0))["results"] == []


def test_github_gets_a_command_for_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a,b.nas").write_text("use papers.darts\nlet share = 1,5\nsearch darts { x 100% }\n")
    text = printed(capsys, "github", "a,b.nas", "bad.nas", "nowhere.nas")
    assert text.splitlines() == [
        "::error file=a%2Cb.nas,line=2,endLine=2,col=14,endColumn=15,title=NAS104::expected the "
        "end of the line after `1`, found `,`%0Ahelp: write `1.5`: a comma stands between two "
        "values",
        "::error file=bad.nas,line=7,endLine=7,col=1,endColumn=12,title=NAS204::`cell normal` is "
        "already given in this file%0Aline 6: the first one is here%0Ahelp: join the two",
        "::error file=nowhere.nas,title=NAS001::file does not exist%0A"
        "help: known are `a,b.nas`, `bad.nas`, `good.nas`",
    ]


def sarif_run(text: str) -> dict[str, Any]:
    """Return the only run of a SARIF log."""
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    assert found["columnKind"] == "unicodeCodePoints"
    return dict(found)


def test_sarif_names_a_file_by_its_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.nas").rename("b\udcffd.nas")
    (result, *_) = sarif_run(printed(capsys, "sarif", "b\udcffd.nas"))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "b%FFd.nas"}


def test_sarif_has_rules_places_and_fixes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other bad.nas").write_text("use papers.dart\n")
    found = sarif_run(printed(capsys, "sarif", "other bad.nas", f"{tmp_path}/bad.nas", "no.nas"))
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["NAS001", "NAS201", "NAS204"]
    unknown, twice, missing = found["results"]
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (place,) = unknown["locations"]
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 16}
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "other%20bad.nas"},
        "region": region,
    }
    (fix,) = unknown["fixes"]
    ((replacement,),) = (change["replacements"] for change in fix["artifactChanges"])
    assert replacement == {
        "deletedRegion": {**region, "startColumn": 5},
        "insertedContent": {"text": "papers.darts"},
    }
    (note,) = twice["relatedLocations"]
    assert note["message"] == {"text": "the first one is here"}
    assert note["physicalLocation"]["artifactLocation"]["uri"] == (tmp_path / "bad.nas").as_uri()
    (where,) = missing["locations"]
    assert where == {"physicalLocation": {"artifactLocation": {"uri": "no.nas"}}}


def test_edits_of_one_mistake_are_one_fix(capsys: pytest.CaptureFixture[str]) -> None:
    Path("stem.nas").write_text("use papers.darts\nnetwork { stem conv(3), relu, relu }\n")
    (result,) = sarif_run(printed(capsys, "sarif", "stem.nas"))["results"]
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    inserted = [replacement["insertedContent"]["text"] for replacement in change["replacements"]]
    assert inserted == [" -> ", " -> "]


def test_remarks_are_no_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    settled = SMALL.replace("cell", "cell alone { inputs 1; node n1 = {relu, none}(in1) }\ncell", 1)
    Path("settled.nas").write_text(settled.replace("cells  ", "cells  alone, "))
    text = printed(capsys, "github", "settled.nas", code=0)
    assert text.startswith("::notice file=settled.nas,line=")
    (result,) = sarif_run(printed(capsys, "sarif", "settled.nas", code=0))["results"]
    assert result["level"] == "note"
