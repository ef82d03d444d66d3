"""Every mistake a user can make has its exact message: `errors/CASE/` holds them.

A case is `spec.nas` (missing in the case about that), the files it uses, `set.txt` with one
argument of `--set` per line, and `expected.txt` with everything that is printed. Where a message
lists methods or sources, `{every method}` and the like stand for them: a new one changes no text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dslnas.settings.data import DATA
from dslnas.settings.search import SEARCH
from dslnas.spelling import suggestion
from tests.language.pipeline import complaint

ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.name for path in ERRORS.iterdir())
LISTS = {
    f"known are {{{title}}}": str(suggestion("", listed))
    for title, listed in (
        ("every source of files", [n for n, model in DATA.items() if model.has_files]),
        ("every method", list(SEARCH)),
        ("methods that learn", [n for n, model in SEARCH.items() if model.learns]),
        ("methods that do not draw", [n for n, model in SEARCH.items() if not model.draws]),
        ("methods with probabilities", [n for n, m in SEARCH.items() if m.has_probabilities]),
        ("differentiable methods", [n for n, m in SEARCH.items() if m.is_differentiable]),
    )
}


def with_titles(printed: str, known: str) -> str:
    """Return what is printed with titles for lists: those of a known text, where they fit.

    Two lists may be the same, as long as every method is in both.
    """
    written = known
    for title, listed in LISTS.items():
        written = written.replace(title, listed)
    if written == printed:
        return known
    for title, listed in LISTS.items():
        printed = printed.replace(listed, title)
    return printed


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_explained(
    name: str, expect: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ERRORS / name
    monkeypatch.chdir(folder)
    given = folder / "set.txt"
    overrides = given.read_text(encoding="utf-8").splitlines() if given.exists() else []
    printed = complaint(Path("spec.nas"), overrides) + "\n"
    expected = folder / "expected.txt"
    known = expected.read_text(encoding="utf-8") if expected.exists() else ""
    expect(expected, with_titles(printed, known))


def test_corpus_has_no_stray_files() -> None:
    for name in CASES:
        files = {path.name for path in (ERRORS / name).iterdir()}
        assert files & {"spec.nas", "expected.txt"}, name
        assert "spec.nas" in files or name == "file_missing"
        texts = [path.read_bytes().decode("latin-1") for path in (ERRORS / name).glob("*.nas")]
        for extra in files - {"spec.nas", "expected.txt", "set.txt"}:
            assert any(f'"{extra}"' in text for text in texts), f"{name}/{extra} is not used"


def test_every_case_is_a_mistake() -> None:
    for name in CASES:
        expected = (ERRORS / name / "expected.txt").read_text(encoding="utf-8")
        assert "error[NAS" in expected, name


def test_messages_keep_to_the_rules() -> None:
    """Lower case, no full stop, no word of Python's."""
    for name in CASES:
        for line in (ERRORS / name / "expected.txt").read_text(encoding="utf-8").splitlines():
            if "error[NAS" not in line:
                continue
            message = line.partition("]: ")[2]
            assert not message.endswith("."), line
            assert not message[0].isupper() or message.split()[0] in ("C", "N"), line
            for word in ("None", "tuple", "str", "int", "float", "NoneType", "list[", "Traceback"):
                assert word not in message.replace("`", " ").split(), line
