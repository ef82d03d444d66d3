"""Primitives that only the compiler writes, when it lowers a space and in its passes."""

from __future__ import annotations

from dslnas.ops import rules, weights
from dslnas.ops.forms import MANY, NORM, NOTHING, OUT, VIEW, WINDOW, batch_norm
from dslnas.ops.primitive import Argument, Kept, Kind, Primitive
from dslnas.ops.traits import Trait

_BUNDLED = Argument("relu", Kind.FLAG, False), Argument("bundle", Kind.WHOLE, 0)
_SEPARABLE = (*WINDOW, *_BUNDLED)
_GATED = tuple(Argument(name, Kind.WHOLE, 0) for name in ("tanh", "relu", "sigmoid", "identity"))

_WRITTEN = Trait.COMPILER_ONLY | Trait.PASS_ONLY
_OF_PARTS = Trait.REPEATABLE | Trait.UNORDERED | Trait.PART_WISE
_WEIGHED_SUM = _OF_PARTS | Trait.WEIGHED | Trait.LINEAR

COMPILER_PRIMITIVES = (
    Primitive(
        "mix",
        "sum of candidate operations, each weighted by an entry of alpha",
        rules.equal_shapes,
        inputs=(1, MANY * MANY),
        traits=_WEIGHED_SUM | Trait.OPTIONAL_INPUTS | Trait.NORMALISES | Trait.COMPILER_ONLY,
    ),
    batch_norm(
        "folded_norm",
        "batch norm that the sum behind it applies, together with its weights",
        Trait.UNORDERED | _WRITTEN,
        Kept(inputs=True, is_view=True),
    ),
    Primitive(
        "folded_drop",
        "drop path that the sum behind it applies",
        rules.same_shape,
        keeps=VIEW,
        traits=Trait.DRAWS_FACTOR | _WRITTEN,
    ),
    batch_norm(
        "absorbed_norm",
        "batch norm that the layers in front of it take into their weights",
        Trait.UNORDERED | _WRITTEN,
    ),
    Primitive(
        "separable_conv",
        "convolution of every channel by itself, then of single pixels; with `relu` of what is "
        "positive; those of one `bundle` may run in one call",
        rules.separable_shape,
        _SEPARABLE,
        weights=weights.separable_weights,
        traits=Trait.FUNCTION | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "normed_conv",
        "separable convolution of what a batch norm in front of it gives, which it applies itself",
        rules.separable_shape,
        (*_SEPARABLE, *NORM),
        weights=weights.normed_weights,
        traits=Trait.UNORDERED | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "pointwise_conv",
        "convolution of single pixels of inputs side by side; with `relu` of what is positive; "
        "those of one `bundle` may run in one call",
        rules.pointwise_shape,
        (OUT, *_BUNDLED),
        inputs=(1, MANY),
        weights=weights.pointwise_weights,
        traits=Trait.FUNCTION | Trait.FUSED | _WRITTEN,
    ),
    Primitive(
        "channels_last",
        "its input with the channels innermost in memory",
        rules.same_shape,
        keeps=NOTHING,
        traits=Trait.FUNCTION | _WRITTEN,
    ),
    Primitive(
        "share",
        "its input weighted by what some operations have of a row of alpha",
        rules.same_shape,
        traits=_WEIGHED_SUM | _WRITTEN,
    ),
    Primitive(
        "stack",
        "values of one shape, one after the other along the batch",
        rules.equal_shapes,
        inputs=(2, MANY),
        keeps=NOTHING,
        traits=_OF_PARTS | _WRITTEN,
    ),
    Primitive(
        "sum_stack",
        "sum of the `groups` values of a stack",
        rules.same_shape,
        (Argument("groups", Kind.COUNT),),
        keeps=NOTHING,
        traits=_OF_PARTS | Trait.ENDS_STACK | _WRITTEN,
    ),
    Primitive(
        "highway_gate",
        "sum over edges of highway gates, between states and activations weighted by alpha",
        rules.highway_shape,
        _GATED,
        inputs=(2, 2),
        keeps=Kept(inputs=True, without_loops=8),
        traits=_OF_PARTS | Trait.WEIGHED | Trait.ENDS_STACK | _WRITTEN,
        columns=lambda counts: sum(int(str(count)) for count in counts.values()),
    ),
    Primitive(
        "single_gate",
        "highway gate between a state and the one activation that counts 1",
        rules.highway_shape,
        _GATED,
        inputs=(2, 2),
        keeps=Kept(inputs=True, without_loops=8),
        traits=Trait.FUNCTION | _WRITTEN,
    ),
    Primitive(
        "state",
        "what a recurrent cell carries, before the step",
        rules.out_shape,
        (OUT,),
        inputs=(0, 0),
        keeps=NOTHING,
        traits=Trait.COMPILER_ONLY,
    ),
    Primitive(
        "drop_path",
        "zeroes whole examples at random while training",
        rules.same_shape,
        keeps=NOTHING,
        traits=Trait.DRAWS_FACTOR | Trait.INFERENCE_IDENTITY | Trait.COMPILER_ONLY,
    ),
)
