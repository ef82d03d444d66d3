"""Text as tensors: parts in the order of the text, one vocabulary, and what is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.data.text import PARTS
from dslnas.data.text_survey import describe
from dslnas.data.tokens import PartFacts, TextFacts
from dslnas.settings.texts import Ptb, TextFile
from tests.data.made import error, real, text_of
from tests.loading import TEXT, load
from tests.texts import decode, read

DTYPE = torch.float32


def parts(data: Data) -> list[StreamPart]:
    return [text_of(getattr(data, name)) for name in PARTS]


def tokens_of(part: StreamPart) -> Tensor:
    return part.tokens[:]


def facts(data: Data) -> TextFacts:
    assert isinstance(data.facts, TextFacts)
    return data.facts


def write(folder: Path, text: str) -> str:
    path = folder / "text.txt"
    path.write_text(text)
    return str(path)


def test_the_parts_are_the_text_in_its_order() -> None:
    settings = TextFile()
    data = load(settings, "cpu")
    whole = (Path(__file__).parents[2] / "dslnas/data/texts/pride_and_prejudice.txt").read_text()
    assert "".join(decode(tokens_of(part).tolist(), facts(data)) for part in parts(data)) == whole
    assert [len(tokens_of(part)) / len(whole) for part in parts(data)] == pytest.approx(
        settings.split, abs=1e-4
    )
    assert torch.equal(
        tokens_of(text_of(data.training)), torch.cat([tokens_of(part) for part in parts(data)[:2]])
    )
    assert len(facts(data).vocabulary) == 67
    assert data.facts.class_names == ()
    assert facts(data).level == "char"
    assert {tokens_of(part).dtype for part in parts(data)} == {torch.int64}
    assert {part.steps for part in (*parts(data), text_of(data.training))} == {35}


@pytest.mark.parametrize("least", [1, 3])
@pytest.mark.parametrize("level", ["word", "char"])
def test_the_vocabulary_is_as_large_as_described(level: str, least: int) -> None:
    settings = TextFile.model_validate({"level": level, "least": least, "subset": 0.3, "batch": 8})
    data = load(settings, "cpu")
    described = describe(settings)
    assert described is not None
    assert len(facts(data).vocabulary) == described.classes
    assert max(int(tokens_of(part).max()) for part in parts(data)) < len(facts(data).vocabulary)
    assert min(int(tokens_of(part).min()) for part in parts(data)) >= 0


def test_words_that_only_the_other_parts_have_are_unknown_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "a b a c\n" * 40 + "a <unk> new\n" * 10)
    settings = TextFile(path=path, split=(0.4, 0.2, 0.2, 0.2), batch=2, steps=3)
    data = load(settings, "cpu")
    known = facts(data)
    assert known.vocabulary == ("a", "<eos>", "b", "c", "<unk>")
    assert list(known.parts) == list(PARTS)
    for name, part, text in zip(PARTS, parts(data), read(settings), strict=True):
        unknown = text.split().count("new")
        assert known.parts[name] == PartFacts(len(tokens_of(part)), len(text), unknown)
        assert int((tokens_of(part) == 4).sum()) == unknown + text.split().count("<unk>")
    assert [known.parts[name].unknown for name in PARTS] == [0, 0, 2, 8]


def test_rare_words_are_unknown_where_they_train(tmp_path: Path) -> None:
    path = write(tmp_path, "a b a\n" * 20 + "once\n" + "a b b\n" * 20)
    settings = TextFile(path=path, batch=2, steps=3, least=2)
    data = load(settings, "cpu")
    assert facts(data).vocabulary == ("a", "b", "<eos>", "<unk>")
    assert facts(data).parts["weights"].unknown == 1
    assert int((tokens_of(parts(data)[0]) == 3).sum()) == 1


@pytest.mark.parametrize(
    ("split", "message", "help"),
    [
        (
            (0.5, 0.1, 0.2, 0.2),
            "architecture part has 10 tokens but a step reads 4 x 6",
            "give a longer text or a larger share, or lower `batch` or `steps`",
        ),
        (
            (0.5, 0.3, 0.01, 0.19),
            "validation part has 1 tokens but needs 2",
            "give a longer text or a larger share",
        ),
    ],
)
def test_a_part_is_too_short(
    tmp_path: Path, split: tuple[float, ...], message: str, help: str
) -> None:
    path = write(tmp_path, "ab" * 50)
    settings = TextFile(path=path, level="char", split=split, batch=4, steps=5)
    assert error(lambda: load(settings, "cpu"), path) == ("NAS611", message, help)


def test_real_penn_treebank_has_the_published_counts(shared: Path) -> None:
    data = load(Ptb(path=str(real(shared, "ptb"))), "cpu")
    assert len(facts(data).vocabulary) == 10_000
    assert len(tokens_of(text_of(data.training))) == 929_589
    assert [facts(data).parts[name] for name in PARTS[2:]] == [
        PartFacts(tokens=73_760, characters=399_782, unknown=0),
        PartFacts(tokens=82_430, characters=449_945, unknown=0),
    ]


@pytest.mark.gpu
def test_text_is_on_the_gpu_and_equal() -> None:
    here, there = load(TextFile(), "cpu"), load(TextFile(), "cuda")
    for one, two in zip(parts(here), parts(there), strict=True):
        assert tokens_of(two).is_cuda
        assert torch.equal(tokens_of(one), tokens_of(two).cpu())


def test_the_network_is_made_for_another_vocabulary(tmp_path: Path) -> None:
    settings = TextFile(path=write(tmp_path, "one two\n" * 100), batch=2, steps=2)
    assert len(facts(TEXT.load(settings, "cpu", DTYPE, classes=4, searching=True)).vocabulary) == 4
    assert error(
        lambda: TEXT.load(TextFile(), "cpu", DTYPE, classes=4, searching=True), "embedded text"
    ) == (
        "NAS405",
        "the network is made for 4 different tokens but the text has 67",
        "give the text that it is made for: `--set data.path=FILE`",
    )
