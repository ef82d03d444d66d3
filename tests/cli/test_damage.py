"""Damaged files of runs: every command works, or names what is damaged and changes nothing."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dslnas.cli.main import run
from tests.cli.outcome import interrupting, search, search_briefly
from tests.exporters.brief import check_briefly
from tests.small import LONGER
from tests.small_text import SMALL_TEXT

SPECS = {"digits": LONGER, "text": SMALL_TEXT}

STATES = ("finished", "training", "searching")
"""Runs that are damaged: a whole one, and those that were interrupted in one of their loops."""

JSON = ("manifest.json", "metrics.jsonl")
TENSORS = ("search.safetensors", "checkpoint.safetensors", "model.safetensors")

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 1e308, float("nan"), float("inf"), "", "../../x", "\ud800", "\0"),
    *([], {}, [1], {"a": 1}, "a" * 70_000),
)
"""Values that stand in the place of others."""

COMMANDS: dict[str, Callable[[Path, Path], Sequence[str]]] = {
    "resume": lambda spec, out: ["compile", f"{spec}", "--search", "--out", f"{out}", "--resume"],
    "export": lambda _, out: ["export", f"{out}", "--out", f"{out}-files"],
    "status": lambda _, out: ["status", f"{out}", "--json"],
    "compare": lambda _, out: ["compare", f"{out}", f"{out}"],
    "report": lambda _, out: ["report", f"{out}"],
    "show": lambda _, out: ["show", f"{out}"],
    "predict": lambda _, out: ["predict", f"{out}", f"{out}"],
    "draw": lambda _, out: ["draw", f"{out}", "-o", f"{out}.svg"],
    "train": lambda _, out: ["train", f"{out}", "--out", f"{out}-trained"],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with specs and a run of each in every state. Nobody may write to it."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        for kind, text in SPECS.items():
            spec = folder / f"{kind}.nas"
            spec.write_text(re.sub(r"(search \w+ {\s+epochs +)1", r"\g<1>2", text))
            search_briefly(spec, folder / f"{kind}-finished")
            for state, stage in (("training", "retrain"), ("searching", "search")):
                with interrupting() as interrupt:
                    interrupt(stage, 2)
                    assert search(spec, folder / f"{kind}-{state}") == 130
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of all values within one of JSON."""
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inner:
        yield from places(one, (*path, key))


def with_odd_value(text: bytes, drawn: random.Random) -> bytes:
    """Return JSON with a value taken out, or replaced by an odd one."""
    value = json.loads(text)
    *above, last = drawn.choice([place for place in places(value) if place])
    where = value
    for key in above:
        where = where[key]
    if drawn.random() < 0.3:
        del where[last]
    else:
        where[last] = drawn.choice(ODD)
    return json.dumps(value).encode()


def with_odd_header(content: bytes, drawn: random.Random) -> bytes:
    """Return a safetensors file with such a value in its header."""
    size = int.from_bytes(content[:8], "little")
    header = with_odd_value(content[8 : 8 + size], drawn)
    return len(header).to_bytes(8, "little") + header + content[8 + size :]


def with_odd_line(content: bytes, drawn: random.Random) -> bytes:
    """Return lines of JSON, one of them with such a value."""
    lines = content.splitlines()
    number = drawn.randrange(len(lines))
    lines[number] = with_odd_value(lines[number], drawn)
    return b"\n".join(lines) + b"\n"


def with_other_bytes(content: bytes, drawn: random.Random) -> bytes:
    """Return a file with a bit that turned over, cut short, or with bytes taken out or put in."""
    at = drawn.randrange(len(content)) if drawn.random() < 0.5 else min(300, len(content) // 2)
    size = drawn.choice((1, 8, 1000))
    return drawn.choice(
        (
            b"",
            content[:at],
            content[:at] + content[at + size :],
            content[:at] + drawn.randbytes(size) + content[at:],
            content[:at] + bytes([content[at] ^ 1 << drawn.randrange(8)]) + content[at + 1 :],
        )
    )


def damaged(path: Path, drawn: random.Random) -> bytes:
    """Return what a file may have come to."""
    content = path.read_bytes()
    how = {
        ".json": with_odd_value,
        ".jsonl": with_odd_line,
        ".safetensors": with_odd_header,
    }[path.suffix]
    return (how if drawn.random() < 0.6 else with_other_bytes)(content, drawn)


def check_answers(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int, names: Sequence[str]
) -> None:
    """Damage a file of a run, drawn by a seed; every command answers, and loses nothing."""
    drawn = random.Random(seed)
    kind, state = drawn.choice([*SPECS]), drawn.choice(STATES)
    out = shutil.copytree(runs / f"{kind}-{state}", tmp_path / "out", dirs_exist_ok=True)
    name = drawn.choice([name for name in (*JSON, *TENSORS) if (out / name).exists()])
    (out / name).write_bytes(damaged(out / name, drawn))
    for command in names:
        before = contents(out)
        arguments = COMMANDS[command](runs / f"{kind}.nas", out)
        capsys.readouterr()
        code = run([*arguments])
        told = capsys.readouterr().err
        assert code in (0, 1, 2), (seed, arguments, told)
        if code != 0:
            assert str(out) in told, (seed, arguments, told)
            assert contents(out) == before, (seed, arguments, told)
        shutil.rmtree(f"{out}-files", ignore_errors=True)
        shutil.rmtree(f"{out}-trained", ignore_errors=True)


LOOKS = ("status", "show", "compare", "predict")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_every_command_answers_whatever_a_file_of_a_run_holds(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    check_answers(runs, tmp_path, capsys, seed, (*LOOKS, "report", "draw", "resume"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 240))
def test_what_trains_and_exports_answers_too(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    check_answers(runs, tmp_path, capsys, seed, ("export", "train", "resume"))


def test_commands_that_look_answer_whatever_a_file_of_a_run_holds(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few of them: the run is one that other tests share."""
    for seed in range(4):
        drawn = random.Random(seed)
        out = shutil.copytree(finished, tmp_path / f"out-{seed}")
        name = JSON[seed % 2]
        (out / name).write_bytes(damaged(out / name, drawn))
        before = contents(out)
        for command in ("status", "show"):
            assert run([*COMMANDS[command](tmp_path, out)]) in (0, 1)
            told = capsys.readouterr()
            assert "Traceback" not in told.err
        assert contents(out) == before
