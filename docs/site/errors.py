"""The page on errors: every code with its explanation, an example and the message that it gets."""

from __future__ import annotations

from docs.site.markdown import escaped, fence, page
from dslnas.app.check import check_source
from dslnas.codes import CODES, Code
from dslnas.source import SourceFile


def errors_page(*, brief: bool = False) -> str:
    """Return the page with every error code; `brief`: without the messages that examples get."""
    blocks = (_entry(name, code, brief=brief) for name, code in CODES.items())
    return page(
        "# Errors",
        "Every code, the shortest spec that has it, and what `dslnas check` says. In a terminal "
        "`dslnas explain NAS201` tells the same.",
        *blocks,
    )


def _entry(name: str, code: Code, *, brief: bool) -> str:
    """Return a code; the heading is the code alone, as it is the address."""
    return page(
        f"## {name}",
        f"**{escaped(code.title[0].upper() + code.title[1:])}.** {escaped(code.explanation)}",
        fence(code.example) if code.example else "",
        "" if brief or not code.example else _said(code.example),
    ).strip()


def _said(text: str) -> str:
    mistakes = check_source(SourceFile("spec.nas", text)).mistakes
    return page(*(fence(mistake.render(), "text") for mistake in mistakes)).strip()
