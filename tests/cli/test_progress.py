"""Lines that tell of a training while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from dslnas.cli.render import progress as module
from dslnas.cli.render.progress import Progress
from dslnas.training.records import EpochRecord, Line, SearchCheck, StepRecord

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


def changed(**entries: Any) -> EpochRecord:
    return RECORD.model_copy(update=entries)


def shown(
    capsys: pytest.CaptureFixture[str],
    *records: Line | StepRecord,
) -> list[str]:
    progress = Progress()
    for record in records:
        progress(record)
    progress.close()
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def test_an_epoch_is_a_line_below_its_stage(capsys: pytest.CaptureFixture[str]) -> None:
    retraining = changed(stage="retrain", epoch=1, architecture_loss=None)
    assert shown(capsys, RECORD, retraining) == [
        "Searching (10 epochs)",
        "  epoch   2/10   loss 1.500   architecture loss 1.250   validation 62.50%   7 s",
        "Training the architecture, from scratch (10 epochs)",
        "  epoch   1/10   loss 1.500   validation 62.50%   7 s",
    ]


def test_text_has_a_perplexity(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = {"validation_perplexity": 123.456, "validation_accuracy": 0.25}
    other = ("architecture_loss", "validation_accuracy")
    common = {key: value for key, value in RECORD.model_dump().items() if key not in other}
    plain = EpochRecord.model_validate({**common, **metrics})
    averaged = plain.model_copy(update={"stage": "retrain", "averaged": True})
    assert shown(capsys, plain, averaged)[1::2] == [
        "  epoch   2/10   loss 1.500   validation perplexity 123.46   7 s",
        "  epoch   2/10   loss 1.500   validation perplexity 123.46 (averaged)   7 s",
    ]


def test_skips_are_shown_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    record = changed(skip_share={"normal": 0.25, "reduction": 0.0})
    assert shown(capsys, record)[1].endswith("validation 62.50%   skips: normal 25%   7 s")
    record = changed(skip_share={"normal": 0.0, "reduction": 0.0})
    assert "skips" not in shown(capsys, record)[1]


def test_operations_that_have_stopped_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    none, one, more = (shown(capsys, changed(stopped_operations=n))[1] for n in (0, 1, 12))
    assert none.endswith("validation 62.50%   stopped: 0 operations   7 s")
    assert one.endswith("validation 62.50%   stopped: 1 operation   7 s")
    assert more.endswith("validation 62.50%   stopped: 12 operations   7 s")
    assert "stopped" not in shown(capsys, RECORD)[1]


def test_every_warning_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    record = changed(warnings=("the search collapses", "alpha does not move"))
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


def test_learning_between_epochs_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    progress = Progress()
    progress(StepRecord("search", 1, 2, 9, 9))
    for step in range(1, 6):
        progress(StepRecord("learn", 1, 2, step, 1600))
        now += 0.4 * module.SECONDS
    progress(StepRecord("search", 2, 2, 1, 9))
    assert capsys.readouterr().err.splitlines() == [
        "Searching (2 epochs)",
        "  epoch   1/2   learning from architectures: 2 of 1,600",
        "  epoch   1/2   learning from architectures: 5 of 1,600",
    ]


def test_a_log_tells_once_a_minute_that_an_epoch_goes_on_and_how_long_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    progress = Progress()
    for step in range(1, 11):
        progress(StepRecord("search", 1, 10, step, 10))
        now += 0.4 * module.SECONDS
    progress(changed(epoch=1))
    assert capsys.readouterr().err.splitlines() == [
        "Searching (10 epochs)",
        "  epoch   1/10   step 2 of 10   39 min left",
        "  epoch   1/10   step 5 of 10   38 min left",
        "  epoch   1/10   step 8 of 10   36 min left",
        "  epoch   1/10   loss 1.500   architecture loss 1.250   validation 62.50%   7 s   "
        "40 min left",
    ]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(quiet=True)(changed(warnings=("alpha does not move",)))
    assert capsys.readouterr().err == ""


# ---- on a terminal ------------------------------------------------------------------------------


class Bar:
    """A bar that writes down what happens to it."""

    def __init__(self, *, total: int, **_: Any) -> None:
        self.total = total
        self.seen: list[str] = []

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        self.told = text

    def update(self) -> None:
        self.seen.append(f"{sum('of' in s for s in self.seen) + 1} of {self.total}")

    def close(self) -> None:
        self.seen.append("closed")


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Bar]:
    """Every bar that is opened."""
    opened: list[Bar] = []

    def bar(**given: Any) -> Bar:
        opened.append(Bar(**given))
        return opened[-1]

    monkeypatch.setattr(module, "tqdm", bar)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    return opened


def test_a_bar_grows_where_there_are_more_steps_than_expected(bars: list[Bar]) -> None:
    progress = Progress()
    for step in range(1, 5):
        progress(StepRecord("retrain", 1, 2, step, max(step, 2)))
    progress(changed(stage="retrain"))
    progress(StepRecord("retrain", 2, 2, 1, 2))
    progress.close()
    seen = [["1 of 2", "2 of 2", "3 of 3", "4 of 4", "closed"], ["1 of 2", "closed"]]
    assert [bar.seen for bar in bars] == seen


def test_a_terminal_tells_what_would_be_derived_now_and_how_long_is_left(
    capsys: pytest.CaptureFixture[str], bars: list[Bar], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)  # the one that is read here
    progress = Progress()
    for step in (1, 2):
        progress(StepRecord("search", 1, 2, step, 2))
        now += 30.0
    progress(changed(epochs=2, epoch=1, operations={"normal": {"skip": 1, "conv": 3}}))
    assert bars[0].told == "1 min left"
    printed = capsys.readouterr().err.splitlines()
    assert printed[-2].endswith("7 s   2 min left")
    assert printed[-1] == "    now: normal 3 conv, 1 skip"


def test_a_bar_ends_with_its_stage(bars: list[Bar]) -> None:
    progress = Progress()
    progress(StepRecord("compare", 1, 1, 1, 1))
    progress(StepRecord("retrain", 1, 1, 1, 1))
    assert [bar.seen for bar in bars] == [["1 of 1", "closed"], ["1 of 1"]]


def test_learning_between_epochs_has_a_bar_of_its_own(bars: list[Bar]) -> None:
    progress = Progress()
    for stage in ("search", "learn", "search"):
        progress(StepRecord(stage, 1, 2, 1, 1))
    assert [bar.seen for bar in bars] == [["1 of 1", "closed"], ["1 of 1", "closed"], ["1 of 1"]]


def test_a_search_is_held_against_random_architectures(capsys: pytest.CaptureFixture[str]) -> None:
    check = SearchCheck(
        stage="check",
        metric="accuracy",
        found=0.5,
        random=(0.25, 0.625, 0.75),
        median=0.625,
        beats_random=False,
    )
    better = {"metric": "perplexity", "found": 15.0, "random": (17.5,), "median": 17.5}
    beaten = check.model_copy(update={**better, "beats_random": True})
    assert shown(capsys, check, beaten) == [
        "  With the shared weights, the result of the search does not beat the median of 3 random "
        "architectures: 50.00% against 62.50%.",
        "  With the shared weights, the result of the search beats the median of 1 random "
        "architecture: perplexity 15.00 against perplexity 17.50.",
    ]
