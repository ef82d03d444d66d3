"""Shape rules, weights and costs against PyTorch's own layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dslnas.ops.catalogue import LANGUAGE, PRIMITIVES
from dslnas.ops.primitive import Attributes, AttributeValue, Primitive, Shape, ShapeError, Weight
from dslnas.ops.rules import same_shape
from dslnas.ops.shapes import pair, show_shape
from tests.examples import examples

BATCH = 2
IMAGES = st.tuples(st.integers(1, 8), st.integers(1, 9), st.integers(1, 9))
WINDOW = {
    "kernel": st.tuples(st.integers(1, 5), st.integers(1, 5)),
    "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "padding": st.tuples(st.integers(0, 3), st.integers(0, 3)),
}
CONVOLUTIONS = st.fixed_dictionaries(
    {
        "out": st.integers(1, 8),
        **WINDOW,
        "dilation": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "groups": st.sampled_from((1, 1, 2, 4)),
        "bias": st.booleans(),
    }
)
POOLS = st.fixed_dictionaries(WINDOW)


def output_of(make: Callable[[], nn.Module], *shapes: Shape) -> tuple[nn.Module, Shape] | None:
    """Return PyTorch's layer and its output shape; None if PyTorch refuses."""
    try:
        layer = make().eval()
        with torch.no_grad():
            output = layer(*(torch.zeros(BATCH, *shape) for shape in shapes))
    except (RuntimeError, ValueError):
        return None
    return layer, tuple(output.shape[1:])


def shape_of(name: str, attributes: Attributes, *shapes: Shape) -> Shape | None:
    """Return what the rule says; None if it refuses."""
    try:
        return PRIMITIVES[name].shape(attributes, shapes)
    except ShapeError:
        return None


def check_against(
    name: str, attributes: Attributes, shape: Shape, make: Callable[[], nn.Module]
) -> None:
    """Compare output shape, weights and FLOPs with those of PyTorch's layer."""
    primitive = PRIMITIVES[name]
    found = output_of(make, shape)
    assert shape_of(name, attributes, shape) == (None if found is None else found[1])
    if found is not None:
        layer, output = found
        check_weights(primitive.weights(attributes, (shape,)), layer)
        assert primitive.flops(attributes, (shape,), output) == multiply_adds(layer, output)


def check_weights(weights: tuple[Weight, ...], layer: nn.Module) -> None:
    trained = {name: tuple(value.shape) for name, value in layer.named_parameters()}
    statistics = {n: tuple(v.shape) for n, v in layer.named_buffers() if v.dim()}
    assert {w.name: w.shape for w in weights if w.trained} == trained
    assert {w.name: w.shape for w in weights if not w.trained} == statistics
    assert sum(w.size for w in weights if w.trained) == sum(p.numel() for p in layer.parameters())


def multiply_adds(layer: nn.Module, output: Shape) -> int:
    """Every element of a kernel or matrix is multiplied once per pixel of the output."""
    if not isinstance(layer, nn.Conv2d | nn.Linear):
        return 0
    return layer.weight.numel() * prod(output[1:])


# ---- layers -------------------------------------------------------------------------------------


@settings(max_examples=examples(150))
@given(IMAGES, CONVOLUTIONS)
def test_conv_is_pytorchs(shape: Shape, a: dict[str, AttributeValue]) -> None:
    out, groups, bias = a["out"], a["groups"], a["bias"]
    assert isinstance(out, int)
    assert isinstance(groups, int)
    window = (pair(a["kernel"]), pair(a["stride"]), pair(a["padding"]), pair(a["dilation"]))
    check_against(
        "conv", a, shape, lambda: nn.Conv2d(shape[0], out, *window, groups=groups, bias=bool(bias))
    )


@settings(max_examples=examples(100))
@given(IMAGES, POOLS)
def test_pools_are_pytorchs(shape: Shape, a: dict[str, AttributeValue]) -> None:
    window = pair(a["kernel"]), pair(a["stride"]), pair(a["padding"])
    check_against("max_pool2d", a, shape, lambda: nn.MaxPool2d(*window))
    average = lambda: nn.AvgPool2d(*window, count_include_pad=False)  # noqa: E731
    check_against("avg_pool2d", a, shape, average)


@pytest.mark.parametrize("shape", [(6,), (3, 4, 5), (2, 1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_reads_the_flattened_input(shape: Shape, bias: bool) -> None:
    features = prod(shape)
    primitive, attributes = PRIMITIVES["linear"], {"out": 7, "bias": bias}
    layer = nn.Linear(features, 7, bias)
    assert primitive.shape(attributes, (shape,)) == (7,)
    check_weights(primitive.weights(attributes, (shape,)), layer)
    assert primitive.flops(attributes, (shape,), (7,)) == multiply_adds(layer, (7,))


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_has_weights_per_channel(affine: bool) -> None:
    attributes = {"affine": affine, "eps": 1e-5, "momentum": 0.1}
    check_against("batch_norm", attributes, (5, 3, 2), lambda: nn.BatchNorm2d(5, affine=affine))
    check_against("batch_norm", attributes, (5,), lambda: nn.BatchNorm1d(5, affine=affine))


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 7)])
def test_global_pooling_leaves_one_pixel(size: tuple[int, int]) -> None:
    check_against("global_avg_pool", {}, (3, *size), lambda: nn.AdaptiveAvgPool2d(1))


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("size", [(1, 1), (4, 5), (7, 9)])
def test_a_strided_zero_has_the_shape_of_a_strided_window(
    size: tuple[int, int], stride: tuple[int, int]
) -> None:
    check_against("zero", {"stride": stride}, (3, *size), lambda: nn.MaxPool2d(1, stride))


