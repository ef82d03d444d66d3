"""Choosing a way for steps, by a clock that ways move: no time is taken here."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping

import pytest
import torch

from dslnas.app.loops import standing_heap
from dslnas.backends.torch.runtime import Runtime
from dslnas.settings.precision import AnyExecution, AnyPrecision
from dslnas.training import choosing
from dslnas.training.choice import Chosen

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Chosen]:
    """Choose between ways that take so long by name, a second by default."""
    now = 0.0

    def wait(device: torch.device) -> None:
        assert device.type in ("cpu", "cuda")

    monkeypatch.setattr("time.perf_counter", lambda: now)
    monkeypatch.setattr(choosing, "wait_for", wait)
    monkeypatch.setattr(choosing, "check_compiler", wait)
    monkeypatch.setattr("gc.collect", lambda: None)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)

    def chosen(
        device: torch.device,
        seconds: Mapping[str, float],
        *,
        steps: int = 1000,
        execution: AnyExecution = "auto",
        precision: AnyPrecision = "float32",
        is_sequence: bool = False,
        broken: str = "",
    ) -> Chosen:
        def make(runtime: Runtime) -> Callable[[], object]:
            nonlocal now
            name = f"{runtime.execution} {runtime.precision}"
            name += "" if "channels_last" in runtime.passes else " planar"
            if name == broken:
                raise RuntimeError("\nno such kernel\nat all")
            now += 100.0 if runtime.compiles else 0.0

            def step() -> None:
                nonlocal now
                now += seconds.get(name, 1.0)

            return step

        runtime = Runtime(device, execution=execution, precision=precision)
        return choosing.choose(runtime, make, steps, is_sequence=is_sequence)

    return chosen


def names(chosen: Chosen) -> list[str]:
    return [str(tried.way) for tried in chosen.tried]


def test_what_is_asked_for_by_name_is_not_varied(choose: Callable[..., Chosen]) -> None:
    found = choose(CPU, {}, execution="eager", precision="auto")
    assert names(found) == ["eager in float32", "eager in bfloat16"]
    assert str(found.way) == "eager in float32"


def test_nothing_is_compiled_for_a_short_stage(choose: Callable[..., Chosen]) -> None:
    found = choose(CPU, {"eager float32 planar": 0.5}, steps=100)
    assert str(found.way) == "eager in float32, channel by channel"
    assert found.tried[-1].why_not == "not worth it for so short a stage"
    assert "500 ms, 1.5 s to start" in found.told()


def test_what_is_compiled_anyway_is_varied_in_a_short_stage(choose: Callable[..., Chosen]) -> None:
    found = choose(CPU, {"compile bfloat16": 0.1}, steps=200, execution="compile", precision="auto")
    assert str(found.way) == "compile in bfloat16"


@pytest.mark.parametrize(("steps", "execution"), [(900, "compile"), (300, "eager")])
def test_what_compiling_takes_must_be_saved(
    steps: int, execution: str, choose: Callable[..., Chosen]
) -> None:
    assert choose(CPU, {"compile float32": 0.8}, steps=steps).way.execution == execution


@pytest.mark.parametrize(("seconds", "precision"), [(0.95, "float32"), (0.85, "bfloat16")])
def test_less_precision_must_save_a_tenth(
    seconds: float, precision: str, choose: Callable[..., Chosen]
) -> None:
    found = choose(CPU, {"eager bfloat16": seconds}, precision="auto", execution="eager")
    assert found.way.precision == precision


def test_each_is_varied_from_the_best_so_far_on_a_gpu(choose: Callable[..., Chosen]) -> None:
    seconds = {
        "graphs float32": 0.5,
        "graphs float32 planar": 0.6,
        "graphs tf32": 0.3,
        "graphs bfloat16": 0.29,
        "compile+graphs tf32": 0.1,
    }
    found = choose(GPU, seconds, precision="auto", steps=10_000)
    assert names(found) == [
        "eager in float32",
        "graphs in float32",
        "graphs in float32, channel by channel",
        "graphs in tf32",
        "graphs in bfloat16",
        "compile+graphs in tf32",
    ]
    assert str(found.way) == "compile+graphs in tf32"
    text = choose(GPU, {"graphs float32": 0.5}, steps=10_000, is_sequence=True)
    assert names(text) == ["eager in float32", "graphs in float32"]


def test_what_was_measured_is_gone_before_the_next_is_made() -> None:
    class Stage:
        def __init__(self) -> None:
            self.itself = self

        def step(self) -> None:
            pass

    left: list[weakref.ref[Stage]] = []

    def make(runtime: Runtime) -> Callable[[], object]:
        assert not [stage for stage in left if stage() is not None]
        stage = Stage()
        left.append(weakref.ref(stage))
        return stage.step

    with standing_heap():  # which is all that is slow to look through
        choosing.choose(Runtime(CPU, precision="auto"), make, 1, is_sequence=True)
    assert len(left) == 2


def test_a_way_that_fails_is_told_and_left(choose: Callable[..., Chosen]) -> None:
    found = choose(GPU, {}, broken="graphs float32", is_sequence=True)
    assert found.tried[1].why_not == "no such kernel"
    assert found.way.execution == "eager"
    with pytest.raises(RuntimeError):
        choose(CPU, {}, broken="eager float32")
