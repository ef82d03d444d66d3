"""Diagnostics for characters that start no word, many of them made by editors and keyboards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from dslnas.diagnostics import MOST_SHOWN, Diagnostic, diagnostic
from dslnas.edits import Advice, Edit, Help, addition
from dslnas.language.syntax.numbers import (
    comma_help,
    is_number,
    number_help,
    run_around,
    without_separators,
    written,
)
from dslnas.language.syntax.parse_failure import ParseFailure
from dslnas.source import SourceFile, Span
from dslnas.spelling import words_at

_WORD_ENDS = ' \t\n,;(){}[]<>=*"#'
_LONGEST = 60  # characters of a word that may be a number

_QUOTES = (
    "\"'`\N{ACUTE ACCENT}\N{PRIME}\N{DOUBLE PRIME}\N{FULLWIDTH APOSTROPHE}"
    "\N{DOUBLE LOW-9 QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"
    "\N{LEFT CORNER BRACKET}\N{RIGHT CORNER BRACKET}"
)
_MINUS = "\N{MINUS SIGN}\N{SUPERSCRIPT MINUS}\N{HYPHEN BULLET}\N{MODIFIER LETTER MINUS SIGN}"
_TIMES = "\N{MULTIPLICATION SIGN}"
_SIGNS = {
    "\N{ARABIC PERCENT SIGN}": "%",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LONG RIGHTWARDS ARROW}": "->",
    "\N{RIGHTWARDS DOUBLE ARROW}": "->",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{DIVISION SIGN}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{FRACTION SLASH}": "/",
    "\N{ASTERISK OPERATOR}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{MICRO SIGN}": "u",
    "\N{GREEK SMALL LETTER MU}": "u",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC COMMA}": ",",
    "\N{IDEOGRAPHIC COMMA}": ",",
    "\N{ARABIC SEMICOLON}": ";",
}
_CONTROLS = {
    "\0": "NUL",
    "\v": "vertical tab",
    "\f": "form feed",
    "\r": "carriage return",
    "\x1a": "control-Z",
    "\x1b": "escape",
    "\N{BOM}": "byte order mark",
}
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")  # begin and end a direction of text
_MIXED = re.compile(r"([0-9]+)([\xbc-\xbe\u2150-\u215e])")  # a whole number and a fraction
_POWER_OF_TEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)[×·*x]10(?:\^([+-]?[0-9]+)|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))")
_LISTS = "several values are written `1, 2` or `(1, 2)`"
_INSTEAD = {
    "[": _LISTS,
    "]": _LISTS,
    _TIMES: "write `x` between sizes, `*` between numbers",
    "%": "write it right behind its number: `50%`",
    "\N{PER MILLE SIGN}": "write it with `%`, as in `0.5%`",
}


def turning_errors(source: SourceFile) -> list[Diagnostic]:
    """Return NAS101 for characters that show a text in another order than it is read.

    They stand nowhere, not even in comments and strings, where the parser takes all others.
    """
    help = Advice("remove it: it shows the text in another order than it is read", instead="")
    return [
        diagnostic(
            "NAS101",
            f"invalid character {_shown(match[0])}",
            Span(source, match.start(), match.end()),
            help,
        )
        for match in islice(_TURNING.finditer(source.text), MOST_SHOWN)
    ]


def character_error(failure: ParseFailure) -> Diagnostic:
    """Explain a character that starts no word of the language."""
    text, at = failure.text, failure.at
    character = text[at]
    if character == '"':
        end = text.find("\n", at)
        span = failure.span(at, len(text) if end < 0 else end)
        return diagnostic("NAS102", "string is not closed on its line", span, _closed(span))
    number = _number_error(failure)
    if number is not None:
        return number
    message = f"invalid character {_shown(character)}"
    return diagnostic("NAS101", message, failure.span(at, at + 1), _help(failure))


def _closed(span: Span) -> Advice:
    """Say how a string is closed: where its line ends, if it is a single word."""
    is_word = re.fullmatch(r'"[^\s{};#"]+', span.text.rstrip()) is not None
    end = span.start + len(span.text.rstrip())
    place = Span(span.source, end, end)
    return Advice('close it with `"`', edits=(addition(place, '"', safe=is_word),))


def _number_error(failure: ParseFailure) -> Diagnostic | None:
    """Explain a number that is not written as numbers are; None if there is none."""
    text, at = failure.text, failure.at
    is_digit = text[at] in "0123456789"
    start, end = run_around(text, at)
    if is_digit and (help := comma_help(failure.span(start, end))):
        return _invalid_number(failure, start, end, help)
    start, end = _word_around(text, at)
    word = text[start:end]
    meant = without_separators(word)
    if not meant and not word.isascii():
        meant = _in_ascii(word) if len(word) <= _LONGEST else ""
    if meant and is_number(meant):
        foreign = next((c for c in word if not c.isascii()), "")
        why = f": {_shown(foreign)} is no character of numbers" if foreign else ""
        is_product = _TIMES in word and not _is_setting(failure)
        number = meant.replace("x", " * ") if is_product else meant
        return _invalid_number(failure, start, end, written(failure.span(start, end), number, why))
    if not is_digit:
        return None
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in "._%"):
        end += 1
    return _invalid_number(failure, at, end, number_help(failure.span(at, end)))


def _invalid_number(failure: ParseFailure, start: int, end: int, help: Help) -> Diagnostic:
    message = f"invalid number `{shortened(failure.text[start:end])}`"
    return diagnostic("NAS103", message, failure.span(start, end), help)


def _word_around(text: str, at: int) -> tuple[int, int]:
    start = end = at
    while start > 0 and text[start - 1] not in _WORD_ENDS:
        start -= 1
    while end < len(text) and text[end] not in _WORD_ENDS:
        end += 1
    return start, end


def _is_setting(failure: ParseFailure) -> bool:
    """Whether a number is the value of a setting, where sizes stand, and not part of another."""
    return [token.type for token in failure.statement] == ["NAME", "NUMBER"]


def _in_ascii(word: str) -> str:
    """Return a word with characters of numbers instead of others."""
    mixed = _MIXED.fullmatch(word)
    if mixed:
        return f"{int(mixed[1]) + unicodedata.numeric(mixed[2]):g}"
    power = _POWER_OF_TEN.fullmatch(word)
    if power:
        exponent = power[2] or "".join(map(_ascii, power[3]))
        return f"{power[1]}e{exponent.removeprefix('+')}"
    return "".join(map(_in_number, word))


def _in_number(character: str) -> str:
    """Return what stands in a number instead of a character; itself if nothing does."""
    if character == _TIMES:
        return "x"
    if character == "\N{MIDDLE DOT}":
        return "."
    is_alone = unicodedata.category(character) == "No"  # powers and fractions: 1 and a half
    return character if is_alone or _is_power(character) else _ascii(character) or character


def _is_power(character: str) -> bool:
    """Whether a character stands above the line: 10 to the 2 is not 102."""
    return unicodedata.name(character, "").startswith("SUPERSCRIPT")


def is_quote(character: str) -> bool:
    """Whether a character stands around strings, here or elsewhere."""
    return character in _QUOTES or unicodedata.category(character) in ("Pi", "Pf")


def _ascii(character: str) -> str:
    """Return what is written in ASCII instead of a character; "" if nothing is."""
    category = unicodedata.category(character)
    if is_quote(character):
        return '"'
    if character.isascii():
        return ""
    if character in _MINUS or category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    known = _SIGNS.get(character) or (folded if len(folded) == 1 and folded.isascii() else "")
    value = unicodedata.numeric(character, None)
    return known or ("" if value is None else f"{value:g}")


def _help(failure: ParseFailure) -> Help:
    text, at = failure.text, failure.at
    character = text[at]
    instead = _ascii(character)
    if character in _INSTEAD:
        return Advice(_INSTEAD[character], edits=_in_place(failure))
    if instead == '"':
        return Advice('strings are written in `"`', edits=(_quoted(failure),))
    if instead == " ":
        return Advice("write a space", instead)
    if _is_power(character):
        return f"write `{instead}`; powers are written out, as in `1e-3` or `2 * 2`"
    if instead:
        return Advice(f"write `{instead}`", instead)
    if character.isalpha():
        words = "names are made of the letters a to z, digits and `_`"
        return Advice(words, edits=tuple(_in_letters(failure)))
    joins = re.fullmatch(r"\w\W\w", text[max(0, at - 1) : at + 2]) is not None
    words = "remove it, or write a space if it stands between two words" if joins else "remove it"
    return Advice(words, "", safe=not joins and not character.isprintable())


def _in_letters(failure: ParseFailure) -> Iterator[Edit]:
    """Yield the edits that write a name in letters from a to z wherever it stands."""
    source, place = failure.source, failure.start + failure.at
    name = next(m[0] for m in re.finditer(r"\w+", source.text) if m.end() > place)
    plain = "".join(map(_letter, name))
    if re.fullmatch(r"[A-Za-z_]\w*", plain, re.ASCII) and not any(words_at(source.text, plain)):
        for at in words_at(source.text, name):
            yield Edit(Span(source, at, at + len(name)), plain)


def _letter(character: str) -> str:
    """Return a letter without its accents, such as `o` for `ö`; itself if that is not in ASCII."""
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return next((text for text in (plain, plain.casefold()) if text.isascii()), character)


def _quoted(failure: ParseFailure) -> Edit:
    """Return the edit that puts the language's quotes around what stands in others."""
    text, at = failure.text, failure.at
    line = text[at + 1 :].split("\n", 1)[0]
    closing = next((place for place, c in enumerate(line) if is_quote(c)), None)
    if closing is None:
        return Edit(failure.span(at, at + 1), '"', safe=False)
    return Edit(failure.span(at, at + closing + 2), f'"{line[:closing]}"')


