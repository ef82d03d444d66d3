"""Settings that several sections or methods have: their types, limits and meanings."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Aliases
from dslnas.settings.values import Adam, AnyOptimiser, Schedule, Sgd, Variational

SHARE = "share"
"""Mark of numbers that are written in percent."""

Epochs: TypeAlias = Annotated[int, Field(ge=1), Aliases(("num_epochs", "max_epochs", "n_epochs"))]
Batch: TypeAlias = Annotated[int, Field(ge=2), Aliases(("batch_size", "bs"))]
Accumulate: TypeAlias = Annotated[
    int,
    Field(
        ge=1,
        description="parts of a batch that run one after the other, so that less is kept at once; "
        "batch norm sees the parts",
    ),
]
Dropout: TypeAlias = Annotated[
    Variational | None,
    Field(description="text: rates by place, with masks that hold for a whole sequence"),
]
Slowness: TypeAlias = Annotated[
    Annotated[float, Field(ge=0)] | None,
    Field(
        description="text: weight of mean((o[t+1] - o[t])^2) in the weights' loss, o a cell's "
        "outputs"
    ),
]
Norms: TypeAlias = Annotated[
    Annotated[float, Field(ge=0)] | None,
    Field(description="ratings: weight of the norms of a batch's embeddings in the weights' loss"),
]
Name: TypeAlias = Annotated[str, Field(title="a name")]
"""Name of a cell or of a value; the title is what messages call it."""

Weights: TypeAlias = Annotated[
    AnyOptimiser,
    Field(description="optimiser of the network's weights: sgd, adam, adamw, rmsprop, adagrad"),
    Aliases(("optimiser", "optimizer")),
]
Arch: TypeAlias = Annotated[
    Adam | Sgd,
    Field(discriminator="word", description="optimiser of the architecture parameters"),
]
Level: TypeAlias = Annotated[
    Literal["bilevel", "mixed"], Field(description="alpha from its own data's loss, or from both")
]
Lambda: TypeAlias = Annotated[
    float,
    Field(alias="lambda", ge=0, description="mixed level: weight of the architecture data's loss"),
]
AlphaUpdate: TypeAlias = Annotated[
    Literal["simultaneous", "alternating"],
    Field(
        description="gradients at the same point as the paper writes, or the weights' at the new "
        "alpha"
    ),
]
Temperature: TypeAlias = Annotated[Schedule, Field(description="of the Gumbel-softmax, by epoch")]
