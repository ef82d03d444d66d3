"""Numbers as people write them elsewhere, and how the language writes them."""

from __future__ import annotations

import re

from dslnas.edits import Advice, Edit, Help
from dslnas.source import Span
from dslnas.spelling import meant

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(ms|us|s|[%KMG])?|[0-9]+(x[0-9]+)+")
_LOWER_UNIT = re.compile(r"[0-9]+(\.[0-9]+)?[kmg]")
_GROUPED = r"[1-9][0-9]{0,2}(?:['\u2019\u02bc\u00a0\u202f\u2009][0-9]{3})+"  # quotes and spaces
_SEPARATED = re.compile(rf"{_GROUPED}|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}}){{2,}}|[0-9]+(?:_[0-9]+)+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+")
_POINTED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_BELOW_ONE = re.compile(r"0,[0-9]+")
_DECIMAL = re.compile(r"[0-9]{1,15},[0-9]{1,15}")
_PIXELS = re.compile(r"[0-9]+px")
_UNFINISHED = re.compile(r"[0-9]+\.")
_DIGITS_AND_COMMA = "0123456789,"
EXAMPLES = ("3", "0.025", "3e-4", "50%", "4M", "5ms")
_FORMS = f"numbers look like {', '.join(f'`{n}`' for n in EXAMPLES[:-1])} or `{EXAMPLES[-1]}`"


def is_number(text: str) -> bool:
    """Whether a text is a number, or a size, of the language."""
    return _NUMBER.fullmatch(text) is not None


def without_separators(text: str) -> str:
    """Return `1000` for `1_000`, `1'000` and the like; "" for another text."""
    return re.sub(r"\D|_", "", text) if _SEPARATED.fullmatch(text) else ""


def without_commas(text: str) -> str:
    """Return `1000` for `1,000` and `0.5` for `0,5`; "" for another text."""
    if _THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if _DECIMAL.fullmatch(text) else ""


def comma_help(span: Span) -> Help:
    """Say how a number with commas is written; "" if a span is of none."""
    number = without_commas(span.text)
    return written(span, number, ": a comma stands between two values") if number else ""


def point_help(span: Span) -> Help:
    """Say how a whole number is written whose thousands a point parts; "" if a span is of none.

    It may be a whole number with decimals that are zero: what was meant is not certain.
    """
    number = span.text.replace(".", "") if _POINTED.fullmatch(span.text) else ""
    why = ": a point stands before decimals"
    return written(span, number, why, safe=False) if number else ""


def written(span: Span, number: str, why: str = "", *, safe: bool = True) -> Advice:
    """Return the advice to write a number in place of a span."""
    return Advice(f"write `{number}`{why}", edits=(Edit(span, number, safe),))


def run_around(text: str, at: int) -> tuple[int, int]:
    """Return the bounds of the digits, and of the commas among them, around a place."""
    start = end = at
    while start > 0 and text[start - 1] in _DIGITS_AND_COMMA:
        start -= 1
    while end < len(text) and text[end] in _DIGITS_AND_COMMA:
        end += 1
    run = text[start:end]
    return start + len(run) - len(run.lstrip(",")), end - len(run) + len(run.rstrip(","))


def behind_comma_help(span: Span) -> Help:
    """Say how a number is written whose thousands, or decimals, a span is; "" if it is of none."""
    start, end = run_around(span.source.text, span.start)
    whole = Span(span.source, start, end)
    is_last = start < span.start or end == span.end
    is_meant = _THOUSANDS.fullmatch(whole.text) or _BELOW_ONE.fullmatch(whole.text)
    return comma_help(whole) if is_last and is_meant else ""


def number_help(span: Span) -> Help:
    """Say how a text that starts with a digit becomes a number."""
    text = span.text
    if _LOWER_UNIT.fullmatch(text):
        return meant(text, text.upper())
    if _PIXELS.fullmatch(text):
        return written(span, text.removesuffix("px"), ": sizes are in pixels")
    if _UNFINISHED.fullmatch(text):
        return written(span, text.removesuffix("."))
    number = without_separators(text)
    return comma_help(span) or (written(span, number) if number else _FORMS)
