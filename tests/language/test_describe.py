"""The grammar in other notations: what is committed, what it accepts, and what it can write."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from dslnas.app.card import EXAMPLE, card_text
from dslnas.app.compile import compile_source
from dslnas.app.compiled import CompiledSpace
from dslnas.cli.main import run
from dslnas.language.describe.ebnf import ebnf_text
from dslnas.language.describe.gbnf import gbnf_text
from dslnas.language.link.sources import LIBRARY
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.tokens import RESERVED
from dslnas.source import SourceFile
from tests.language.gbnf import Writer, accepts, called, read_gbnf

ROOT = Path(__file__).resolve().parents[2]
SPECS = [*sorted((ROOT / "specs").glob("*.nas")), *sorted(LIBRARY.rglob("*.nas"))]
RULES = read_gbnf(gbnf_text())


@pytest.mark.parametrize("name", ["card.md", "grammar.ebnf", "grammar.gbnf"])
def test_what_is_committed_is_up_to_date(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    form = Path(name).suffix[1:] if name.startswith("grammar") else "card"
    assert run(["grammar", form]) == 0
    printed = capsys.readouterr().out
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert printed == committed, f"run `dslnas grammar {form} > docs/{name}`"


def test_the_example_of_the_card_is_a_spec() -> None:
    space = compile_source(SourceFile("card.nas", EXAMPLE))
    assert space.method == "darts"
    assert accepts(RULES, EXAMPLE)
    assert card_text().count("\n") < 110


def test_the_example_counts_its_operations_right() -> None:
    text = EXAMPLE.replace("small + block(3) - max_pool(3)", "small")
    compiled = compile_source(SourceFile("card.nas", text))
    assert isinstance(compiled, CompiledSpace)
    assert compiled.space.tables["normal"].rows[0] == 5
    assert "# a set of five" in EXAMPLE


def test_every_rule_is_there_and_used() -> None:
    names = {name for rule in RULES.values() for name in called(rule)}
    assert names == RULES.keys() - {"root"}
    defined = re.findall(r"^(\w+) ::=", ebnf_text(), re.M)
    bodies = re.sub(r"'[^']*'|\[[^]]*\]|/\*.*?\*/", "", ebnf_text(), flags=re.S)
    used = {word for line in bodies.splitlines() for word in line.partition("::=")[2].split()}
    words = {word.strip("?*+()|") for word in used} - {""}
    assert {word for word in words if word != "#xA"} == {*defined} - {"program"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: f"{path.parent.name}.{path.stem}")
@pytest.mark.sample(16)
def test_all_specs_are_of_the_grammar(path: Path) -> None:
    assert accepts(RULES, path.read_text(encoding="utf-8"))


def test_whatever_the_grammar_writes_can_be_parsed() -> None:
    writer = Writer(RULES, random.Random(0))
    texts = {writer.text(depth=14) for _ in range(80)}
    assert len(texts) > 40
    for text in texts:
        language_parser().parse(text, start="program")


@pytest.mark.parametrize(
    "text",
    [
        "search dart { epochs 5 }",
        "search darts { epoch 5 }",
        "search darts { epochs = 5 }",
        "network { epochs 5 }",
        "cell a { cells b }",
        "let a = 1,000",
        "let a = 50k",
        "op f = relu conv(3)",
        "derive darts { by magnitude }",
        "search darts { epochs 5",
        *(f"let {word} = 3" for word in RESERVED),
    ],
)
def test_slips_are_not_of_the_grammar(text: str) -> None:
    assert not accepts(RULES, text)


@pytest.mark.parametrize(
    "name", ["use_", "opss", "o", "celll", "dat", "networks", "Let", "_", "a1"]
)
def test_words_that_are_like_those_of_the_language_are_names(name: str) -> None:
    assert accepts(RULES, f"let {name} = 3")
