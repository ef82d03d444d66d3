"""The table of sources of data: the word of the language, and its settings.

`dslnas show --defaults` prints what the fields say.
"""

from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from dslnas.settings.data_base import DataSettings
from dslnas.settings.images import Cifar10, Digits, Idx, ImageFolder, Npz
from dslnas.settings.ratings import RatingFile, SimulatedRatings
from dslnas.settings.tables import Diabetes, Signals, Table
from dslnas.settings.texts import Ptb, TextFile

AnyData: TypeAlias = Annotated[
    Digits
    | Cifar10
    | Idx
    | Npz
    | ImageFolder
    | Table
    | Diabetes
    | Signals
    | TextFile
    | Ptb
    | RatingFile
    | SimulatedRatings,
    Field(discriminator="source"),
]
"""Settings of any source, told apart by its name."""

DATA: dict[str, type[DataSettings]] = {
    model.model_fields["source"].default: model for model in get_args(get_args(AnyData)[0])
}
