"""The inputs of a network and their stems: one without a name, or several by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, addition, second_removal
from dslnas.language.check.checked import CheckedInput
from dslnas.language.check.constants import evaluate
from dslnas.language.check.context import Context
from dslnas.language.syntax import ast
from dslnas.ops.primitive import InputShape, Token
from dslnas.spelling import suggestion

TOKEN = "token"
LOGITS = "logits"
"""Name of what a network gives, which no input can have."""

LARGEST = 65536
"""Most features, channels, height or width of an input."""

MOST_WORDS = 1_000_000
"""Most different tokens of an input."""

_HELP = (
    "write `user: 8` for features, `photo: 3 x 32 x 32` for images, `word: token(500)` for one of "
    "500 tokens"
)


def are_named(given: Mapping[str, ast.Setting]) -> bool:
    """Return whether the inputs of a network have names.

    Args:
        given: Settings of the network by key.
    """
    settings = [given[key] for key in ("input", "stem") if key in given]
    return any(isinstance(value, ast.Named) for s in settings for value in s.values)


def named_inputs(given: Mapping[str, ast.Setting], context: Context) -> tuple[CheckedInput, ...]:
    """Return the inputs that have names, in the order of `input`, each with its stem.

    Where `input` is not given, the data have the shapes, and the order is that of `stem`.
    """
    diagnostics = context.diagnostics
    settings = [given[key] for key in ("input", "stem") if key in given]
    names = {v.name.text for s in settings for v in s.values if isinstance(v, ast.Named)}
    stems = _by_name(given["stem"], names, diagnostics)
    if "input" not in given:
        return tuple(CheckedInput(n, None, s.value, s.name.span) for n, s in stems.items())
    shapes = _by_name(given["input"], names, diagnostics)
    if LOGITS in shapes:
        message = f"`{LOGITS}` is what the network gives, and no input can be called so"
        diagnostics.add("NAS502", message, shapes[LOGITS].name.span, help="choose another name")
    for name, stem in stems.items():
        if name not in shapes:
            help = suggestion(name, shapes) or f"give its shape: `input {name}: 8`"
            message = f"stem of an unknown input `{name}`"
            diagnostics.add("NAS201", message, stem.name.span, help=help)
    has_all = all(isinstance(value, ast.Named) for value in given["stem"].values)
    for name, shape in shapes.items():
        if name not in stems and has_all:
            message = f"input `{name}` has no stem"
            help = f"add `{name}: ...` to `stem`; the first cells read what stems give"
            diagnostics.add("NAS303", message, shape.name.span, help=help)
    return tuple(
        CheckedInput(name, _shape(shape, context), stems[name].value, shape.name.span)
        for name, shape in shapes.items()
        if name in stems
    )


def _by_name(
    setting: ast.Setting, names: Collection[str], diagnostics: Diagnostics
) -> dict[str, ast.Named]:
    """Return the values of a setting by their names; `names` are those of all inputs."""
    key = setting.key.text
    values: dict[str, ast.Named] = {}
    left = {*names} - {v.name.text for v in setting.values if isinstance(v, ast.Named)}
    is_one = len(left) == 1 and len(setting.values) == len(names)
    for value in setting.values:
        if not isinstance(value, ast.Named):
            message = f"value of `{key}` has no name, and others have"
            edits = tuple(addition(value.span, f"{name}: ") for name in left if is_one)
            help = Advice(f"write `{key} user: ..., item: ...`", edits=edits)
            diagnostics.add("NAS502", message, value.span, help=help)
        elif value.name.text in values:
            message = f"`{key}` of `{value.name.text}` is given twice"
            first = values[value.name.text]
            edits = (second_removal(first.span, value.span),)
            diagnostics.add_twice(message, value.name.span, first.name.span, edits)
        else:
            values[value.name.text] = value
    return values


def _shape(given: ast.Named, context: Context) -> InputShape:
    """Return the shape of an input; that of a token where it is wrong."""
    if isinstance(given.value, ast.Name) and given.value.text == TOKEN:
        return ()
    words = _words(given.value)
    lengths, most = ((1, 3), LARGEST) if words is None else ((1,), MOST_WORDS)
    with context.diagnostics.collecting():
        sizes = evaluate(given.value if words is None else words, context.constants)
        shape = sizes if isinstance(sizes, tuple) else (sizes,)
        whole = tuple(n for n in shape if isinstance(n, int) and not isinstance(n, bool))
        if len(whole) in lengths and whole == shape and all(1 <= n <= most for n in whole):
            return whole if words is None else Token(whole[0])
        message = f"`{given.value.span.brief}` is no shape of an input"
        context.diagnostics.add("NAS502", message, given.value.span, help=_HELP)
    return ()


def _words(value: ast.Expression) -> ast.Expression | None:
    """Return how many tokens `token(...)` says there are; None for another expression."""
    match value:
        case ast.Call(
            function=ast.Name(text=text), arguments=(ast.Argument(name=None, value=words),)
        ) if text == TOKEN:
            return words
    return None
