"""Programs for text: their data, the defaults that go with them, and how they are written."""

from __future__ import annotations

import pytest

from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.link.sources import LIBRARY
from dslnas.language.print.expanded_spec import effective_text
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.images import Digits
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.texts import TextFile, TextSettings
from dslnas.settings.values import Adam, Sgd
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.language_settings import SETTINGS as TEXT


def checked(text: str) -> CheckedProgram:
    return check(link(SourceFile("spec.nas", text)), TASK_SETTINGS)


def effective(text: str) -> str:
    linked = link(SourceFile("spec.nas", text))
    return effective_text(linked, check(linked, TASK_SETTINGS), (), 67)


def test_recurrent_cells_read_the_embedded_text_where_nothing_is_said() -> None:
    assert checked("use papers.darts_rnn").data == TextFile()
    assert checked("use rnn.lstm").data == TextFile()
    assert checked("use papers.darts").data == Digits()


def test_a_section_without_a_name_is_one_of_text() -> None:
    data = checked("use rnn.lstm\ndata { steps 20 }").data
    assert isinstance(data, TextSettings)
    assert data.steps == 20


@pytest.mark.parametrize("engine", [name for name in SEARCH if name != "pc_darts"])
def test_text_has_defaults_of_its_own(engine: str) -> None:
    program = checked(f"use papers.darts_rnn\nsearch {engine} {{ epochs 7 }}")
    wanted = SEARCH[engine].model_validate({**TEXT.defaults_of(SEARCH[engine]), "epochs": 7})
    assert program.search == wanted
    assert program.evaluate == EvaluateSettings.model_validate(TEXT.defaults_of(EvaluateSettings))
    assert program.evaluate != EvaluateSettings()
    images = checked(f"use papers.darts\nsearch {engine} {{ epochs 7 }}")
    assert images.search == SEARCH[engine].model_validate({"epochs": 7})
    assert images.evaluate == EvaluateSettings()


def test_what_is_written_wins_over_defaults_of_text() -> None:
    text = "use papers.darts_rnn\nsearch darts { slowness 0.5 }\nevaluate { channels 20 }"
    program = checked(text)
    assert program.search is not None
    assert (program.search.slowness, program.evaluate.channels) == (0.5, 20)


def test_a_call_takes_the_rest_from_the_default_for_text() -> None:
    text = (
        "use papers.darts_rnn\n"
        "search darts { arch adam(lr = 0.1); dropout variational(input = 0) }\n"
        "evaluate { weights sgd(lr = 12) }"
    )
    program, usual = checked(text), TEXT.defaults_of(EvaluateSettings)
    assert usual["weights"] == Sgd(lr=20.0, momentum=0.0, weight_decay=8e-7, clip=0.25)
    assert program.evaluate.weights == Sgd(lr=12.0, momentum=0.0, weight_decay=8e-7, clip=0.25)
    search = program.search
    assert isinstance(search, DartsSettings)
    assert search.arch == Adam(lr=0.1, betas=(0.9, 0.999), weight_decay=1e-3)
    assert search.dropout is not None
    assert search.dropout.rates() == {
        "words": 0.0, "embedded": 0.2, "input": 0.0, "state": 0.25, "output": 0.75,
    }  # fmt: skip
    assert "sgd(lr = 12.0, momentum = 0.0, weight_decay = 8e-07, clip = 0.25)" in effective(text)


def test_so_does_a_call_from_the_command_line() -> None:
    overrides = parse_overrides(["evaluate.weights=sgd(momentum = 0.5)"])
    program = check(link(SourceFile("spec.nas", "use rnn.lstm"), overrides), TASK_SETTINGS)
    assert program.evaluate.weights == Sgd(lr=20.0, momentum=0.5, weight_decay=8e-7, clip=0.25)


@pytest.mark.parametrize("first", ["papers.darts", "std.cnn", "std.common"])
def test_libraries_of_both_kinds_of_cells_go_together(first: str) -> None:
    text = f"use {first}\nuse rnn.lstm"
    assert checked(text).cells["lstm"].is_recurrent
    written = effective(text)
    assert ("use std.common\n" in written) == (first == "std.common")
    assert effective(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "use papers.darts_rnn\nsearch darts { order second }",
        "use rnn.lstm",
        "use rnn.gru\ndata ptb",
        "use rnn.enas\nevaluate { average 0 }",
        "use std.rnn\ngate mine(f, s) { let a = f(s)\n output a }\n"
        "cell one { inputs x; states h; first x + h; nodes 2; choose tanh, relu; edge mine\n"
        "output mean }\nnetwork { cells one }",
    ],
)
def test_effective_programs_say_the_same(text: str) -> None:
    written = effective(text)
    assert effective(written) == written
    assert "input" not in written.split("network {")[1].split("}")[0].split()
    first, again = checked(text), checked(written)
    assert (again.data, again.search, again.evaluate) == (
        first.data.resolved(),
        first.search and first.search.resolved(),
        first.evaluate,
    )
    assert {name: again.cells[name] for name in again.cells} == {
        name: first.cells[name] for name in again.cells
    }


def test_every_architecture_of_the_library_is_one() -> None:
    for path in LIBRARY.glob("rnn/*.nas"):
        cells = checked(f"use rnn.{path.stem}").cells.values()
        assert all(cell.is_recurrent for cell in cells)
        edges = [edge for cell in cells for edge in cell.edges]
        assert all(len(edge.operations) == 1 for edge in edges)


def test_a_cell_like_a_recurrent_one_may_have_no_states() -> None:
    text = (
        "use papers.darts_rnn\ndata digits\nuse std.rnn\n"
        "cell plain like recurrent { states none; first x; next none; normalise identity }\n"
        "network { cells plain; stem conv(3); head global_avg_pool -> linear(classes) }"
    )
    assert not checked(text).cells["plain"].is_recurrent
