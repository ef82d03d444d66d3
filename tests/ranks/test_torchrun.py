"""Runs of several processes that torchrun starts: the result of one, one folder, one voice."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dslnas.runs.manifest import Manifest, read_manifest
from tests.small import LONGER
from tests.small_text import SMALL_TEXT

pytestmark = pytest.mark.slow
SPEC = LONGER.replace("    epochs  1\n", "    epochs  3\n").replace("10%", "20%")
BRIEF = SPEC.replace("    epochs  3\n", "    epochs  1\n").replace("     3\n", "     1\n")
FILES = ("alphas.safetensors", "model.safetensors")


def command(spec: Path, out: Path, *more: str, ranks: int = 2) -> list[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    own = ["-m", "dslnas", "compile", str(spec), "--search", "--out", str(out)]
    return [sys.executable, *(launcher if ranks > 1 else []), *own, *more]


def ran(*given: str, spec: Path, out: Path, ranks: int = 2) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        command(spec, out, *given, ranks=ranks), capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stderr
    return found


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spec") / "small.nas"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def whole(spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run by two processes that nothing interrupted."""
    out, place = tmp_path_factory.mktemp("whole") / "out", tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(place))
        done = ran("--precision", "float64", spec=spec, out=out)
    assert done.stdout.count("test accuracy") == 1, "one talks"
    assert done.stderr.count("2 processes share every batch") == 1
    assert not [*place.glob("dslnas-*")], "the others leave nothing behind"
    return out


def process_of(rank: int, out: Path) -> int:
    """Return the number of the process of a rank."""
    for folder in Path("/proc").iterdir():
        try:
            told = (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"RANK={rank}".encode() in told and str(out).encode() in words and b"dslnas" in words:
            return int(folder.name)
    raise AssertionError(f"rank {rank} does not run")


@pytest.fixture
def started(spec: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a run by two processes that has stored its first epoch."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(spec, out, "--precision", "float64"), stderr=subprocess.PIPE, text=True
    )
    limit = time.monotonic() + 120
    while not (out / "search.safetensors").exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < limit
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def assert_alike(found: Path, expected: Path, *, exactly: bool) -> None:
    for name in FILES:
        tensors, wanted = load_file(found / name), load_file(expected / name)
        assert tensors.keys() == wanted.keys()
        for key, tensor in tensors.items():
            if exactly:
                assert torch.equal(tensor, wanted[key]), key
            else:
                torch.testing.assert_close(tensor, wanted[key], rtol=1e-6, atol=1e-6)
    cells = [(run / "architecture.nas").read_bytes() for run in (found, expected)]
    assert cells[0] == cells[1]


def test_two_processes_end_where_one_does(whole: Path, spec: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    ran("--precision", "float64", spec=spec, out=alone, ranks=1)
    assert_alike(whole, alone, exactly=False)
    manifest: Manifest = read_manifest(whole)
    assert (manifest.status, manifest.processes) == ("finished", 2)


def test_a_process_that_is_killed_ends_the_others_and_the_run_goes_on(
    whole: Path, spec: Path, tmp_path: Path, started: subprocess.Popen[str]
) -> None:
    out = tmp_path / "out"
    began = time.monotonic()
    os.kill(process_of(1, out), signal.SIGKILL)
    _, told = started.communicate(timeout=30)
    assert time.monotonic() - began < 30
    assert started.returncode != 0
    assert "error[NAS732]: another process of this run is gone" in told or "interrupted" in told
    ran("--precision", "float64", "--resume", spec=spec, out=out)
    assert_alike(out, whole, exactly=True)


def test_a_disk_that_is_full_ends_all_and_the_run_goes_on(
    whole: Path, spec: Path, tmp_path: Path, started: subprocess.Popen[str]
) -> None:
    out = tmp_path / "out"
    # no file of it may grow beyond this any more, as if the disk had no space for more
    resource.prlimit(process_of(0, out), resource.RLIMIT_FSIZE, (64, 64))
    _, told = started.communicate(timeout=60)
    assert started.returncode != 0
    assert "[rank 0] " in told
    assert "error[NAS021]" in told
    ran("--precision", "float64", "--resume", spec=spec, out=out)
    assert_alike(out, whole, exactly=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_end_after_the_same_step_and_another_number_of_them_goes_on(
    whole: Path, spec: Path, tmp_path: Path, started: subprocess.Popen[str], number: int
) -> None:
    out = tmp_path / "out"
    os.kill(process_of(1, out), number)  # the first one hears it from it
    started.communicate(timeout=60)
    assert read_manifest(out).status == "interrupted"
    done = ran("--precision", "float64", "--resume", spec=spec, out=out, ranks=1)
    assert "Processes: 2 before, 1 now" in done.stderr
    assert_alike(out, whole, exactly=False)


def test_statistics_of_each_process_give_a_run_too(spec: Path, tmp_path: Path) -> None:
    brief, out = tmp_path / "brief.nas", tmp_path / "out"
    brief.write_text(BRIEF)
    ran("--batch-norm", "apart", spec=brief, out=out)
    again = tmp_path / "again"
    ran("--batch-norm", "apart", spec=brief, out=again)
    assert_alike(out, again, exactly=True)


@pytest.mark.parametrize("method", ["enas { units 8; updates 2; candidates 3 }", "evolution"])
def test_children_are_spread(tmp_path: Path, method: str) -> None:
    spec, out, alone = tmp_path / "small.nas", tmp_path / "out", tmp_path / "alone"
    settings = method if "{" in method else f"{method} {{ population 6; cycles 4; epochs 2 }}"
    spec.write_text(BRIEF.replace("search darts {\n    epochs  1\n}", f"search {settings}"))
    assert "darts {" not in spec.read_text()
    ran("--precision", "float64", spec=spec, out=out)
    ran("--precision", "float64", spec=spec, out=alone, ranks=1)
    assert_alike(out, alone, exactly=False)


def test_text_is_searched_and_trained(tmp_path: Path) -> None:
    spec, out, alone = tmp_path / "text.nas", tmp_path / "out", tmp_path / "alone"
    spec.write_text(SMALL_TEXT.replace("epochs    3", "epochs    1"))
    ran("--precision", "float64", spec=spec, out=out)
    ran("--precision", "float64", spec=spec, out=alone, ranks=1)
    assert_alike(out, alone, exactly=False)


def test_a_mistake_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    spec, out = tmp_path / "small.nas", tmp_path / "out"
    spec.write_text(BRIEF.replace("batch   32", "batch   3"))
    found = subprocess.run(command(spec, out), capture_output=True, text=True, timeout=120)
    assert found.returncode != 0
    # who is last may be ended by torchrun before it says the same
    assert re.search(r"\[rank [01]\] .*error\[NAS733\]", found.stderr)
    shutil.rmtree(out, ignore_errors=True)
