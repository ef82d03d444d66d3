"""The inputs of a network and their stems: one without a name, or several by name."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics, Note, UserError, suggestion
from dslnas.language.check.checked import CheckedInput
from dslnas.language.check.constants import Scope, evaluate
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape

TOKEN = "token"
LOGITS = "logits"
"""Name of what a network gives, which no input can have."""

LARGEST = 65536
"""Most features, channels, height or width of an input."""

_HELP = "write `user: 8` for features, `photo: 3 x 32 x 32` for images, `word: token` for a token"


def are_named(given: Mapping[str, ast.Setting]) -> bool:
    """Return whether the inputs of a network have names.

    Args:
        given: Settings of the network by key.
    """
    settings = [given[key] for key in ("input", "stem") if key in given]
    return any(isinstance(value, ast.Named) for s in settings for value in s.values)


def named_inputs(
    given: Mapping[str, ast.Setting], constants: Scope, diagnostics: Diagnostics
) -> tuple[CheckedInput, ...]:
    """Return the inputs that have names, in the order of `input`, each with its stem.

    Where `input` is not given, the data have the shapes, and the order is that of `stem`.

    Args:
        given: Settings of the network by key; there is a `stem`.
        constants: Values of `let`, for shapes.
        diagnostics: Takes the mistakes.
    """
    stems = _by_name(given["stem"], diagnostics)
    if "input" not in given:
        return tuple(CheckedInput(n, None, s.value, s.name.span) for n, s in stems.items())
    shapes = _by_name(given["input"], diagnostics)
    if LOGITS in shapes:
        message = f"`{LOGITS}` is what the network gives, and no input can be called so"
        diagnostics.add("NAS502", message, shapes[LOGITS].name.span, help="choose another name")
    for name, stem in stems.items():
        if name not in shapes:
            diagnostics.add(
                "NAS201",
                f"stem of an unknown input `{name}`",
                stem.name.span,
                help=suggestion(name, shapes) or f"give its shape: `input {name}: 8`",
            )
    has_all = all(isinstance(value, ast.Named) for value in given["stem"].values)
    for name, shape in shapes.items():
        if name not in stems and has_all:
            diagnostics.add(
                "NAS303",
                f"input `{name}` has no stem",
                shape.name.span,
                help=f"add `{name}: ...` to `stem`; the first cells read what stems give",
            )
    return tuple(
        CheckedInput(
            name, _shape(shape, constants, diagnostics), stems[name].value, shape.name.span
        )
        for name, shape in shapes.items()
        if name in stems
    )


def _by_name(setting: ast.Setting, diagnostics: Diagnostics) -> dict[str, ast.Named]:
    """Return the values of a setting by their names."""
    key = setting.key.text
    values: dict[str, ast.Named] = {}
    for value in setting.values:
        if not isinstance(value, ast.Named):
            diagnostics.add(
                "NAS502",
                f"value of `{key}` has no name, and others have",
                value.span,
                help=f"write `{key} user: ..., item: ...`",
            )
        elif value.name.text in values:
            diagnostics.add(
                "NAS504",
                f"`{key}` of `{value.name.text}` is given twice",
                value.name.span,
                notes=[Note("the first time is here", values[value.name.text].name.span)],
                help="remove one of them",
            )
        else:
            values[value.name.text] = value
    return values


def _shape(given: ast.Named, constants: Scope, diagnostics: Diagnostics) -> Shape:
    """Return the shape of an input; that of a token where it is wrong."""
    if isinstance(given.value, ast.Name) and given.value.text == TOKEN:
        return ()
    try:
        sizes = evaluate(given.value, constants)
    except UserError as error:
        diagnostics.extend(error)
        return ()
    shape = sizes if isinstance(sizes, tuple) else (sizes,)
    whole = tuple(n for n in shape if isinstance(n, int) and not isinstance(n, bool))
    if len(whole) not in (1, 3) or whole != shape or not all(1 <= n <= LARGEST for n in whole):
        diagnostics.add(
            "NAS502",
            f"`{given.value.span.brief}` is no shape of an input",
            given.value.span,
            help=_HELP,
        )
        return ()
    return whole
