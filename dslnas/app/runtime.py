"""Making how networks run, from the options that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict, cast

from dslnas.app.compiled import Compiled
from dslnas.diagnostics import UserError, user_error
from dslnas.launch import launched
from dslnas.passes.manager import passes_named
from dslnas.settings.precision import AnyExecution, AnyPrecision, BatchNorm

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
        batch_norm: Whether batch norm of several processes takes its statistics from the whole
            batch, `together`, as by default, or in each from its part of it, `apart`.
    """

    device: str
    passes: str
    execution: AnyExecution
    precision: AnyPrecision
    batch_norm: BatchNorm


def runtime_options_in(options: Mapping[str, object]) -> RuntimeOptions:
    """Return those of some options that say how networks run."""
    names = RuntimeOptions.__annotations__
    return cast(RuntimeOptions, {name: v for name, v in options.items() if name in names})


def make_runtime(
    spec: Compiled,
    *,
    device: str = "cpu",
    passes: str = "all",
    execution: AnyExecution = "eager",
    precision: AnyPrecision = "float32",
    batch_norm: BatchNorm = "together",
) -> Runtime:
    """Return how the networks of a spec run.

    Raises:
        UserError: NAS806 for an unknown pass, NAS012 if the device is not there, NAS013 if nothing
            can be compiled for it, NAS014 for what does not go together, NAS734 or NAS735 if there
            are several processes that do not find each other.
    """
    names = passes_named(passes)
    _check_together(spec, device.partition(":")[0] == "cpu", names, execution, precision)
    runtime = runtime_of(device, names, execution, precision, batch_norm)
    if runtime.compiles:
        from dslnas.backends.torch.torch_compile import check_compiler

        check_compiler(runtime.device)
    return runtime


def runtime_facts(
    spec: Compiled,
    *,
    device: str = "cpu",
    passes: str = "all",
    execution: AnyExecution = "eager",
    precision: AnyPrecision = "float32",
    batch_norm: BatchNorm = "together",
) -> dict[str, object]:
    """Return how the networks of a spec run, on this machine or on another, as manifests have it.

    Raises:
        UserError: NAS806 for an unknown pass, NAS014 for what does not go together.
    """
    names = passes_named(passes)
    _check_together(spec, device.partition(":")[0] == "cpu", names, execution, precision)
    return {
        "device": device,
        "passes": names,
        "execution": execution,
        "precision": precision,
        "batch_norm": batch_norm,
    }


def _check_together(
    spec: Compiled,
    on_cpu: bool,
    passes: tuple[str, ...],
    execution: AnyExecution,
    precision: AnyPrecision,
) -> None:
    """Raise NAS014 for options that do not go together, or not with a spec."""
    compiles, records = execution.startswith("compile"), execution.endswith("graphs")
    recurrent, processes = spec.graph.is_sequence, launched().size
    if processes > 1 and (execution != "eager" or precision == "auto"):
        raise _refused(
            "execution" if execution != "eager" else "precision",
            f"`{execution if execution != 'eager' else precision}` is for one process, and "
            f"{processes} train this network together",
            "leave it out",
        )
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


def runtime_of(
    device: str,
    passes: tuple[str, ...],
    execution: AnyExecution,
    precision: AnyPrecision,
    batch_norm: BatchNorm,
) -> Runtime:
    """Return how networks run as a manifest has it; the processes of this run have met.

    Raises:
        UserError: NAS012 if the device is not there, NAS734 or NAS735 if they do not find each
            other.
    """
    place = torch_device(device)
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.meeting import meet

    ranks = meet(launched(), place.type, synchronised=batch_norm == "together")
    return Runtime(place, passes, execution, precision, ranks)


def torch_device(name: str) -> torch.device:
    """Return a device, for `cuda` of several processes that of this one.

    Raises:
        UserError: NAS012 if it is not there.
    """
    import torch

    try:
        device = torch.device(name)
        if device == torch.device("cuda") and not launched().is_alone:
            device = torch.device("cuda", launched().local_rank)
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
