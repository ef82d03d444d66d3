"""Defaults of the settings where the data are text: those of the recurrent programs.

Liu et al. (ICLR 2019, arXiv:1806.09055), appendix A.1.2 for the search and A.2.2 for retraining
on the Penn Treebank; what the paper leaves out is taken from its published programs.
"""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.settings.model import Section
from dslnas.settings.search import OrderSettings, SearchSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.values import Adam, Sgd, Variational

_SLOWNESS = 1e-3

TEXT_DEFAULTS: Mapping[type[Section], Mapping[str, object]] = {
    # The rate stays as it is for the whole search.
    SearchSettings: {
        "weights": Sgd(lr=20.0, momentum=0.0, weight_decay=5e-7, clip=0.25),
        "arch": Adam(lr=3e-3, betas=(0.9, 0.999), weight_decay=1e-3),
        "dropout": Variational(words=0.0, embedded=0.2, input=0.75, state=0.25, output=0.75),
        "slowness": _SLOWNESS,
    },
    # The recurrent program clips the step ahead, the convolutional one does not.
    OrderSettings: {"unroll": "clipped"},
    # Segments of varied length and the average are those of AWD-LSTM (Merity, Keskar and Socher,
    # ICLR 2018, arXiv:1708.02182), which the program goes by.
    EvaluateSettings: {
        "epochs": 1600,
        "batch": 64,
        "channels": 850,
        "weights": Sgd(lr=20.0, momentum=0.0, weight_decay=8e-7, clip=0.25),
        "drop_path": 0.0,
        "dropout": Variational(words=0.1, embedded=0.2, input=0.75, state=0.25, output=0.75),
        "slowness": _SLOWNESS,
        "average": 5,
        "vary": "lengths",
    },
}
"""What takes the place of a field's default; subclasses have the entries of their bases."""


def text_defaults(model: type[Section]) -> dict[str, object]:
    """Return the values by field that a section has for text instead of its own defaults.

    A field that a class between says anew keeps the value of the nearest class in the order of
    inheritance that has an entry.
    """
    values: dict[str, object] = {}
    for base in reversed(model.__mro__):
        values.update(TEXT_DEFAULTS.get(base, {}))
    return values
