"""Diagnostics for a place that the parser refused."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import accumulate

from lark import Token

from dslnas.diagnostics import Diagnostic, Note, diagnostic
from dslnas.edits import Advice, Edit, Help, addition, removal
from dslnas.language.syntax.characters import shortened
from dslnas.language.syntax.help import help_for
from dslnas.language.syntax.parse_failure import CLOSING, ParseFailure
from dslnas.language.syntax.tokens import BREAK, SIGNS, STATEMENTS
from dslnas.spelling import another_name, did_you_mean

END = "$END"

_KEYWORDS = tuple(word for words in STATEMENTS.values() for word in words)
_STARTS = "a statement starts with a word such as `use`, `op`, `cell`, `network` or `search`"
_RESERVED = {*STATEMENTS, "LIKE", "NODE", "WHEN", "AND"}
_STARTS_VALUE = {"NAME", "NUMBER", "LPAR", "MINUS"}
# What can come next, in the order in which it is said. Signs that can follow any value are left
# out: nobody who forgot a comma is helped by a list of operators.
_WORDS = {
    "NAME": "a name",
    "STRING": "a file in quotes",
    "NUMBER": "a number",
    "WHEN": "`when`",
    "AND": "`and`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "LBRACE": "`{`",
    "LIKE": "`like`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "RBRACE": "`}`",
    BREAK: "the end of the line",
}


def token_error(failure: ParseFailure, token: Token, accepted: Set[str]) -> Diagnostic:
    """Explain a token that cannot stand where it stands; `accepted` are the kinds that could."""
    bracket = _bracket_error(failure, token, accepted)
    if bracket is not None:
        return bracket
    span = failure.behind if _ends_line(failure, token) else failure.span_of(token)
    if "USE" in accepted and failure.previous is None:
        help = did_you_mean(token, _KEYWORDS) or _closed_too_early(failure) or _STARTS
        return diagnostic("NAS104", f"unexpected {_found(failure, token)}", span, help)
    if token.type in _RESERVED and "NAME" in accepted:
        return _reserved_error(failure, token, accepted)
    after = f" after `{shortened(failure.previous)}`" if failure.previous is not None else ""
    return diagnostic(
        "NAS104",
        f"expected {_expectation(failure, accepted)}{after}, found {_found(failure, token)}",
        span,
        help_for(failure, token, accepted),
    )


def _bracket_error(failure: ParseFailure, token: Token, accepted: Set[str]) -> Diagnostic | None:
    """Explain a bracket that is missing or too many, if that is what is wrong."""
    opener = failure.opener
    if opener is None:
        if token.type not in CLOSING.values():
            return None
        message, span = f"`{token}` closes nothing", failure.span_of(token)
        return diagnostic("NAS105", message, span, Advice("remove it", edits=(removal(span),)))
    closing = CLOSING[opener.type]
    if token.type == END:
        where = f"before `{failure.next_piece}`" if failure.next_piece else f"at {failure.end}"
    elif token.type in CLOSING.values() and token.type != closing:
        where = f"before `{token}`"
    elif failure.starts_line(token) and closing in accepted and BREAK not in accepted:
        if failure.is_closed_later:
            return None
        where = "at the end of the line"
    else:
        return None
    sign = SIGNS[closing]
    return diagnostic(
        "NAS105",
        f"`{sign}` is missing {where}",
        failure.behind,
        Advice(f"close it with `{sign}`", edits=(_closing(failure, opener, sign),)),
        notes=(Note(f"`{opener}` is opened here", failure.span_of(opener)),),
    )


def _reserved_error(failure: ParseFailure, token: Token, accepted: Set[str]) -> Diagnostic:
    span = failure.span_of(token)
    if failure.previous is not None or not failure.open:
        message = f"`{token}` is a word of the language and cannot be a name"
        return diagnostic("NAS106", message, span, another_name(span, safe=True))
    what = _joined(["a setting", *_inside_block(accepted)])
    help: Help = f"`{token}` stands outside of braces"
    if token.type == "NODE":
        help = Advice("only cells have nodes", "let" if "LET" in accepted else None)
    if token.type == "LET":
        edits = _moved_out(failure)
        help = Advice("constants are defined outside of sections", edits=edits)
    return diagnostic("NAS104", f"expected {what}, found `{token}`", span, help)


def _moved_out(failure: ParseFailure) -> tuple[Edit, ...]:
    """Return the edits that put the refused statement in front of the block around it."""
    inside, depth = [], 0
    for token in failure.after:
        depth += (token.type in CLOSING) - (token.type in CLOSING.values())
        if depth < 0 or (depth == 0 and token.type == BREAK):
            break
        inside.append(token)
    if len(failure.open) != 1 or not failure.is_block_start(failure.open[0]) or depth > 0:
        return ()
    whole = failure.span_of(inside[0]).to(failure.span_of(inside[-1]))
    return (addition(failure.span_of(failure.before[0]), f"{whole.text}\n"), removal(whole))


def _closed_too_early(failure: ParseFailure) -> Help:
    """Say that the brace above is one too many, if one that closes nothing follows."""
    above = [token for token in failure.before if token.type != BREAK]
    depths = accumulate((t.type == "LBRACE") - (t.type == "RBRACE") for t in failure.after)
    if not above or above[-1].type != "RBRACE" or min(depths, default=0) >= 0:
        return ""
    edits = (removal(failure.span_of(above[-1])),)
    return Advice("the block above is closed too early: remove its `}`", edits=edits)


def _closing(failure: ParseFailure, opener: Token, sign: str) -> Edit:
    """Return the edit that closes a bracket behind the last token.

    What is inside of parentheses may reach less far than that, unless it is one value or has names.
    """
    if failure.is_block_start(opener):
        is_one_line = "\n" not in failure.text[opener.start_pos or 0 : failure.before[-1].end_pos]
        return addition(failure.behind, f" {sign}" if is_one_line else f"\n{sign}")
    place = next(n for n, token in enumerate(failure.before) if token is opener)
    inside = failure.before[place + 1 :]
    named = [
        pair[1].type == "EQUAL" and before.type in ("COMMA", "LPAR")
        for before, *pair in zip(failure.before[place:], inside, inside[1:], strict=False)
        if before.type == "COMMA"
    ]
    is_sure = all(named) and not any(token.type == "ARROW" for token in inside)
    return addition(failure.behind, sign, safe=is_sure)


def _expectation(failure: ParseFailure, accepted: Set[str]) -> str:
    """Say in few words what could have come."""
    words = [word for kind, word in _WORDS.items() if kind in accepted]
    if accepted >= _STARTS_VALUE:
        first = failure.statement[0].type if failure.statement else ""
        is_operation = first in ("OP", "OPS", "NODE") and len(failure.open) <= (first == "NODE")
        words = ["an operation" if is_operation else "a value"]
        words += ["`)`"] if "RPAR" in accepted else []
    elif failure.previous is None:
        words = ["a setting", *_inside_block(accepted)]
        words += ["`}`"] if "RBRACE" in accepted else []
    elif BREAK in accepted:
        words = [word for word in words if word not in ("`}`", "`:`")]
    elif "COMMA" in accepted:
        words = [word for word in words if word != "`=`"]
    return _joined(words or [failure.end])


def _inside_block(accepted: Set[str]) -> list[str]:
    """Return the words that can start a statement of the block."""
    return [f"`{word.lower()}`" for word in ("LET", "NODE") if word in accepted]


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _ends_line(failure: ParseFailure, token: Token) -> bool:
    """Whether the line ends too early; a closing brace on the next line is no part of it."""
    if token.type in (END, BREAK):
        return token != ";"
    follows = failure.previous is not None
    return follows and token.type == "RBRACE" and failure.starts_line(token)


def _found(failure: ParseFailure, token: Token) -> str:
    if token.type == END and not failure.next_piece:
        return failure.end
    return "the end of the line" if _ends_line(failure, token) else f"`{shortened(token)}`"
