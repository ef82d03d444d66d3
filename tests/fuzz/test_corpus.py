"""Inputs that ever failed are read or refused as all others are."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.fuzz.corpus import CORPUS, kept
from tests.fuzz.judge import judge

NAMES = sorted(path.name for path in CORPUS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_what_failed_once_fails_no_more(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fuzz.registry import TARGETS

    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages, on files of old versions
        outcomes = {
            path.name: judge(TARGETS[name], path.read_bytes(), tmp_path) for path in kept(name)
        }
    assert outcomes
    assert {name: one.details for name, one in outcomes.items() if one.failure} == {}
