"""Primitives of the language: operations are composed of these."""

from __future__ import annotations

from dslnas.ops import rules, weights
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.forms import (
    INPUTS,
    KERNEL,
    MANY,
    NOTHING,
    OUT,
    OUTPUT,
    PADDING,
    STRIDE,
    VIEW,
    WINDOW,
    batch_norm,
)
from dslnas.ops.primitive import Argument, Default, Kept, Kind, Primitive, Shaped
from dslnas.ops.traits import Trait


def _activation(this: Activation) -> Primitive:
    traits = Trait.FUNCTION | Trait.ACTIVATION
    how = this.name, this.summary, rules.same_shape, this.arguments
    return Primitive(*how, keeps=this.keeps, traits=traits, aliases=this.aliases)


def _variational(name: str, rate: str) -> Primitive:
    summary = f"variational dropout: one mask for all steps of a sequence, at the rate `{rate}`"
    traits = Trait.FUNCTION | Trait.INFERENCE_IDENTITY
    return Primitive(name, summary, rules.vector_shape, keeps=NOTHING, traits=traits, run_mask=rate)


def _join(
    name: str,
    summary: str,
    shape: Shaped,
    traits: Trait,
    keeps: Kept = NOTHING,
    most: int = MANY,
) -> Primitive:
    how = name, summary, shape, ()
    return Primitive(*how, inputs=(2, most), keeps=keeps, traits=Trait.FUNCTION | traits)


def _extreme(name: str, what: str) -> Primitive:
    summary = f"{what} of the branches' numbers at each place"
    return _join(name, summary, rules.equal_shapes, Trait.NONE, INPUTS)


