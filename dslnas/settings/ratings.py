"""Settings of ratings. One class per source."""

from typing import Literal

from pydantic import Field

from dslnas.settings.data_base import AllShares, DataSettings, Share
from dslnas.settings.fields import Batch, Name


class RatingSettings(DataSettings):
    """Base of ratings of items by users, divided at random."""

    split: AllShares = (0.5, 0.2, 0.05, 0.25)
    subset: Share = Field(1.0, description="share of the ratings that is used at all")
    batch: Batch = Field(512, description="ratings in a step of the search")
    seed: int = Field(0, ge=0, description="of the split, so that it is always the same")


class RatingFile(RatingSettings):
    """File with a rating a line, as MovieLens has them: u.data, ratings.dat or ratings.csv."""

    source: Literal["ratings"] = "ratings"
    inputs: tuple[Name, ...] = Field(
        ("user", "item"),
        min_length=2,
        max_length=4,
        description="names of the first columns, which say what is rated, and by whom",
    )


class SimulatedRatings(RatingSettings):
    """Ratings that come from a known interaction of user and item; nothing to download."""

    source: Literal["simulated_ratings"] = "simulated_ratings"
    has_files = False
    path: str = Field("", description="none: the ratings are made up")
    interaction: Literal["plus", "multiply", "max", "min"] = Field(
        "max", description="how the numbers of user and item make the rating"
    )
    users: int = Field(200, ge=2, le=10_000, description="number of users")
    items: int = Field(100, ge=2, le=10_000, description="number of items")
    ratings: int = Field(10_000, ge=8, le=1_000_000, description="pairs that are rated")
    noise: float = Field(0.1, ge=0, description="deviation of what is added to a rating of 1")
