from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dslnas.app.compile import architecture_text
from dslnas.app.compiled import CompiledSearch
from dslnas.report.choices import Choices, choices_of
from dslnas.report.page import page
from dslnas.report.reading import RunRecord, read_run
from dslnas.report.view import report_of
from dslnas.space.derive.derive import with_chosen
from dslnas.space.search_space import SearchSpace
from tests.report.made_runs import compiled, one_hot, searched, write_run

# Two nodes with two and three edges, of which two stay; columns none, skip, pool, conv.
FIRST = {"normal": (1, 1, 1, 1, -1), "reduction": (2, 2, 2, 2, -1)}
SECOND = {"normal": (1, 1, 3, 1, -1), "reduction": (2, 2, 2, 2, -1)}


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> CompiledSearch:
    return compiled(tmp_path_factory.mktemp("spec"))


def record_of(
    folder: Path, space: SearchSpace, *epochs: Mapping[str, Any], **more: Any
) -> RunRecord:
    lines = [
        searched(n, len(epochs), chosen=chosen, scores=one_hot(space, chosen))
        for n, chosen in enumerate(epochs, 1)
    ]
    return read_run(write_run(folder, lines, **more))


def choices(run: RunRecord, space: SearchSpace) -> Choices:
    found = choices_of(run, space)
    assert found is not None
    return found


def test_every_architecture_is_told_once_with_all_its_epochs(
    spec: CompiledSearch, tmp_path: Path
) -> None:
    run = record_of(tmp_path / "run", spec.space, FIRST, FIRST, SECOND, FIRST)
    first, second = choices(run, spec.space).phases
    assert (first.epochs, first.when) == ((1, 2, 4), "epochs 1 to 2, 4")
    assert (second.epochs, second.when) == ((3,), "epoch 3")


def test_lines_and_edges_that_changed_are_marked(spec: CompiledSearch, tmp_path: Path) -> None:
    first, second = choices(
        record_of(tmp_path / "run", spec.space, FIRST, SECOND), spec.space
    ).phases
    assert not any(is_new for lines in first.lines.values() for _, is_new in lines)
    assert second.lines["normal"] == (
        ("n1 = skip_connect(in1) + skip_connect(in2)", False),
        ("n2 = sep_conv(3)(in1) + skip_connect(in2)", True),
    )
    (place,) = second.marked["normal"]
    assert second.architecture.cells["normal"].edges[place].operations[0].text == "sep_conv(3)"
    assert second.marked["reduction"] == ()


def test_the_closest_choice_comes_first_with_its_sources(
    spec: CompiledSearch, tmp_path: Path
) -> None:
    scores = one_hot(spec.space, FIRST)
    scores["reduction"][1] = [0.9, 0.30, 0.32, 0.1]  # `none` is no candidate
    line = searched(1, 1, chosen=FIRST, scores=scores)
    found = choices(read_run(write_run(tmp_path / "run", [line])), spec.space).close
    closest = next(call for call in found if call.is_kept)
    assert (closest.table, closest.name, closest.is_kept) == ("reduction", "in2 → n1", True)
    assert (closest.best[0], closest.second[0]) == ("max_pool(3)", "skip_connect")
    assert closest.margin.value == pytest.approx(0.02)
    assert closest.best[1].source == "metrics.jsonl#/0/scores/reduction/1/2"
    assert [call.margin.value for call in found] == sorted(call.margin.value for call in found)
    assert sum(not call.is_kept for call in found) == 2


def test_the_architecture_of_the_epoch_that_was_taken_is_framed(
    spec: CompiledSearch, tmp_path: Path
) -> None:
    text = architecture_text(spec, with_chosen(spec.space, _kept(FIRST)), "Found.")
    run = record_of(
        tmp_path / "run", spec.space, FIRST, SECOND, results={"search_epoch": 1}, architecture=text
    )
    found = choices(run, spec.space)
    assert (found.epoch, found.is_result) == (1, True)
    normal, _ = found.heat
    framed = [s.name for choice in normal.choices for s in choice.strips if s.is_chosen]
    assert framed == ["skip_connect"] * 4
    assert [choice.group for choice in normal.choices] == ["n1", "n1", "n2", "n2", "n2"]


def test_a_result_that_no_epoch_would_have_given_is_told_apart(
    spec: CompiledSearch, tmp_path: Path
) -> None:
    text = architecture_text(spec, with_chosen(spec.space, _kept(SECOND)), "Found.")
    run = record_of(tmp_path / "run", spec.space, FIRST, architecture=text)
    assert not choices(run, spec.space).is_result


def test_cells_are_taken_only_where_a_search_has_ended(
    spec: CompiledSearch, tmp_path: Path
) -> None:
    text = architecture_text(spec, with_chosen(spec.space, _kept(FIRST)), "Found.")
    for name, architecture, is_taken in (("amid", "", False), ("over", text, True)):
        run = record_of(tmp_path / name, spec.space, FIRST, architecture=architecture)
        told = "The cells of epoch 1 were taken." in page(report_of(run, spec.space))
        assert told == is_taken


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"chosen": {"normal": [1]}, "scores": {"normal": [[0.5]]}},
        {"chosen": FIRST, "scores": {"normal": [], "reduction": []}},
    ],
)
def test_metrics_of_no_choices_or_of_another_space_tell_none(
    spec: CompiledSearch, tmp_path: Path, entries: dict[str, Any]
) -> None:
    run = read_run(write_run(tmp_path / "run", [searched(1, 1, **entries)]))
    assert choices_of(run, spec.space) is None


def _kept(chosen: Mapping[str, Sequence[int]]) -> dict[str, dict[int, int]]:
    return {
        name: {row: column for row, column in enumerate(columns) if column >= 0}
        for name, columns in chosen.items()
    }
