"""How networks run, from the words that a user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from dslnas.diagnostics import user_error
from dslnas.passes.manager import passes_named
from dslnas.settings.precision import Precision

if TYPE_CHECKING:
    import torch

    from dslnas.backends.torch.runtime import Runtime


class RuntimeOptions(TypedDict, total=False):
    """How networks run.

    Attributes:
        device: `cpu`, `cuda` or `cuda:N`; `cpu` by default.
        passes: Passes that rewrite networks, with commas; `all` by default, or `none`.
        compile: Whether cells of images run by torch.compile.
        precision: Precision of training; float32 by default.
    """

    device: str
    passes: str
    compile: bool
    precision: Precision


def make_runtime(
    *,
    device: str = "cpu",
    passes: str = "all",
    compile: bool = False,
    precision: Precision = "float32",
) -> Runtime:
    """Return how networks run.

    Raises:
        UserError: NAS806 for an unknown pass, NAS012 if the device is not there, NAS013 if nothing
            can be compiled for it.
    """
    names = passes_named(passes)
    place = torch_device(device)
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.backends.torch.torch_compile import check_compiler

    if compile:
        check_compiler(place)
    return Runtime(place, names, compile, precision)


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
