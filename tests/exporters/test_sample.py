"""`sample.py` beside an exported model: numpy and onnxruntime are all that it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from dslnas.data.tokens import TextFacts
from dslnas.exporters import sample
from dslnas.exporters.export import export
from dslnas.settings.sections import ExportSettings
from tests.exporters.brief import check_briefly
from tests.exporters.exported_text import CHARACTERS, characters, language_model, words
from tests.texts import decode, encode

# Runs a script where dslnas and torch cannot be imported.
ALONE = """
import runpy, sys
sys.modules["dslnas"] = sys.modules["torch"] = sys.modules["onnx"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def make(folder: Path, text: TextFacts) -> Path:
    settings = ExportSettings.model_validate({"formats": ("onnx",)})
    export(language_model(), folder, settings, name="x", metadata={}, facts=text)
    return folder / "sample.py"


@pytest.fixture(scope="module", autouse=True)
def _brief_checks() -> Iterator[None]:
    """Check the models briefly: they are what the scripts of this module read."""
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        yield


@pytest.fixture(scope="module")
def word_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("words"), words())


@pytest.fixture(scope="module")
def char_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("characters"), characters())


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ALONE, str(script), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=script.parent,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def said(script: Path, *arguments: str) -> str:
    done = run(script, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_text_goes_on_from_the_prompt_and_depends_on_the_seed_alone(word_script: Path) -> None:
    arguments = ("--prompt", "the cat", "--length", "30", "--seed")
    first = said(word_script, *arguments, "1")
    assert first.startswith("the cat ")
    assert len(encode(first.removesuffix("\n"), words())) == 32
    assert "<unk>" not in first
    assert said(word_script, *arguments, "1") == first
    assert said(word_script, *arguments, "2") != first


def test_characters_stand_without_spaces_between_them(char_script: Path) -> None:
    text = said(char_script, "--prompt", "bad ", "--length", "40")
    assert text.startswith("bad ")
    assert len(text) == len("bad ") + 40 + 1
    assert set(text) <= set(CHARACTERS[1:])


def test_likeliest_tokens_are_those_of_the_network(char_script: Path) -> None:
    facts, network = characters(), language_model()
    text = said(char_script, "--prompt", "abc", "--length", "12", "--temperature", "0")
    numbers, states = encode("abc", facts), None
    expected = list(numbers)
    for _ in range(12):
        result = network.run(torch.tensor(numbers)[:, None], states)
        states = result.states
        logits = result.logits[-1, 0].detach().numpy()
        logits[0] = -np.inf
        numbers = [int(logits.argmax())]
        expected += numbers
    assert text == "".join(facts.vocabulary[n] for n in expected) + "\n"


def test_unknown_words_are_reported_and_read_as_such(word_script: Path) -> None:
    done = run(word_script, "--prompt", "the dog sat\non dogs dog", "--length", "3")
    assert done.returncode == 0
    assert done.stderr == 'unknown, read as <unk>: "dog", "dogs"\n'
    assert done.stdout.startswith("the <unk> sat\non <unk> <unk>")


def test_without_a_prompt_a_new_line_begins(word_script: Path, char_script: Path) -> None:
    line = said(word_script, "--prompt", "\n", "--length", "5")
    assert "\n" + said(word_script, "--length", "5") == line
    assert "\n" + said(char_script, "--length", "5") == said(
        char_script, "--prompt", "\n", "--length", "5"
    )


@pytest.mark.parametrize("level", ["word", "char"])
def test_text_without_lines_begins_after_the_most_frequent_token(
    tmp_path: Path, level: Literal["word", "char"]
) -> None:
    script = make(tmp_path, TextFacts(vocabulary=("<unk>", " ", *"abcdefgh"), level=level))
    text = said(script, "--length", "20")
    assert "\n" not in text.removesuffix("\n")
    if level == "char":
        assert said(script, "--prompt", " ", "--length", "20") == f" {text}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--length", "0"), "--length is a whole number of at least 1, not 0"),
        (("--length", "many"), "argument --length: invalid int value: 'many'"),
        (("--temperature", "-1"), "--temperature is a number of at least 0, not -1"),
        (("--temperature", "nan"), "--temperature is a number of at least 0, not nan"),
        (("--seed", "-1"), "--seed is a whole number of at least 0, not -1"),
    ],
)
def test_wrong_arguments_are_explained(
    word_script: Path, arguments: tuple[str, str], message: str
) -> None:
    done = run(word_script, *arguments)
    assert done.returncode == 2
    assert done.stderr.endswith(f"error: {message}\n")


def test_files_that_do_not_fit_are_explained(tmp_path: Path) -> None:
    script = make(tmp_path, words())
    vocabulary = tmp_path / "vocabulary.json"
    content = json.loads(vocabulary.read_text(encoding="utf-8"))

    def error(text: str | None, *arguments: str) -> str:
        vocabulary.unlink() if text is None else vocabulary.write_text(text, encoding="utf-8")
        done = run(script, *arguments)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]

    few = {**content, "tokens": content["tokens"][:4]}
    assert error(json.dumps(few)) == ("error: vocabulary.json has 4 tokens, model_step.onnx has 10")
    without = {**content, "tokens": [f"{token}_" for token in content["tokens"]]}
    assert error(json.dumps(without), "--prompt", "the") == (
        'error: the model does not know "the": give another --prompt'
    )
    assert error("{}").endswith("vocabulary.json is damaged: export the model again")
    assert error("no json").endswith("vocabulary.json is damaged: export the model again")
    assert "vocabulary.json does not exist" in error(None)


# ---- parts of it --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "a b", "a\nb \n\n c", " a  b\t", "\n"])
def test_prompts_are_divided_as_the_text_was(text: str) -> None:
    for facts in (words(), characters()):
        numbers = facts.numbers
        unknown = numbers["<unk>"]
        found = [numbers.get(token, unknown) for token in sample.encode(text, facts.level)]
        assert found == encode(text, facts)


@pytest.mark.parametrize(
    "tokens",
    [
        ["a<eos>b", "c"],
        ["<eos><eos>", "<eos>", "a", "<eos>"],
        ["<eos>", "<eos>", "a", "b", "<eos>", "c"],
        ["<eos>"],
        [],
    ],
)
def test_only_a_whole_token_ends_a_line(tokens: list[str]) -> None:
    text = sample.decode(tokens, "word")
    assert text.count("\n") == tokens.count("<eos>")
    assert sample.encode(text, "word") == tokens
    facts = words(["<unk>", "<eos>", *dict.fromkeys(t for t in tokens if t != "<eos>")])
    assert text == decode([facts.numbers[token] for token in tokens], facts)


def test_tokens_are_drawn_by_their_probabilities() -> None:
    logits = np.log([0.1, 0.6, 0.3])
    random = np.random.default_rng(0)
    for temperature in (1.0, 0.5):
        drawn = [sample.choose(logits, temperature, random) for _ in range(4000)]
        powers = np.exp(logits) ** (1 / temperature)
        assert np.abs(np.bincount(drawn) / 4000 - powers / powers.sum()).max() < 0.03
    assert sample.choose(logits, 0, random) == 1
    assert sample.choose(np.array([-np.inf, -1e9, -np.inf]), 1.0, random) == 1
