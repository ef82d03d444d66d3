from __future__ import annotations

import gc
import weakref

import pytest

from dslnas.app.loops import standing_heap


class Ring:
    """Refers to itself, so that only Python's search for unused objects ends it."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_made_inside_is_still_collected_and_what_was_there_again_behind() -> None:
    before = weakref.ref(Ring())
    with standing_heap():
        inside = weakref.ref(Ring())
        gc.collect()
        assert inside() is None
        assert before() is not None
    gc.collect()
    assert before() is None


def test_an_error_leaves_everything_to_be_collected() -> None:
    with pytest.raises(ValueError, match="mine"), standing_heap():
        raise ValueError("mine")
    assert gc.get_freeze_count() == 0
