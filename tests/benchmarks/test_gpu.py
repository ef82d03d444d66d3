"""The benchmark of a GPU, tried without one: rows, what is left out of them, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gpu
from gpu_steps import SMALL, Measured, Way
from worker import Worker, WorkFailedError

TRAINING, NASP, RECURRENT = (
    next(work.sized(SMALL) for work in gpu.WORKS if work.name == name)
    for name in ("training", "nasp-64", "recurrent")
)


def test_a_worker_goes_on_after_work_that_fails() -> None:
    worker = Worker(eval)
    try:
        for asked, limit, message in (
            ("1 / 0", 60, "ZeroDivisionError: division by zero"),
            ("__import__('os')._exit(1)", 60, "its process died"),
            ("__import__('time').sleep(60)", 0.1, "broken off after 0 s"),
        ):
            with pytest.raises(WorkFailedError, match=message):
                worker(asked, limit)
        assert worker("1 + 1", 60) == 2
    finally:
        worker.close()


@pytest.mark.slow
def test_published_and_own_steps_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "SECONDS", 0.0)  # a few steps, as fast as they may be
    wrong = Way("plain", "no such pass")
    planned = [
        (TRAINING, Way("published", None)),
        (TRAINING, Way("plain", "none")),
        (RECURRENT, Way("plain", "none")),
        (RECURRENT, wrong),
    ]
    file = tmp_path / "rows.json"
    rows = gpu.printed(gpu.rows_of(planned, "cpu", SMALL, time.monotonic() + 300), file, "cpu")
    assert [row.found is not None for row in rows] == [True, True, True, False]
    assert "unknown pass `no such pass`" in rows[3].error
    out = capsys.readouterr().out
    assert "| training, 3 x 4, batch 4 | published | float32 |" in out
    assert "| recurrent, first order, 8 units, batch 4 | plain | float32 |" in out
    assert len(json.loads(file.read_text())["rows"]) == 4


def test_rows_for_which_no_time_is_left_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    def rows() -> Iterator[gpu.Row]:
        yield gpu.Row(NASP, Way("published", None), Measured(0.5, 3, 1.0, 0.0))
        yield gpu.Row(NASP, Way("passes", "all"), Measured(0.25, 3, 1.0, 96.0))
        late = [(NASP, Way("plain", "none")), (NASP, Way("passes", "all", "compile"))]
        yield from gpu.rows_of(late, "cpu", SMALL, time.monotonic())

    gpu.printed(rows(), None, "cpu")
    out = capsys.readouterr().out
    assert "| NASP, 3 x 4, batch 4 | passes | float32 | 250. | 2.00 | 96 | 1.0 |" in out
    assert "No time was left for 2 rows: nasp-64: plain; nasp-64: passes" in out


def test_what_starts_at_once_comes_before_what_compiles() -> None:
    planned = gpu.plan(gpu.WORKS, "tf32", on_gpu=True, compiles=True)
    names = [(work.name, way.compiles) for work, way in planned]
    assert names.index(("recurrent", False)) < names.index(("training", True))
    assert names.index(("training", True)) < names.index(("darts-256", False))
    assert names.index(("gdas-256", False)) < names.index(("darts-256", True))
    assert {way.precision for _, way in planned} == {"tf32", "bfloat16"}
    assert not [w for w, way in planned if way.execution != "eager" and w.chooses]
    assert not [way for w, way in planned if way.compiles and w.is_recurrent]
    on_cpu = gpu.plan(gpu.WORKS, "float32", on_gpu=False, compiles=False)
    assert {way.execution for _, way in on_cpu} == {"eager"}


def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(SystemExit, match="device `tpu` is not available"):
        gpu.main(["--device", "tpu"])