# ---- joins --------------------------------------------------------------------------------------

BRANCHES = st.lists(
    st.tuples(st.sampled_from((1, 2, 4)), st.sampled_from((1, 3)), st.sampled_from((1, 3))),
    min_size=2,
    max_size=3,
)


def broadcast(shapes: list[Shape]) -> torch.Tensor:
    product = torch.ones(1)
    for shape in shapes:
        product = product * torch.zeros(shape)
    return product


@settings(max_examples=examples(60))
@given(BRANCHES)
def test_branches_are_multiplied_as_pytorch_broadcasts(shapes: list[Shape]) -> None:
    try:
        expected: Shape | None = tuple(broadcast(shapes).shape)
    except RuntimeError:
        expected = None
    assert shape_of("multiply", {}, *shapes) == expected


@settings(max_examples=examples(60))
@given(BRANCHES)
def test_branches_are_concatenated_by_channel(shapes: list[Shape]) -> None:
    try:
        joined = torch.cat([torch.zeros(BATCH, *shape) for shape in shapes], dim=1)
        expected: Shape | None = tuple(joined.shape[1:])
    except RuntimeError:
        expected = None
    assert shape_of("concat", {}, *shapes) == expected


@pytest.mark.parametrize("name", ["add", "mean", "max", "min", "mix"])
def test_sums_need_branches_of_one_shape(name: str) -> None:
    assert shape_of(name, {}, (3, 4, 4), (3, 4, 4), (3, 4, 4)) == (3, 4, 4)
    assert shape_of(name, {}, (3, 4, 4), (3, 4, 4), (3, 1, 4)) is None
    with pytest.raises(ShapeError, match=r"different shapes: 3 x 4 x 4 and 3"):
        PRIMITIVES[name].shape({}, ((3, 4, 4), (3,)))


@pytest.mark.parametrize("shape", [(6, 2, 3), (6,)])
@pytest.mark.parametrize("parts", [1, 2, 3, 6])
def test_a_split_is_a_chunk(shape: Shape, parts: int) -> None:
    chunks = torch.zeros(BATCH, *shape).chunk(parts, dim=1)
    for index in range(parts):
        expected = tuple(chunks[index].shape[1:])
        assert shape_of("split", {"parts": parts, "index": index}, shape) == expected
    assert shape_of("split", {"parts": parts, "index": parts}, shape) is None


def test_a_split_has_equal_parts() -> None:
    with pytest.raises(ShapeError, match=r"`split` into 4 parts does not divide 6 channels"):
        PRIMITIVES["split"].shape({"parts": 4, "index": 0}, ((6, 2, 2),))


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_a_shuffle_keeps_the_shape(groups: int) -> None:
    check_against("shuffle", {"groups": groups}, (6, 2, 3), lambda: nn.ChannelShuffle(groups))


def test_a_shuffle_has_equal_groups() -> None:
    with pytest.raises(ShapeError, match=r"`shuffle` of 4 groups does not divide 6 channels"):
        PRIMITIVES["shuffle"].shape({"groups": 4}, ((6, 2, 2),))


# ---- the rest -----------------------------------------------------------------------------------

KEEPING = [name for name, p in PRIMITIVES.items() if p.shape is same_shape]


def test_activations_and_their_like_keep_the_shape() -> None:
    assert {"relu", "gelu", "tanh", "dropout", "identity", "drop_path", "batch_norm"} < set(KEEPING)


@pytest.mark.parametrize("shape", [(3, 5, 4), (7,)])
def test_elementwise_primitives_keep_any_shape(shape: Shape) -> None:
    assert {name: PRIMITIVES[name].shape({}, (shape,)) for name in KEEPING} == dict.fromkeys(
        KEEPING, shape
    )


@pytest.mark.parametrize(
    "name", ["conv", "max_pool2d", "avg_pool2d", "global_avg_pool", "shift", "shuffle"]
)
def test_primitives_of_images_refuse_vectors(name: str) -> None:
    once: AttributeValue = (1, 1)
    attributes = {"kernel": once, "stride": once, "padding": (0, 0), "out": 1, "groups": 1}
    with pytest.raises(ShapeError, match=r"reads images, but its input has shape 7"):
        PRIMITIVES[name].shape(attributes, ((7,),))
    assert shape_of(name, attributes, (7, 2, 2)) is not None


def test_a_shift_keeps_the_shape_even_if_it_moves_everything_out() -> None:
    assert shape_of("shift", {"pixels": 5}, (3, 2, 2)) == (3, 2, 2)