LANGUAGE_PRIMITIVES = (
    # ---- layers with weights --------------------------------------------------------------------
    Primitive(
        "conv",
        "convolution over images or signals; without bias unless asked for",
        rules.conv_shape,
        (*WINDOW, Argument("groups", Kind.COUNT, 1), Argument("bias", Kind.FLAG, False)),
        weights=weights.conv_weights,
        traits=Trait.FUNCTION | Trait.SCALABLE,
        aliases=("conv2d", "conv1d", "convolution"),
    ),
    Primitive(
        "linear",
        "linear map of the flattened input",
        rules.out_shape,
        (Argument("out", Kind.COUNT), Argument("bias", Kind.FLAG, True)),
        weights=weights.linear_weights,
        traits=Trait.FUNCTION | Trait.SCALABLE,
        aliases=("dense", "fc", "fullyconnected"),
    ),
    Primitive(
        "bounded_linear",
        "linear map of the flattened input without bias; no row of it has a norm above `bound`",
        rules.out_shape,
        (Argument("out", Kind.COUNT), Argument("bound", Kind.POSITIVE, 1.0)),
        weights=weights.bounded_linear_weights,
        traits=Trait.FUNCTION,
    ),
    batch_norm(
        "batch_norm",
        "batch normalisation; scale and offset only in the derived network, unless asked for",
        Trait.UNORDERED | Trait.AFFINE,
        aliases=("bn", "batchnorm", "batchnorm2d"),
    ),
    Primitive(
        "layer_norm",
        "every position normalised over its channels, as in ConvNeXt and transformers",
        rules.same_shape,
        (Argument("affine", Kind.FLAG, True), Argument("eps", Kind.POSITIVE, 1e-5)),
        weights=weights.channel_norm_weights,
        keeps=Kept(inputs=True, extra=1),  # statistics of every position
        traits=Trait.FUNCTION,
        aliases=("ln", "layernorm", "channelnorm"),
    ),
    Primitive(
        "group_norm",
        "groups of channels normalised over all positions; one group is all of an example",
        rules.group_norm_shape,
        (
            Argument("groups", Kind.COUNT),
            Argument("affine", Kind.FLAG, True),
            Argument("eps", Kind.POSITIVE, 1e-5),
        ),
        weights=weights.channel_norm_weights,
        traits=Trait.FUNCTION,
        aliases=("gn", "groupnorm", "instancenorm"),
    ),
    Primitive(
        "scale",
        "every channel times a learned factor, which begins at `start`",
        rules.same_shape,
        (Argument("start", Kind.NUMBER, 1.0),),
        weights=weights.scale_weights,
        traits=Trait.FUNCTION | Trait.AFFINE,
        aliases=("layerscale", "gamma"),
    ),
    Primitive(
        "position",
        "its input plus a learned number for every channel of every position",
        rules.same_shape,
        weights=weights.position_weights,
        keeps=NOTHING,
        multiply_adds=lambda inputs, output: 0,
        traits=Trait.FUNCTION,
        aliases=("posembed", "positionembedding", "positionalembedding", "positionalencoding"),
    ),
    Primitive(
        "embedding",
        "the row of a table that belongs to a token; with `unknown` that of token 0, which stands "
        "for all others, is the mean of the rest",
        rules.embedding_shape,
        (
            OUT,
            Argument("words", Kind.COUNT, Default.WORDS),
            Argument("unknown", Kind.FLAG, False),
        ),
        weights=weights.embedding_weights,
        reads_tokens=True,
        keeps=NOTHING,
    ),
    Primitive(
        "tied_linear",
        "linear map by the table of the embedding, with a bias of its own",
        rules.out_shape,
        (Argument("out", Kind.COUNT, Default.CLASSES),),
        weights=weights.tied_linear_weights,
        tied_to="embedding",
        traits=Trait.FUNCTION,
    ),
    # ---- pooling and space ----------------------------------------------------------------------
    Primitive(
        "max_pool2d",
        "largest value in a window",
        rules.pool_shape,
        (KERNEL, STRIDE, PADDING),
        keeps=Kept(inputs=True, extra=8),
        traits=Trait.FUNCTION,
        aliases=("maxpool", "maxpool2d"),
    ),
    Primitive(
        "avg_pool2d",
        "mean of a window; padding does not count",
        rules.pool_shape,
        (KERNEL, STRIDE, PADDING),
        traits=Trait.FUNCTION,
        aliases=("avgpool", "avgpool2d", "averagepool"),
    ),
    Primitive(
        "global_avg_pool",
        "mean over all pixels, giving C x 1 x 1",
        rules.global_pool_shape,
        keeps=NOTHING,
        traits=Trait.FUNCTION,
        aliases=("gap", "adaptiveavgpool2d", "globalaveragepool"),
    ),
    Primitive(
        "shift",
        "image moved up and left by `pixels`; zeros come in",
        rules.image_shape,
        (Argument("pixels", Kind.COUNT, 1),),
        keeps=NOTHING,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "upsample",
        "image made `factor` times as large by repeating its pixels",
        rules.upsampled_shape,
        (Argument("factor", Kind.COUNT, 2),),
        keeps=NOTHING,
        traits=Trait.FUNCTION,
        aliases=("resize", "interpolate", "unpool"),
    ),
    # ---- what is done to every number -----------------------------------------------------------
    *map(_activation, ACTIVATIONS.values()),
    Primitive(
        "dropout",
        "zeros at random while training, scaled by 1 / (1 - rate)",
        rules.same_shape,
        (Argument("rate", Kind.RATE, 0.5),),
        keeps=Kept(extra=1),
        traits=Trait.DRAWS_FACTOR | Trait.INFERENCE_IDENTITY,
    ),
    _variational("drop_embedded", "embedded"),
    _variational("drop_input", "input"),
    _variational("drop_state", "state"),
    _variational("drop_output", "output"),
    # ---- structure ------------------------------------------------------------------------------
    Primitive(
        "identity",
        "its input",
        rules.same_shape,
        keeps=VIEW,
        traits=Trait.FUNCTION | Trait.INFERENCE_IDENTITY,
        aliases=("noop",),
    ),
    Primitive(
        "flatten",
        "all numbers of its input as features",
        rules.flat_shape,
        keeps=VIEW,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "entries",
        "every number of its input as a pixel: n of them are 1 x n x 1",
        rules.entries_shape,
        keeps=VIEW,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "zero",
        "zeros of the output's shape",
        rules.zero_shape,
        (STRIDE,),
        keeps=NOTHING,
        traits=Trait.FUNCTION | Trait.ZERO,
        aliases=("zeros",),
    ),
    Primitive(
        "split",
        "part `index` of `parts` equal parts of the channels",
        rules.split_shape,
        (Argument("parts", Kind.COUNT), Argument("index", Kind.WHOLE)),
        keeps=VIEW,
        traits=Trait.FUNCTION,
        aliases=("chunk",),
    ),
    Primitive(
        "shuffle",
        "channels of `groups` equal groups in turn, one of each",
        rules.shuffle_shape,
        (Argument("groups", Kind.COUNT),),
        keeps=NOTHING,
        traits=Trait.FUNCTION,
        aliases=("channelshuffle",),
    ),
    Primitive(
        "reshape",
        "the same numbers with other sizes: `reshape((heads, C_in / heads, H_in * W_in))`",
        rules.reshaped_shape,
        (Argument("sizes", Kind.SIZES),),
        keeps=NOTHING,
        traits=Trait.FUNCTION,
        aliases=("view", "rearrange"),
    ),
    Primitive(
        "transpose",
        "two axes exchanged; they count from 1, that of the channels",
        rules.transposed_shape,
        (Argument("first", Kind.COUNT), Argument("second", Kind.COUNT)),
        keeps=VIEW,
        traits=Trait.FUNCTION,
        aliases=("permute", "swapaxes"),
    ),
    Primitive(
        "softmax",
        "exp(x) divided by its sum along an axis; axes count from 1, that of the channels",
        rules.axis_shape,
        (Argument("axis", Kind.COUNT, 1),),
        keeps=OUTPUT,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "matmul",
        "matrix product of two branches over their last two axes",
        rules.product_shape,
        inputs=(2, 2),
        keeps=INPUTS,
        multiply_adds=rules.product_flops,
        traits=Trait.FUNCTION | Trait.MULTILINEAR,
        aliases=("bmm", "dot"),
    ),
    _join(
        "add",
        "sum of branches",
        rules.equal_shapes,
        Trait.LINEAR | Trait.OPTIONAL_INPUTS | Trait.NORMALISES,
    ),
    _join("subtract", "first branch less the second", rules.equal_shapes, Trait.LINEAR, most=2),
    _join(
        "multiply",
        "product of branches; C x 1 x 1 is repeated over all pixels",
        rules.broadcast_shape,
        Trait.MULTILINEAR,
        INPUTS,
    ),
    _join("mean", "mean of branches", rules.equal_shapes, Trait.LINEAR | Trait.OPTIONAL_INPUTS),
    _extreme("max", "the largest"),
    _extreme("min", "the smallest"),
    _join("concat", "branches joined by channel", rules.concat_shape, Trait.LINEAR),
    Primitive(
        "rescale",
        "its input times `factor` plus `offset`, which are not trained",
        rules.same_shape,
        (Argument("factor", Kind.NUMBER), Argument("offset", Kind.NUMBER, 0.0)),
        keeps=NOTHING,
        traits=Trait.FUNCTION | Trait.AFFINE,
        aliases=("times",),
    ),
)
