"""Operations to primitives: where strides go, what variants do, which shapes come out."""

from __future__ import annotations

from itertools import product

import pytest

from dslnas.diagnostics import UserError
from dslnas.graph.lower.expand import Expander
from dslnas.graph.lower.op_body import SOURCE, Layer, OpBody
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import Constant
from dslnas.ops.primitive import Shape
from tests.spaces import space_of

IMAGE: Shape = (4, 8, 8)


def expand(
    definitions: str,
    *,
    stride: int = 1,
    shape: Shape = IMAGE,
    channels: int = 4,
    derived: bool = False,
    **arguments: Constant,
) -> OpBody:
    """Expand the operation `it` of some definitions."""
    operation = Operation("it", tuple(arguments.items()), "it")
    return expander_of(definitions, derived=derived).operation(operation, shape, channels, stride)


def expander_of(definitions: str, *, derived: bool = False) -> Expander:
    cell = "cell one { nodes 1; choose relu, tanh }\nnetwork { cells one }"
    space = space_of(f"use std.cnn\n{definitions}\n{cell}")
    return Expander(space.definitions, space.constants, derived=derived)


def shown(body: OpBody) -> str:
    """Return the layers in order, with strides that are not 1."""
    return " ".join(f"{layer.primitive.name}{_stride(layer)}" for layer in body.layers)


def _stride(layer: Layer) -> str:
    height, width = pair_of(layer, "stride") if layer.primitive.takes_stride else (1, 1)
    if height == width:
        return "" if height == 1 else f"/{height}"
    return f"/{height}x{width}"


def pair_of(layer: Layer, name: str) -> tuple[int, ...]:
    value = dict(layer.attributes)[name]
    assert isinstance(value, tuple)
    return value


def mistake(definitions: str, stride: int = 1) -> str:
    with pytest.raises(UserError) as caught:
        expand(definitions, stride=stride)
    return caught.value.render().splitlines()[0]


# ---- strides ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "layers"),
    [
        # The first layer of a chain that can take the stride takes it, alone.
        ("op it = conv(3)", "conv/2"),
        ("op it = relu -> conv(3) -> batch_norm -> conv(3)", "relu conv/2 batch_norm conv"),
        ("op it = relu -> max_pool2d(3) -> conv(3)", "relu max_pool2d/2 conv"),
        ("op it = zero -> conv(3)", "zero/2 conv"),
        # It goes through other operations, and into the first of repeated layers.
        ("op part = relu -> conv(3)\nop it = part -> part", "relu conv/2 relu conv"),
        ("op it = 3 * (relu -> conv(3))", "relu conv/2 relu conv relu conv"),
        ("op it = 2 * (2 * conv(3))", "conv/2 conv conv conv"),
        # Every branch of a join takes it; what follows the join does not.
        ("op it = add(conv(3), relu -> avg_pool2d(3))", "conv/2 relu avg_pool2d/2 add"),
        ("op it = concat(conv(1), conv(1)) -> conv(3)", "conv/2 conv/2 concat conv"),
        ("op it = conv(3) -> add(conv(3), identity)", "conv/2 conv identity add"),
        ("op it = mean(mean(conv(3), conv(1)), zero)", "conv/2 conv/2 mean zero/2 mean"),
        # A layer with a stride of its own takes none, and its operation places the stride itself.
        (
            "op it = conv((1, 3), stride = (1, stride)) -> conv((3, 1), stride = (stride, 1))",
            "conv/1x2 conv/2x1",
        ),
        ("op it = conv(3) -> conv(3, stride = stride)", "conv conv/2"),
        ("op it = conv(3) -> conv(3, stride = 4)", "conv conv/4"),
        ("op it = stride * conv(3)", "conv conv"),
        ("op part = conv(3) -> conv(3, stride = stride)\nop it = relu -> part", "relu conv conv/2"),
        # Variants.
        ("op it = identity | when stride 2: conv(3)", "conv/2"),
        ("op it = conv(3) | when stride 3: relu", "conv/2"),
    ],
)
def test_the_stride_goes_where_the_rules_say(definition: str, layers: str) -> None:
    assert shown(expand(definition, stride=2)) == layers


@pytest.mark.parametrize(
    "definition",
    [
        "op it = relu",
        "op it = add(relu, identity)",
        "op it = relu -> batch_norm",
        "op it = shift(1)",
    ],
)
def test_an_operation_that_takes_no_stride_cannot_be_strided(definition: str) -> None:
    assert "error[NAS402]: `it` cannot be strided" in mistake(definition, stride=2)
    assert expand(definition).shape == IMAGE


def test_branches_of_different_strides_do_not_join() -> None:
    message = mistake("op it = add(conv(3), identity)", stride=2)
    assert "branches have different shapes: 4 x 4 x 4 and 4 x 8 x 8" in message


