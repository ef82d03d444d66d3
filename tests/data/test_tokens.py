"""Tokens: dividing, counting, and the way to numbers and back."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.data import tokens as module
from dslnas.data.tokens import TextFacts, cut, tokens, vocabulary
from dslnas.settings.texts import TokenLevel
from tests.texts import decode, encode

# few letters, so that words come again; white space of all kinds; signs beyond a byte
TEXTS = st.text(st.sampled_from("aab \n\t\u2003\x1féß𝄞<>"), max_size=60)
LEVELS: st.SearchStrategy[TokenLevel] = st.sampled_from(["word", "char"])


def facts_of(text: str, level: TokenLevel, least: int = 1) -> TextFacts:
    return TextFacts(vocabulary=vocabulary(counted(text, level), least), level=level)


def counted(text: str, level: TokenLevel) -> Counter[str]:
    return Counter(chain.from_iterable(tokens(text, level)))


@given(TEXTS, LEVELS)
def test_numbers_survive_the_way_to_text_and_back(text: str, level: TokenLevel) -> None:
    facts = facts_of(text, level)
    numbers = encode(text, facts)
    again = decode(numbers, facts)
    assert encode(again, facts) == numbers
    assert decode(encode(again, facts), facts) == again
    if level == "char":
        assert again == text


@given(TEXTS)
def test_words_are_what_stands_between_white_space(text: str) -> None:
    found = list(chain.from_iterable(tokens(text, "word")))
    lines = text.split("\n")
    expected = list(chain.from_iterable([*line.split(), "<eos>"] for line in lines))[:-1]
    assert found == expected


@given(TEXTS, LEVELS, st.integers(1, 9))
def test_pieces_do_not_change_tokens(text: str, level: TokenLevel, piece: int) -> None:
    whole = list(chain.from_iterable(tokens(text, level)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", piece)
        assert list(chain.from_iterable(tokens(text, level))) == whole


@given(TEXTS, st.integers(-5, 70))
def test_a_cut_is_never_amid_a_word(text: str, place: int) -> None:
    assert cut(text, place, "char") == min(max(place, 0), len(text))
    found = cut(text, place, "word")
    assert min(max(place, 0), len(text)) <= found <= len(text)
    assert found in (0, len(text)) or text[found - 1].isspace()
    assert len((text[:found] + " | " + text[found:]).split()) == len(text.split()) + 1


def test_the_most_frequent_token_is_the_first_then_by_character() -> None:
    counts = Counter({"b": 2, "a": 2, "Z": 2, "c": 5, "rare": 1, "<unk>": 1})
    assert vocabulary(counts, 1) == ("c", "Z", "a", "b", "<unk>", "rare")
    assert vocabulary(counts, 2) == ("c", "<unk>", "Z", "a", "b")
    assert vocabulary(counts, 3) == ("<unk>", "c")
    assert vocabulary(Counter("a"), 1) == ("a", "<unk>")


@given(TEXTS, LEVELS, st.integers(1, 5))
def test_the_vocabulary_has_what_is_frequent_enough(
    text: str, level: TokenLevel, least: int
) -> None:
    counts = counted(text, level)
    known = vocabulary(counts, least)
    assert len(set(known)) == len(known)
    assert set(known) == {t for t, n in counts.items() if n >= least} | {"<unk>"}


def test_what_is_unknown_becomes_unk() -> None:
    facts = facts_of("one two\none two\n", "word")
    assert facts.vocabulary == ("<eos>", "one", "two", "<unk>")
    assert encode("two three\n<unk> <eos>", facts) == [2, 3, 0, 3, 0]
    assert decode([2, 3, 0, 0, 1], facts) == "two <unk>\n\none"
    letters = facts_of("abba\n", "char")
    assert decode(encode("bac\n", letters), letters) == "ba<unk>\n"
