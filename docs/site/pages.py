"""All pages of the site that are made from the program, by their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docs.site.commands import commands_page, commands_text, formats_text, options_text
from docs.site.errors import errors_page
from docs.site.files import exports_text, files_page, run_files_text
from docs.site.grammar import grammar_page
from docs.site.library import library_page, others_text, spaces_text, spec_pages
from docs.site.markdown import attributes_text
from docs.site.methods import methods_page, methods_text, parts_text
from docs.site.modules import folders_text, programs_text
from docs.site.operations import operations_page, passes_page
from docs.site.settings import (
    archives_text,
    calls_text,
    settings_page,
    sources_text,
    values_page,
)
from docs.site.tasks import tasks_text
from dslnas.data.preprocessing import Preprocessing

TABLES: Mapping[str, Callable[[], str]] = {
    "archives": archives_text,
    "augmentations": lambda: calls_text("augmentation"),
    "commands": commands_text,
    "exports": exports_text,
    "files": run_files_text,
    "folders": folders_text,
    "formats": formats_text,
    "methods": methods_text,
    "optimisers": lambda: calls_text("optimiser"),
    "options": options_text,
    "others": others_text,
    "parts": parts_text,
    "preprocessing": lambda: attributes_text(Preprocessing),
    "programs": programs_text,
    "schedules": lambda: calls_text("schedule"),
    "sources": sources_text,
    "spaces": spaces_text,
    "tasks": tasks_text,
}
"""Tables that stand in pages that are written by hand, between marks of their name."""


def generated_pages(*, brief: bool = False) -> dict[str, str]:
    """Return the text of all generated pages by place.

    `brief`: without drawings and without messages of examples, which take most of the time.
    """
    return {
        "reference/settings.md": settings_page(),
        "reference/values.md": values_page(),
        "reference/methods.md": methods_page(),
        "reference/operations.md": operations_page(brief=brief),
        "reference/library.md": library_page(brief=brief),
        "reference/passes.md": passes_page(),
        "reference/errors.md": errors_page(brief=brief),
        "reference/commands.md": commands_page(),
        "reference/files.md": files_page(),
        "reference/grammar.md": grammar_page(),
        **spec_pages(),
    }
