"""A run that is killed at any moment goes on, and comes to the same bits as one that was not."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dslnas.files import PART
from dslnas.runs.manifest import read_manifest
from tests.cli.outcome import Killed, assert_same, killed_before, search
from tests.small import LONGER

LONGEST = LONGER.replace("    epochs  1\n", "    epochs  3\n")

# One method of each kind: softmax, sampled, proximal, controller, population.
KINDS = {
    "darts": "darts",
    "gdas": "gdas",
    "nasp": "nasp",
    "enas": "enas { units 8; updates 3; samples 3; candidates 4; epochs 3 }",
    "evolution": "evolution { population 6; tournament 3; cycles 6; epochs 3 }",
}

TIMES = 25
"""How often a process of each kind is killed."""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(LONGER)
    return path


def test_the_writes_of_a_run_are_counted(writes: list[str]) -> None:
    assert {"search.safetensors", "checkpoint.safetensors", "architecture.nas"} <= {*writes}


@pytest.mark.parametrize("share", [0.0, pytest.param(0.3, marks=pytest.mark.slow), 0.6, 1.0])
@pytest.mark.sample(1)
def test_a_run_killed_before_a_write_goes_on_and_what_it_was_writing_goes(
    spec: Path, whole: Path, writes: list[str], tmp_path: Path, share: float
) -> None:
    out = tmp_path / "out"
    with killed_before(out, round(share * (len(writes) - 1))), pytest.raises(Killed):
        search(spec, out)
    if not (out / "manifest.json").exists():  # nothing was begun
        assert list(out.iterdir()) == []
        assert search(spec, out) == 0
    else:
        (out / f".model.onnx.1{PART}").write_bytes(b"half")
        (out / f".export-1{PART}").mkdir()
        (out / f".export-1{PART}" / "model.py").touch()
        assert search(spec, out, "--resume") == 0
    assert_same(whole, out)


# ---- processes ----------------------------------------------------------------------------------


def process(spec: Path, out: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = ["compile", str(spec), "--search", "--out", str(out), *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "dslnas", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(running: subprocess.Popen[bytes], seconds: float | None = None) -> int | None:
    """Wait for a process and return its exit code, or None where it still runs after a time."""
    try:
        _, errors = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    assert running.returncode == 0, errors.decode()
    return 0


def spec_of(method: str, folder: Path) -> Path:
    head, _, tail = LONGEST.partition("search darts {")
    ours = KINDS[method]
    body = tail.partition("}")[2]
    search_ = ours if "{" in ours else f"{ours} {{ epochs 3 }}"
    path = folder / f"{method}.nas"
    path.write_text(f"{head}search {search_}{body}")
    return path


def seconds_of(spec: Path, out: Path) -> float:
    """Run a spec and return how long it took."""
    begin = time.monotonic()
    assert finish(process(spec, out)) == 0
    return time.monotonic() - begin


def kill_at_random(spec: Path, out: Path, times: int, drawn: random.Random, seconds: float) -> int:
    """Run a spec, kill it at random moments and go on; return how often it was killed.

    `seconds` are those of a whole run.
    """
    killed = 0
    while killed < times:
        resume = ["--resume"] if (out / "manifest.json").exists() else []
        running = process(spec, out, "--checkpoint-minutes", "0.005", *resume)
        if finish(running, drawn.uniform(0.3, 1.0) * seconds) is not None:
            break
        running.send_signal(signal.SIGKILL)
        running.communicate()
        killed += 1
    if not (out / "manifest.json").exists() or read_manifest(out).status != "finished":
        resume = ["--resume"] if (out / "manifest.json").exists() else []
        assert finish(process(spec, out, *resume)) == 0
    return killed


@pytest.mark.slow  # several minutes
@pytest.mark.parametrize("method", KINDS)
def test_a_process_killed_at_random_moments_comes_to_the_same(method: str, tmp_path: Path) -> None:
    spec = spec_of(method, tmp_path)
    whole, again = tmp_path / "whole", tmp_path / "again"
    assert finish(process(spec, whole)) == 0  # it may have to compile loops
    seconds = seconds_of(spec, again)
    assert_same(whole, again)
    drawn, killed = random.Random(0), 0
    for attempt in range(4 * TIMES):  # on a machine that is less busy than before, some end first
        out = tmp_path / f"out-{attempt}"
        killed += kill_at_random(spec, out, TIMES - killed, drawn, seconds)
        assert_same(whole, out)
        if killed == TIMES:
            break
    assert killed == TIMES
