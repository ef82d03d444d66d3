"""A run on pictures that stay in their files ends in what one ends in that holds them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

import dslnas
from dslnas.cli.main import STOPPED, WRONG_INPUT
from dslnas.runs.folder import CHECKPOINTS
from dslnas.runs.pulse import PULSE
from dslnas.state import hash_of
from tests.exporters.brief import check_briefly
from tests.small import SMALL
from tests.small_text import SMALL_TEXT

PATIENCE, SOON = 90.0, 30.0
"""Seconds within which a run begins, and within which one without a reader has to end."""

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


@contextmanager
def begun(folder: Path) -> Iterator[Popen[str]]:
    """Begin a search of many epochs in a process group of its own, with two processes that read."""
    write_photos(folder / "photos", 500)
    data = DATA.replace("STREAM", "always").replace("workers 0", "workers 2")
    spec, out = folder / "small.nas", folder / "out"
    spec.write_text(spec_of(data, SMALL.replace("epochs  1", "epochs  100")))
    words = ["compile", str(spec), "--search", "--passes", "none", "--out", str(out)]
    command = [sys.executable, "-m", "dslnas", *words]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(folder / "cache")}
    env = {**os.environ, **paths}
    with Popen(command, stderr=PIPE, text=True, env=env, start_new_session=True) as run:
        try:
            wait_until(lambda: (out / PULSE).exists() and bool(readers_of(run.pid)))
            yield run
        finally:
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_signal_to_all_processes_stores_a_run_and_leaves_none_over(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        os.killpg(run.pid, signal.SIGTERM)
        _, told = run.communicate(timeout=PATIENCE)
        assert run.returncode == STOPPED
        assert "interrupted; go on with\n" in told
        wait_until(lambda: not found_by("-g", run.pid))
    assert dslnas.load_run(tmp_path / "out").manifest.status == "interrupted"
    assert (tmp_path / "out" / CHECKPOINTS["search"][0]).exists()


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_run_with_a_message(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        begin = time.monotonic()
        os.kill(readers_of(run.pid)[0], signal.SIGKILL)
        _, told = run.communicate(timeout=PATIENCE)
        assert time.monotonic() - begin < SOON
        assert run.returncode == WRONG_INPUT
        assert "error[NAS613]: a process that reads data was ended by signal 9" in told
        wait_until(lambda: not found_by("-g", run.pid))
    assert dslnas.load_run(tmp_path / "out").manifest.status == "failed"


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def readers_of(run: int) -> list[int]:
    """Return the processes that read for a run: another one begins them."""
    return [reader for server in found_by("-P", run) for reader in found_by("-P", server)]


def found_by(kind: str, of: int) -> list[int]:
    """Return the processes of a group, or the children of one."""
    found = subprocess.run(["pgrep", kind, str(of)], stdout=PIPE, check=False, text=True)
    return list(map(int, found.stdout.split()))
