"""Settings of language modelling: its own, and the defaults that differ from those of images."""

from dslnas.settings.gradient import GradientSettings, OrderSettings, PruningSettings
from dslnas.settings.sampled import ControllerSettings
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.task import Special, TaskSettings
from dslnas.settings.texts import TextSettings
from dslnas.settings.values import Adam, Sgd, Variational

_SLOWNESS = 1e-3

# Defaults are those of the recurrent programs: Liu et al. (ICLR 2019, arXiv:1806.09055), appendix
# A.1.2 for the search and A.2.2 for the training on the Penn Treebank; what the paper leaves out
# is taken from its published programs.
SETTINGS = TaskSettings(
    data=TextSettings,
    source="text",
    examples="text",
    is_recurrent=True,
    specials=(
        Special("search.dropout"),
        Special("search.slowness"),
        Special("evaluate.dropout"),
        Special("evaluate.slowness"),
        Special("evaluate.average"),
        Special("evaluate.vary"),
    ),
    defaults={
        # The rate stays as it is for the whole search.
        SearchSettings: {
            "weights": Sgd(lr=20.0, momentum=0.0, weight_decay=5e-7, clip=0.25),
            "dropout": Variational(words=0.0, embedded=0.2, input=0.75, state=0.25, output=0.75),
            "slowness": _SLOWNESS,
        },
        GradientSettings: {"arch": Adam(lr=3e-3, betas=(0.9, 0.999), weight_decay=1e-3)},
        # Decay would move alphas that nothing else moves: those of operations that are gone.
        PruningSettings: {"arch": Adam(lr=3e-3, betas=(0.9, 0.999), weight_decay=0.0)},
        # Those of the corrected program, google-research/enas_lm.
        ControllerSettings: {
            "arch": Adam(lr=5e-5, betas=(0.9, 0.999), weight_decay=0.0),
            "updates": 10,
            "samples": 25,
            "reward": 80.0,
            "entropy": 1e-5,
            "decay": 0.999,
            "tanh": 2.25,
            "temperature": 5.0,
        },
        # The recurrent program clips the step ahead, the convolutional one does not.
        OrderSettings: {"unroll": "clipped"},
        # Segments of varied length and the average are those of AWD-LSTM (Merity, Keskar and
        # Socher, ICLR 2018, arXiv:1708.02182), which the program goes by.
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
    },
)
