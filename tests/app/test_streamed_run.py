"""A run on pictures that stay in their files ends in what one ends in that holds them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

import dslnas
from dslnas.cli.main import STOPPED
from dslnas.runs.folder import CHECKPOINTS
from dslnas.runs.pulse import PULSE
from dslnas.state import hash_of
from tests.exporters.brief import check_briefly
from tests.small import SMALL
from tests.small_text import SMALL_TEXT

PATIENCE = 60.0
"""Seconds within which a run begins, and within which it has to end."""

DATA = """data images {
    path   "photos"
    size   8
    batch  8
    augment flip
    stream STREAM
    workers 0
}
"""


def write_photos(folder: Path, count: int) -> None:
    """Write so many pictures of each of two classes."""
    generator = np.random.default_rng(0)
    for label, name in enumerate(("dark", "bright")):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = generator.integers(60 * label, 60 * label + 130, (9, 11, 3), np.uint8)
            Image.fromarray(noise).save(folder / name / f"{number}.jpg")


def spec_of(data: str, small: str = SMALL) -> str:
    """Return a small spec with a data section."""
    return re.sub(r"data .*?\n}\n", data, small, flags=re.DOTALL)


def test_results_are_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_photos(tmp_path / "photos", 30)
    found = []
    for stream in ("never", "always"):
        spec = tmp_path / f"{stream}.nas"
        spec.write_text(spec_of(DATA.replace("STREAM", stream)))
        run = dslnas.search(dslnas.compile_spec(spec), tmp_path / stream)
        dslnas.train(run)
        files = [(run.path / name).read_bytes() for name in ("predictions.csv", "mistakes.png")]
        found.append((run.cells, hash_of(load_file(run.path / "model.safetensors").items()), files))
    assert found[0] == found[1]


TEXT = """data text {
    path   "book.txt"
    batch  4
    steps  6
    stream STREAM
}
"""

SIGNALS = """data signals {
    path   "signals.npz"
    batch  8
    stream STREAM
}
"""


def write_book(folder: Path) -> None:
    words = [f"w{n * n % (7 + n // 200)}" for n in range(2000)]
    (folder / "book.txt").write_text(" ".join(words), encoding="utf-8")


def write_signals(folder: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 80)
    signals = generator.normal(labels[:, None, None], 1, (80, 2, 32)).astype(np.float32)
    np.savez(folder / "signals.npz", x=signals, y=labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "data", "small"),
    [(write_book, TEXT, SMALL_TEXT), (write_signals, SIGNALS, SMALL)],
)
def test_results_on_texts_and_signals_are_the_same_bits(
    write: Callable[[Path], None],
    data: str,
    small: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path)
    found = []
    for stream in ("never", "always"):
        spec = tmp_path / f"{stream}.nas"
        spec.write_text(spec_of(data.replace("STREAM", stream), small))
        run = dslnas.search(dslnas.compile_spec(spec), tmp_path / stream)
        dslnas.train(run)
        weights = hash_of(load_file(run.path / "model.safetensors").items())
        found.append((run.cells, weights, run.manifest.data_hash, run.results.measures))
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_signal_to_all_processes_stores_a_run_and_leaves_none_over(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 500)
    data = DATA.replace("STREAM", "always").replace("workers 0", "workers 2")
    spec, out = tmp_path / "small.nas", tmp_path / "out"
    spec.write_text(spec_of(data, SMALL.replace("epochs  1", "epochs  100")))
    words = ["compile", str(spec), "--search", "--passes", "none", "--out", str(out)]
    command = [sys.executable, "-m", "dslnas", *words]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env = {**os.environ, **paths}
    with Popen(command, stderr=PIPE, text=True, env=env, start_new_session=True) as run:
        end = time.monotonic() + PATIENCE
        while not (out / PULSE).exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert len(processes_of(run.pid)) > 3, "a server and two that read"
        os.killpg(run.pid, signal.SIGTERM)
        _, told = run.communicate(timeout=PATIENCE)
    assert run.returncode == STOPPED
    assert "interrupted; go on with\n" in told
    assert dslnas.load_run(out).manifest.status == "interrupted"
    assert (out / CHECKPOINTS["search"][0]).exists()
    end = time.monotonic() + PATIENCE
    while processes_of(run.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not processes_of(run.pid)


def processes_of(group: int) -> list[int]:
    """Return the processes of a group."""
    found = subprocess.run(["pgrep", "-g", str(group)], stdout=PIPE, check=False, text=True)
    return list(map(int, found.stdout.split()))