def test_only_convolutions_and_linear_maps_cost_multiply_adds() -> None:
    kernel: AttributeValue = (1, 1)
    attributes = {"kernel": kernel, "groups": 1, "out": 2, "words": 3, "bias": True, "affine": True}
    attributes |= {"bound": 1.0, "unknown": False}
    attributes |= {"start": 1.0}
    costly = {n for n, p in LANGUAGE.items() if p.flops(attributes, ((4, 2, 2),), (2,)) > 0}
    assert costly == {"conv", "linear", "bounded_linear", "tied_linear", "matmul"}


def test_only_layers_have_weights() -> None:
    owning = {n for n, p in LANGUAGE.items() if p.weights is not _plain().weights}
    linear = {"linear", "bounded_linear", "tied_linear"}
    norms = {"batch_norm", "layer_norm", "group_norm", "scale", "position"}
    assert owning == {"conv", *linear, "embedding", *norms}


def test_positions_have_a_number_for_everything_and_differ_from_the_beginning() -> None:
    (weight,) = PRIMITIVES["position"].weights({}, ((4, 3, 2),))
    assert (weight.shape, weight.fan_in, weight.trained) == ((4, 3, 2), 1, True)


def _plain() -> Primitive:
    return Primitive("plain", "", lambda attributes, inputs: inputs[0])


@pytest.mark.parametrize(
    ("name", "attributes", "shape", "layer"),
    [
        (
            "conv",
            {"kernel": (3, 5), "out": 8, "groups": 2, "bias": True},
            (4, 9, 9),
            partial(nn.Conv2d, 4, 8, (3, 5), groups=2),
        ),
        ("linear", {"out": 3, "bias": True}, (2, 4, 4), partial(nn.Linear, 32, 3)),
        ("bounded_linear", {"out": 3, "bound": 1.0}, (4,), partial(nn.Linear, 4, 3)),
    ],
)
def test_initial_weights_are_spread_as_pytorchs(
    name: str, attributes: Attributes, shape: Shape, layer: Callable[[], nn.Module]
) -> None:
    torchs = layer()
    for weight in PRIMITIVES[name].weights(attributes, (shape,)):
        bound = weight.fan_in**-0.5
        largest = torchs.get_parameter(weight.name).abs().max().item()
        assert largest <= bound
        assert largest >= bound * (1 - 3 / (weight.size + 1))


def test_shapes_are_shown_as_the_language_writes_them() -> None:
    assert show_shape((3, 32, 32)) == "3 x 32 x 32"
    assert show_shape((10,)) == "10"
    assert show_shape(()) == "token"


# ---- text ---------------------------------------------------------------------------------------


def test_an_embedding_is_a_table_that_gives_rows() -> None:
    attributes: Attributes = {"out": 5, "words": 7, "unknown": False}
    embedding = PRIMITIVES["embedding"]
    table = nn.Embedding(7, 5)
    assert embedding.output(attributes, ((),)) == (5,)
    (weight,) = embedding.weights(attributes, ((),))
    assert weight.shape == tuple(table.weight.shape)
    with pytest.raises(ShapeError, match="reads tokens, but its input has shape 3") as caught:
        embedding.output(attributes, ((3,),))
    assert caught.value.help


def test_a_tied_map_has_the_table_and_a_bias_that_starts_at_zero() -> None:
    primitive, attributes = PRIMITIVES["tied_linear"], {"out": 7}
    assert primitive.output(attributes, ((5,),)) == (7,)
    table, bias = primitive.weights(attributes, ((5,),))
    attributes_of_table: Attributes = {"out": 5, "words": 7, "unknown": False}
    assert PRIMITIVES["embedding"].weights(attributes_of_table, ((),)) == (table,)
    assert (bias.shape, bias.fan_in, bias.fill) == ((7,), 0, 0.0)
    assert primitive.flops(attributes, ((5,),), (7,)) == 35


def test_only_embeddings_read_tokens() -> None:
    for name in sorted(set(PRIMITIVES) - {"embedding", "state"}):
        with pytest.raises(ShapeError, match=f"`{name}` cannot read tokens"):
            PRIMITIVES[name].output({}, ((),) * PRIMITIVES[name].inputs[0])


@pytest.mark.parametrize("name", ["drop_embedded", "drop_input", "drop_state", "drop_output"])
def test_variational_dropout_reads_vectors(name: str) -> None:
    assert shape_of(name, {}, (7,)) == (7,)
    with pytest.raises(ShapeError, match="reads vectors, but its input has shape 7 x 2 x 2"):
        PRIMITIVES[name].shape({}, ((7, 2, 2),))


def test_a_zero_of_a_vector_keeps_its_size() -> None:
    assert shape_of("zero", {"stride": (2, 2)}, (7,)) == (7,)
    assert shape_of("zero", {"stride": (2, 2)}, (7, 3, 4)) == (7, 2, 2)
    assert shape_of("zero", {"stride": (2, 2)}, (7, 3)) == (7, 2)
    assert shape_of("zero", {"stride": (1, 1)}, (7, 3, 2, 2)) is None


def test_a_state_has_the_features_that_it_is_given() -> None:
    assert PRIMITIVES["state"].output({"out": 6}, ()) == (6,)
