"""Mends a spec as far as it is certain how, and writes it whole or not at all."""

from __future__ import annotations

import difflib
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import islink, realpath
from pathlib import Path

from dslnas.app.check import Verdict, check_source
from dslnas.app.compile import spec_source
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.files import OTHER_COPY, cannot_write, write_whole
from dslnas.language.fix import fixed
from dslnas.regular import regular
from dslnas.source import SourceFile


@dataclass(frozen=True)
class Fix:
    """A spec that was mended.

    Attributes:
        before: The spec as it was.
        after: The spec as it is now; the same if nothing was mended.
        verdict: Mistakes that remain.
    """

    before: SourceFile
    after: SourceFile
    verdict: Verdict

    @property
    def difference(self) -> str:
        """The lines that changed, as `diff -u` prints them; "" if none did."""
        old, new, name = _lines(self.before), _lines(self.after), self.before.name
        return "".join(difflib.unified_diff(old, new, f"{name} (before)", f"{name} (after)"))


def fix_spec(spec: Path, overrides: Sequence[str] = (), *, guess: bool = False) -> Fix | Verdict:
    """Mend a spec and write its file; the standard input and the library are left alone.

    Only that file is changed, not the ones it uses.

    Args:
        spec: The `.nas` file, or `-` for the standard input.
        overrides: Arguments of `--set`, such as `search.epochs=5`.
        guess: Whether to make edits that are not certain, too.

    Returns:
        The spec before and after, or the verdict if it cannot be read at all.

    Raises:
        UserError: NAS021 if it cannot be written.
    """
    try:
        source = spec_source(spec)
    except UserError as error:
        return Verdict(error.diagnostics)

    def mistakes(text: SourceFile) -> Sequence[Diagnostic]:
        return check_source(text, overrides).mistakes

    after = source if source.library else fixed(source, mistakes, guess=guess)
    if after.text != source.text and source.path is not None:
        is_link = islink(source.path)
        _write(Path(realpath(source.path)) if is_link else source.path, after.text)
    return Fix(source, after, check_source(after, overrides))


def _write(path: Path, text: str) -> None:
    """Write a text over a file, with the line ends and the byte order mark that it has."""
    try:
        old, new = regular(path).read_bytes(), text.encode()
    except OSError as error:
        raise cannot_write(path, error, OTHER_COPY) from None
    if 0 < old.count(b"\r\n") == old.count(b"\n"):
        new = new.replace(b"\n", b"\r\n")
    mark = BOM_UTF8 if old.startswith(BOM_UTF8) else b""
    write_whole(path, mark + new, instead=OTHER_COPY)


def _lines(source: SourceFile) -> list[str]:
    lines = source.text.splitlines(keepends=True)
    return [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    ]
