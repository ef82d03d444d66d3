"""A run that is killed at any moment goes on, and comes to the same bits as one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dslnas.files import PART
from dslnas.runs.folder import RunFolder
from dslnas.runs.manifest import read_manifest
from tests.cli.outcome import assert_same, search
from tests.small import SMALL

SPEC = SMALL.replace("    epochs     1", "    epochs     2")
LONGER = SPEC.replace("    epochs  1\n", "    epochs  3\n")

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


class Killed(BaseException):
    """The process is gone: nothing that follows is written."""


@contextmanager
def killed_before(out: Path, write: int) -> Iterator[list[str]]:
    """Kill a run inside of this before a write to its folder, counted from 0; yield the writes.

    Other files do not count: loops that are compiled for the first time write theirs to a cache.
    """
    writes: list[str] = []
    replace, add = os.replace, RunFolder.add_metrics

    def note(what: Path) -> None:
        if not what.is_relative_to(out):
            return
        if 0 <= write <= len(writes):
            raise Killed
        writes.append(what.name)

    def replacing(source: Any, target: Any) -> None:
        note(Path(os.fsdecode(target)))
        replace(source, target)

    def adding(self: RunFolder, line: Any) -> None:
        note(out / "metrics.jsonl")
        add(self, line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replacing)
        patch.setattr(RunFolder, "add_metrics", adding)
        yield writes


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a whole run, with spec.nas beside it, and how often it wrote."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.nas").write_text(SPEC)
    with killed_before(folder / "run", -1) as writes:
        assert search(folder / "small.nas", folder / "run") == 0
    assert {"search.safetensors", "checkpoint.safetensors", "architecture.nas"} <= {*writes}
    return folder / "run", len(writes)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 1.0])
def test_a_run_killed_before_a_write_goes_on(
    whole: tuple[Path, int], tmp_path: Path, share: float
) -> None:
    run, writes = whole
    spec, out = run.parent / "small.nas", tmp_path / "out"
    with killed_before(out, round(share * (writes - 1))), pytest.raises(Killed):
        search(spec, out)
    if not (out / "manifest.json").exists():  # nothing was begun
        assert list(out.iterdir()) == []
        assert search(spec, out) == 0
    else:
        assert search(spec, out, "--resume") == 0
    assert_same(run, out)


def test_what_a_killed_process_was_writing_goes(whole: tuple[Path, int], tmp_path: Path) -> None:
    run, writes = whole
    spec, out = run.parent / "small.nas", tmp_path / "out"
    with killed_before(out, writes - 1), pytest.raises(Killed):
        search(spec, out)
    (out / f".model.onnx.1{PART}").write_bytes(b"half")
    (out / f".export-1{PART}").mkdir()
    (out / f".export-1{PART}" / "model.py").touch()
    assert search(spec, out, "--resume") == 0
    assert_same(run, out)


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
    head, _, tail = LONGER.partition("search darts {")
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
    for attempt in range(TIMES):
        out = tmp_path / f"out-{attempt}"
        killed += kill_at_random(spec, out, TIMES - killed, drawn, seconds)
        assert_same(whole, out)
        if killed == TIMES:
            break
    assert killed == TIMES
