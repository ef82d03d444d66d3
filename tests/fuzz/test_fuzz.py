"""The fuzzers themselves: they find what is wrong, and the same seed gives the same inputs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from hypothesis import strategies as st

from dslnas.diagnostics import user_error
from tests.fuzz.corpus import shortened
from tests.fuzz.inputs import inputs
from tests.fuzz.judge import judge
from tests.fuzz.tally import Tally, table
from tests.fuzz.target import BrokenLawError, Target


def read(content: bytes, folder: Path) -> None:
    """Fail in all ways that there are, by the first letter."""
    match content[:1]:
        case b"u":
            raise user_error("NAS001", "is wrong", where="a.nas")
        case b"p":
            raise user_error("NAS001", "has no place")
        case b"l":
            raise BrokenLawError("a law is broken")
        case b"i":
            raise IndexError


TARGET = Target(
    "made", read, lambda: [b"right = 1", b"unknown = 20\n"], (b"word",), st.binary(), is_text=True
)


def test_whatever_is_neither_right_nor_refused_is_a_failure(tmp_path: Path) -> None:
    outcomes = {first: judge(TARGET, first, tmp_path) for first in (b"r", b"u", b"p", b"l", b"i")}
    assert {first: outcome.failure for first, outcome in outcomes.items()} == {
        b"r": "",
        b"u": "",
        b"p": "refused without a place",
        b"l": "a law is broken",
        b"i": "IndexError in fuzz/test_fuzz.py, read",
    }
    assert [outcome.is_right for outcome in outcomes.values()] == [True, False, False, False, False]


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, again, other = (list(islice(inputs(TARGET, seed), 200)) for seed in (1, 1, 2))
    assert first == again
    assert first[:2] == other[:2] == list(TARGET.seeds())
    assert first != other
    assert len(set(first)) > 150


def test_what_fails_is_kept_without_what_it_fails_without() -> None:
    content = b"a long text with an x in it, and much more behind it"
    assert shortened(content, lambda one: b"x" in one) == b"x"


def test_accounts_are_joined_in_a_table(tmp_path: Path) -> None:
    tally = Tally()
    for content in (b"r", b"u", b"i", b"i"):
        tally.add(judge(TARGET, content, tmp_path))
    assert Tally.from_line(tally.to_line()) == tally
    lines = table({"one": tally, "two": tally}).splitlines()
    assert [line.split()[:4] for line in lines[1:4]] == [
        ["one", "4", "1", "1"],
        ["two", "4", "1", "1"],
        ["all", "8", "2", "2"],
    ]
    assert lines[-1] == "two: IndexError in fuzz/test_fuzz.py, read (2)"
