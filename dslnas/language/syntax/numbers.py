"""Numbers as people write them elsewhere, and how the language writes them."""

from __future__ import annotations

import re

from dslnas.source import Span

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(ms|us|s|[%KMG])?|[0-9]+(x[0-9]+)+")
_LOWER_UNIT = re.compile(r"[0-9]+(\.[0-9]+)?[kmg]")
_GROUPED = r"[1-9][0-9]{0,2}(?:['\u2019\u02bc\u00a0\u202f\u2009][0-9]{3})+"  # quotes and spaces
_SEPARATED = re.compile(rf"{_GROUPED}|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}}){{2,}}|[0-9]+(?:_[0-9]+)+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+")
_POINTED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_BELOW_ONE = re.compile(r"0,[0-9]+")
_DECIMAL = re.compile(r"[0-9]{1,15},[0-9]{1,15}")
_DIGITS_AND_COMMA = "0123456789,"
_EXAMPLES = "numbers look like `3`, `0.025`, `3e-4`, `50%`, `4M` or `5ms`"


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


def comma_help(text: str) -> str:
    """Say how a number with commas is written; "" if a text is none."""
    meant = without_commas(text)
    return f"write `{meant}`: a comma stands between two values" if meant else ""


def point_help(text: str) -> str:
    """Say how a whole number is written whose thousands a point parts; "" if a text is none."""
    meant = text.replace(".", "") if _POINTED.fullmatch(text) else ""
    return f"write `{meant}`: a point stands before decimals" if meant else ""


def run_around(text: str, at: int) -> tuple[int, int]:
    """Return the bounds of the digits, and of the commas among them, around a place."""
    start = end = at
    while start > 0 and text[start - 1] in _DIGITS_AND_COMMA:
        start -= 1
    while end < len(text) and text[end] in _DIGITS_AND_COMMA:
        end += 1
    run = text[start:end]
    return start + len(run) - len(run.lstrip(",")), end - len(run) + len(run.rstrip(","))


def behind_comma_help(span: Span) -> str:
    """Say how a number is written whose thousands, or decimals, a span is; "" if it is of none."""
    start, end = run_around(span.source.text, span.start)
    written = span.source.text[start:end]
    is_last = start < span.start or end == span.end
    is_meant = _THOUSANDS.fullmatch(written) or _BELOW_ONE.fullmatch(written)
    return comma_help(written) if is_last and is_meant else ""


def number_help(text: str) -> str:
    """Say how a text that starts with a digit becomes a number."""
    if _LOWER_UNIT.fullmatch(text):
        return f"did you mean `{text.upper()}`?"
    meant = without_separators(text)
    return comma_help(text) or (f"write `{meant}`" if meant else _EXAMPLES)
