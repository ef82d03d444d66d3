"""Arguments of primitives: what fits which kind, and what open arguments become."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.graph.attributes import attribute_value, default_value, usual_value
from dslnas.language.check.constants import Constant
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Argument, AttributeValue, Default, Kind

CONV = PRIMITIVES["conv"]
ARGUMENTS = {argument.name: argument for argument in CONV.arguments}


def as_kind(kind: Kind, value: Constant) -> AttributeValue:
    return attribute_value(CONV, Argument("it", kind), value, None)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.COUNT, 1, 1),
        (Kind.COUNT, 1_000_000, 1_000_000),
        (Kind.WHOLE, 0, 0),
        (Kind.PAIR, 3, (3, 3)),
        (Kind.PAIR, (1, 3), (1, 3)),
        (Kind.PADDING, 0, (0, 0)),
        (Kind.PADDING, (0, 2), (0, 2)),
        (Kind.RATE, 0, 0.0),
        (Kind.RATE, 0.999, 0.999),
        (Kind.POSITIVE, 2, 2.0),
        (Kind.FLAG, False, False),
    ],
)
def test_a_fitting_value_takes_the_form_of_its_kind(
    kind: Kind, value: Constant, expected: AttributeValue
) -> None:
    found = as_kind(kind, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.COUNT, 0, "0"),
        (Kind.COUNT, 1.0, "1.0"),
        (Kind.COUNT, True, "true"),
        (Kind.COUNT, (1, 2), "(1, 2)"),
        (Kind.WHOLE, -1, "-1"),
        (Kind.PAIR, (3,), "(3,)"),
        (Kind.PAIR, (1, 2, 3), "(1, 2, 3)"),
        (Kind.PAIR, (0, 3), "(0, 3)"),
        (Kind.PADDING, -1, "-1"),
        (Kind.RATE, 1, "1"),
        (Kind.RATE, -0.1, "-0.1"),
        (Kind.RATE, True, "true"),
        (Kind.POSITIVE, 0, "0"),
        (Kind.POSITIVE, -1, "-1"),
        (Kind.POSITIVE, True, "true"),
        (Kind.FLAG, 1, "1"),
    ],
)
def test_anything_else_is_a_mistake(kind: Kind, value: Constant, shown: str) -> None:
    with pytest.raises(UserError) as caught:
        as_kind(kind, value)
    message = f"error[NAS502]: `it` of `conv` must be {kind.value}, not {shown}"
    assert caught.value.render() == message


def test_open_arguments_depend_on_the_place() -> None:
    before: dict[str, AttributeValue] = {"kernel": (3, 5)}
    assert default_value(ARGUMENTS["out"], before, {}, channels=16, stride=2) == 16
    assert default_value(ARGUMENTS["stride"], before, {}, channels=16, stride=2) == (2, 2)
    assert default_value(ARGUMENTS["padding"], before, {}, channels=16, stride=2) == (1, 2)
    assert default_value(ARGUMENTS["groups"], before, {}, channels=16, stride=2) == 1


@pytest.mark.parametrize(
    ("dilation", "padding"), [(1, (1, 2)), (2, (2, 4)), ((3, 1), (3, 2)), (-1, (1, 2))]
)
def test_the_usual_padding_keeps_the_size_at_stride_one(
    dilation: Constant, padding: tuple[int, int]
) -> None:
    given = {"dilation": dilation}
    assert default_value(ARGUMENTS["padding"], {"kernel": (3, 5)}, given, 8, 1) == padding


def test_a_text_leaves_out_what_does_not_depend_on_the_place() -> None:
    before: dict[str, AttributeValue] = {"kernel": (3, 3)}
    usual = {name: usual_value(argument, before, {}) for name, argument in ARGUMENTS.items()}
    assert usual == {
        "kernel": None,
        "out": None,
        "stride": (1, 1),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 1,
        "bias": False,
    }
    assert usual_value(ARGUMENTS["padding"], {}, {}) is None
    (affine, *_) = PRIMITIVES["batch_norm"].arguments
    assert affine.default is Default.DERIVED
    assert usual_value(affine, {}, {}) is None


def test_number_beyond_the_limit_is_a_mistake_of_its_own() -> None:
    with pytest.raises(UserError) as caught:
        as_kind(Kind.COUNT, 1_000_001)
    message = "error[NAS502]: `it` of `conv` must be at most 1,000,000, not 1000001"
    assert caught.value.render() == message
