"""Random programs for Hypothesis: syntax trees, and texts of them with comments and odd layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from hypothesis import strategies as st

from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse_values
from dslnas.source import SourceFile, Span

SPAN = Span(SourceFile("made", ""), 0, 0)
_SECTIONS = ("network", "data", "search", "derive", "evaluate", "export")
RESERVED = frozenset(
    ("use", "let", "op", "ops", "gate", "cell", "like", "node", "when", "and", *_SECTIONS)
)
_NUMBERS = ("0", "7", "32", "0.025", "3e-4", "1.5E+3", "50%", "12.5%", "4M", "2K", "007", "5ms")
_PLAIN = st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters='"\x7f')


@cache
def number(text: str) -> ast.Number:
    (value,) = parse_values(SourceFile("number", text))
    assert isinstance(value, ast.Number)
    return value


names = st.builds(
    lambda text: ast.Name(text, span=SPAN),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,11}", fullmatch=True).filter(
        lambda text: text not in RESERVED
    ),
)
numbers = st.sampled_from(_NUMBERS).map(number)
texts = st.text(_PLAIN, max_size=12).map(lambda text: ast.Text(text, span=SPAN))
sizes = st.lists(st.integers(0, 999), min_size=2, max_size=4).map(
    lambda parts: ast.Size(tuple(parts), span=SPAN)
)


def _tuples(
    inner: st.SearchStrategy[ast.Expression], least: int
) -> st.SearchStrategy[tuple[ast.Expression, ...]]:
    return st.lists(inner, min_size=least, max_size=4).map(tuple)


def _names_last(arguments: list[ast.Argument]) -> tuple[ast.Argument, ...]:
    return tuple(sorted(arguments, key=lambda argument: argument.name is not None))


def _compound(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    arguments = st.builds(ast.Argument, st.none() | names, inner, span=st.just(SPAN))
    at = {"span": st.just(SPAN)}
    return st.one_of(
        st.builds(ast.Tuple, _tuples(inner, 2), **at),
        st.builds(ast.Choice, _tuples(inner, 1), **at),
        st.builds(ast.Call, inner, st.lists(arguments, max_size=4).map(_names_last), **at),
        st.builds(ast.Negative, inner, **at),
        st.builds(ast.Binary, st.sampled_from("+-*/"), inner, inner, **at),
        st.builds(ast.Chain, _tuples(inner, 2), **at),
    )


expressions: st.SearchStrategy[ast.Expression] = st.recursive(
    names | numbers | texts | sizes, _compound, max_leaves=14
)

comparisons = st.builds(
    ast.Comparison,
    expressions,
    st.sampled_from(("<", "<=", ">", ">=")),
    expressions,
    span=st.just(SPAN),
)
named = st.builds(ast.Named, names, expressions, span=st.just(SPAN))
_values = _tuples(expressions | comparisons | named, 1)
settings = st.builds(ast.Setting, names, _values, span=st.just(SPAN))
nodes = st.builds(ast.NodeDef, names, expressions, span=st.just(SPAN))
lets = st.builds(ast.Let, names, expressions, span=st.just(SPAN))
_parameters = st.builds(ast.Parameter, names, st.none() | expressions, span=st.just(SPAN))
_conditions = st.one_of(
    st.builds(ast.Condition, names, st.none() | numbers, span=st.just(SPAN)),
    st.builds(
        ast.Comparison,
        expressions,
        st.sampled_from(("=", "<", "<=", ">", ">=")),
        expressions,
        span=st.just(SPAN),
    ),
)
_variants = st.builds(
    ast.Variant,
    st.lists(_conditions, min_size=1, max_size=3).map(tuple),
    expressions,
    span=st.just(SPAN),
)
_uses = st.one_of(
    st.builds(
        lambda parts: ast.Use(".".join(p.text for p in parts), False, span=SPAN),
        st.lists(names, min_size=1, max_size=3),
    ),
    st.builds(lambda text: ast.Use(text.value, True, span=SPAN), texts),
)
items: st.SearchStrategy[ast.Item] = st.one_of(
    _uses,
    lets,
    st.builds(
        ast.OpDef,
        names,
        st.lists(_parameters, max_size=3).map(tuple),
        expressions,
        st.lists(_variants, max_size=2).map(tuple),
        span=st.just(SPAN),
    ),
    st.builds(ast.OpsDef, names, _tuples(expressions, 1), span=st.just(SPAN)),
    st.builds(
        ast.GateDef,
        names,
        st.lists(_parameters, max_size=3).map(tuple),
        st.lists(settings | lets, max_size=4).map(tuple),
        st.just(SPAN),
        span=st.just(SPAN),
    ),
    st.builds(
        ast.CellDef,
        names,
        st.none() | names,
        st.lists(settings | lets | nodes, max_size=4).map(tuple),
        span=st.just(SPAN),
    ),
    st.builds(
        ast.Section,
        st.sampled_from(_SECTIONS),
        st.none() | names,
        st.lists(settings, max_size=4).map(tuple),
        span=st.just(SPAN),
    ),
)
programs = st.lists(items, max_size=5).map(lambda made: ast.Program(tuple(made), (), span=SPAN))

comments = st.text(_PLAIN | st.just('"'), max_size=20).map(lambda text: f"#{text}".rstrip())

# Strings first, so that nothing in them is taken for a place where a line may end.
_PLACES = re.compile(
    r'"[^"\n]*"|(?P<after>[,+\-*/=<>({:]|->)(?= )|(?P<before> (?=->|\|))|(?P<end>\n)'
)


@st.composite
def untidy(draw: st.DrawFn, text: str) -> tuple[str, Sequence[str]]:
    """Return a canonical text with comments, line ends and blank lines put in where they may be.

    Also returns the comments in order.
    """
    written: list[str] = []
    pieces: list[str] = []
    last = 0

    def broken(indent: str = "      ") -> str:
        lines = []
        for place in range(draw(st.integers(0, 2))):
            comment = draw(st.none() | comments)
            if comment is not None:
                written.append(comment)
            lines.append(f"{'  ' if place else ' '}{comment or ''}\n")
        return "".join(lines) + indent if lines else ""

    if draw(st.booleans()):
        pieces.append(broken("\n"))
    for match in _PLACES.finditer(text):
        pieces.append(text[last : match.start()])
        last = match.end()
        gap = broken() if match.lastgroup else ""
        if match.lastgroup == "after":
            pieces.append(match[0] + gap)
        elif match.lastgroup == "before":
            pieces.append(gap + match[0])
        elif match.lastgroup == "end":
            pieces.append((gap or ("; " if draw(st.booleans()) else "")) + "\n")
        else:
            pieces.append(match[0])
    return "".join(pieces) + text[last:], written
