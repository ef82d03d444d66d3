"""Making how networks run, from the options that a user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from dslnas.app.compile import Compiled
from dslnas.diagnostics import UserError, user_error
from dslnas.passes.manager import passes_named
from dslnas.settings.precision import AnyExecution, AnyPrecision

if TYPE_CHECKING:
    import torch

    from dslnas.backends.torch.runtime import Runtime


class RuntimeOptions(TypedDict, total=False):
    """How networks run.

    Attributes:
        device: `cpu`, `cuda` or `cuda:N`; `cpu` by default.
        passes: Passes that rewrite networks, with commas; `all` by default, or `none`.
        execution: How training steps run; `eager` by default, primitive by primitive.
        precision: Precision of training; `float32` by default.
    """

    device: str
    passes: str
    execution: AnyExecution
    precision: AnyPrecision


def make_runtime(
    spec: Compiled,
    *,
    device: str = "cpu",
    passes: str = "all",
    execution: AnyExecution = "eager",
    precision: AnyPrecision = "float32",
) -> Runtime:
    """Return how the networks of a spec run.

    Raises:
        UserError: NAS806 for an unknown pass, NAS012 if the device is not there, NAS013 if nothing
            can be compiled for it, NAS014 for what does not go together.
    """
    names = passes_named(passes)
    _check_together(spec, device.partition(":")[0] == "cpu", names, execution, precision)
    place = torch_device(device)
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.backends.torch.torch_compile import check_compiler

    runtime = Runtime(place, names, execution, precision)
    if runtime.compiles:
        check_compiler(place)
    return runtime


def _check_together(
    spec: Compiled,
    on_cpu: bool,
    passes: tuple[str, ...],
    execution: AnyExecution,
    precision: AnyPrecision,
) -> None:
    """Raise NAS014 for options that do not go together, or not with a spec."""
    compiles, records = execution.startswith("compile"), execution.endswith("graphs")
    recurrent = spec.graph.is_sequence
    if precision == "tf32" and on_cpu:
        raise _refused(
            "precision", "`tf32` is a way in which GPUs multiply", "leave `precision` out"
        )
    if records and on_cpu:
        instead = "compile" if compiles and not recurrent else "eager"
        raise _refused(
            "execution",
            f"`{execution}` needs a GPU: there are no CUDA graphs on a CPU",
            f"name a GPU by `device`, such as `cuda`, or let steps run by `{instead}`",
        )
    if compiles and recurrent:
        raise _refused(
            "execution",
            f"`{execution}` is for cells of images: recurrent ones are not compiled",
            f"let steps run by `{'graphs' if records else 'eager'}`",
        )
    if execution != "eager" and not passes:
        raise _refused(
            "execution",
            f"`{execution}` with passes `none`: networks then run by the library's functions alone",
            "leave out `passes`, or let steps run by `eager`",
        )


def _refused(where: str, message: str, help: str) -> UserError:
    return user_error("NAS014", message, where=where, help=help)


def torch_device(name: str) -> torch.device:
    """Return a device; raise NAS012 if it is not there."""
    import torch

    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda"):
            raise RuntimeError
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        count = torch.cuda.device_count()
        there = ", ".join(["`cpu`", *(f"`cuda:{i}`" for i in range(count))])
        raise user_error(
            "NAS012",
            f"device `{name}` is not available",
            where="device",
            help=f"this machine has {there}",
        ) from None
    return device
