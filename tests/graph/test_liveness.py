"""When values are read for the last time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dslnas.graph.analysis.liveness import last_uses

NAMES = st.sampled_from("abcdef")


def test_a_value_is_free_behind_its_last_reader() -> None:
    reads = [("a",), ("a", "b"), ("b", "c", "b"), ()]
    assert last_uses(reads) == ((), ("a",), ("b", "c"), ())


def test_what_is_wanted_behind_the_run_is_never_free() -> None:
    assert last_uses([("a", "b"), ("b",)], kept={"b"}) == (("a",), ())


@given(st.lists(st.lists(NAMES, max_size=4), max_size=12), st.sets(NAMES))
def test_all_that_is_read_is_there_and_in_the_end_only_what_is_kept(
    reads: list[list[str]], kept: set[str]
) -> None:
    everything = {name for names in reads for name in names} | kept
    there = set(everything)
    for names, freed in zip(reads, last_uses(reads, kept), strict=True):
        assert there.issuperset(names)
        assert set(freed) <= set(names), "a value is free as soon as it can be"
        there.difference_update(freed)
    assert there == kept
