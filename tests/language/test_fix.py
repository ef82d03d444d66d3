"""Safe edits mend what they say, change nothing that is right, and make nothing worse."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from dslnas.language.fix import fixed
from dslnas.language.link.sources import library_names, library_source, read_source
from dslnas.source import SourceFile
from tests.language.pipeline import mistakes
from tests.small import SMALL
from tests.whole_programs import WholeProgram, whole_programs

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.nas"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.sample(12)
def test_specs_that_are_right_stay_as_they_are(path: Path) -> None:
    source = read_source(path)
    assert fixed(source, mistakes, guess=True) is source


@pytest.mark.parametrize("name", library_names())
def test_files_of_the_library_stay_as_they_are(name: str) -> None:
    """They may lack cells or a network of their own: that is no reason to edit them."""
    source = replace(library_source(name), library=False, name="spec.nas")
    assert fixed(source, mistakes) is source


@settings(max_examples=10)
@given(whole_programs())
def test_programs_that_are_right_stay_as_they_are(program: WholeProgram) -> None:
    source = SourceFile("spec.nas", program.text)
    found = mistakes(source)
    after = fixed(source, mistakes)
    assert len(mistakes(after)) <= len(found)
    assert found or after is source


def slips(text: str, draw: random.Random) -> Iterator[str]:
    """Yield a text with one slip each: a letter or a sign that is missing, doubled or swapped."""
    for _ in range(40):
        place = draw.randrange(len(text) - 1)
        letter = text[place]
        slip = draw.choice(("", letter * 2, text[place + 1] + letter))
        length = 2 if len(slip) == 2 and slip[0] != letter else 1
        yield text[:place] + slip + text[place + length :]


def is_renamed(one: str, other: str) -> bool:
    """Whether two texts are the same but for names: a slip in a definition is its name now."""
    words = [re.findall(r"\w+|[^\w\s]", text) for text in (one, other)]
    names = set(zip(*words, strict=False))
    is_one_to_one = all(len({*column}) == len(names) for column in zip(*names, strict=True))
    return len(words[0]) == len(words[1]) and is_one_to_one


def test_a_slip_is_mended_to_what_was_meant_or_not_at_all() -> None:
    mended = 0
    for text in slips(SMALL, random.Random(0)):
        source = SourceFile("spec.nas", text)
        found = mistakes(source)
        if not found:
            continue  # the slip is a number, or in what nobody reads
        after = fixed(source, mistakes)
        remaining = mistakes(after)
        assert len(remaining) <= len(found), text
        if not remaining:
            assert is_renamed(SMALL, after.text), after.text
            mended += 1
    assert mended > 5


def test_blocks_are_joined_with_their_comments() -> None:
    text = """use papers.darts
search darts {
    epochs  3  # short
}
data digits
search darts {
    order  second
    # as in the paper
}
"""
    assert (
        fixed(SourceFile("spec.nas", text), mistakes).text
        == """use papers.darts
search darts {
    epochs  3  # short
    order  second
    # as in the paper
}
data digits
"""
    )


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("search darts { num_epochs 3 }", "search darts { epochs 3 }"),
        ("data digits { batch_size 32 }", "data digits { batch 32 }"),
        (
            "evaluate { weights sgd(learning_rate = 0.1, wd = 1e-4) }",
            "evaluate { weights sgd(lr = 0.1, weight_decay = 1e-4) }",
        ),
        ("evaluate { scheduler cosine(0.1) }", "evaluate { weights sgd(lr = cosine(0.1)) }"),
        ("search darts { order 2 }", "search darts { order second }"),
        ("search darts { arch cosine(0.1) }", "search darts { arch adam(lr = cosine(0.1)) }"),
        # A second `weights` would stand beside the one that the optimiser becomes.
        ("evaluate { optimizer adam; lr 0.1 }", "evaluate { weights adam; lr 0.1 }"),
        ("evaluate { weigths adam; lr 0.1 }", "evaluate { weights adam; lr 0.1 }"),
        ("evaluate { epoch 100; repeat 2 }", "evaluate { epochs 100; repeat 2 }"),
        ("evaluate { epoch 100; epochs 3 }", "evaluate { epoch 100; epochs 3 }"),
        ("evaluate { epoch 0 }", "evaluate { epoch 0 }"),
    ],
)
def test_words_of_other_programs_are_understood(text: str, mended: str) -> None:
    before, after = (f"use papers.darts\n{line}\n" for line in (text, mended))
    assert fixed(SourceFile("spec.nas", before), mistakes).text == after


@pytest.mark.parametrize(
    "text",
    [
        # Which of the two rates is meant for what?
        "search darts { lr 0.1; momentum 0.8 }",
        "search darts { weights adam; lr 0.1 }",
        # The gate is given what it does not read.
        "gate g(f, state, more = state) { output f(state) }\n"
        "cell recurrent { first g(tanh, x, h) }",
        # `stride` is a word of the condition, too.
        "op block(stride) = conv(3, stride = stride) | when stride 2: conv(1)",
        "op block(k, k) = conv(k)\ncell normal { choose block(3, 5), skip_connect }",
        # A layer that is written twice has other weights in the second place.
        "cell recurrent { first 2 * linear(C)(x) + h }",
        "cell recurrent { first x * h + (1 - x) * tanh(linear(C)(h)) }",
        # Calls that this setting takes begin with other numbers.
        "search beta_darts { regularise 3 }",
        # The constant is there already.
        "let k = 4\ncell normal { let k = 3; nodes 2 }",
    ],
)
def test_what_may_be_meant_otherwise_is_left(text: str) -> None:
    library = "papers.darts_rnn" if "recurrent" in text else "papers.darts"
    source = SourceFile("spec.nas", f"use {library}\n{text}\n")
    assert mistakes(source)
    assert fixed(source, mistakes) is source


def test_a_name_in_other_letters_is_written_alike_wherever_it_stands() -> None:
    text = "use papers.darts\nlet größe = 3  # größe\nsearch darts { epochs 2 * größe }\n"
    after = fixed(SourceFile("spec.nas", text), mistakes)
    assert after.text == text.replace("größe =", "grosse =").replace("* größe", "* grosse")


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("search darts { odrer second; hessian exact }", "order second; hessian exact"),
        ("search darts { ordering second; hessian exact }", ""),
        (
            "derive { requir params < 4M; penalty 1 }\nsearch darts",
            "require params < 4M; penalty 1",
        ),
        ("export { precsion int8; within 2% }", "precision int8; within 2%"),
    ],
)
def test_what_has_no_effect_stays_while_another_mistake_may_be_why(text: str, mended: str) -> None:
    source = SourceFile("spec.nas", f"use papers.darts\n{text}\n")
    after = fixed(source, mistakes)
    assert mended in after.text
    assert after is source or (mended and not mistakes(after))
