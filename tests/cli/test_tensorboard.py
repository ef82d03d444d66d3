"""Events of TensorBoard say what the metrics of a run say."""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dslnas.app.tensorboard import MARK, Mirror
from dslnas.cli.main import run
from dslnas.runs.folder import METRICS, read_metrics
from dslnas.training.records import EpochRecord

pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")


def events(folder: Path) -> dict[tuple[str, int], float]:
    """Return the scalars in files of events, by tag and step."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for content in (one for path in folder.glob("events.*") for one in _records(path.read_bytes())):
        event = Event.FromString(content)
        for value in event.summary.value:
            if value.HasField("simple_value"):
                found[value.tag, event.step] = value.simple_value
    return found


def _records(content: bytes) -> Iterator[bytes]:
    """Yield the records of a TFRecord file: length, its check sum, data, their check sum."""
    place = 0
    while place < len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        yield content[place + 12 : place + 12 + length]
        place += 16 + length


def test_every_epoch_has_its_numbers(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = tmp_path / "logs"
    assert run(["tensorboard", str(finished), "--out", str(logs)]) == 0
    assert f"tensorboard --logdir {logs}" in capsys.readouterr().out
    found = events(logs / finished.name)
    for line in read_metrics(finished):
        if isinstance(line, EpochRecord):
            tag = f"{line.stage}/validation_accuracy"
            assert found[tag, line.epoch] == pytest.approx(line.validation_metrics["accuracy"])
    assert {tag for tag, _ in found} >= {"search/train_loss", "search/entropy/normal"}


def test_events_follow_a_run_and_begin_anew_where_it_went_back(
    finished: Path, tmp_path: Path
) -> None:
    lines = (finished / METRICS).read_text().splitlines(keepends=True)
    (finished / METRICS).write_text(lines[0])
    mirror = Mirror(finished, tmp_path / "logs" / "run")
    assert mirror.follow() == 1
    (finished / METRICS).write_text("".join(lines))
    assert mirror.follow() == 2
    assert {tag.partition("/")[0] for tag, _ in events(mirror.folder)} == {"search", "retrain"}
    (finished / METRICS).write_text(lines[0].replace('"train_loss": ', '"train_loss": 1'))
    assert mirror.follow() == 1
    assert {tag.partition("/")[0] for tag, _ in events(mirror.folder)} == {"search"}


def test_runs_of_one_name_have_folders_of_their_own(finished: Path, tmp_path: Path) -> None:
    for spec in ("one", "other"):
        shutil.copytree(finished, tmp_path / spec / "seed0")
    logs, runs = tmp_path / "logs", [str(tmp_path / "one"), str(tmp_path / "other")]
    assert run(["tensorboard", *runs, runs[0], "--out", str(logs)]) == 0
    assert events(logs / "one" / "seed0") == events(logs / "other" / "seed0") != {}


def test_a_folder_of_something_else_stays(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "logs" / finished.name / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert run(["tensorboard", str(finished), "--out", str(tmp_path / "logs")]) == 1
    assert "NAS022" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert not (mine.parent / MARK).exists()


def test_a_missing_extra_is_told(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert run(["tensorboard", str(finished)]) == 1
    assert "pip install 'dslnas[tensorboard]'" in capsys.readouterr().err
