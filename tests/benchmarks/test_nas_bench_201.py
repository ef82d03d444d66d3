"""The table of what methods find in NAS-Bench-201's space, from a CSV file and small searches."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import nas_bench_201
from dslnas.settings.search import SEARCH
from nas_bench_201 import Result, Table, add_result, main, read_results, read_table, report

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
GOOD, BAD = "|nor_conv_3x3~0|", "|none~0|"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of all cells, in which every convolution of three counts."""
    path = tmp_path / "table.csv"
    rows = (
        f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|,{(a, b, c, d, e, f).count('nor_conv_3x3')}\n"
        for a, b, c, d, e, f in product(OPERATIONS, repeat=6)
    )
    path.write_text("cell,accuracy\n" + "".join(rows), encoding="utf-8")
    return path


def wrong_table(tmp_path: Path, text: str) -> str:
    path = tmp_path / "wrong.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is looked at
        read_table(path)
    return str(raised.value).removeprefix(str(path))


def test_a_table_ranks_cells_and_says_what_a_blind_pick_has(table: Path) -> None:
    found = read_table(table)
    assert len(found) == 5**6
    assert found.rank(6) == 1
    assert found.rank(5) == 2
    assert found.rank(0) == 5**6 - 4**6 + 1
    assert found.mean == pytest.approx(6 / 5)
    assert found.median == 1


def test_ranks_of_a_blind_pick_are_the_mean_of_all() -> None:
    assert Table({"a": 1, "b": 2, "c": 3}).blind_rank == 2
    assert Table({"a": 1, "b": 2, "c": 2, "d": 0}).blind_rank == pytest.approx((1 + 1 + 3 + 4) / 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{GOOD},1\n{GOOD}\n", ":2: has 1 columns; wanted are a cell and its accuracy"),
        (f"{GOOD},1\nnor_conv,2\n", ":2: `nor_conv` is no cell such as `|nor_conv_3x3~0|+|...`"),
        (f"cell,accuracy\n{GOOD},high\n", ":2: `high` is no accuracy"),
        (f"{GOOD},nan\n", ":1: `nan` is no accuracy"),
        (f"{GOOD},1\n\n{GOOD},2\n", f":3: `{GOOD}` has a line above"),
        (f'{GOOD},"1\n', ":1: unexpected end of data"),
        ("cell,accuracy\n", ": has no cells"),
        ("", ": has no cells"),
    ],
)
def test_wrong_tables_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    assert wrong_table(tmp_path, text) == said


def test_results_are_kept_and_a_line_that_was_cut_short_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    first, second = Result("darts", 0, "1", GOOD), Result("nasp", 0, "2", error="no")
    assert read_results(path) == []
    add_result(path, first)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"method": "na')
    assert read_results(path) == [first]
    add_result(path, second)
    assert read_results(path) == [first, second]
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=":1: is no result; remove the line"):
        read_results(path)


def test_the_report_has_accuracy_and_rank_beside_a_blind_pick() -> None:
    results = [
        Result("darts", 0, "1", GOOD),
        Result("darts", 1, "1", BAD),
        Result("nasp", 0, "2", error="it diverged"),
        Result("nasp", 1, "2", "|skip_connect~0|"),
    ]
    assert [*report(results, Table({GOOD: 90, BAD: 10, "|nor_conv_1x1~0|": 80}))] == [
        "| method | seed 0 | seed 1 | mean | median | median rank |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| darts | 90.00 (#1) | 10.00 (#3) | 50.00 | 50.00 | 2 |",
        "| nasp | none | not listed |  |  |  |",
        "| a blind pick | | | 60.00 | 80.00 | 2 |",
        "\nnasp, seed 0: it diverged",
    ]


def test_searches_are_made_once_and_looked_up(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = [str(table), "--out", str(tmp_path / "out"), "--methods", "gdas", "--seeds", "1"]
    arguments += ["--epochs", "1", "--channels", "2", "--subset", "10%", "--batch", "32"]
    main(arguments)
    printed = capsys.readouterr().out.splitlines()
    [result] = read_results(tmp_path / "out" / "results.jsonl")
    found = read_table(table).accuracies[result.cell]
    row = next(line for line in printed if line.startswith("| gdas |"))
    assert row.startswith(f"| gdas | {found:.2f} (#{read_table(table).rank(found)}) |")

    def no_search(*_: object) -> Result:
        raise AssertionError("it is there already")

    monkeypatch.setattr(nas_bench_201, "search", no_search)
    main(arguments)
    assert row in capsys.readouterr().out.splitlines()


def test_mistakes_are_told_without_a_traceback(table: Path, tmp_path: Path) -> None:
    arguments = [str(table), "--out", str(tmp_path / "out"), "--methods", "darts"]
    with pytest.raises(SystemExit, match="NAS502"):
        main([*arguments, "--epochs", "0"])
    with pytest.raises(SystemExit, match=r"table\.csv"):
        main([str(tmp_path / "no" / "table.csv")])


@pytest.mark.parametrize("method", SEARCH)
def test_every_method_can_search_at_the_usual_budget(method: str) -> None:
    settings = nas_bench_201.budget(nas_bench_201.parse_arguments(["table.csv"]))
    spec = nas_bench_201.compile_method(method, settings)
    assert spec.method == method
    assert spec.program.data.source == "digits"
