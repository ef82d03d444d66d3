"""Tables of several runs tell what became of each precision."""

from __future__ import annotations

from pathlib import Path

from dslnas.cli.render.comparison import comparison_text
from dslnas.exporters.precision_record import PrecisionRecord, PrecisionRecords
from dslnas.runs.manifest import Results
from dslnas.runs.summary import Outcome, Sample, Summary
from tests.loading import IMAGES

COMMON = {"params": 1, "flops": 1, "search_seconds": 2.0, "retrain_seconds": 3.0}
PLAIN = PrecisionRecord(files=("model.onnx",), bytes=900, validation=0.9, test=0.8)
WARNED = PrecisionRecord(
    files=("model_int8.onnx",), bytes=300, validation=0.9, test=0.7, warnings=("it is slower",)
)
REFUSED = PrecisionRecord(files=(), bytes=300, validation=0.5, test=0.4, refusal="too bad")


def printed(*records: PrecisionRecords) -> list[str]:
    results = [Results.model_validate({**COMMON, "precisions": each}) for each in records]
    measures = {"test_accuracy": 0.5, "validation_accuracy": 0.5}
    runs = [
        Outcome.of(seed, f"seed-{seed}", found.updated(measures), {}, IMAGES)
        for seed, found in enumerate(results)
    ]
    summary = Summary(
        spec="small",
        spec_hash="f00",
        data="digits",
        status="finished",
        seeds=tuple(range(len(runs))),
        search=Sample.of("darts", runs, IMAGES),
        errors=(),
    )
    return comparison_text(summary, Path("out"), IMAGES).splitlines()


def test_precisions_are_told_seed_by_seed_with_warnings_and_refusals() -> None:
    lines = printed({"float32": PLAIN, "int8": WARNED}, {"float32": PLAIN, "int8": REFUSED})
    start = lines.index("Precisions of the ONNX models of darts:")
    rows = [line.split() for line in lines[start + 1 : start + 6]]
    assert [row[:2] for row in rows] == [
        ["seed", "precision"],
        ["0", "float32"],
        ["0", "int8"],
        ["1", "float32"],
        ["1", "int8"],
    ]
    assert rows[2][-2:] == ["300", "3.00x"]
    assert lines[start + 6 : start + 8] == [
        "  seed 0: warning: int8: it is slower",
        "  seed 1: int8 is not delivered: too bad",
    ]


def test_nothing_is_said_of_precisions_where_there_is_float32_alone() -> None:
    assert not any("Precisions" in line for line in printed({}, {}))
