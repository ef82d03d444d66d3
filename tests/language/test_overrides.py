"""`--set` is checked like the text and means a change of the text."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.link.sources import read_source
from dslnas.settings.gradient_methods import MilenasSettings
from dslnas.settings.sampled_methods import RandomSettings
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS

SPEC = """use papers.darts
data digits { batch 32 }
search darts { epochs 7; weights sgd(lr = 0.1) }
let width = 4
network { channels width }
"""


def checked(text: str, *overrides: str) -> CheckedProgram:
    return check(link(SourceFile("spec.nas", text), parse_overrides(overrides)), TASK_SETTINGS)


@pytest.mark.parametrize(
    ("override", "before", "after"),
    [
        ("search=nasp", "search darts", "search nasp"),
        ("search=random", "search darts", "search random"),
        ("data=cifar10", "data digits", "data cifar10"),
        ("search.epochs=9", "epochs 7", "epochs 9"),
        ("search.epochs = 2 * width", "epochs 7", "epochs 2 * width"),
        (
            "search.weights=sgd(momentum = 0.5)",
            "weights sgd(lr = 0.1)",
            "weights sgd(momentum = 0.5)",
        ),
        ("data.batch=16", "batch 32", "batch 16"),
        (
            "data.split=0.5, 0.2, 0.2, 0.1",
            "batch 32",
            "batch 32; split 0.5, 0.2, 0.2, 0.1",
        ),
        ("let.width=8", "let width = 4", "let width = 8"),
        ("network.stem=conv(3) -> relu", "channels width", "channels width; stem conv(3) -> relu"),
        ("evaluate.epochs=3", "let", "evaluate { epochs 3 }\nlet"),
        ("cell.normal.keep=1", "let", "cell normal { keep 1 }\nlet"),
        (
            "cell.reduction.choose=skip_connect",
            "let",
            "cell reduction { choose skip_connect }\nlet",
        ),
    ],
)
def test_an_override_is_a_change_of_the_text(override: str, before: str, after: str) -> None:
    assert before in SPEC
    changed = checked(SPEC.replace(before, after, 1))
    overridden = checked(SPEC, override)
    for part in ("constants", "cells", "network", "data", "search", "evaluate"):
        assert getattr(overridden, part) == getattr(changed, part), part
    assert overridden != checked(SPEC)


def test_another_method_keeps_the_settings() -> None:
    program = checked(SPEC, "search=milenas")
    assert program.search is not None
    assert isinstance(program.search, MilenasSettings)
    assert (program.search.method, program.search.epochs) == ("milenas", 7)


def test_a_method_takes_the_place_of_the_word_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "base.nas").write_text(
        "use papers.darts\nsearch darts { epochs 9; order first }", encoding="utf-8"
    )
    path = tmp_path / "spec.nas"
    path.write_text('use "base.nas"\nsearch darts { weights sgd(lr = 0.1) }', encoding="utf-8")
    overridden = check(link(read_source(path), parse_overrides(["search=nasp"])), TASK_SETTINGS)
    path.write_text('use "base.nas"\nsearch nasp { weights sgd(lr = 0.1) }', encoding="utf-8")
    assert overridden.search == check(link(read_source(path)), TASK_SETTINGS).search


def test_a_method_can_be_changed_in_a_file_that_is_used(tmp_path: Path) -> None:
    (tmp_path / "base.nas").write_text(
        "use papers.darts\nsearch darts { epochs 9 }", encoding="utf-8"
    )
    path = tmp_path / "spec.nas"
    path.write_text('use "base.nas"', encoding="utf-8")
    program = check(link(read_source(path), parse_overrides(["search=nasp"])), TASK_SETTINGS)
    assert program.search is not None
    assert (program.search.method, program.search.epochs) == ("nasp", 9)


def test_the_order_of_name_and_settings_does_not_matter() -> None:
    overrides = ("search=random", "search.samples=5", "search.epochs=2", "data.batch=8")
    programs = [checked(SPEC, *order) for order in permutations(overrides)]
    assert all(program.search == programs[0].search for program in programs)
    assert programs[0].search is not None
    search = programs[0].search
    assert isinstance(search, RandomSettings)
    assert (search.samples, search.epochs) == (5, 2)


def test_a_search_can_be_given_where_the_spec_has_none() -> None:
    text = "use papers.darts\ndata digits"
    assert checked(text).search is None
    program = checked(text, "search.epochs=2", "search=nasp")
    assert program.search is not None
    assert (program.search.method, program.search.epochs) == ("nasp", 2)
    with pytest.raises(UserError, match="`search` needs the name of a method"):
        checked(text, "search.epochs=2")


def test_the_last_of_two_values_for_a_path_wins() -> None:
    program = checked(SPEC, "search.epochs=2", "search.epochs=3")
    assert program.search is not None
    assert program.search.epochs == 3


def test_mistakes_elsewhere_still_point_at_the_text() -> None:
    text = "use papers.darts\ncell spare { nodes 1; choose skip_connect }"
    with pytest.raises(UserError, match=r"spec\.nas:2:6: .* cell `spare` is never used"):
        checked(text, "cell.spare.nodes=2")
    with pytest.raises(UserError, match=r"spec\.nas:1:1: .* network has no cells"):
        checked("network { repeat 2 }", "network.repeat=3")


def test_paths_of_the_command_line_are_taken_as_they_are(tmp_path: Path) -> None:
    text = "use papers.darts\ndata npz"
    path = tmp_path / "a file, with = signs.npz"
    assert checked(text, f"data.path={path}").data.path == str(path)
    assert checked(text, f'data.path="{path}"').data.path == str(path)
    assert checked(text, "data.path=x.npz").data.path == str(Path.cwd() / "x.npz")
    with pytest.raises(UserError, match="`~nobody-has-this-name` is not the folder of a user"):
        checked(text, "data.path=~nobody-has-this-name/x")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("x.npz", "{folder}/x.npz"),
        ("../x.npz", "{folder}/../x.npz"),
        ("/data/x.npz", "/data/x.npz"),
        ("~/x.npz", "/home/someone/x.npz"),
    ],
)
def test_data_of_a_spec_lie_anywhere_and_relative_paths_start_beside_it(
    written: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    path = tmp_path / "spec.nas"
    path.write_text(f'use papers.darts\ndata npz {{ path "{written}" }}', encoding="utf-8")
    assert check(link(read_source(path)), TASK_SETTINGS).data.path == meant.format(folder=tmp_path)


def test_a_path_in_a_used_file_starts_beside_that_file(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "set.nas").write_text('data npz { path "x.npz" }', encoding="utf-8")
    path = tmp_path / "spec.nas"
    path.write_text('use papers.darts\nuse "below/set.nas"', encoding="utf-8")
    assert check(link(read_source(path)), TASK_SETTINGS).data.path == str(
        tmp_path / "below" / "x.npz"
    )
