"""Many runs on a cluster of Ray: two nodes on this machine, one of which is killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dslnas.runs.folder import CHECKPOINTS, METRICS
from dslnas.runs.manifest import read_manifest
from tests.cli.outcome import assert_same
from tests.small import SMALL

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]
ROOT = Path(__file__).parent.parent.parent
SEEDS = 6
MINUTES = 5
LONG = SMALL.replace("    epochs  1\n", "    epochs  12\n")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spec") / "small.nas"
    path.write_text(LONG)
    return path


@pytest.fixture(scope="module")
def here(spec: Path) -> Path:
    """The folder of the same runs without a cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        assert code_of(begin(spec, spec.parent / "out"))[0] == 0
    return spec.parent / "out"


@pytest.fixture
def nodes(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """The process of a cluster, see `tests.cluster.nodes`, in which commands run."""
    settings = {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),  # else Ray writes one into the home of the user
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.nodes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        monkeypatch.setenv("RAY_ADDRESS", process.stdout.readline().strip())
        yield process
        process.stdin.close()
        process.wait()


def kill_the_second(nodes: subprocess.Popen[str]) -> None:
    assert nodes.stdin is not None
    nodes.stdin.write("now\n")
    nodes.stdin.flush()


def begin(spec: Path, out: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dslnas", "compile", str(spec), "--search", "--no-baseline"]
    command += ["--repeats", str(SEEDS), "--out", str(out), *arguments]
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # what a shell runs in the background ignores Ctrl-C, and so do the processes it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def code_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate(timeout=60 * MINUTES)
    return process.returncode, told


def stored(out: Path, number: int, process: subprocess.Popen[str]) -> list[Path]:
    """Wait until so many runs are amid their search at once, and return them."""
    until = time.monotonic() + 60 * MINUTES
    while time.monotonic() < until and process.poll() is None:
        found = sorted(path.parent for path in out.glob(f"*/{CHECKPOINTS['search'][0]}"))
        if len(found) >= number:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not so many runs at once: {process.communicate()}")


def epochs_in(run: Path) -> list[str]:
    return (run / METRICS).read_text().splitlines()


def assert_same_runs(out: Path, expected: Path) -> None:
    summaries = [json.loads((path / "summary.json").read_text()) for path in (out, expected)]
    assert [one["status"] for one in summaries] == ["finished"] * 2
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"seed-{seed}" for seed in range(SEEDS)),
        "summary.json",
    ]
    for seed in range(SEEDS):
        assert_same(out / f"seed-{seed}", expected / f"seed-{seed}")


def test_a_node_that_is_killed_loses_nothing(
    nodes: subprocess.Popen[str], spec: Path, here: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = begin(spec, out, "--on", "ray")
    under_way = stored(out, 2, process)
    before = {run: epochs_in(run) for run in under_way}
    kill_the_second(nodes)
    code, told = code_of(process)
    assert code == 0, told
    assert told.count("darts, seed ") == SEEDS
    for run, epochs in before.items():  # with their times: no epoch was done again
        assert epochs_in(run)[: len(epochs)] == epochs
    assert_same_runs(out, here)


@pytest.mark.usefixtures("nodes")
def test_ctrl_c_stores_all_runs_and_they_go_on_without_the_cluster(
    spec: Path, here: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = begin(spec, out, "--on", "ray")
    under_way = stored(out, 2, process)
    process.send_signal(signal.SIGINT)
    code, told = code_of(process)
    assert (code, "--resume" in told) == (130, True), told
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert {read_manifest(run).status for run in under_way} <= {"interrupted", "finished"}
    assert code_of(begin(spec, out, "--resume"))[0] == 0
    assert_same_runs(out, here)
