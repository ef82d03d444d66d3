"""Words that are not known, and the known ones that are near."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from operator import eq

from dslnas.edits import Advice, Edit, Help
from dslnas.names import free_name
from dslnas.source import Span

_MOST_LISTED = 12  # names that are known, where none is near
_SHORTEST = 3  # letters of a word that is certainly the start of another
_LONG = 6  # letters of a word that is known without its end
_SLIP = 0.75  # ratio from which on a part of a word is certainly another one written wrong
_LEAD = 0.05  # by which the nearest is nearer than the next, to be certain

# Bounds for finding a name that is near: hostile input makes hundreds of unknown words.
_MOST_COMPARED = 400  # names
_MOST_STEPS = 6_000  # letters compared with letters
_LONGEST = 64  # letters of a word that tell how near it is


def suggestion(word: str, known: Iterable[str]) -> Help:
    """Return advice on an unknown word: the nearest known one, or the list of all."""
    names = set(known) - {word}
    near = did_you_mean(word, names)
    if near or not names:
        return near
    shown = ", ".join(f"`{n}`" for n in heapq.nsmallest(_MOST_LISTED, names))
    return f"known are {shown}" + (", ..." if len(names) > _MOST_LISTED else "")


def did_you_mean(word: str, known: Iterable[str]) -> Help:
    """Return advice with the known word that is nearest to an unknown one; "" if none is.

    A unique prefix counts as near, and the same word but for capitals and underscores; after that
    an edit ratio of 0.7, the same letters in another order, the only word that has a letter less,
    or the only one that begins with a long word but its last letter: `reduction` with `reduce`.
    The word itself, as the name of a file that cannot be read, helps nobody.
    """
    close = _close(word, set(known) - {word})
    if not close:
        return ""
    is_short = close[0].startswith(word) and len(word) < _SHORTEST
    safe = len(close) == 1 and not is_short and _is_slip(word, close[0])
    return meant(word, close[0], safe=safe)


def _is_slip(word: str, near: str) -> bool:
    """Whether a word is a known one written wrong, rather than another word that looks like it.

    Each part of it has to be near for itself: `p_darts` is no slip for `pc_darts`, and a word with
    more in front or behind, such as `dwconv`, is not either.
    """
    start = word[:-1] if len(word) >= _LONG else word
    if near.startswith(start) or _folded(word) == _folded(near) or set(word) == set(near):
        return True
    parts, others = (re.split(r"[._]", name) for name in (word, near))
    is_near = all(_ratio(*pair) >= _SLIP for pair in zip(parts, others, strict=False))
    return is_near and len(parts) == len(others) and len(word) < len(near) + 2


def meant(word: str, near: str, *, safe: bool = True) -> Advice:
    """Return advice to write a word in place of another; another number is never certain."""
    certain = safe and _digits(word) == _digits(near)
    return Advice(f"did you mean `{near}`?", near, word, certain)


def another_name(span: Span | None, *, safe: bool = False) -> Help:
    """Return advice to give what is named at a place a name that its text has not yet."""
    if span is None:
        return "choose another name"
    free = free_name(f"{span.text}_2", _words(span.source.text))
    return Advice("choose another name", free, safe=safe)


def renamed(span: Span, whole: Span) -> Help:
    """Return advice to give what is named at a place another name in all of its definition.

    Inside of a definition a name means what the definition calls so, but for the names of arguments
    and the words of conditions, as in `conv(3, stride = stride)`.
    """
    word, text = span.text, whole.text
    free = free_name(f"{word}_2", _words(span.source.text))
    starts = (whole.start + place for place in words_at(text, word, but=r"\s*=(?!=)"))
    places = sorted({span.start, *starts})
    # A condition has words of its own, and `linear(C)(x)` has a number where `tanh(C)` has a value.
    other = rf"\b(when|and)\s+{re.escape(word)}\b|\([^()]*\b{re.escape(word)}\b[^()]*\)\("
    is_sure = re.search(other, text) is None
    edits = (Edit(Span(span.source, at, at + len(word)), free, is_sure) for at in places)
    return Advice("choose another name", edits=tuple(edits))


def is_called(name: Span) -> bool:
    """Whether a text applies what it defines by a name, as in `block(3)`, in another place."""
    text, word = name.source.text, name.text
    places = {*words_at(text, word)} - {*words_at(text, word, but=r"\s*\(")}
    return bool(places - {name.start})


def words_at(text: str, word: str, but: str = "$^") -> Iterator[int]:
    """Yield where a word stands in a text, comments and strings left out.

    What follows it does not match the pattern `but`.
    """
    pattern = re.compile(rf'#[^\n]*|"[^"\n]*"|\b(?P<word>{re.escape(word)})\b(?!{but})')
    return (match.start() for match in pattern.finditer(text) if match["word"])


@lru_cache(1)
def _words(text: str) -> frozenset[str]:
    """Return the words of a text, which may have many mistakes."""
    return frozenset(re.findall(r"\w+", text))


def _digits(word: str) -> str:
    return re.sub(r"[^0-9]", "", word)


def _close(word: str, names: Collection[str]) -> list[str]:
    """Return the names that are near a word, the nearest first."""
    prefixed = [n for n in names if n.startswith(word)] if len(word) > 1 else []
    folded = [n for n in names if _folded(n) == _folded(word)]
    for certain in (prefixed, folded):
        if len(certain) == 1:
            return certain
    compared = _compared(word, names)
    near = difflib.get_close_matches(word, compared, 2, 0.7)
    if len(near) == 2 and _ratio(word, near[0]) > _ratio(word, near[1]) + _LEAD:
        near = near[:1]
    near = near or [n for n in compared if sorted(n) == sorted(word)]
    shorter = {word[:place] + word[place + 1 :] for place in range(min(len(word), _LONGEST))}
    shorter &= set(names)
    if near or len(shorter) == 1:
        return near or list(shorter)
    begun = [n for n in compared if n.startswith(word[:-1])] if len(word) >= _LONG else []
    return begun if len(begun) == 1 else []


def _folded(word: str) -> str:
    return word.lower().replace("_", "")


def _ratio(word: str, name: str) -> float:
    return difflib.SequenceMatcher(None, name, word).ratio()


def _compared(word: str, names: Collection[str]) -> list[str]:
    """Return the names, sorted, that a word is compared with letter by letter.

    These are all, but where that would take more than about a millisecond the likeliest: those
    that have most letters at the same place, counted from either end.
    """
    if len(names) > _MOST_COMPARED:
        return []
    if len(word) * sum(map(len, names)) <= _MOST_STEPS:
        return sorted(names)
    likeliest = heapq.nlargest(_MOST_STEPS // max(1, len(word) ** 2), names, _shared(word))
    return sorted(name for name in likeliest if len(name) < 2 * len(word))


def _shared(word: str) -> Callable[[str], int]:
    """Return what counts the letters that a name has at the place where the word has them."""
    start, end = word[:_LONGEST], word[::-1][:_LONGEST]
    return lambda name: sum(map(eq, start, name)) + sum(map(eq, end, reversed(name)))
