"""The table of primitives: everything else in the language is composed of these."""

from __future__ import annotations

from dslnas.ops import shapes
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.primitive import Argument, Default, Kept, Kind, Primitive, Shaped
from dslnas.ops.traits import Trait

_MANY = 64

_KERNEL = Argument("kernel", Kind.PAIR)
_OUT = Argument("out", Kind.COUNT, Default.CHANNELS)
_STRIDE = Argument("stride", Kind.PAIR, Default.STRIDE)
_PADDING = Argument("padding", Kind.PADDING, Default.SAME)
_WINDOW = (_KERNEL, _OUT, _STRIDE, _PADDING, Argument("dilation", Kind.PAIR, (1, 1)))
_BUNDLED = Argument("relu", Kind.FLAG, False), Argument("bundle", Kind.WHOLE, 0)
_SEPARABLE = (*_WINDOW, *_BUNDLED)
_NORM = (
    Argument("affine", Kind.FLAG, Default.DERIVED),
    Argument("eps", Kind.POSITIVE, 1e-5),
    Argument("momentum", Kind.RATE, 0.1),
)

_GATED = tuple(Argument(name, Kind.WHOLE, 0) for name in ("tanh", "relu", "sigmoid", "identity"))


# What gradients need of a run, as torch's do.
_NOTHING, _INPUTS, _VIEW = Kept(), Kept(inputs=True), Kept(is_view=True)
_OUTPUT = Kept(output=True)

_WRITTEN = Trait.COMPILER_ONLY | Trait.PASS_ONLY
_OF_PARTS = Trait.REPEATABLE | Trait.UNORDERED | Trait.PART_WISE
_WEIGHED_SUM = _OF_PARTS | Trait.WEIGHED | Trait.LINEAR


def _activation(this: Activation) -> Primitive:
    traits = Trait.FUNCTION | Trait.ACTIVATION
    how = this.name, this.summary, shapes.same_shape, this.arguments
    return Primitive(*how, keeps=this.keeps, traits=traits, aliases=this.aliases)


def _variational(name: str, rate: str) -> Primitive:
    summary = f"variational dropout: one mask for all steps of a sequence, at the rate `{rate}`"
    traits = Trait.FUNCTION | Trait.INFERENCE_IDENTITY
    return Primitive(
        name, summary, shapes.vector_shape, keeps=_NOTHING, traits=traits, run_mask=rate
    )


def _join(
    name: str,
    summary: str,
    shape: Shaped,
    traits: Trait,
    keeps: Kept = _NOTHING,
    most: int = _MANY,
) -> Primitive:
    how = name, summary, shape, ()
    return Primitive(*how, inputs=(2, most), keeps=keeps, traits=Trait.FUNCTION | traits)


def _extreme(name: str, what: str) -> Primitive:
    summary = f"{what} of the branches' numbers at each place"
    return _join(name, summary, shapes.equal_shapes, Trait.NONE, _INPUTS)


def _norm(
    name: str,
    summary: str,
    traits: Trait,
    keeps: Kept = _INPUTS,
    aliases: tuple[str, ...] = (),
) -> Primitive:
    return Primitive(
        name,
        summary,
        shapes.same_shape,
        _NORM,
        weights=shapes.batch_norm_weights,
        keeps=keeps,
        traits=traits,
        aliases=aliases,
    )


