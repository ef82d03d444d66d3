"""The comparison at the end of a search, by the shared weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import exp

import pytest

from dslnas.graph.analysis.plan import Choice
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Derivation, Limit
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import choice_table
from dslnas.space.derive.derive import Scores, derive
from dslnas.tasks.task import Measurement
from dslnas.training.comparison import nearby
from dslnas.training.one_shot import OneShot
from dslnas.training.records import StepRecord
from tests.spaces import random_scores
from tests.training.tiny import Listener, random_data, run_search, tiny_space

CONVOLUTION = "relu_conv_bn(3)"
SPACE = tiny_space()
TABLES = {"normal": choice_table(SPACE.cells["normal"])}


def convolutions(architecture: Architecture) -> int:
    edges = architecture.cells["normal"].edges
    return sum(edge.operations[0].text == CONVOLUTION for edge in edges)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """Every architecture that is measured; each is worth as many convolutions as it has."""
    seen: list[Choice] = []

    def measure(_: OneShot, choice: Choice) -> Measurement:
        seen.append(choice)
        return Measurement(1.0, {"accuracy": choice["normal"].count(2) / 2})

    monkeypatch.setattr(OneShot, "measure", measure)
    return seen


# ---- candidates near the scores -----------------------------------------------------------------


def test_the_first_candidate_is_what_the_scores_prefer() -> None:
    scores = random_scores(SPACE, 3)
    assert next(nearby(scores, TABLES, 5, seed=0)) == scores
    assert len(list(nearby(scores, TABLES, 5, seed=0))) == 6


def test_candidates_follow_from_the_seed() -> None:
    scores = random_scores(SPACE, 3)
    first, again, other = (list(nearby(scores, TABLES, 5, seed)) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_what_scores_better_is_drawn_more_often_on_whatever_scale(scale: float) -> None:
    """One edge: operations come out on top as often as the softmax of scores / deviation says."""
    row = [0.0 * scale, 1.0 * scale, 2.0 * scale]
    scores: Scores = {"normal": [row] * 5}
    deviation = (2 / 3) ** 0.5
    draws = [drawn["normal"][0] for drawn in nearby(scores, TABLES, 4000, seed=1)][1:]
    tops = Counter(max(range(3), key=drawn.__getitem__) for drawn in draws)
    wanted = [exp(score / deviation) for score in range(3)]
    for column, weight in enumerate(wanted):
        assert tops[column] / 4000 == pytest.approx(weight / sum(wanted), abs=0.03)


def test_equal_scores_are_drawn_from_evenly() -> None:
    draws = [*nearby({"normal": [[0.5] * 3] * 5}, TABLES, 3000, seed=0)][1:]
    tops = Counter(max(range(3), key=drawn["normal"][1].__getitem__) for drawn in draws)
    assert all(abs(tops[column] / 3000 - 1 / 3) < 0.04 for column in range(3))


@pytest.mark.usefixtures("measured")
def test_the_best_candidate_by_validation_is_taken() -> None:
    report = Listener()
    plain = run_search("darts", random_data(), seed=2)
    found = run_search(
        "darts", random_data(), seed=2, derivation=Derivation(compare=40), report=report
    )
    assert convolutions(found.architecture) == 2 > convolutions(plain.architecture)
    assert found.architecture.cells == derive(SPACE, found.scores).cells
    told = [r for r in report.records if isinstance(r, StepRecord) and r.stage == "compare"]
    assert [(r.step, r.steps) for r in told] == [(n, 41) for n in range(1, 42)]


@pytest.mark.usefixtures("measured")
@pytest.mark.sample(0)
def test_candidates_over_the_limits_are_taken_only_where_none_keeps_to_them() -> None:
    def found(params: int) -> int:
        limits = (Limit("params", params),)
        derivation = Derivation(compare=40, limits=limits)
        return convolutions(run_search("darts", random_data(), derivation=derivation).architecture)

    two = run_search("darts", random_data(), derivation=Derivation(compare=40))
    least = build_derived_graph(two.architecture).params()
    assert found(least) == 2
    assert found(least - 1) == 1
    assert found(1) == 2


def test_comparing_changes_nothing_of_the_search() -> None:
    plain, compared = (
        run_search("gdas", random_data(), derivation=Derivation(compare=n, against=n))
        for n in (0, 8)
    )
    assert all((alpha == compared.alphas[name]).all() for name, alpha in plain.alphas.items())


# ---- random architectures beside the result -----------------------------------------------------


def test_the_result_is_held_against_random_architectures(measured: list[Choice]) -> None:
    found = run_search("darts", random_data(), derivation=Derivation(against=9))
    *_, result = measured[:-9]
    random = measured[-9:]
    assert found.check is not None
    assert (
        found.check.found == result["normal"].count(2) / 2 == convolutions(found.architecture) / 2
    )
    values = tuple(choice["normal"].count(2) / 2 for choice in random)
    assert found.check.random == values
    assert found.check.median == sorted(values)[4]
    assert found.check.beats_random == (found.check.found > sorted(values)[4])
    assert len({choice["normal"] for choice in random}) > 1
    again = run_search("darts", random_data(), derivation=Derivation(against=9))
    assert again.check == found.check


@pytest.mark.parametrize(
    ("accuracies", "beats"), [((0.5, 0.4, 0.6), False), ((0.4, 0.4, 0.6), True)]
)
def test_only_what_is_better_than_the_median_beats_it(
    accuracies: tuple[float, ...], beats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Iterator[float] = iter((0.1, 0.1, 0.5, *accuracies))  # two epochs, then the result
    monkeypatch.setattr(OneShot, "measure", lambda *_: Measurement(1.0, {"accuracy": next(given)}))
    found = run_search("darts", random_data(), derivation=Derivation(against=3))
    assert found.check is not None
    assert (found.check.found, found.check.beats_random) == (0.5, beats)


def test_nothing_is_compared_where_none_is_wanted_or_weights_are_not_shared() -> None:
    assert run_search("darts", random_data(), derivation=Derivation(against=0)).check is None
    assert run_search("random_search", random_data()).check is None
