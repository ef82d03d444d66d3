"""The comparison on Fashion-MNIST: its rows are runs that can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from compare import METHODS, SPEC, Method, folder_of
from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledSearch
from dslnas.settings.search import SEARCH


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_row_is_a_search_of_the_spec(method: Method) -> None:
    compiled = compile_spec(SPEC, method.changes, with_data=False)
    assert isinstance(compiled, CompiledSearch)
    assert compiled.method == method.word


def test_every_method_has_a_row_and_every_row_a_folder() -> None:
    assert {method.word for method in METHODS} == {*SEARCH}
    assert len({folder_of(Path(), method, 0) for method in METHODS}) == len(METHODS)
