"""Names from data do not garble what shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.cli.options import print_json
from dslnas.cli.printing import say
from dslnas.cli.render.tables import aligned
from dslnas.exporters import predict
from dslnas.report.page import page
from dslnas.report.reading import read_run
from dslnas.report.view import report_of
from dslnas.visible import visible, visible_lines
from tests.report.made_runs import write_run

ODD = "ca\u202et\x1b[2J"
SEEN = r"ca\u202et\x1b[2J"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (ODD, SEEN),
        ("a\tb\nc", r"a\tb\nc"),
        ("\udcff \ufeff \U000e0001", r"\xff \ufeff \U000e0001"),
        (harmless := "é 猫\u3000犬 क्\u200dष 👩\u200d🔬 10\u00a0%", harmless),
    ],
)
def test_what_garbles_text_is_seen_and_nothing_else_changes(text: str, seen: str) -> None:
    assert visible(text) == visible(seen) == seen


def test_line_ends_stay_between_lines() -> None:
    assert visible_lines(f"{ODD}\n\n{ODD}\n") == f"{SEEN}\n\n{SEEN}\n"


def test_terminals_get_no_controls(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"class {ODD}")
    say("\n".join(aligned([("", "all"), (ODD, "3")], left=("",))), err=True)
    predict.tell(ODD, "damaged")
    assert capsys.readouterr() == (
        f"class {SEEN}\n",
        f"{'':<{len(SEEN)}}   all\n{SEEN}     3\nerror: {SEEN}: damaged\n",
    )
    print_json({"class": ODD})
    assert capsys.readouterr().out == '{\n  "class": "ca\\u202et\\u001b[2J"\n}\n'


def test_pages_have_no_controls(tmp_path: Path) -> None:
    counts = {ODD: {ODD: 3, "dog": 1}, "dog": {ODD: 2, "dog": 5}}
    folder = write_run(tmp_path / "run", results={"test_confusion": counts})
    (folder / "predictions.csv").write_text(
        f"row,class,predicted,probability\n4,{ODD},dog,0.9\n", encoding="utf-8"
    )
    text = page(report_of(read_run(folder)))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert text.count(SEEN) > 3
