"""The example that a network reads: from the data, or from the spec where they do not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.data.examples import DataShape
from dslnas.diagnostics import UserError
from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.ops.primitive import Shape, Token
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.example import example_of
from dslnas.tasks.labelled import LabelledTask

IMAGES, TEXT = "use papers.darts\n", "use papers.darts_rnn\n"


def checked(text: str, path: Path | None = None) -> CheckedProgram:
    overrides = [f"data.path={path}"] if path else []
    return check(link(SourceFile("spec.nas", text), parse_overrides(overrides)), TASK_SETTINGS)


@pytest.mark.parametrize(
    ("text", "shape", "classes"),
    [
        (f"{IMAGES}data digits", (1, 8, 8), 10),
        (f"{IMAGES}data idx\nnetwork {{ input 3x8x8; classes 5 }}", (3, 8, 8), 5),
        (f"{TEXT}data text", (), 67),
        (f"{TEXT}data text {{ level word }}", (), 5161),
        (f"{TEXT}data text\nnetwork {{ classes 67 }}", (), 67),
        (f"{TEXT}data text\nnetwork {{ classes 500 }}", (), 500),  # of a text that is elsewhere
        (f"{TEXT}data ptb", (), 10_000),
        (f"{TEXT}data ptb {{ least 2 }}\nnetwork {{ classes 7000 }}", (), 7_000),
    ],
)
def test_example_without_a_path(text: str, shape: Shape, classes: int) -> None:
    known = example_of(checked(text))
    assert (known.shape, known.classes) == (shape, classes)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        (f"{IMAGES}data idx", "pass `--set data.path=...`, or give `input` and `classes` in"),
        (
            f"{TEXT}data ptb {{ least 2 }}",
            "pass `--set data.path=...`, or give `classes` in `network`",
        ),
    ],
)
def test_nothing_tells(text: str, help: str) -> None:
    with pytest.raises(UserError) as caught:
        example_of(checked(text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "NAS406"
    assert diagnostic.help.startswith(help)


NAMED = "use std.cnn\ncell mix { nodes 1; choose relu }\nnetwork { cells mix\n"


@pytest.mark.parametrize(
    ("inputs", "reads"),
    [("stem user: linear(C), item: relu", "`user`, `item`"), ("stem image: conv(3)", "`image`")],
)
def test_inputs_have_names_where_those_of_the_data_have(inputs: str, reads: str) -> None:
    with pytest.raises(UserError) as caught:
        example_of(checked(f"{NAMED}{inputs} }}\ndata digits"))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "NAS405",
        f"network reads {reads}, but `data digits` gives one input without a name",
    )


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("", ""),
        ("input item: token(9), user: 3", ""),
        ("input user: 4, item: token(9)", "`input` of `user` is not that of the data, 3"),
        ("input user: 3, item: token(8)", "`input` of `item` is not that of the data, token\\(9"),
        ("input user: 3, item: token", "`input` of `item` is not that of the data, token\\(9"),
    ],
)
def test_shapes_of_named_inputs_are_those_of_the_data(
    written: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = DataShape({"user": (3,), "item": Token(9)}, classes=5, has_test=False)
    monkeypatch.setattr(LabelledTask, "describe", lambda *given: pairs)
    stems = "stem user: linear(C), item: embedding"
    program = checked(f"{NAMED}{stems}\n{written} }}\ndata digits")
    if not wrong:
        assert example_of(program) == pairs
        return
    with pytest.raises(UserError, match=wrong):
        example_of(program)


def test_spec_and_text_disagree(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one two\n" * 100)
    assert example_of(checked(f"{TEXT}data text", path)).classes == 4
    with pytest.raises(UserError) as caught:
        example_of(checked(f"{TEXT}data text\nnetwork {{ classes 5 }}", path))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "NAS405",
        "`classes` of the network is not that of the data, 4",
    )
