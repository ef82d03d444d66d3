"""Settings of text. One class per source."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field

from dslnas.settings.data_base import DataSettings, Share, Shares, StreamSetting

TokenLevel: TypeAlias = Literal["word", "char"]
"""Whether a token of a text is a word or a character."""

_Places: TypeAlias = Annotated[
    int,
    Field(ge=2, description="places of the text that a step of the search reads side by side"),
]


class TextSettings(DataSettings):
    """Base of text, read token after token."""

    split: Shares = (0.7, 0.1, 0.1, 0.1)
    subset: Share = Field(1.0, description="leading share of each part that is used at all")
    batch: _Places = 32
    steps: int = Field(35, ge=2, le=65536, description="tokens that a step reads at each place")
    level: TokenLevel | None = Field(
        None, description="what a token is; else char for the embedded text, word for a file"
    )
    least: int = Field(
        1, ge=1, description="tokens that the training parts have less often become <unk>"
    )
    stream: StreamSetting = "large"

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self.replace(level=self.token_level)

    @property
    def token_level(self) -> TokenLevel:
        """Whether a token is a word or a character."""
        return self.level or ("word" if self.path else "char")


class TextFile(TextSettings):
    """A plain UTF-8 text file; without a path the start of a novel that comes with dslnas."""

    source: Literal["text"] = "text"
    path: str = Field("", description="the text file; else the embedded text")
    split: tuple[Share, ...] = Field(
        (0.7, 0.1, 0.1, 0.1),
        min_length=4,
        max_length=4,
        description="shares for weights, architecture, validation, test, in the order of the text",
    )

    @property
    def lacks_path(self) -> bool:
        """Whether nothing can be read before a path is given: the embedded text can."""
        return False


class Ptb(TextSettings):
    """Penn Treebank: a folder with train.txt, valid.txt and test.txt, or ptb.train.txt etc."""

    source: Literal["ptb"] = "ptb"
    published = 929_589
    path: str = Field("", description="folder of the three files")
    split: tuple[Share, ...] = Field(
        (0.9, 0.1),
        min_length=2,
        max_length=2,
        description="shares of the training file for weights and architecture, in its order",
    )
    batch: _Places = 256
    level: TokenLevel | None = Field("word", description="what a token is")
