"""The known word that is near an unknown one, and whether it is certain."""

from __future__ import annotations

import random
import time

import pytest

from dslnas.diagnostics import MOST_FOUND
from dslnas.edits import Advice
from dslnas.spelling import did_you_mean, suggestion


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("epoch", "did you mean `epochs`?"),
        ("epochz", "did you mean `epochs`?"),
        ("sdg", "did you mean `sgd`?"),
        ("tes", "did you mean `test`?"),
        ("xyz", "known are `epochs`, `sgd`, `test`"),
    ],
)
def test_suggestions(word: str, help: str) -> None:
    assert str(suggestion(word, ["test", "epochs", "sgd"])) == help
    assert not suggestion(word, [])


def test_the_word_itself_is_no_help() -> None:
    assert not did_you_mean("epochs", ["epochs"])
    assert str(suggestion("epochs", ["epochs", "sgd"])) == "known are `sgd`"


@pytest.mark.parametrize(
    ("word", "near", "safe"),
    [
        ("dartz", "darts", True),
        ("weigt_decay", "weight_decay", True),
        ("hh", "h", True),
        ("p_darts", "pc_darts", False),
        ("robust_darts", "beta_darts", False),
        ("imagenet", "images", False),
        ("dwconv", "conv", False),
    ],
)
def test_another_word_that_looks_like_a_known_one_is_no_slip(
    word: str, near: str, safe: bool
) -> None:
    help = did_you_mean(word, [near, "epochs"])
    assert isinstance(help, Advice)
    assert (help.instead, help.safe) == (near, safe)


def test_short_words_are_near_where_one_letter_is_too_many() -> None:
    assert str(suggestion("hh", ["c", "h", "x"])) == "did you mean `h`?"
    assert str(suggestion("hc", ["c", "h", "x"])) == "known are `c`, `h`, `x`"


def made_up(count: int, length: int, seed: int) -> list[str]:
    """Return names that are hard to tell apart: of two letters, at random."""
    draw = random.Random(seed)
    return ["".join(draw.choices("ab", k=length)) for _ in range(count)]


@pytest.mark.parametrize(
    ("known", "length"),
    [
        *((119, 30), (390, 250), (6000, 16), (20, 5000)),
        *(pytest.param(*sizes, marks=pytest.mark.slow) for sizes in ((400, 30), (12_000, 8))),
    ],
)
def test_finding_near_names_takes_no_time_whatever_the_names(known: int, length: int) -> None:
    names, unknown = made_up(known, length, 0), made_up(MOST_FOUND, length, 1)
    started = time.process_time()
    for word in unknown:
        suggestion(word, names)
    assert time.process_time() - started < 3  # naive, it takes minutes


def test_among_many_long_names_the_one_with_a_typo_is_found() -> None:
    names = made_up(300, 30, 0)
    name = names[150]
    for word in (f"{name[:10]}x{name[11:]}", name[:20] + name[21:], f"{name}x"):
        assert str(suggestion(word, names)) == f"did you mean `{name}`?"


def test_long_lists_are_cut() -> None:
    assert str(suggestion("?", [f"n{i}" for i in range(10, 40)])).endswith("`n21`, ...")


@pytest.mark.parametrize("word", ["EPOCHS", "SepConv", "sepconv", "Sep_Conv"])
def test_capitals_and_underscores_are_no_other_word(word: str) -> None:
    near = did_you_mean(word, ["sep_conv", "epochs", "dil_conv"])
    assert isinstance(near, Advice)
    assert near.safe
    assert near.instead == ("epochs" if word == "EPOCHS" else "sep_conv")


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("cifar", ["cifar10"]),
        ("n5", ["n1"]),
        ("sep_conv(7)", ["sep_conv(5)"]),
        ("ab", ["abc"]),
        ("conv_a", ["conv_b", "conv_c"]),
    ],
)
def test_what_may_be_meant_otherwise_is_not_certain(word: str, known: list[str]) -> None:
    near = did_you_mean(word, known)
    assert isinstance(near, str) or not near.safe
