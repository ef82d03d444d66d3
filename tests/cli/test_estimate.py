"""`dslnas estimate`, and the error before anything is trained that cannot fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dslnas
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.cli.commands.estimate import time_text
from dslnas.cli.main import run
from dslnas.passes.manager import USUAL
from dslnas.training import memory_check as fitting
from tests.small import SMALL
from tests.small_text import SMALL_TEXT

SMALL_CIFAR = SMALL.replace("data digits {\n    subset  10%", "data cifar10 {")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def estimated(
    spec: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    assert run(["estimate", str(spec), "--json", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    facts: dict[str, Any] = json.loads(printed.out)
    return facts, facts["stages"]


def test_the_search_and_the_training_are_estimated(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts, (search, training) = estimated(spec, capsys, "--steps", "1")
    assert (facts["spec"], facts["device"]) == ("small", "cpu")
    assert (search["stage"], training["stage"]) == ("search", "training")
    for stage in (search, training):
        assert stage["fits"]
        assert 0 < stage["activations_bytes"] < stage["peak_bytes"] < facts["memory_bytes"]
        assert stage["weights_bytes"] == 12 * stage["params"]
        assert stage["seconds"] == stage["seconds_per_epoch"] * stage["epochs"]
        assert stage["seconds_per_epoch"] == stage["seconds_per_step"] * stage["steps_per_epoch"]
    assert search["steps_per_epoch"] == 2  # 1,797 * 10% * 40% examples in batches of 32


def test_people_get_a_table(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["estimate", str(spec), "--steps", "1"]) == 0
    printed = capsys.readouterr()
    title, _, heading, params, *_ = printed.out.splitlines()
    assert title.startswith("small on cpu, which has ")
    assert heading.split() == ["search", "training"]
    assert params.startswith("parameters  ")
    assert "Searching by darts" in printed.err


def test_parts_of_a_batch_keep_less(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (search, training) = estimated(spec, capsys, "--steps", "0")
    sets = ("--set", "search.accumulate=4", "--set", "evaluate.accumulate=2")
    _, (of_search, of_training) = estimated(spec, capsys, "--steps", "0", *sets)
    assert search["activations_bytes"] == 4 * of_search["activations_bytes"]
    assert training["activations_bytes"] == 2 * of_training["activations_bytes"]
    assert search["seconds_per_step"] is None


def test_passes_and_precision_decide_what_is_kept(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, usual = estimated(spec, capsys, "--steps", "0")
    facts, plain = estimated(spec, capsys, "--steps", "0", "--passes", "none")
    assert facts["passes"] == []
    for precision, width, copies in (("bfloat16", 0.5, 14), ("float64", 2, 24)):
        # separable convolutions run as one in loops that know no bfloat16
        passes = ",".join(name for name in USUAL if name != "separable")
        facts, found = estimated(
            spec, capsys, "--steps", "0", "--precision", precision, "--passes", passes
        )
        _, usual = estimated(spec, capsys, "--steps", "0", "--passes", passes)
        assert facts["precision"] == precision
        for stage, in_float32 in zip(found, usual, strict=True):
            assert stage["activations_bytes"] == int(width * in_float32["activations_bytes"])
            assert stage["weights_bytes"] == copies * stage["params"]
    for stage, rewritten in zip(plain, usual, strict=True):
        assert stage["activations_bytes"] > 1.2 * rewritten["activations_bytes"]
        assert stage["weights_bytes"] == rewritten["weights_bytes"]


def test_steps_are_timed_as_they_would_run(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed: list[TorchNetwork] = []
    place = Runtime.place

    def placed(self: Runtime, network: TorchNetwork) -> TorchNetwork:
        timed.append(place(self, network))
        return network

    monkeypatch.setattr(Runtime, "place", placed)
    how = ("--precision", "bfloat16", "--passes", "channels_last")
    _, stages = estimated(spec, capsys, "--steps", "1", *how)
    assert all(stage["seconds_per_step"] > 0 for stage in stages)
    assert len(timed) == 2
    for network in timed:
        assert network.is_mixed
        assert network.passes == ("channels_last",)


def test_methods_that_run_one_operation_keep_less(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = []
    for method in ("darts", "nasp", "gdas", "random"):
        _, (search, _) = estimated(spec, capsys, "--steps", "0", "--set", f"search={method}")
        kept.append(search["activations_bytes"])
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) == 4


def test_noise_stands_for_data_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cifar.nas"
    path.write_text(SMALL_CIFAR)
    _, (search, training) = estimated(path, capsys, "--steps", "0")
    assert search["steps_per_epoch"] == int(50_000 * 0.45) // 32
    assert training["steps_per_epoch"] == int(50_000 * 0.9) // 32
    path.write_text(
        SMALL_CIFAR.replace("cifar10", "npz").replace(
            "channels  4\n    cells", "input 1 x 8 x 8; classes 3; channels  4\n    cells"
        )
    )
    assert run(["estimate", str(path), "--steps", "1"]) == 0
    printed = capsys.readouterr()
    assert "known once `data.path` is given" in printed.out
    assert "noise stands for them" in printed.err


def test_text_and_architectures_are_estimated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.nas"
    path.write_text(SMALL_TEXT)
    _, stages = estimated(path, capsys, "--steps", "1")
    assert all(stage["seconds_per_step"] > 0 for stage in stages)
    path.write_text("use rnn.lstm\nnetwork { channels 4 }\nevaluate { channels 4; batch 8 }\n")
    _, (training,) = estimated(path, capsys, "--steps", "0")
    assert training["stage"] == "training"


def test_what_does_not_fit_is_not_tried(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "memory_bytes", lambda: 2**20)
    monkeypatch.setattr("dslnas.training.estimate.memory_of", lambda device: 2**20)
    assert run(["estimate", str(spec)]) == 0
    assert "The search does not fit: no step was taken." in capsys.readouterr().out


def test_a_search_that_cannot_fit_ends_before_it_starts(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "memory_bytes", lambda: 35 * 2**20)
    out, large = tmp_path / "run", ("--set", "data.batch=256", "--set", "data.subset=40%")
    assert run(["compile", str(spec), "--search", "--out", str(out), *large]) == 1
    error = capsys.readouterr().err
    assert "memory: error[NAS408]: `search` needs about " in error
    assert "this machine has 35.0 MiB" in error
    assert "use a smaller `data.batch`, `search.accumulate=" in error
    assert not out.exists()


@pytest.mark.parametrize("way", [("--search",), ("--search", "--repeats", "2")])
def test_a_search_ends_before_it_starts_if_what_it_finds_cannot_fit(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, ...],
) -> None:
    monkeypatch.setattr(fitting, "memory_bytes", lambda: 90 * 2**20)
    out, wide = tmp_path / "run", ("--set", "evaluate.channels=256", "--set", "evaluate.repeat=8")
    assert run(["compile", str(spec), *way, "--out", str(out), *wide]) == 1
    error = capsys.readouterr().err
    assert "memory: error[NAS408]: `evaluate` needs about " in error
    assert "use a smaller `evaluate.batch`" in error
    assert not list(tmp_path.rglob("alphas*"))
    searched = dslnas.search(
        dslnas.compile_spec(spec, ["evaluate.channels=256", "evaluate.repeat=8"])
    )
    assert searched.architecture is not None


def test_a_training_that_cannot_fit_ends_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "memory_bytes", lambda: 2**20)
    path = tmp_path / "lstm.nas"
    path.write_text("use rnn.lstm\nnetwork { channels 4 }\nevaluate { channels 4; batch 8 }\n")
    assert run(["export", str(path), "--out", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert "error[NAS408]: `evaluate` needs about " in error
    assert "use a smaller `evaluate.batch`, fewer `channels`" in error


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "?"), (0.0123, "0.012 s"), (59.0, "59.0 s"), (150.0, "2.5 min"), (9000.0, "2.5 h")],
)
def test_times_for_people(seconds: float | None, text: str) -> None:
    assert time_text(seconds) == text