def _in_place(failure: ParseFailure) -> tuple[Edit, ...]:
    """Return the edit for a sign that stands elsewhere, or otherwise, in the language."""
    text, at, previous = failure.text, failure.at, failure.previous
    if text[at] == "%" and previous is not None and previous.type == "NUMBER":
        return (Edit(failure.span(previous.end_pos or 0, at + 1), "%"),)
    brackets = re.match(r"\[([^\[\]\n]*)\]([ \t]*(?:[\n;}]|$))?", text[at:])
    if brackets is None:
        return ()
    listed = brackets[1].strip()
    first, *_ = failure.statement or (None,)
    is_list = len(failure.statement) == 1 or (first is not None and first.type == "OPS")
    is_all = brackets[2] is not None and is_list
    place = failure.span(at, at + len(brackets[1]) + 2)
    return (Edit(place, listed if is_all else f"({listed})"),)


def _shown(character: str) -> str:
    """Return a character as it is shown: with its number if nothing is to be seen, and its name."""
    name = _CONTROLS.get(character) or unicodedata.name(character, "").lower()
    shown = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
    is_told = character.isascii() and character.isprintable()
    is_letter = character.isalpha() and name.startswith(("latin small", "latin capital", "cjk"))
    return shown if is_told or is_letter or not name else f"{shown} ({name})"


def shortened(text: str) -> str:
    """Return a text that is quoted in a message, without the end of a long one."""
    return text if len(text) <= 40 else f"{text[:37]}..."
