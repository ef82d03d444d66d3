"""The monitor's arithmetic, with cells and weights given by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.space.architecture import Architecture
from dslnas.space.cell_stats import lacks_convolutions
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.training.monitor import Monitor, Observation, entropies
from tests.spaces import random_scores, space_of
from tests.training.tiny import CPU, SHAPE

# Four edges choose, of three and two operations, one is fixed; all stay.
SPACE = """use std.cnn
cell one {
    inputs      2
    preprocess  preprocess
    node n1 = {skip_connect, max_pool(3), sep_conv(3)}(in1) + {skip_connect, sep_conv(3)}(in2)
    node n2 = {skip_connect, sep_conv(3)}(n1) + {skip_connect, sep_conv(3)}(in2) + sep_conv(3)(in1)
}
cell two {
    inputs      1
    preprocess  preprocess
    stride      2
    node n1 = {skip_connect, sep_conv(3)}(in1)
}
network { channels 4; cells one, two }
evaluate { channels 4 }
"""
SKIP, CONV = 0, 1


def searched() -> SearchSpace:
    return space_of(SPACE, SHAPE, classes=4)


def supernet() -> Supernet:
    space = searched()
    generator = torch.Generator().manual_seed(0)
    return Supernet(space, build_supernet_graph(space), generator, Runtime(CPU))


def architecture(one: tuple[int, ...], two: int = CONV) -> Architecture:
    """Return the space with a column chosen for every edge."""
    rows = {"one": one, "two": (two,)}
    scores = {
        cell: [[float(column == c) for c in range(3)] for column in columns]
        for cell, columns in rows.items()
    }
    return derive(searched(), scores)


def alphas(value: float = 0.0) -> dict[str, Tensor]:
    return {"one": torch.full((4, 3), value), "two": torch.full((1, 2), value)}


class Watched:
    """A monitor that is told little; alpha moves if it is not given."""

    def __init__(self, *, learns: bool = True) -> None:
        self._monitor = Monitor(supernet(), searched().cells, alphas(), learns=learns)
        self._moves = 0

    def see(
        self,
        one: tuple[int, ...] = (2, 1, 1, 1),
        two: int = CONV,
        *,
        now: Mapping[str, Tensor] | None = None,
        warm: bool = False,
    ) -> Observation:
        self._moves += 1
        given = alphas(float(self._moves)) if now is None else now
        return self._monitor.observe(architecture(one, two), None, given, warm=warm)


def test_operations_of_the_derived_cells_are_counted_fixed_edges_too() -> None:
    seen = Watched().see((SKIP, CONV, SKIP, CONV), SKIP)
    assert seen.operations == {
        "one": {"sep_conv(3)": 3, "skip_connect": 2},
        "two": {"skip_connect": 1},
    }
    assert list(seen.operations["one"]) == ["sep_conv(3)", "skip_connect"], "most frequent first"


@pytest.mark.parametrize(
    ("one", "two", "shares"),
    [
        ((2, 1, 1, 1), CONV, (0.0, 0.0)),
        ((0, 1, 1, 1), CONV, (1 / 4, 0.0)),
        ((0, 0, 1, 1), SKIP, (2 / 4, 1.0)),  # at stride 2 it is a skip as well
        ((0, 0, 0, 0), CONV, (1.0, 0.0)),
    ],
)
def test_share_of_skip_connections(
    one: tuple[int, ...], two: int, shares: tuple[float, float]
) -> None:
    seen = Watched().see(one, two)
    assert seen.skip_share == {"one": shares[0], "two": shares[1]}


def test_change_of_alpha_is_the_root_mean_square_since_the_last_epoch() -> None:
    watched = Watched()
    first = watched.see(now={"one": torch.full((4, 3), 0.5), "two": torch.tensor([[3.0, -4.0]])})
    assert first.alpha_change == {
        "one": pytest.approx(0.5),
        "two": pytest.approx(math.sqrt((9 + 16) / 2)),
    }
    second = watched.see(now={"one": torch.full((4, 3), 0.5), "two": torch.tensor([[3.0, -3.0]])})
    assert second.alpha_change == {"one": 0.0, "two": pytest.approx(math.sqrt(1 / 2))}


def test_alpha_that_is_changed_in_place_is_noticed() -> None:
    watched, now = Watched(), alphas()
    for _ in range(2):
        for alpha in now.values():
            alpha += 0.25
        assert watched.see(now=now).alpha_change == {"one": 0.25, "two": 0.25}


# ---- entropy ------------------------------------------------------------------------------------


def test_entropy_is_the_mean_over_edges_as_a_share_of_the_largest() -> None:
    third = 1 / 3
    weights = {
        "one": torch.tensor(
            [[third, third, third], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.9, 0.1, 0.0]]
        ),
        "two": torch.tensor([[0.25, 0.75]]),
    }
    tenth = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)) / math.log(2)
    quarter = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75)) / math.log(2)
    found = entropies(supernet(), weights)
    assert found == pytest.approx({"one": (1 + 1 + 0 + tenth) / 4, "two": quarter}, rel=1e-6)


def test_there_is_no_entropy_without_probabilities() -> None:
    assert Watched().see().entropy is None


# ---- warnings -----------------------------------------------------------------------------------

COLLAPSED = "75% of what cell `one` chose are skip connections: it may be collapsing"
NO_CONVOLUTION = (
    "cell `one` would have no convolution: in a short search operations without weights lead, as "
    "they have nothing to learn; give more `epochs`, or a `warmup`"
)
STILL = "alpha does not move: raise the learning rate of `arch`"


def test_a_collapsed_cell_is_named_once() -> None:
    watched = Watched()
    assert watched.see((0, 1, 1, 1)).warnings == ()  # 25 %
    assert watched.see((0, 0, 0, 1)).warnings == (COLLAPSED,)
    assert watched.see((0, 0, 0, 1)).warnings == ()
    assert watched.see((0, 0, 0, 1), SKIP).warnings == (
        NO_CONVOLUTION.replace("one", "two"),
        "100% of what cell `two` chose are skip connections: it may be collapsing",
    )


def test_a_cell_without_convolutions_is_named_once() -> None:
    """A fixed one is no sign that any was chosen."""
    watched = Watched()
    assert NO_CONVOLUTION not in watched.see((1, 0, 0, 1)).warnings
    assert NO_CONVOLUTION in watched.see((1, 0, 0, 0)).warnings
    assert NO_CONVOLUTION not in watched.see((1, 0, 0, 0)).warnings


def test_cells_without_convolutions_to_choose_are_not_named() -> None:
    plain = space_of(SPACE.replace("sep_conv(3)}", "avg_pool(3)}"), SHAPE, classes=4)
    found = derive(plain, random_scores(plain, 0))
    for name, cell in found.cells.items():
        assert not lacks_convolutions(cell, plain.cells[name])


def test_alpha_that_stands_still_is_told_once() -> None:
    watched = Watched()
    assert watched.see(now=alphas(1e-7)).warnings == (STILL,)
    assert watched.see(now=alphas(1e-7)).warnings == ()


def test_one_entry_that_moves_is_a_move() -> None:
    watched, now = Watched(), alphas()
    now["two"][0, 1] = 2e-6
    assert watched.see(now=now).warnings == ()


def test_alpha_may_stand_still_in_a_warm_up() -> None:
    watched = Watched()
    assert watched.see(now=alphas(), warm=True).warnings == ()
    assert watched.see(now=alphas()).warnings == (STILL,)


def test_methods_that_draw_are_not_warned_of() -> None:
    watched = Watched(learns=False)
    seen = watched.see((0, 0, 0, 0), SKIP, now=alphas())
    assert seen.warnings == ()
    assert seen.skip_share == {"one": 1.0, "two": 1.0}


def test_a_warm_epoch_warns_of_nothing_and_uses_no_warning_up() -> None:
    watched = Watched()
    assert watched.see((0, 0, 0, 0), warm=True).warnings == ()
    told = watched.see((0, 0, 0, 0)).warnings
    assert ["convolution" in told[0], "skip connections" in told[1]] == [True, True]
