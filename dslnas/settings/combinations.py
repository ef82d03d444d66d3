"""Parts of gradient methods that do not combine, and why."""

from collections.abc import Iterator

from dslnas.settings.search_base import Conflict, OrderSettings, SearchSettings


def misfits(settings: SearchSettings) -> Iterator[Conflict]:
    """Yield the parts that do not combine with the rest of a method."""
    if isinstance(settings, OrderSettings):
        yield from _of_alpha(settings)
        yield from _of_perturbation(settings)
        yield from _of_freezing(settings)


def _of_alpha(settings: OrderSettings) -> Iterator[Conflict]:
    relaxation, regulariser = settings.relaxation, settings.regularise
    if regulariser is not None and relaxation not in regulariser.fits:
        yield Conflict(
            "search.regularise",
            f"`{regulariser.word}` {regulariser.reason}, and the relaxation is that of "
            f"`{relaxation}`",
            f"write `relax {regulariser.fits[0]}`, or leave `regularise` out",
            "search.relax",
        )
    usual = {"drnas": "relax darts", "reinmax": "sampler gumbel"}.get(relaxation)
    if usual and settings.goes_back and settings.is_differentiable:
        yield Conflict(
            "search.stop",
            "`eigenvalue` differentiates the loss twice in alpha, and the draws of "
            f"`{relaxation}` do not allow it",
            f"write `{usual}`, or leave `eigenvalue` out",
        )


def _of_perturbation(settings: OrderSettings) -> Iterator[Conflict]:
    relaxation = settings.relaxation
    if settings.perturb is None:
        return
    if relaxation == "fair_darts":
        yield Conflict(
            "search.perturb",
            "`perturb` moves weights that add up to 1, and those of `fair_darts` do not",
            "write `relax darts`, or leave `perturb` out",
            "search.relax",
        )
    if relaxation in ("gdas", "reinmax"):
        yield Conflict(
            "search.perturb",
            "`perturb` moves the weights of a mixture, and here one operation of an edge runs",
            "search by a method that mixes, such as `search snas`, or leave `perturb` out",
        )
    if relaxation == "asap":
        yield Conflict(
            "search.perturb",
            "`perturb` gives every operation a weight, and here some leave their edge",
            "search by a method without pruning, such as `search sdarts`, or leave `perturb` out",
        )
    if settings.order == "second":
        yield Conflict(
            "search.perturb",
            "`order second` looks ahead along a step without `perturb`, which is not the one taken",
            "write `order first`, or leave `perturb` out",
            "search.order",
        )
    if settings.is_simultaneous:
        yield Conflict(
            "search.perturb",
            "`perturb` is for the step of the weights, and here one pass serves alpha as well",
            "write `search milenas { update alternating }`, or leave `perturb` out",
        )


def _of_freezing(settings: OrderSettings) -> Iterator[Conflict]:
    if settings.freeze is None:
        return
    if settings.relaxation in ("gdas", "reinmax"):
        yield Conflict(
            "search.freeze",
            "`freeze` compares the gradients of an operation in every step, and here one of an "
            "edge runs",
            "search by a method that mixes, such as `search darts`, or leave `freeze` out",
        )
    if settings.order == "second":
        yield Conflict(
            "search.freeze",
            "`freeze` compares gradients at the weights, and `order second` has them at others",
            "write `order first`, or leave `freeze` out",
        )
    if not settings.is_held_out:
        yield Conflict(
            "search.freeze",
            "`freeze` compares the gradients on both data, and here alpha has none of its own",
            "search by a method that has, such as `search darts`, or leave `freeze` out",
        )
