"""Many runs on a cluster of Ray: two nodes on this machine, one of which is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dslnas.runs.folder import CHECKPOINTS, METRICS
from dslnas.runs.manifest import read_manifest
from tests.cli.outcome import assert_same
from tests.small import SMALL

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
ROOT = Path(__file__).parent.parent.parent
SEEDS = 6
MINUTES = 5
LONG = SMALL.replace("    epochs  1\n", "    epochs  12\n")


@dataclass
class Nodes:
    """A cluster of two nodes with one core each.

    Attributes:
        cluster: The cluster.
        second: The node that no command is connected to.
    """

    cluster: Any
    second: Any


@pytest.fixture
def nodes(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nodes]:
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path[1:]]))
    size = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=size)
    try:
        second = cluster.add_node(**size)
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        yield Nodes(cluster, second)
    finally:
        cluster.shutdown()


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


def begin(spec: Path, out: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dslnas", "compile", str(spec), "--search", "--no-baseline"]
    command += ["--repeats", str(SEEDS), "--out", str(out), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


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
    nodes: Nodes, spec: Path, here: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = begin(spec, out, "--on", "ray")
    under_way = stored(out, 2, process)
    before = {run: epochs_in(run) for run in under_way}
    nodes.cluster.remove_node(nodes.second, allow_graceful=False)
    code, told = code_of(process)
    assert code == 0, told
    assert told.count("darts, seed ") == SEEDS
    for run, epochs in before.items():  # with their times: no epoch was done again
        assert epochs_in(run)[: len(epochs)] == epochs
    assert_same_runs(out, here)


def test_ctrl_c_stores_all_runs_and_they_go_on_without_the_cluster(
    nodes: Nodes, spec: Path, here: Path, tmp_path: Path
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
