"""Fixtures and settings that every test shares. Does not import torch by itself."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# On somebody's machine other examples every time; where `CI` is set the same, three times as many.
settings.register_profile("local", deadline=None, max_examples=16)
settings.register_profile(
    "continuous", deadline=None, max_examples=50, derandomize=True, print_blob=True
)
settings.load_profile("continuous" if os.environ.get("CI") else "local")


def _threads() -> int:
    """Return how many threads one test process may use: small nets gain nothing from more than 4.

    Worker processes of pytest-xdist share the cores.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1, min(4, (os.cpu_count() or 1) // workers))


# torch reads this when it is first imported, so no test pays for an import it does not need.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = str(_threads())
else:
    os.environ.setdefault("OMP_NUM_THREADS", str(_threads()))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write expected texts anew instead of comparing with them; look at the difference",
    )


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with the one in a file, or write the file with `--update-golden`.

    There is no file where the text is empty.
    """
    # Unknown where pytest was started on a folder above: then nothing is ever written.
    update = request.config.getoption("--update-golden", default=False)

    def compare(path: Path, text: str) -> None:
        if update and text:
            path.write_text(text, encoding="utf-8")
        elif update:
            path.unlink(missing_ok=True)
        if not text:
            assert not path.exists(), f"{path} is not made: remove it"
            return
        assert path.exists(), f"{path} is missing: run pytest --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the cases of a test with `sample(n)` but n of them, spread evenly by name."""
    cases: dict[tuple[str, int], list[pytest.Item]] = {}
    for item in items:
        sample = item.get_closest_marker("sample")
        if sample and not item.get_closest_marker("slow"):
            cases.setdefault((item.nodeid.partition("[")[0], *sample.args), []).append(item)
    for (_, most), of_one_test in cases.items():
        of_one_test.sort(key=lambda item: item.nodeid)
        taken = {len(of_one_test) * n // most for n in range(most)}
        for n, item in enumerate(of_one_test):
            if n not in taken and len(of_one_test) > most:
                item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Keep what was collected out of the rounds of the garbage collector: it stays to the end.

    Rounds are fewer, too: nearly all that tests leave goes without them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip `gpu` tests where there is no GPU."""
    if item.get_closest_marker("gpu"):
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Let nothing wait until the disk has it: no power fails here, and waits took up to a sixth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True)
def _torch_seed() -> None:
    """Make torch's random numbers independent of the order of the tests.

    `torch.manual_seed` writes down the stack for every kind of device that is not there, which
    took a third of the time around a test.
    """
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(0)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(0)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data sets and reference numbers beside the checkout."""
    path = REPOSITORY.parent / "shared"
    if not path.is_dir():
        pytest.skip(f"{path} is not here")
    return path