@pytest.mark.parametrize(
    "operation",
    [
        "sep_conv(5)",
        "dil_conv(5)",
        "max_pool(7)",
        "avg_pool(3)",
        "conv_1xk_kx1(7)",
        "none",
        "preprocess",
    ],
)
def test_a_strided_operation_gives_the_quotient_rounded_up(operation: str) -> None:
    expander = expander_of(f"op it = {operation}")
    it = Operation("it", (), "it")
    for size, stride in product([1, 2, 3, 7, 14, 28], [1, 2, 3]):
        body = expander.operation(it, (4, size, size + 1), 4, stride)
        assert body.shape == (4, -(-size // stride), -(-(size + 1) // stride))


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (9, 6), (1, 3)])
def test_factorized_reduce_halves_odd_sizes_too(size: tuple[int, int]) -> None:
    body = expand("op it = factorized_reduce", shape=(6, *size), channels=8, stride=2)
    assert shown(body) == "relu conv/2 shift conv/2 concat batch_norm"
    assert body.shape == (8, -(-size[0] // 2), -(-size[1] // 2))
    relu, first, shift, second, concat, _ = body.layers
    # The ReLU is computed once; the second half reads it moved by one pixel.
    assert (relu.inputs, first.inputs, shift.inputs, second.inputs) == ((SOURCE,), (0,), (0,), (2,))
    assert concat.inputs == (1, 3)
    assert first.weights == second.weights
    assert first.weights[0].shape == (4, 6, 1, 1)


# ---- names, arguments, phases -------------------------------------------------------------------


def test_channels_of_the_cell_and_of_the_input_have_names() -> None:
    body = expand(
        "op it = conv(3, out = C_in) -> conv(1) -> conv(1, out = 2*C + C_in/3)",
        shape=(6, 8, 8),
        channels=4,
    )
    assert [layer.shape[0] for layer in body.layers] == [6, 4, 10]


def test_c_in_is_what_the_operation_reads_not_the_layer() -> None:
    body = expand("op part = conv(1, out = C_in)\nop it = conv(1, out = 7) -> part")
    assert [layer.shape[0] for layer in body.layers] == [7, 7]


def test_arguments_override_defaults() -> None:
    definition = (
        "let wide = 5\nop it(k, dilation = 1, out = wide) = conv(k, out, dilation = dilation)"
    )
    plain, given = expand(definition, k=3), expand(definition, k=(1, 3), dilation=2, out=2)
    assert plain.shape == (5, 8, 8)
    assert given.shape == (2, 8, 8)
    assert pair_of(plain.layers[0], "padding") == (1, 1)
    assert pair_of(given.layers[0], "padding") == (0, 2)


def test_phases_choose_variants_and_affine() -> None:
    definition = "op it = batch_norm | when derived: batch_norm -> relu | when searching: tanh"
    assert shown(expand(definition)) == "tanh"
    assert shown(expand(definition, derived=True)) == "batch_norm relu"
    for derived in (False, True):
        (layer,) = expand("op it = batch_norm", derived=derived).layers
        assert dict(layer.attributes)["affine"] is derived
        (layer,) = expand("op it = batch_norm(affine = true)", derived=derived).layers
        assert dict(layer.attributes)["affine"] is True


def test_the_first_variant_that_holds_wins() -> None:
    definition = "op it = relu | when derived: tanh | when stride 2: conv(3) | when stride 2: zero"
    assert shown(expand(definition, stride=2)) == "conv/2"
    assert mistake(definition.replace("tanh", "conv(3)").replace("stride 2", "stride 3"), stride=2)


def test_equal_requests_share_one_body() -> None:
    space = space_of("use papers.darts")
    expander = Expander(space.definitions, space.constants, derived=False)
    operation = Operation("sep_conv", (("k", 3),), "sep_conv(3)")
    first = expander.operation(operation, IMAGE, 4, 1)
    assert expander.operation(operation, IMAGE, 4, 1) is first
    assert expander.operation(operation, IMAGE, 8, 1) is not first


# ---- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("op it = conv(9, padding = 0)", "2:9: error[NAS401]: the window of `conv` spans 9 pixels"),
        ("op it = conv(3, groups = 3)", "2:9: error[NAS401]: `conv` has 3 groups, which do not"),
        ("op it = split(3, 0)", "2:9: error[NAS401]: `split` into 3 parts does not divide 4"),
        ("op it = split(2, 2)", "2:9: error[NAS401]: `split` has 2 parts, so `index` is at most 1"),
        ("op it = linear(4) -> conv(3)", "2:22: error[NAS401]: `conv` reads images"),
        (
            "op it = max_pool2d(3, padding = 2)",
            "2:9: error[NAS401]: padding 2 of a pool is more than half of its window of 3 pixels",
        ),
        (
            "op it = conv(3, out = C/3)",
            "2:23: error[NAS502]: `out` of `conv` must be a whole number",
        ),
        ("op it = conv(3, bias = 1)", "2:24: error[NAS502]: `bias` of `conv` must be `true` or"),
        ("op it = conv((1, 2, 3))", "2:14: error[NAS502]: `kernel` of `conv` must be a whole"),
        ("op it = dropout(1)", "2:17: error[NAS502]: `rate` of `dropout` must be a number from 0"),
        (
            "op it = (C/8) * relu",
            "2:10: error[NAS503]: layers are repeated a whole number of times",
        ),
        ("op it = 1000 * (11 * relu)", "2:22: error[NAS403]: an operation has more than 10,000"),
    ],
)
def test_a_layer_that_does_not_fit_is_shown_where_it_is_written(
    definition: str, message: str
) -> None:
    assert mistake(definition).startswith(f"test.nas:{message}")
