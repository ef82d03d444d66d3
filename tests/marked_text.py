"""Texts with a mark `@` where the cursor stands."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dslnas.app.editor import verdict
from dslnas.editor.document import Document, Verdict
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS

SPECS = Path(__file__).resolve().parent.parent / "specs"


def marked(text: str, path: Path = SPECS / "spec.nas", *, right: str = "") -> tuple[Document, int]:
    """Return a document without its mark, and where that stood.

    `right` is an earlier text that had a meaning; else that of the document itself counts.
    """
    source = SourceFile("spec.nas", text.replace("@", ""), path)
    good = _verdict(SourceFile("spec.nas", right, path) if right else source)
    return Document(source, TASK_SETTINGS, good if good.space else Verdict()), text.index("@")


@lru_cache(8)
def _verdict(source: SourceFile) -> Verdict:
    return verdict(source)
