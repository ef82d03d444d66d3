from __future__ import annotations

from dslnas.app.editor import verdict
from dslnas.editor.fixes import fixes, formatted
from dslnas.edits import applied
from tests.marked_text import marked


def test_mistakes_are_mended_as_the_help_says() -> None:
    text = "use papers.darts\nsearch darts { epoch 3 }\n"
    document, _ = marked(f"{text}@")
    (fix,) = fixes(document, verdict(document.source).mistakes)
    assert fix.title == "write `epochs` for `epoch`"
    assert applied(text, fix.edits) == text.replace("epoch ", "epochs ")


def test_the_canonical_form_is_that_of_the_command() -> None:
    document, _ = marked("use  std.cnn@\nlet K=3")
    assert formatted(document) == "use std.cnn\nlet K = 3\n"


def test_a_half_written_text_stays_as_it_is() -> None:
    document, _ = marked("let K =@")
    assert formatted(document) is None
