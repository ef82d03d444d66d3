from __future__ import annotations

import pytest

from dslnas.passes.manager import PASSES, USUAL, passes_named
from dslnas.passes.rewrite import Pass


@pytest.mark.parametrize("this", PASSES.values(), ids=PASSES)
def test_a_pass_runs_behind_those_whose_result_it_builds_on(this: Pass) -> None:
    names = list(PASSES)
    assert set(this.after) <= set(names[: names.index(this.name)])


def test_summaries_are_one_line() -> None:
    for this in PASSES.values():
        assert this.summary
        assert "\n" not in this.summary
        assert not this.summary.endswith(".")


def test_all_passes_but_some_are_named_by_what_is_left_out() -> None:
    left = passes_named("all - channels_last - fold_norms")
    assert left == tuple(name for name in USUAL if name not in ("channels_last", "fold_norms"))
