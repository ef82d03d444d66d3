"""The language on a page: what a person or a program needs to write its first specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from dslnas.graph.operation_facts import operations
from dslnas.language.link.sources import library_names
from dslnas.language.syntax.numbers import EXAMPLES
from dslnas.language.syntax.tokens import RESERVED, STATEMENTS
from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA
from dslnas.settings.model import Section
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import CellSettings
from dslnas.settings.spec import SECTIONS

EXAMPLE = """\
use std.cnn  # operations; `use papers.darts` brings cells and a network, too

let width = 8
op block(k, ratio = 2) = relu -> conv(k, out = C / ratio) -> conv(1) -> batch_norm
    | when stride 2: relu -> conv(k) -> batch_norm
ops small = none, skip_connect, max_pool(3), sep_conv({3, 5})  # a set of five

cell normal {
    inputs      2             # outputs of the two cells before it: in1, in2
    preprocess  preprocess    # operation that fits them to C channels
    nodes       3             # each reads all inputs and earlier nodes
    choose      small + block(3) - max_pool(3)
    keep        2             # edges of a node that stay in the end
}

cell reduction like normal { stride 2; widen 2 }

cell spelt {
    inputs  1; preprocess preprocess
    node n1 = sep_conv(3)(in1) + {skip_connect, relu -> conv(3)}(in1)  # a sum of two edges
    output  concat(in1, n1)
}

network { channels width; cells normal * N, reduction, spelt }
data digits { batch 64 }
search darts { epochs 10; weights sgd(lr = cosine(0.1, 0.001), momentum = 0.9) }
derive { count skip_connect <= 2; require params < 4M }
evaluate { epochs 20; drop_path 0.2 }
"""


_RULES = """\
- A line break or `;` ends a statement; not inside of parentheses, behind a comma or an operator,
  and in front of `->`, `|` and `}}`. `#` starts a comment. A setting is `key value, value`.
- Values are numbers ({numbers}), sizes (`3 x 32 x 32`), text in `"`, words,
  calls, tuples (`(0.9, 0.999)`), and `+ - * /` of numbers and of constants made with `let`.
- `a -> b` is b of what a gives, `3 * (a -> b)` repeats, `add(a, b)` joins branches. `C` is the
  number of channels of the cell; `C_in`, `H_in` and `W_in` are sizes of what is read. The stride of
  a place goes to the first layer that can take one; `| when stride 2: ...` says otherwise.
- In a cell `conv(3)(n1)` is an edge, `+` sums edges, and `{{a, b}}` is a choice for the search. A
  cell with `states` is recurrent. `let` in a cell is a value that is computed.
- A file that uses another overrides its cells and sections, setting by setting.
- No names are {words}.

`dslnas check FILE --format json` finds all mistakes, and `dslnas check --fix FILE` mends slips.
`dslnas show --defaults` lists every setting with its meaning, `dslnas show --operations` every
operation. `dslnas grammar gbnf` prints the grammar for programs.
"""


def card_text() -> str:
    """Return the page, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The language on a page\n"
    yield "<!-- Written by `dslnas grammar card`. -->\n"
    yield f"```\n{EXAMPLE}```\n"
    yield _RULES.format(numbers=_listed(EXAMPLES), words=_listed(RESERVED))
    yield "## Settings\n"
    yield f"- `cell NAME [like NAME]`: {_listed(CellSettings.all_keys())}"
    for kind in STATEMENTS["SECTION"]:
        yield from _section(kind)
    yield f"- calls: {_listed(CALLS)}\n"
    yield "## Operations\n"
    for source, facts in groupby(operations(), key=lambda each: each.source):
        start = f"`use {source}`" if source else "everywhere"
        yield f"- {start}: {_listed(each.call if source else each.name for each in facts)}"
    yield "\n## Files of the library\n"
    yield _listed(library_names())


def _section(kind: str) -> Iterator[str]:
    models = [model for model in SECTIONS if model.kind == kind]
    if kind == "search":
        yield from _named(kind, "METHOD", SEARCH, SearchSettings.all_keys())
    elif kind == "data":
        shared = set.intersection(*({*model.all_keys()} for model in models))
        usual = [key for key in models[0].all_keys() if key in shared]
        yield from _named(kind, "SOURCE", DATA, usual)
    else:
        yield f"- `{kind}`: {_listed(models[0].all_keys())}"


def _named(
    kind: str, name: str, models: Mapping[str, type[Section]], usual: list[str]
) -> Iterator[str]:
    """Yield the settings that all methods or sources have, and then those of each."""
    yield f"- `{kind} {name}`: {_listed(usual)}"
    alike: dict[tuple[str, ...], list[str]] = {}
    for word, model in models.items():
        own = tuple(key for key in model.all_keys() if key not in usual)
        alike.setdefault(own, []).append(word)
    for own, words in alike.items():
        yield f"    - {_listed(words)}" + (f": {_listed(own)}" if own else "")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
