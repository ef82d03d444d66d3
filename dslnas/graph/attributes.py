"""Arguments of primitives: checked against their kind, and filled in where they are open."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import user_error
from dslnas.edits import Advice, Help
from dslnas.language.check.constants import Constant
from dslnas.ops.primitive import (
    Argument,
    Attributes,
    AttributeValue,
    Default,
    Kind,
    Primitive,
)
from dslnas.source import Span

LARGEST = 1_000_000

_NEVER_USUAL = frozenset(Default) - {Default.STRIDE, Default.SAME}


def attribute_value(
    primitive: Primitive, argument: Argument, value: Constant, span: Span | None
) -> AttributeValue:
    """Return the value of an argument in the form its kind has.

    Raises:
        UserError: NAS502 if the value is of another kind or out of range.
    """
    result = _as_kind(argument.kind, value)
    if result is None:
        is_odd = isinstance(value, float) and not value.is_integer()
        shown = f"{value:.6g}" if is_odd else str(value).lower()
        wanted = f"at most {LARGEST:,}" if _is_beyond(value) else argument.kind.value
        raise user_error(
            "NAS502",
            f"`{argument.name}` of `{primitive.name}` must be {wanted}, not {shown}",
            span=span,
            help=_flag(value, span) if argument.kind is Kind.FLAG else "",
        )
    return result


def _flag(value: Constant, span: Span | None) -> Help:
    """Say how 0 and 1 are written as a flag, where they stand as such."""
    if span is None or span.text not in ("0", "1"):
        return ""
    word = "true" if value else "false"
    return Advice(f"write `{word}`", word)


def default_value(
    argument: Argument,
    attributes: Attributes,
    given: Mapping[str, Constant],
    channels: int,
    stride: int,
) -> AttributeValue:
    """Return the default of an argument at a place, from C and the rest of the stride.

    `attributes` are those before it; `given` may have a dilation that comes after the padding.
    """
    match argument.default:
        case Default.CHANNELS:
            return channels
        case Default.STRIDE:
            return (stride, stride)
        case Default.SAME:
            dilation = _as_kind(Kind.PAIR, given.get("dilation", 1))
            kernel = attributes["kernel"]
            assert isinstance(kernel, tuple)
            dh, dw = dilation if isinstance(dilation, tuple) else (1, 1)
            return (dh * (kernel[0] - 1) // 2, dw * (kernel[1] - 1) // 2)
    assert not isinstance(argument.default, Default)
    return argument.default


def usual_value(
    argument: Argument, attributes: Attributes, given: Mapping[str, Constant]
) -> AttributeValue | None:
    """Return what a graph's text means by leaving an argument out; None if it is always written.

    A graph has no places, so its usual stride is 1, and nothing is usual that depends on the cell
    or the phase.
    """
    if argument.default in _NEVER_USUAL:
        return None
    if argument.default is Default.SAME and not isinstance(attributes.get("kernel"), tuple):
        return None
    return default_value(argument, attributes, given, channels=0, stride=1)


def _is_beyond(value: Constant) -> bool:
    """Whether a number is right but for its size."""
    return any(
        isinstance(v, int) and v > LARGEST
        for v in (value if isinstance(value, tuple) else (value,))
    )


def _as_kind(kind: Kind, value: Constant) -> AttributeValue | None:
    match kind:
        case Kind.FLAG:
            return value if isinstance(value, bool) else None
        case Kind.COUNT | Kind.WHOLE:
            return _whole(value, 1 if kind is Kind.COUNT else 0)
        case Kind.PAIR | Kind.PADDING:
            least = 1 if kind is Kind.PAIR else 0
            both = value if isinstance(value, tuple) else (value, value)
            pair = tuple(n for v in both if (n := _whole(v, least)) is not None)
            return (pair[0], pair[1]) if len(pair) == 2 == len(both) else None
        case Kind.SIZES:
            several = value if isinstance(value, tuple) else (value,)
            sizes = tuple(n for v in several if (n := _whole(v, 1)) is not None)
            return sizes if len(sizes) == len(several) <= 3 else None
        case Kind.RATE:
            number = _number(value)
            return number if number is not None and 0 <= number < 1 else None
        case Kind.NUMBER:
            return _number(value)
    number = _number(value)  # Kind.POSITIVE
    return number if number is not None and number > 0 else None


def _whole(value: Constant, least: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= LARGEST else None


def _number(value: Constant) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
