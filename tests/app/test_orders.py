"""Jobs for other processes, done in this one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dslnas.app.compile import compile_spec, with_search
from dslnas.app.jobs import Here, Job, run_job
from dslnas.app.orders import Answer, Order, answer_to
from dslnas.app.run import Run, RunInterrupted
from dslnas.diagnostics import user_error
from dslnas.runs.manifest import read_manifest
from dslnas.runs.stop_request import StopRequest
from tests.small import SMALL

Pipeline = Callable[..., Run]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    path = tmp_path / "small.nas"
    path.write_text(SMALL.replace("epochs     1", "epochs     2"))
    spec = with_search(compile_spec(path, ["search.epochs=3"]))
    (facts,) = Here().facts([spec], {})
    return Job(spec, tmp_path / "run", 5, False, facts, "darts, seed 5")


def test_an_order_is_the_same_job_elsewhere(job: Job) -> None:
    order = Order.of(job, {"checkpoint_minutes": 2.0, "passes": "none"})
    found = Order.model_validate_json(order.model_dump_json()).job()
    assert (found.spec.hash, found.spec.text) == (job.spec.hash, job.spec.text)
    assert (found.spec.name, found.method, found.title) == ("small", "darts", job.title)
    assert (found.path, found.seed) == (job.path, job.seed)
    assert found.facts == {**job.facts, "passes": ()}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (user_error("NAS701", "loss is nan", where="search"), ("loss is nan", "search", False)),
        (user_error("NAS021", "disk full", where="run", help="free"), ("disk full", "run", True)),
    ],
)
def test_mistakes_come_back_with_what_others_need_to_know(
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    answer: tuple[str, str, bool],
) -> None:
    def fail(*_: object, **__: object) -> Run:
        raise error

    monkeypatch.setattr("dslnas.app.jobs.run_pipeline", fail)
    found = Answer.model_validate_json(answer_to(Order.of(job, {}).model_dump_json()))
    (mistake,) = found.diagnostics
    assert (mistake.message, mistake.where, found.are_shared) == answer


def test_an_interrupt_asks_the_loop_to_end_and_be_stored(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(*_: object, stop: StopRequest, **__: object) -> Run:
        with stop.heard():
            signal.raise_signal(signal.SIGINT)
            assert stop.is_asked
        raise RunInterrupted(job.path)

    monkeypatch.setattr("dslnas.app.jobs.run_pipeline", wait)
    before = signal.getsignal(signal.SIGINT)
    found = Answer.model_validate_json(answer_to(Order.of(job, {}).model_dump_json()))
    assert found == Answer(told=("interrupted, and stored",))
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_a_run_elsewhere_writes_what_one_here_does(job: Job, tmp_path: Path) -> None:
    expected = Answer.of(run_job(job, {}))
    aside = job.path.rename(tmp_path / "here")
    found = answer_to(Order.of(job, {}).model_dump_json())
    assert Answer.model_validate_json(found) == expected
    for name in ("alphas.safetensors", "architecture.nas", "model.safetensors", "spec.nas"):
        assert (job.path / name).read_bytes() == (aside / name).read_bytes(), name
    assert read_manifest(job.path).spec == "small"
