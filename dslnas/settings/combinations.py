"""Parts of gradient methods that do not combine, and why."""

from collections.abc import Iterator

from dslnas.settings.gradient import OrderSettings, RelaxSettings
from dslnas.settings.relaxations import RELAXATION_FACTS, plainest
from dslnas.settings.search_base import Conflict, SearchSettings


def misfits(settings: SearchSettings) -> Iterator[Conflict]:
    """Yield the parts that do not combine with the rest of a method."""
    if isinstance(settings, OrderSettings):
        yield from _of_alpha(settings)
        yield from _of_perturbation(settings)
        yield from _of_freezing(settings)


def _of_alpha(settings: OrderSettings) -> Iterator[Conflict]:
    relaxation, regulariser = settings.relaxation, settings.regularise
    facts = RELAXATION_FACTS[relaxation]
    if regulariser is not None and regulariser.weighting != facts.weighting:
        yield Conflict(
            "search.regularise",
            f"`{regulariser.word}` {regulariser.reason}, and the relaxation is that of "
            f"`{relaxation}`",
            f"write `relax {plainest(regulariser.weighting)}`, or leave `regularise` out",
            ("search.relax",),
            omit="may",
        )
    if not facts.is_smooth and settings.goes_back and settings.is_differentiable:
        yield Conflict(
            "search.stop",
            "`eigenvalue` differentiates the loss twice in alpha, and the draws of "
            f"`{relaxation}` do not allow it",
            f"write `{facts.plain}`, or leave `eigenvalue` out",
            omit="may",
        )


def _of_perturbation(settings: OrderSettings) -> Iterator[Conflict]:
    relaxation = settings.relaxation
    facts = RELAXATION_FACTS[relaxation]
    if settings.perturb is None:
        return
    if not facts.sums_to_one and facts.plain:
        yield Conflict(
            "search.perturb",
            f"`perturb` moves weights that add up to 1, and those of `{relaxation}` do not",
            f"write `{facts.plain}`, or leave `perturb` out",
            ("search.relax",),
            omit="may",
        )
    if facts.runs_one:
        yield Conflict(
            "search.perturb",
            "`perturb` moves the weights of a mixture, and here one operation of an edge runs",
            "search by a method that mixes, such as `search sdarts`, or leave `perturb` out",
            omit="may",
        )
    if isinstance(settings, RelaxSettings) and settings.prune is not None:
        yield Conflict(
            "search.prune",
            "`perturb` gives every operation a weight, and with `prune` some leave their edge",
            "search without `perturb`, such as by `search darts`, or leave `prune` out",
            omit="may",
        )
    if facts.prunes:
        yield Conflict(
            "search.perturb",
            "`perturb` gives every operation a weight, and here some leave their edge",
            "search by a method without pruning, such as `search sdarts`, or leave `perturb` out",
            omit="may",
        )
    if settings.looks_ahead:
        yield Conflict(
            "search.perturb",
            "`order second` looks ahead along a step without `perturb`, which is not the one taken",
            "write `order first`, or leave `perturb` out",
            ("search.order",),
            omit="may",
        )
    if settings.is_simultaneous:
        has_update = "update" in settings.settings()
        way = "update alternating" if has_update else "search milenas { update alternating }"
        yield Conflict(
            "search.perturb",
            "`perturb` is for the step of the weights, and here one pass serves alpha as well",
            f"write `{way}`, or leave `perturb` out",
            omit="may",
        )


def _of_freezing(settings: OrderSettings) -> Iterator[Conflict]:
    if settings.freeze is None:
        return
    if RELAXATION_FACTS[settings.relaxation].runs_one:
        yield Conflict(
            "search.freeze",
            "`freeze` compares the gradients of an operation in every step, and here one of an "
            "edge runs",
            "search by a method that mixes, such as `search darts`, or leave `freeze` out",
            omit="may",
        )
    if settings.looks_ahead:
        yield Conflict(
            "search.freeze",
            "`freeze` compares gradients at the weights, and `order second` has them at others",
            "write `order first`, or leave `freeze` out",
            omit="may",
        )
    if not settings.is_held_out:
        yield Conflict(
            "search.freeze",
            "`freeze` compares the gradients on both data, and here alpha has none of its own",
            "search by a method that has, such as `search darts`, or leave `freeze` out",
            omit="may",
        )
