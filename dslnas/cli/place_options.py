"""Options that say where many runs go: --on, --cpus-per-run and --gpus-per-run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from dslnas.app.runtime import RuntimeOptions

if TYPE_CHECKING:
    from dslnas.app.jobs import Place

RAY = "ray"


def _checked(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value == RAY or value.startswith(f"{RAY}://"):
        return value
    raise click.BadParameter("takes ray, or ray://HOST:PORT")


CHOICES = (
    click.option(
        "--on",
        metavar="ray|ray://HOST:PORT",
        callback=_checked,
        help="Run them on a cluster of Ray: the one of RAY_ADDRESS, the one that runs here, a new "
        "one on this machine, or the one of an address. By the extra `ray`.",
    ),
    click.option(
        "--cpus-per-run",
        metavar="CORES",
        type=click.FloatRange(0, min_open=True),
        help="With --on: cores that a run takes. [default: 1]",
    ),
    click.option(
        "--gpus-per-run",
        metavar="GPUS",
        type=click.FloatRange(0),
        help="With --on: GPUs that a run takes, such as 0.5. [default: 1 with --device cuda]",
    ),
)


@dataclass(frozen=True)
class PlaceOptions:
    """Where runs go, and what each takes there."""

    on: str | None
    cpus_per_run: float | None
    gpus_per_run: float | None

    def place(self, how: RuntimeOptions) -> Place:
        """Return the place for networks that run like this."""
        if self.on is None:
            from dslnas.app.jobs import Here

            return Here()
        from dslnas.app.on_ray import OnRay

        on_gpu = how.get("device", "cpu").startswith("cuda")
        cpus = 1.0 if self.cpus_per_run is None else self.cpus_per_run
        gpus = float(on_gpu) if self.gpus_per_run is None else self.gpus_per_run
        return OnRay(None if self.on == RAY else self.on, cpus, gpus)


def place_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options; the command gets them as one argument, `where`."""

    @wraps(command)
    def gathering(**given: Any) -> object:
        own = PlaceOptions(**{name: given.pop(name) for name in PlaceOptions.__annotations__})
        if own.on is None and (own.cpus_per_run, own.gpus_per_run) != (None, None):
            raise click.UsageError(
                "--cpus-per-run and --gpus-per-run need --on: they are taken there"
            )
        return command(where=own, **given)

    whole: Callable[..., object] = gathering
    for option in reversed(CHOICES):
        whole = option(whole)
    return whole
