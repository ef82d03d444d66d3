"""The table of all that is aimed at holds what every program reached."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import run_all
from contest import Reached


def test_the_last_table_has_the_rows_of_all_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(options: Sequence[str]) -> list[Reached]:
        return [Reached(options[0], "time", 1.25, "< 2 s", " s", "all of it")]

    monkeypatch.setattr(run_all, "in_own_process", lambda program, options: program(options))
    monkeypatch.setattr(run_all, "PROGRAMS", {"a": (program, ("x",)), "b": (program, ("y",))})
    run_all.main(["--only=b,a", "--turns=2"])
    rows = capsys.readouterr().out.splitlines()
    assert rows[-2:] == [
        "| y | time | 1.25 s | < 2 s | all of it |",
        "| x | time | 1.25 s | < 2 s | all of it |",
    ]


def test_every_program_takes_the_options_that_it_is_run_with() -> None:
    for program, options in run_all.PROGRAMS.values():
        with pytest.raises(SystemExit) as ended:
            program([*options, "--turns=5", "--help"])
        assert ended.value.code == 0
