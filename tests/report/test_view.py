from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dslnas.exporters.onnx_record import milliseconds
from dslnas.json_model import json_text
from dslnas.report.numbers import Number, compact
from dslnas.report.page import page
from dslnas.report.reading import read_run
from dslnas.report.view import Report, report_of
from dslnas.runs.hold import holding
from dslnas.runs.pulse import PULSE, Heart, read_pulse
from dslnas.training.records import SearchCheck, StepRecord
from tests.report.made_runs import searched, trained, write_run

TRAINED: dict[str, Any] = {
    "test_accuracy": 0.9,
    "validation_accuracy": 0.8,
    "params": 12345,
    "flops": 2_000_000,
    "retrain_seconds": 1.5,
}


def made(folder: Path, *lines: Any, **more: Any) -> Report:
    return report_of(read_run(write_run(folder, lines, **more)))


def names(report: Report) -> list[str]:
    return [name for name, _ in report.sections]


def test_a_run_that_has_just_begun_is_told_with_what_there_is(tmp_path: Path) -> None:
    with holding(tmp_path / "run"):
        report = made(tmp_path / "run")
    assert names(report) == ["making"]
    assert report.told == "Searches by darts on digits, seed 0. The run is under way."
    assert report.tiles == ()


def test_a_run_whose_process_is_gone_is_not_under_way(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", (searched(1, 2),))
    Heart(folder).hear(StepRecord("search", 2, 2, 1, 4))
    pulse = read_pulse(folder)
    assert pulse is not None
    silent = pulse.model_copy(update={"host": "another machine", "time": 0.0})
    (folder / PULSE).write_text(json_text(silent.model_dump()))
    assert "process is gone" in report_of(read_run(folder)).told


def test_numbers_that_overflowed_are_left_out_of_curves(tmp_path: Path) -> None:
    lines = (
        searched(1, 2, validation_loss=float("nan"), entropy={"normal": float("inf")}),
        searched(2, 2, entropy={"normal": 0.5}),
    )
    report = made(tmp_path / "run", *lines)
    drawn = {series.name: len(series.points) for series in report.search[0].series}
    assert drawn == {"training": 2, "validation": 1}
    (entropy,) = report.monitor
    assert len(entropy.series[0].points) == 1
    assert "nan" in page(report)


def test_large_numbers_have_no_exponents() -> None:
    texts = [compact(value, "").text for value in (999_499, 999_600, 1234)]
    assert texts == ["999 k", "1 M", "1.23 k"]
    assert [milliseconds(value) for value in (0.0712, 999.4, 999.6, 1234.5)] == [
        "0.0712", "999", "1,000", "1,234"
    ]  # fmt: skip


def test_a_failed_search_is_told_as_far_as_it_went(tmp_path: Path) -> None:
    lines = searched(1, 3, skip_share={"normal": 0.25}), searched(2, 3, skip_share={"normal": 0.5})
    report = made(tmp_path / "run", *lines, status="failed", warnings=("epoch 2: collapsing",))
    assert names(report) == ["search", "monitor", "making", "numbers"]
    assert report.doubts == ("epoch 2: collapsing",)
    loss, accuracy = report.search
    assert [series.name for series in loss.series] == ["training", "validation"]
    assert accuracy.percent
    assert [(epoch, n.value) for epoch, n in accuracy.series[0].points] == [(1, 0.5), (2, 0.75)]
    assert accuracy.series[0].points[1][1].source == "metrics.jsonl#/1/validation_accuracy"
    (skips,) = report.monitor
    assert skips.series[0].points[0][1].source == "metrics.jsonl#/0/skip_share/normal"


def test_a_run_that_was_only_trained_has_no_search_in_its_report(tmp_path: Path) -> None:
    report = made(tmp_path / "run", trained(1, 2), trained(2, 2), results=TRAINED, method=None)
    assert names(report) == ["training", "results", "making", "numbers"]
    assert report.told.startswith("Trained on digits, seed 0.")
    tiles = {tile.label: tile.value.text for tile in report.tiles}
    assert tiles == {
        "test accuracy": "90.00%",
        "validation accuracy": "80.00%",
        "parameters": "12.3 k",
        "multiply-adds": "2 M",
        "training": "1.5 s",
    }


def test_a_search_beside_random_architectures_says_where_its_numbers_are(tmp_path: Path) -> None:
    check = SearchCheck(
        stage="check",
        metric="accuracy",
        found=0.5,
        random=(0.2, 0.6),
        median=0.4,
        beats_random=True,
    )
    report = made(tmp_path / "run", searched(1, 1), check)
    assert report.check is not None
    figure, told = report.check
    assert "beats the median of 2 random architectures" in told
    assert figure.found.source == "metrics.jsonl#/1/found"
    assert [other.source for other in figure.others] == [
        "metrics.jsonl#/1/random/0",
        "metrics.jsonl#/1/random/1",
    ]


def test_a_family_is_told_by_size_and_quality(tmp_path: Path) -> None:
    member = {
        "file": "family/convolutions_1.nas",
        "convolutions": {"normal": 1},
        "epoch": 3,
        "params": 4000,
        "search_validation_accuracy": 0.75,
    }
    report = made(tmp_path / "run", results={"family": (member,)})
    assert report.family is not None
    plot, table = report.family
    assert plot is not None
    assert (plot.dots[0].x.value, plot.dots[0].y.value) == (4000, 0.75)
    assert plot.dots[0].y.source == "manifest.json#/results/family/0/search_validation_accuracy"
    (row,) = table.rows
    assert row[0] == ("normal 1",)
    assert row[4] == ("family/convolutions_1.nas",)


def confusion(classes: int) -> dict[str, dict[str, int]]:
    return {str(n): {str(n): 5, str((n + 1) % classes): n} for n in range(classes)}


def test_few_classes_are_drawn_and_of_many_the_most_confused_are_listed(tmp_path: Path) -> None:
    few = made(tmp_path / "few", results={**TRAINED, "test_confusion": confusion(3)})
    assert few.confused is None
    assert few.confusion is not None
    assert few.confusion.counts["1", "2"].source == "manifest.json#/results/test_confusion/1/2"
    many = made(tmp_path / "many", results={**TRAINED, "test_confusion": confusion(40)})
    assert many.confusion is None
    assert many.confused is not None
    true, said, (count, *_) = many.confused.rows[0]
    assert (true, said) == (("39",), ("0",))
    assert isinstance(count, Number)
    assert count.value == 39


def test_mistakes_come_from_the_predictions_the_surest_first(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", results=TRAINED)
    table = "row,class,predicted,probability\n4,1,1,0.99\n7,2,3,0.6\n9,0,8,0.9\n"
    (folder / "predictions.csv").write_text(table)
    report = report_of(read_run(folder))
    told = [(m.name, m.true, m.said, m.remark) for m in report.mistakes]
    assert told == [("9", "0", "8", "90% sure"), ("7", "2", "3", "60% sure")]
    assert report.mistake_count == 2


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("4,1", "row 2 has 2 columns, the first 4"),
        ("4,1,2," + 140_000 * "5", "field larger than field limit (131072)"),
        ("4,1,2,sure", "could not convert string to float: 'sure'"),
    ],
)
def test_damaged_predictions_are_left_out_and_told(tmp_path: Path, row: str, why: str) -> None:
    folder = write_run(tmp_path / "run", results=TRAINED)
    (folder / "predictions.csv").write_text(f"row,class,predicted,probability\n{row}\n")
    report = report_of(read_run(folder))
    assert report.mistakes == ()
    assert report.left_out == (f"left out: {folder / 'predictions.csv'}: damaged: {why}",)


def test_a_damaged_pulse_is_left_out_and_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", status="running")
    (folder / PULSE).write_text("{")
    with holding(folder):
        report = report_of(read_run(folder))
    assert report.told.endswith("The run is under way.")
    assert report.left_out[0].startswith(f"left out: {folder / PULSE}: damaged: ")


def test_metrics_are_read_up_to_what_is_damaged(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [searched(1, 3), searched(2, 3)], status="interrupted")
    path = folder / "metrics.jsonl"
    whole = path.read_text()
    for cut in (whole + '{"stage": "sea', whole + "{}\n" + whole):
        path.write_text(cut)
        record = read_run(folder)
        assert len(record.lines) == 2
        (told,) = record.left_out
        assert told.startswith(f"left out: {path}")


def test_a_line_that_is_being_written_is_not_damaged(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [searched(1, 3)], status="running")
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "sea')
    record = read_run(folder)
    assert len(record.lines) == 1
    assert record.left_out == ()


def test_what_is_or_is_not_so_is_no_number(tmp_path: Path) -> None:
    lines = [trained(1, 1).model_copy(update={"averaged": False})]
    table = made(tmp_path / "run", *lines).epochs["retrain"]
    assert table.rows[0][table.headings.index("averaged")] == ("no",)
