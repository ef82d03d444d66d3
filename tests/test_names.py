"""Names that are free."""

from __future__ import annotations

from dslnas.names import free_name


def test_a_name_that_is_taken_gets_the_first_free_number() -> None:
    assert free_name("n", ()) == "n"
    assert free_name("n", {"n"}) == "n_2"
    assert free_name("n", {"n", "n_2", "n_4"}) == "n_3"