_ALL = (
    # ---- layers with weights --------------------------------------------------------------------
    Primitive(
        "conv",
        "convolution over images or signals; without bias unless asked for",
        shapes.conv_shape,
        (*_WINDOW, Argument("groups", Kind.COUNT, 1), Argument("bias", Kind.FLAG, False)),
        weights=shapes.conv_weights,
        traits=Trait.FUNCTION | Trait.SCALABLE,
        aliases=("conv2d", "conv1d", "convolution"),
    ),
    Primitive(
        "linear",
        "linear map of the flattened input",
        shapes.out_shape,
        (Argument("out", Kind.COUNT), Argument("bias", Kind.FLAG, True)),
        weights=shapes.linear_weights,
        traits=Trait.FUNCTION | Trait.SCALABLE,
        aliases=("dense", "fc", "fullyconnected"),
    ),
    Primitive(
        "bounded_linear",
        "linear map of the flattened input without bias; no row of it has a norm above `bound`",
        shapes.out_shape,
        (Argument("out", Kind.COUNT), Argument("bound", Kind.POSITIVE, 1.0)),
        weights=shapes.bounded_linear_weights,
        traits=Trait.FUNCTION,
    ),
    _norm(
        "batch_norm",
        "batch normalisation; scale and offset only in the derived network, unless asked for",
        Trait.UNORDERED | Trait.AFFINE,
        aliases=("bn", "batchnorm", "batchnorm2d"),
    ),
    Primitive(
        "layer_norm",
        "every position normalised over its channels, as in ConvNeXt and transformers",
        shapes.same_shape,
        (Argument("affine", Kind.FLAG, True), Argument("eps", Kind.POSITIVE, 1e-5)),
        weights=shapes.channel_norm_weights,
        keeps=Kept(inputs=True, extra=1),  # statistics of every position
        traits=Trait.FUNCTION,
        aliases=("ln", "layernorm", "channelnorm"),
    ),
    Primitive(
        "group_norm",
        "groups of channels normalised over all positions; one group is all of an example",
        shapes.group_norm_shape,
        (
            Argument("groups", Kind.COUNT),
            Argument("affine", Kind.FLAG, True),
            Argument("eps", Kind.POSITIVE, 1e-5),
        ),
        weights=shapes.channel_norm_weights,
        traits=Trait.FUNCTION,
        aliases=("gn", "groupnorm", "instancenorm"),
    ),
    Primitive(
        "scale",
        "every channel times a learned factor, which begins at `start`",
        shapes.same_shape,
        (Argument("start", Kind.NUMBER, 1.0),),
        weights=shapes.scale_weights,
        traits=Trait.FUNCTION | Trait.AFFINE,
        aliases=("layerscale", "gamma"),
    ),
    Primitive(
        "position",
        "its input plus a learned number for every channel of every position",
        shapes.same_shape,
        weights=shapes.position_weights,
        keeps=_NOTHING,
        multiply_adds=lambda inputs, output: 0,
        traits=Trait.FUNCTION,
        aliases=("posembed", "positionembedding", "positionalembedding", "positionalencoding"),
    ),
    Primitive(
        "embedding",
        "the row of a table that belongs to a token; with `unknown` that of token 0, which stands "
        "for all others, is the mean of the rest",
        shapes.embedding_shape,
        (
            _OUT,
            Argument("words", Kind.COUNT, Default.WORDS),
            Argument("unknown", Kind.FLAG, False),
        ),
        weights=shapes.embedding_weights,
        reads_tokens=True,
        keeps=_NOTHING,
    ),
    Primitive(
        "tied_linear",
        "linear map by the table of the embedding, with a bias of its own",
        shapes.out_shape,
        (Argument("out", Kind.COUNT, Default.CLASSES),),
        weights=shapes.tied_linear_weights,
        tied_to="embedding",
        traits=Trait.FUNCTION,
    ),
    # ---- pooling and space ----------------------------------------------------------------------
    Primitive(
        "max_pool2d",
        "largest value in a window",
        shapes.pool_shape,
        (_KERNEL, _STRIDE, _PADDING),
        keeps=Kept(inputs=True, extra=8),
        traits=Trait.FUNCTION,
        aliases=("maxpool", "maxpool2d"),
    ),
    Primitive(
        "avg_pool2d",
        "mean of a window; padding does not count",
        shapes.pool_shape,
        (_KERNEL, _STRIDE, _PADDING),
        traits=Trait.FUNCTION,
        aliases=("avgpool", "avgpool2d", "averagepool"),
    ),
    Primitive(
        "global_avg_pool",
        "mean over all pixels, giving C x 1 x 1",
        shapes.global_pool_shape,
        keeps=_NOTHING,
        traits=Trait.FUNCTION,
        aliases=("gap", "adaptiveavgpool2d", "globalaveragepool"),
    ),
    Primitive(
        "shift",
        "image moved up and left by `pixels`; zeros come in",
        shapes.image_shape,
        (Argument("pixels", Kind.COUNT, 1),),
        keeps=_NOTHING,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "upsample",
        "image made `factor` times as large by repeating its pixels",
        shapes.upsampled_shape,
        (Argument("factor", Kind.COUNT, 2),),
        keeps=_NOTHING,
        traits=Trait.FUNCTION,
        aliases=("resize", "interpolate", "unpool"),
    ),
    # ---- what is done to every number -----------------------------------------------------------
    *map(_activation, ACTIVATIONS.values()),
    Primitive(
        "dropout",
        "zeros at random while training, scaled by 1 / (1 - rate)",
        shapes.same_shape,
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
        shapes.same_shape,
        keeps=_VIEW,
        traits=Trait.FUNCTION | Trait.INFERENCE_IDENTITY,
        aliases=("noop",),
    ),
    Primitive(
        "flatten",
        "all numbers of its input as features",
        shapes.flat_shape,
        keeps=_VIEW,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "entries",
        "every number of its input as a pixel: n of them are 1 x n x 1",
        shapes.entries_shape,
        keeps=_VIEW,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "zero",
        "zeros of the output's shape",
        shapes.zero_shape,
        (_STRIDE,),
        keeps=_NOTHING,
        traits=Trait.FUNCTION | Trait.ZERO,
        aliases=("zeros",),
    ),
    Primitive(
        "split",
        "part `index` of `parts` equal parts of the channels",
        shapes.split_shape,
        (Argument("parts", Kind.COUNT), Argument("index", Kind.WHOLE)),
        keeps=_VIEW,
        traits=Trait.FUNCTION,
        aliases=("chunk",),
    ),
    Primitive(
        "shuffle",
        "channels of `groups` equal groups in turn, one of each",
        shapes.shuffle_shape,
        (Argument("groups", Kind.COUNT),),
        keeps=_NOTHING,
        traits=Trait.FUNCTION,
        aliases=("channelshuffle",),
    ),
    Primitive(
        "reshape",
        "the same numbers with other sizes: `reshape((heads, C_in / heads, H_in * W_in))`",
        shapes.reshaped_shape,
        (Argument("sizes", Kind.SIZES),),
        keeps=_NOTHING,
        traits=Trait.FUNCTION,
        aliases=("view", "rearrange"),
    ),
    Primitive(
        "transpose",
        "two axes exchanged; they count from 1, that of the channels",
        shapes.transposed_shape,
        (Argument("first", Kind.COUNT), Argument("second", Kind.COUNT)),
        keeps=_VIEW,
        traits=Trait.FUNCTION,
        aliases=("permute", "swapaxes"),
    ),
    Primitive(
        "softmax",
        "exp(x) divided by its sum along an axis; axes count from 1, that of the channels",
        shapes.axis_shape,
        (Argument("axis", Kind.COUNT, 1),),
        keeps=_OUTPUT,
        traits=Trait.FUNCTION,
    ),
    Primitive(
        "matmul",
        "matrix product of two branches over their last two axes",
        shapes.product_shape,
        inputs=(2, 2),
        keeps=_INPUTS,
        multiply_adds=shapes.product_flops,
        traits=Trait.FUNCTION | Trait.MULTILINEAR,
        aliases=("bmm", "dot"),
    ),
    _join(
        "add",
        "sum of branches",
        shapes.equal_shapes,
        Trait.LINEAR | Trait.OPTIONAL_INPUTS | Trait.NORMALISES,
    ),
    _join("subtract", "first branch less the second", shapes.equal_shapes, Trait.LINEAR, most=2),
    _join(
        "multiply",
        "product of branches; C x 1 x 1 is repeated over all pixels",
        shapes.broadcast_shape,
        Trait.MULTILINEAR,
        _INPUTS,
    ),
    _join("mean", "mean of branches", shapes.equal_shapes, Trait.LINEAR | Trait.OPTIONAL_INPUTS),
    _extreme("max", "the largest"),
    _extreme("min", "the smallest"),
    _join("concat", "branches joined by channel", shapes.concat_shape, Trait.LINEAR),
    # ---- written by the compiler only -----------------------------------------------------------
    Primitive(
        "mix",
        "sum of candidate operations, each weighted by an entry of alpha",
        shapes.equal_shapes,
        inputs=(1, _MANY * _MANY),
        traits=_WEIGHED_SUM | Trait.OPTIONAL_INPUTS | Trait.NORMALISES | Trait.COMPILER_ONLY,
    ),
    _norm(
        "folded_norm",
        "batch norm that the sum behind it applies, together with its weights",
        Trait.UNORDERED | _WRITTEN,
        Kept(inputs=True, is_view=True),
    ),
    Primitive(
        "folded_drop",
        "drop path that the sum behind it applies",
        shapes.same_shape,
        keeps=_VIEW,
        traits=Trait.DRAWS_FACTOR | _WRITTEN,
    ),
    _norm(
        "absorbed_norm",
        "batch norm that the layers in front of it take into their weights",
        Trait.UNORDERED | _WRITTEN,
    ),
    Primitive(
        "separable_conv",
        "convolution of every channel by itself, then of single pixels; with `relu` of what is "
        "positive; those of one `bundle` may run in one call",
        shapes.separable_shape,
        _SEPARABLE,
        weights=shapes.separable_weights,
        traits=Trait.FUNCTION | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "normed_conv",
        "separable convolution of what a batch norm in front of it gives, which it applies itself",
        shapes.separable_shape,
        (*_SEPARABLE, *_NORM),
        weights=shapes.normed_weights,
        traits=Trait.UNORDERED | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "pointwise_conv",
        "convolution of single pixels of inputs side by side; with `relu` of what is positive; "
        "those of one `bundle` may run in one call",
        shapes.pointwise_shape,
        (_OUT, *_BUNDLED),
        inputs=(1, _MANY),
        weights=shapes.pointwise_weights,
        traits=Trait.FUNCTION | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "channels_last",
        "its input with the channels innermost in memory",
        shapes.same_shape,
        keeps=_NOTHING,
        traits=Trait.FUNCTION | _WRITTEN,
    ),
    Primitive(
        "share",
        "its input weighted by what some operations have of a row of alpha",
        shapes.same_shape,
        traits=_WEIGHED_SUM | _WRITTEN,
    ),
    Primitive(
        "stack",
        "values of one shape, one after the other along the batch",
        shapes.equal_shapes,
        inputs=(2, _MANY),
        keeps=_NOTHING,
        traits=_OF_PARTS | _WRITTEN,
    ),
    Primitive(
        "sum_stack",
        "sum of the `groups` values of a stack",
        shapes.same_shape,
        (Argument("groups", Kind.COUNT),),
        keeps=_NOTHING,
        traits=_OF_PARTS | Trait.ENDS_STACK | _WRITTEN,
    ),
    Primitive(
        "highway_gate",
        "sum over edges of highway gates, between states and activations weighted by alpha",
        shapes.highway_shape,
        _GATED,
        inputs=(2, 2),
        keeps=Kept(inputs=True, without_loops=8),
        traits=_OF_PARTS | Trait.WEIGHED | Trait.ENDS_STACK | _WRITTEN,
        columns=lambda counts: sum(int(str(count)) for count in counts.values()),
    ),
    Primitive(
        "single_gate",
        "highway gate between a state and the one activation that counts 1",
        shapes.highway_shape,
        _GATED,
        inputs=(2, 2),
        keeps=Kept(inputs=True, without_loops=8),
        traits=Trait.FUNCTION | _WRITTEN,
    ),
    Primitive(
        "state",
        "what a recurrent cell carries, before the step",
        shapes.out_shape,
        (_OUT,),
        inputs=(0, 0),
        keeps=_NOTHING,
        traits=Trait.COMPILER_ONLY,
    ),
    Primitive(
        "rescale",
        "its input times `factor` plus `offset`, which are not trained",
        shapes.same_shape,
        (Argument("factor", Kind.NUMBER), Argument("offset", Kind.NUMBER, 0.0)),
        keeps=_NOTHING,
        traits=Trait.FUNCTION | Trait.AFFINE,
        aliases=("times",),
    ),
    Primitive(
        "drop_path",
        "zeroes whole examples at random while training",
        shapes.same_shape,
        keeps=_NOTHING,
        traits=Trait.DRAWS_FACTOR | Trait.INFERENCE_IDENTITY | Trait.COMPILER_ONLY,
    ),
)

PRIMITIVES: dict[str, Primitive] = {primitive.name: primitive for primitive in _ALL}
LANGUAGE: dict[str, Primitive] = {p.name: p for p in _ALL if not p.has(Trait.COMPILER_ONLY)}
MEANT: dict[str, str] = {alias: p.name for p in LANGUAGE.values() for alias in p.aliases}
"""The primitive that a word of other programs means, written without `_`."""


def has_trait(name: str, trait: Trait) -> bool:
    """Whether a primitive promises something; what is not in the table promises nothing."""
    return name in PRIMITIVES and PRIMITIVES[name].has(trait)
