from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dslnas.cli.main import run as run_command
from dslnas.report.comparison import Comparison, Difference, compare_runs
from dslnas.report.reading import read_run
from dslnas.settings.images import ImageFolder
from tests.report.made_runs import searched, trained, write_run
from tests.runs.made import SETTINGS

SPEC = """use std.cnn

cell normal {
    inputs  2
    node n1 = {skip_connect, max_pool(3)}(in1)
    output  concat(n1)
}

network {
    channels  4
    cells     normal
}

search darts {
    epochs  3
}
"""
FOUND = """use std.cnn

cell normal {
    inputs  2
    node n1 = skip_connect(in1)
    output  concat(n1)
}

network { channels 4; cells normal }
"""
RESULTS: dict[str, Any] = {
    "test_accuracy": 0.9,
    "params": 2000,
    "flops": 5000,
    "retrain_seconds": 3.0,
}


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Runs that differ in epochs, seed, a node, and results."""
    first = write_run(
        tmp_path / "first",
        [searched(1, 3), trained(1, 1)],
        RESULTS,
        spec=SPEC,
        architecture=FOUND,
    )
    second = write_run(
        tmp_path / "second",
        [searched(1, 9), trained(1, 1)],
        RESULTS | {"test_accuracy": 0.95, "params": 3000, "search_seconds": 60.0},
        spec=SPEC.replace("epochs  3", "epochs  9"),
        architecture=FOUND.replace("skip_connect", "max_pool(3)"),
        seed=1,
    )
    return first, second


def compared(*runs: Path) -> Comparison:
    return compare_runs([read_run(run) for run in runs])


def test_only_differences_are_told(two: tuple[Path, Path]) -> None:
    found = compared(*two)
    assert found.names == ("first", "second")
    assert found.spec == (Difference("search.epochs", ("3", "9")),)
    assert found.making == (Difference("seed", ("0", "1")),)
    terms = ("skip_connect(in1)", "max_pool(3)(in1)")
    assert found.cells == (Difference("normal.n1", terms),)


def test_lines_between_the_settings_of_a_cell_are_none(two: tuple[Path, Path]) -> None:
    spec = (two[1] / "spec.nas").read_text()
    (two[1] / "spec.nas").write_text(spec.replace("inputs  2\n", "inputs  2\n\n"))
    assert compared(*two).spec == (Difference("search.epochs", ("3", "9")),)


def test_the_best_results_are_marked_whatever_better_means(two: tuple[Path, Path]) -> None:
    lines = {line.name: line for line in compared(*two).results}
    assert lines["test accuracy"].best == {1}
    assert lines["parameters"].best == {0}
    assert lines["multiply-adds"].best == frozenset()
    values = lines["search"].values
    assert values[0] is None
    assert values[1] is not None
    assert values[1].source == "manifest.json#/results/search_seconds"


def test_metrics_on_other_data_are_not_ranked(two: tuple[Path, Path], tmp_path: Path) -> None:
    photos = SETTINGS.model_copy(update={"data": ImageFolder(path="photos")})
    other = write_run(tmp_path / "other", results=RESULTS | {"params": 9}, settings=photos)
    lines = {line.name: line for line in compared(two[1], other).results}
    assert lines["test accuracy"].best == frozenset()
    assert lines["parameters"].best == {1}


def test_curves_of_all_runs_are_in_one_chart(two: tuple[Path, Path]) -> None:
    charts = compared(*two).charts
    assert [chart.title for chart in charts] == [
        "Accuracy in the search, supernet",
        "Accuracy in the training, validation",
    ]
    assert [series.name for series in charts[0].series] == ["first", "second"]


def test_a_run_beside_itself_differs_in_nothing(two: tuple[Path, Path]) -> None:
    found = compared(two[0], two[0])
    assert found.names == (str(two[0]), str(two[0]))
    assert (found.spec, found.making, found.cells) == ((), (), ())
    assert all(not line.best for line in found.results)


def test_the_command_tells_it_in_text_and_writes_a_page(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "both.html"
    assert run_command(["compare", *map(str, two), "-o", str(page)]) == 0
    assert (
        capsys.readouterr().out
        == f"""\
Spec
  search.epochs
    first   3
    second  9

How they were made
  seed
    first   0
    second  1

Cells
  normal.n1
    first   skip_connect(in1)
    second  max_pool(3)(in1)

Results, the best marked *
                   first     second
test accuracy   90.00%     95.00% *
parameters         2 k *      3 k
multiply-adds      5 k        5 k
search                 –     60 s
training           3 s        3 s
{page}
"""
    )
    text = page.read_text(encoding="utf-8")
    assert "<h1>first, second</h1>" in text
    assert text.count('role="img"') == 4  # curves and cells


def test_a_name_of_bytes_that_are_no_letters_is_shown_in_a_page(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    odd = two[0].rename(tmp_path / "r\udcffn")
    page = tmp_path / "both.html"
    assert run_command(["compare", str(odd), str(two[1]), "-o", str(page)]) == 0
    assert "<h1>r\\xffn, second</h1>" in page.read_text(encoding="utf-8")


def test_runs_of_which_one_is_none_are_not_compared(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["compare", str(two[0]), str(tmp_path / "none")]) == 1
    assert "none: error[NAS023]: folder does not exist" in capsys.readouterr().err
    assert run_command(["compare", str(two[0])]) == 2
