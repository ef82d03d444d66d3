"""Settings whose values are comparisons, such as `skip_connect <= 2`."""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language.syntax import ast
from dslnas.source import Span

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def comparisons(
    setting: ast.Setting | None, example: str, diagnostics: Diagnostics
) -> Iterator[ast.Comparison]:
    """Yield the comparisons of a setting; `none`, alone, stands for no comparison.

    Records NAS502 for values that are something else, or that start with the number.

    Args:
        setting: The setting as it is written, if it is.
        example: A comparison as the setting takes it.
        diagnostics: Takes the mistakes.
    """
    values = () if setting is None else setting.values
    if len(values) == 1 and isinstance(values[0], ast.Name) and values[0].text == "none":
        return
    for value in values:
        match value:
            case ast.Comparison(left=ast.Number() as left, operator=operator, right=right):
                message = f"a comparison starts with what is compared, found `{left.text}`"
                help = f"write `{right.span.brief} {_MIRRORED[operator]} {left.text}`"
                diagnostics.add("NAS502", message, left.span, help=help)
            case ast.Comparison():
                yield value
            case _:
                assert setting is not None
                message = f"`{setting.key.text}` takes comparisons, found `{value.span.brief}`"
                diagnostics.add("NAS502", message, value.span, help=f"write them as in `{example}`")


def given_twice(
    message: str, comparison: ast.Comparison, first: Span, diagnostics: Diagnostics
) -> None:
    """Record NAS504 at a comparison that says again what the one at `first` says."""
    notes = [Note("the first time is here", first)]
    diagnostics.add("NAS504", message, comparison.span, notes=notes, help="remove one of them")
