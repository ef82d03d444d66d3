"""What is seen of a training while it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dslnas.cli.progress import Progress
from dslnas.training.records import EpochRecord, StepRecord

RECORD = EpochRecord(
    stage="search",
    epoch=2,
    epochs=10,
    train_loss=1.5,
    architecture_loss=1.25,
    validation_loss=1.0,
    validation_accuracy=0.625,
    seconds=7.4,
)


def shown(capsys: pytest.CaptureFixture[str], *records: EpochRecord | StepRecord) -> list[str]:
    progress = Progress()
    for record in records:
        progress(record)
    progress.close()
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def test_an_epoch_is_a_line_below_its_stage(capsys: pytest.CaptureFixture[str]) -> None:
    retraining = replace(RECORD, stage="retrain", epoch=1, architecture_loss=None)
    assert shown(capsys, RECORD, retraining) == [
        "Searching (10 epochs)",
        "  epoch   2/10   loss 1.500   architecture loss 1.250   validation 62.50%   7 s",
        "Training the architecture, from scratch (10 epochs)",
        "  epoch   1/10   loss 1.500   validation 62.50%   7 s",
    ]


def test_text_has_a_perplexity(capsys: pytest.CaptureFixture[str]) -> None:
    plain = replace(RECORD, architecture_loss=None, validation_perplexity=123.456)
    averaged = replace(plain, stage="retrain", averaged=True)
    assert shown(capsys, plain, averaged)[1::2] == [
        "  epoch   2/10   loss 1.500   validation perplexity 123.46   7 s",
        "  epoch   2/10   loss 1.500   validation perplexity 123.46 (averaged)   7 s",
    ]


def test_skips_are_shown_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    record = replace(RECORD, skip_share={"normal": 0.25, "reduction": 0.0})
    assert shown(capsys, record)[1].endswith("validation 62.50%   skips: normal 25%   7 s")
    record = replace(RECORD, skip_share={"normal": 0.0, "reduction": 0.0})
    assert "skips" not in shown(capsys, record)[1]


def test_every_warning_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    record = replace(RECORD, warnings=("the search collapses", "alpha does not move"))
    assert shown(capsys, record)[2:] == [
        "  warning: the search collapses",
        "  warning: alpha does not move",
    ]


def test_comparing_says_how_many_measurements_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shown(capsys, StepRecord("compare", 1, 1, 1, 1200)) == [
        "Comparing candidates by the shared weights (1,200 measurements)"
    ]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(quiet=True)(replace(RECORD, warnings=("alpha does not move",)))
    assert capsys.readouterr().err == ""
