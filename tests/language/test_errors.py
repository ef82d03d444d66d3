"""Every mistake a user can make has its exact message: `errors/CASE/` holds them.

A case is `spec.nas` (missing in the case about that), the files it uses, `set.txt` with one
argument of `--set` per line, and `expected.txt` with everything that is printed. `fixed.nas` is
what its safe edits make of it, `guessed.nas` what all do, where that is right. Where a message
lists methods or sources, `{every method}` and the like stand for them: a new one changes no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dslnas.diagnostics import Diagnostic, UserError
from dslnas.language.fix import fixed
from dslnas.language.link.sources import read_source
from dslnas.settings.data import DATA
from dslnas.settings.search import SEARCH
from dslnas.source import SourceFile
from dslnas.spelling import suggestion
from tests.language.pipeline import mistakes

ERRORS = Path(__file__).parent / "errors"
KNOWN = {"spec.nas", "expected.txt", "set.txt", "fixed.nas", "guessed.nas"}
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
def test_mistake_is_explained_and_mended(
    name: str, expect: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ERRORS / name
    monkeypatch.chdir(folder)
    given = folder / "set.txt"
    overrides = given.read_text(encoding="utf-8").splitlines() if given.exists() else []
    found = Mended(overrides)
    expected = folder / "expected.txt"
    known = expected.read_text(encoding="utf-8") if expected.exists() else ""
    expect(expected, with_titles(f"{found.printed}\n", known))
    expect(folder / "fixed.nas", found.safely)
    expect(folder / "guessed.nas", "" if found.safely else found.by_guess)


class Mended:
    """The case of the folder that a test runs in; texts are "" where they are not right."""

    def __init__(self, overrides: Sequence[str]) -> None:
        self._known: dict[str, Sequence[Diagnostic]] = {}
        self._overrides = overrides
        self.safely = self.by_guess = ""
        try:
            source = read_source(Path("spec.nas"))
        except UserError as error:
            self.printed = error.render()
            return
        self.printed = UserError(self._mistakes(source)).render()
        self.safely = self._right(source, guess=False)
        self.by_guess = self._right(source, guess=True)

    def _right(self, source: SourceFile, *, guess: bool) -> str:
        after = fixed(source, self._mistakes, guess=guess)
        assert len(self._mistakes(after)) <= len(self._mistakes(source))
        before, remaining = (
            {(mistake.code, mistake.message) for mistake in self._mistakes(text)}
            for text in (source, after)
        )
        assert after is source or not before <= remaining
        assert fixed(after, self._mistakes, guess=guess) is after
        return "" if self._mistakes(after) else after.text

    def _mistakes(self, source: SourceFile) -> Sequence[Diagnostic]:
        """Return the mistakes of a text; each is compiled once."""
        if source.text not in self._known:
            self._known[source.text] = mistakes(source, self._overrides)
        return self._known[source.text]


def test_many_cases_are_mended_to_specs_that_check() -> None:
    """Safe edits mend every third, all edits together two of five."""
    names = {
        file: sorted(path.parent.name for path in ERRORS.glob(f"*/{file}"))
        for file in ("fixed.nas", "guessed.nas")
    }
    for file, found in names.items():
        print(f"{file}: {len(found)} of {len(CASES)} cases", *found, sep="\n    ")
    assert 3 * len(names["fixed.nas"]) >= len(CASES)
    assert 5 * sum(map(len, names.values())) >= 2 * len(CASES)


def test_corpus_has_no_stray_files() -> None:
    for name in CASES:
        files = {path.name for path in (ERRORS / name).iterdir()}
        assert files & {"spec.nas", "expected.txt"}, name
        assert "spec.nas" in files or name == "file_missing"
        texts = [path.read_bytes().decode("latin-1") for path in (ERRORS / name).glob("*.nas")]
        for extra in files - KNOWN:
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
